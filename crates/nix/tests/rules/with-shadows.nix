let
  a = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  inner = { a = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; b = "age1al8qp7n0jps5m96s5ht4aqwdus5ypgyw05s2xhvxquhfrlj7aftq4d37er"; map = "age1f5ut7jeas7p9pgswp67he7ms2xuj80p2y6fq5z9chpy2ksdqha8slq78ae"; };
  other = { b = "age15jaf5m545eyd4glwgcg7h4uysu0q58sv2hmrdry2jv4zhsughvusuvsmuy"; c = "age15pkyhg285geyxfk2q73ep0y39e5vcfe7msm0xjxwfe4gy6nz4s4s90py9z"; };
in
with inner; with other; {
  "lexical.age".publicKeys = [ a ];
  "inner.age".publicKeys = [ b c ];
  "builtin.age".publicKeys = map (x: x) [ c ];
}
