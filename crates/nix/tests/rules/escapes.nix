let key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s"; in {
  "quote\"d.age".publicKeys = [ key ];
  "back\\slash.age".publicKeys = [ key ];
  "dollar$.age".publicKeys = [ key ];
  "two$$.age".publicKeys = [ key ];
  "tab\t.age".publicKeys = [ key ];
  "odd\z.age".publicKeys = [ key ];
  "a b/c d.age".publicKeys = [ key ];
  "-dash.age".publicKeys = [ key ];
  "'single'.age".publicKeys = [ key ];
  keyword-like_name'.publicKeys = [ key ];
  or.publicKeys = [ key ];
}
