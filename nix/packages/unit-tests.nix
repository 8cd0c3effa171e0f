# Runs the tests of what is made for Nix.
{ callPackage, writeShellApplication }:
let
  hooks = callPackage ./hook-test.nix { };
in
writeShellApplication {
  name = "unit-tests";
  runtimeInputs = [ hooks ];
  text = "exec sops-pgp-hook.test";
}
