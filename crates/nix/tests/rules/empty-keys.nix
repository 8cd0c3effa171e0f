{
  "nobody.age".publicKeys = [ ];
  "empty.age".publicKeys = [ "" "\n" ];
  "somebody.age".publicKeys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ];
}
