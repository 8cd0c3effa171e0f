let
  optionals = cond: list: if cond then list else [ ];
  flatten = x: if builtins.isList x then builtins.concatMap flatten x else [ x ];
  keys = { a = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; b = [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" [ "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er" ] ]; };
in
{
  "flat.age".publicKeys = flatten (builtins.attrValues keys);
  "none.age".publicKeys = optionals false [ keys.a ];
  "some.age".publicKeys = optionals true [ keys.a ];
}
