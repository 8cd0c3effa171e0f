let
  groups = {
    admins = { members = [ "alice" ]; includes = [ ]; };
    ops = { members = [ "bob" ]; includes = [ "admins" ]; };
    all = { members = [ "carol" ]; includes = [ "ops" "admins" ]; };
  };
  keys = { alice = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; bob = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; carol = "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er"; };
  reach = name: builtins.genericClosure {
    startSet = [ { key = name; } ];
    operator = item: map (key: { inherit key; }) groups.${item.key}.includes;
  };
  keysOf = name: builtins.concatMap (group: map (member: keys.${member}) groups.${group.key}.members) (reach name);
in
{
  "admins.age".publicKeys = keysOf "admins";
  "ops.age".publicKeys = keysOf "ops";
  "all.age".publicKeys = keysOf "all";
}
