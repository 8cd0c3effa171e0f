rec {
  alice.publicKeys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ];
  bob.publicKeys = alice.publicKeys ++ [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ];
  "team.age" = bob;
}
