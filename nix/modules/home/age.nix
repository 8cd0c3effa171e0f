# agenix's option tree for home-manager.
{
  imports = [
    ./options-age.nix
    ./install.nix
  ];
}
