# Where sops-nix has its module for nix-darwin. New configurations import ../../nix/modules/darwin.
{ imports = [ ../../nix/modules/darwin/sops.nix ]; }
