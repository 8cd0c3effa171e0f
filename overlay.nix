# Where agenix has its overlay. New configurations take it from `./default.nix`.
import ./nix/overlay.nix
