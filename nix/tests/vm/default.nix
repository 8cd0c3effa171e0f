# NixOS virtual machines that use the modules, for people who have nixpkgs: `nix build .#checks.x86_64-linux.integration`.
{ pkgs }:
let
  test = path: pkgs.testers.runNixOSTest (import path { inherit pkgs; });
in
{
  integration = test ./integration.nix;
  userborn = test ./userborn.nix;
}
