let {
  key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  body = { "a.age".publicKeys = [ key ]; };
}
