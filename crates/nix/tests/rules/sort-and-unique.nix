let
  keys = [ "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er" "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ];
  unique = builtins.foldl' (seen: key: if builtins.elem key seen then seen else seen ++ [ key ]) [ ];
in
{
  "sorted.age".publicKeys = builtins.sort builtins.lessThan keys;
  "reversed.age".publicKeys = builtins.sort (a: b: b < a) keys;
  "unique.age".publicKeys = unique keys;
  "twice.age".publicKeys = keys;
}
