let
  a = let
    b = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  in
    let c = b; in [ c ];
in
let
  d = a ++ (let b = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; a = b; in [ a ]);
in
{
  "x.age".publicKeys = let inherit (builtins) head; in [ (head d) ] ++ d;
}
