with import <nixpkgs> { };
let
  keys = lib.splitString "," "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s,age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc";
in
{
  "a.age".publicKeys = keys;
  "b.age".publicKeys = [ (lib.head keys) ];
}
