let key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; in
builtins.listToAttrs (builtins.genList (n: {
  name = "disk-${toString (n + 1)}.age";
  value.publicKeys = [ key ];
}) 12)
