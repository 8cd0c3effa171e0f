# sops-nix's option tree for home-manager.
{
  imports = [
    ./options-sops.nix
    ./install.nix
  ];
}
