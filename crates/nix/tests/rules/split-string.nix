let
  keys = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s,age1vt94f40lyrry7hltmqzcdhpsk6ay6x84g0vrxa5qxrpqvjn6qs7q8m6nzc";
  splitComma = text: builtins.filter builtins.isString (builtins.split "," text);
  lines = ''
    ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIRWbrOWDX0LL9AkSztcPJuWHjVK+CQv12PKZ3gS93QE alice
    ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEorVndw4AuDZCQkfCkNQwx4ZhHqtVvODYZMjwBwQiL6 bob
  '';
in
{
  "comma.age".publicKeys = splitComma keys;
  "lines.age".publicKeys = builtins.filter (line: line != "" && builtins.isString line) (builtins.split "\n" lines);
}
