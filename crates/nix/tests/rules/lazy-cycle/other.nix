{
  keys = [ "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ] ++ (import ./secrets.nix)."a.age".publicKeys;
}
