let key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; in {
  "${builtins.substring 0 8 (builtins.hashString "sha256" "wifi")}.age".publicKeys = [ key ];
  "${builtins.hashString "md5" ""}.age".publicKeys = [ key ];
  "${builtins.hashString "sha1" "x"}.age".publicKeys = [ key ];
}
