# Both trees for nix-darwin.
{
  imports = [
    ./age.nix
    ./sops.nix
  ];
}
