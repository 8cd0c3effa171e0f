# Where agenix has its module for NixOS and nix-darwin. New configurations import ../nix/modules/nixos.
{
  imports = [
    ../nix/modules/options/age.nix
    ../nix/modules/nixos/install.nix
    ../nix/modules/darwin/install.nix
  ];
}
