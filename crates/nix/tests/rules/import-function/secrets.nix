let
  make = import ./make.nix;
  admin = "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s";
in
make { inherit admin; names = [ "a" "b" ]; } // import ./paths.nix ./more
