# Declares `nixseal` for a whole system.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  packages = import ../../packages { inherit pkgs; };
in
{
  key = "nixseal/options/nixseal";
  options.nixseal = import ../../options/nixseal.nix {
    inherit lib;
    home = false;
    defaultPackage = packages.nixseal;
    defaultValidationPackage = packages.forBuilding config.nixseal.package;
  };
}
