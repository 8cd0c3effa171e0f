# Where sops-nix has its module for NixOS. New configurations import ../../nix/modules/nixos.
{ imports = [ ../../nix/modules/nixos/sops.nix ]; }
