# sops-nix's option tree for nix-darwin.
{
  imports = [
    (import ../options/sops.nix "darwin")
    ./install.nix
  ];
}
