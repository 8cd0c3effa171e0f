let
  rule = { keys ? [ ], key ? "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s", armor ? false, ... }@args: {
    publicKeys = keys ++ [ key ];
    inherit armor;
    passed = builtins.attrNames args;
  };
  strict = all@{ one, two ? one }: { publicKeys = [ one two ]; count = builtins.length (builtins.attrValues all); };
  mutual = { a ? b, b ? "age15pkyhg285geyxfk2q73ep0y39e5vcfe7msm0xjxwfe4gy6nz4s4s90py9z" }: { publicKeys = [ a b ]; };
in
{
  "a.age" = rule { };
  "b.age" = rule { keys = [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ]; armor = true; unknown = 1; };
  "c.age" = strict { one = "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er"; };
  "d.age" = mutual { };
  "e.age" = { publicKeys = [ "age15jaf5m545eyd4glwgcg7h4uysu0q58sv2hmrdry2jv4zhsughvusuvsmuy" ]; args = builtins.functionArgs rule; };
}
