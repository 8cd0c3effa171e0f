let
  const = a: b: a;
  compose = f: g: x: f (g x);
  flip = f: a: b: f b a;
  add = builtins.add 1;
  keys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ];
  pick = flip builtins.elemAt;
in
{
  "a.age".publicKeys = [ (pick 0 keys) ];
  "b.age".publicKeys = [ (compose (pick (add 0)) (const keys) null) ];
  "c.age".publicKeys = (x: y: [ x y ]) (pick 1 keys) (pick 0 keys);
}
