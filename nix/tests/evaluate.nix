# Evaluates configurations over the stand-ins for platforms, with the lib that is given.
{
  lib,
  pkgs ? import ./platforms/pkgs.nix { },
}:
let
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
  darwin = evaluate ./platforms/darwin.nix { pkgs = import ./platforms/pkgs.nix { system = "aarch64-darwin"; }; };
  home = evaluate ./platforms/home.nix { };
  homeOf = osConfig: evaluate ./platforms/home.nix { inherit osConfig; };
  homeDarwin = evaluate ./platforms/home.nix {
    pkgs = import ./platforms/pkgs.nix { system = "aarch64-darwin"; };
  };
}
