# What the rules that use nixpkgs get in these tests.
{ config ? { }, overlays ? [ ] }:
{
  lib = import ./lib;
}
