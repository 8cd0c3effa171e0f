let
  other = import ./other.nix;
in
{
  "a.age".publicKeys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ];
  "b.age".publicKeys = other.keys;
}
