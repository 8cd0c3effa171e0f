# Evaluates configurations over the stand-ins for platforms, with the lib that is given.
{
  lib,
  pkgs ? import ./platforms/pkgs.nix { inherit lib; },
}:
let
  macPackages = import ./platforms/pkgs.nix {
    inherit lib;
    system = "aarch64-darwin";
  };
  evaluate =
    platform: special: modules:
    lib.evalModules {
      modules = [
        platform
        { _module.args.pkgs = pkgs' special; }
      ]
      ++ modules;
      specialArgs = builtins.removeAttrs special [ "pkgs" ];
    };
  pkgs' = special: special.pkgs or pkgs;
in
{
  nixos = evaluate ./platforms/nixos.nix { };
  nixosOld = evaluate ./platforms/nixos-old.nix { };
  darwin = evaluate ./platforms/darwin.nix { pkgs = macPackages; };
  home = evaluate ./platforms/home.nix { };
  homeOf = osConfig: evaluate ./platforms/home.nix { inherit osConfig; };
  homeDarwin = evaluate ./platforms/home.nix {
    pkgs = macPackages;
  };
}
