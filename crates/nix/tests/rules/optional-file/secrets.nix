let
  admin = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
  local = if builtins.pathExists ./local.nix then import ./local.nix else { };
  present = if builtins.pathExists ./present.nix then import ./present.nix else { };
in
{ "a.age".publicKeys = [ admin ]; } // local // present
