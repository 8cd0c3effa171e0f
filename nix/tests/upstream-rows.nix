# Writes the lines of upstream-options.tsv, for people who have agenix, sops-nix and nixpkgs' lib.
{
  lib,
  agenix,
  sopsNix,
}:
let
  evaluate = import ./evaluate.nix { inherit lib; };
  rows = import ./option-rows.nix { inherit lib; };
in
builtins.concatStringsSep "\n" (
  rows "age" "nixos" evaluate.nixos "${agenix}/modules/age.nix"
  ++ rows "age" "darwin" evaluate.darwin "${agenix}/modules/age.nix"
  ++ rows "age" "home" evaluate.home "${agenix}/modules/age-home.nix"
  ++ rows "sops" "nixos" evaluate.nixos "${sopsNix}/modules/sops"
  ++ rows "sops" "darwin" evaluate.darwin "${sopsNix}/modules/nix-darwin"
  ++ rows "sops" "home" evaluate.home "${sopsNix}/modules/home-manager/sops.nix"
  ++ [ "" ]
)
