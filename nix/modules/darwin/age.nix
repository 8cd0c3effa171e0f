# agenix's option tree for nix-darwin.
{
  imports = [
    ../options/age.nix
    ./install.nix
  ];
}
