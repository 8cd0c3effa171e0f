# Where agenix has its module for home-manager. New configurations import ../nix/modules/home.
{ imports = [ ../nix/modules/home/age.nix ]; }
