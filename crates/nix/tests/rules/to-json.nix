let
  data = { b = [ 1 true null "q\"\n" ]; a.c = { }; };
  copy = builtins.fromJSON (builtins.toJSON data);
in
{
  "a.age" = { publicKeys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ]; same = copy == data; text = builtins.toJSON data; };
}
