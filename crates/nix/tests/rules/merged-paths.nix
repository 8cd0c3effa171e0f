let key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; in {
  "a.age".publicKeys = [ key ];
  "a.age".armor = true;
  nested.deep.publicKeys = [ key ];
  nested.deep.more = 1;
  nested = { other.x = 2; };
  nested.publicKeys = [ key ];
}
