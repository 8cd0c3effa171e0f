let
  people = [
    { name = "alice"; group = "admins"; key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; }
    { name = "bob"; group = "users"; key = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; }
    { name = "carol"; group = "admins"; key = "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er"; }
  ];
  groups = builtins.groupBy (person: person.group) people;
  split = builtins.partition (person: person.group == "admins") people;
  keys = map (person: person.key);
in
builtins.mapAttrs (group: members: { publicKeys = keys members; }) groups
// { "right.age".publicKeys = keys split.right; "wrong.age".publicKeys = keys split.wrong; }
// { "cat.age".publicKeys = builtins.catAttrs "key" (people ++ [ { } ]); }
