let
  text = builtins.readFile ./authorized_keys;
  lines = builtins.filter (line: builtins.isString line && line != "") (builtins.split "\n" text);
  keys = builtins.filter (line: builtins.match "[[:space:]]*#.*" line == null) lines;
in
{ "server.age".publicKeys = keys; }
