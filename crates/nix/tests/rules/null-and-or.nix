let
  a = { b = null; or = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; };
  f = x: x;
in
{
  "x.age" = { publicKeys = [ (a.or) ]; n = a.b; n2 = a.b or 1; m = a.c or null; k = a.b.c or 2; };
  "y.age".publicKeys = [ (f a.x or "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc") ];
}
