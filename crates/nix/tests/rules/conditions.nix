let
  debug = false;
  admin = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  tester = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc";
  keys = if debug then [ tester ] else [ admin ];
  optional = condition: key: if condition then [ key ] else [ ];
in
{
  "a.age".publicKeys = keys ++ optional debug tester ++ optional (!debug) admin;
  "b.age".publicKeys = if debug -> false then keys else throw "debug";
  "c.age" = if debug || keys == [ ] then null else { publicKeys = keys; };
}
