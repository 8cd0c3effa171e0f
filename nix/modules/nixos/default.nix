# Both trees for NixOS.
{
  imports = [
    ./age.nix
    ./sops.nix
  ];
}
