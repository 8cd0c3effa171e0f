{
  "a.age" = { publicKeys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ]; source = https://example.org/keys?user=alice&raw=1; mail = mailto:alice; };
}
