# What does not depend on a system: modules and the overlay, under every name that is in use.
let
  nixosModules = {
    default = ./modules/nixos;
    age = ./modules/nixos/age.nix;
    sops = ./modules/nixos/sops.nix;
  };
  darwinModules = {
    default = ./modules/darwin;
    age = ./modules/darwin/age.nix;
    sops = ./modules/darwin/sops.nix;
  };
  homeModules = {
    default = ./modules/home;
    age = ./modules/home/age.nix;
    sops = ./modules/home/sops.nix;
  };
in
{
  modules = {
    nixos = nixosModules;
    darwin = darwinModules;
    home = homeModules;
  };
  inherit nixosModules darwinModules homeModules;
  homeManagerModules = homeModules;
  nixosModule = nixosModules.default;
  darwinModule = darwinModules.default;
  homeManagerModule = homeModules.default;
  homeModule = homeModules.default;
  overlays.default = import ./overlay.nix;
  overlay = import ./overlay.nix;
}
