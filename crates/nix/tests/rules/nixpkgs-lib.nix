let
  lib = import <nixpkgs/lib>;
  keys = { alice = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; bob = "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc"; };
in
{
  "a.age".publicKeys = lib.flatten [ keys.alice [ keys.bob ] ];
  "b.age".publicKeys = lib.optional true keys.alice ++ lib.optional false keys.bob;
}
