let
  a = { "x.age" = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ]; "y.age" = [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ]; };
  b = { "y.age" = [ "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er" ]; "z.age" = [ ]; };
  rule = publicKeys: { inherit publicKeys; };
in
builtins.zipAttrsWith (name: lists: rule (builtins.concatLists lists)) [ a b ]
// { both = rule (builtins.concatLists (builtins.attrValues (builtins.intersectAttrs a b))); }
// builtins.removeAttrs { gone = 1; "kept.age" = rule [ "age15jaf5m545eyd4glwgcg7h4uysu0q58sv2hmrdry2jv4zhsughvusuvsmuy" ]; } [ "gone" "never-there" ]
