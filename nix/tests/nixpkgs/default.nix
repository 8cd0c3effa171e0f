# The same for `import <nixpkgs> { }`.
{
  system ? builtins.currentSystem,
  overlays ? [ ],
}:
import ./packages.nix { inherit system overlays; }
