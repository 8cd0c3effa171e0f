let
  key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  prefix = "host";
  skipped = null;
in
{
  ${prefix + "-a.age"}.publicKeys = [ key ];
  ${prefix + "-a.age" + "2"} = { publicKeys = [ key ]; };
  ${skipped} = throw "never";
  ${if true then "yes.age" else null}.publicKeys = [ key ];
}
