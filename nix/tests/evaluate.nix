# Evaluates configurations over the stand-ins for platforms, with the lib that is given.
{
  lib,
  pkgs ? import ./platforms/pkgs.nix { inherit lib; },
  macPackages ? import ./platforms/pkgs.nix {
    inherit lib;
    system = "aarch64-darwin";
  },
  # Whether the manifests of every configuration without complaints are traced, a line of JSON each.
  record ? false,
}:
let
  view = import ./view.nix { lib = import ./lib; };
  attempt =
    value:
    let
      tried = builtins.tryEval (builtins.deepSeq value value);
    in
    if tried.success then tried.value else null;
  recorded =
    evaluated:
    if record && attempt (view.failed evaluated.config) == [ ] then
      builtins.trace (builtins.toJSON (attempt (view.manifests evaluated.config))) evaluated
    else
      evaluated;
  evaluate =
    platform: special: modules:
    recorded (
      lib.evalModules {
        modules = [
          platform
          { _module.args.pkgs = pkgs' special; }
        ]
        ++ modules;
        specialArgs = builtins.removeAttrs special [ "pkgs" ];
      }
    );
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
