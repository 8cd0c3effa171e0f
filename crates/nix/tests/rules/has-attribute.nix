let
  users = { alice.key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; bob.age = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; };
  key = user: if user ? key then user.key else user.age;
in
{
  "a.age".publicKeys = map (name: key users.${name}) (builtins.attrNames users);
  "b.age" = { publicKeys = [ (key users.alice) ]; flags = [ (users ? alice.key) (users ? alice.age) (users ? ${"bob"}) ("x" ? y) ]; };
}
