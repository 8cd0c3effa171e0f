let
  alice = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  names = [ "a" "b" "c" ];
in
builtins.listToAttrs (
  map (name: {
    name = "secrets/${name}.age";
    value.publicKeys = [ alice ];
  }) names
)
// builtins.listToAttrs [ { name = "twice"; value.publicKeys = [ alice ]; } { name = "twice"; value = throw "never"; } ]
