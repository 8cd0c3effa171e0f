let
  add = { keys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ]; __functor = self: more: { publicKeys = self.keys ++ more; }; };
  named = { __toString = self: "by-${self.name}.age"; name = "text"; };
in
{
  "a.age" = add [ ];
  "b.age" = add [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ];
  "${named}".publicKeys = [ "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er" ];
  "out.age".publicKeys = [ { outPath = "age15jaf5m545eyd4glwgcg7h4uysu0q58sv2hmrdry2jv4zhsughvusuvsmuy"; } { __toString = self: "age15pkyhg285geyxfk2q73ep0y39e5vcfe7msm0xjxwfe4gy6nz4s4s90py9z"; } ];
}
