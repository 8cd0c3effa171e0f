let
  pkgs = import <nixpkgs> { config = { }; overlays = [ ]; };
  inherit (pkgs) lib;
in
lib.genAttrs [ "a.age" "b.age" ] (name: { publicKeys = [ "age1auwwnmnafdu4rnkhve4agq4vcc8j5r667fsxpah5d089dwtjd4sqppva4s" ]; })
