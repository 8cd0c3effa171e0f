# agenix's option tree for NixOS.
{
  imports = [
    ../options/age.nix
    ./install.nix
  ];
}
