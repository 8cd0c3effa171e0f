let
  key = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  service = "nginx";
  version = 3;
in
{
  "${service}.age".publicKeys = [ key ];
  "${service}-${toString version}/env.age".publicKeys = [ key ];
  "literal-\${service}.age".publicKeys = [ key ];
  ${"quoted"}.publicKeys = [ key ];
}
