# sops-nix's option tree for NixOS.
{
  imports = [
    (import ../options/sops.nix "nixos")
    ./install.nix
  ];
}
