let
  fix = f: let x = f x; in x;
  keys = fix (self: {
    alice = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
    bob = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc";
    all = [ self.alice self.bob ];
  });
  extend = base: overlay: self: let super = base self; in super // overlay self super;
  rules = fix (extend (self: { "a.age".publicKeys = keys.all; }) (self: super: {
    "b.age".publicKeys = super."a.age".publicKeys ++ [ "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er" ];
    "c.age" = self."b.age";
  }));
in
rules
