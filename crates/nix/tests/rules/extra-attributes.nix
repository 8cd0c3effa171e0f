let key = "age15jaf5m545eyd4glwgcg7h4uysu0q58sv2hmrdry2jv4zhsughvusuvsmuy"; in {
  "a.age" = { publicKeys = [ key ]; owner = "root"; mode = 256; extra.deep = [ 1 2.5 null true ]; };
  "b.age" = { publicKeys = [ key ]; comment = ''
    Rotated every year.
      Ask the administrators.
  ''; };
}
