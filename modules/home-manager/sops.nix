# Where sops-nix has its module for home-manager. New configurations import ../../nix/modules/home.
{ imports = [ ../../nix/modules/home/sops.nix ]; }
