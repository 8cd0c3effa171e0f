# Both trees for home-manager.
{
  imports = [
    ./age.nix
    ./sops.nix
  ];
}
