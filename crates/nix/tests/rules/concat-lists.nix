let
  groups = [ [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ] [ ] [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er" ] ];
in
{
  "a.age".publicKeys = builtins.concatLists groups;
  "b.age".publicKeys = builtins.concatMap (key: [ key ]) (builtins.concatLists groups);
}
