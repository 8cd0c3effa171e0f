let
  keys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" "age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc" ];
in
assert builtins.length keys == 2;
assert builtins.all builtins.isString keys && builtins.any (key: key != "") keys;
{
  "a.age".publicKeys = assert keys != [ ]; keys;
}
