# The logic of the modules: plain functions from values of options to manifests, commands and complaints. They use builtins
# alone, so that any nixpkgs and Nix 2.8 evaluate them.
let
  text = import ./text.nix;
in
{
  inherit text;

  # Manifests.
  entries = import ./entries.nix text;
  files = import ./files.nix text;
  original = import ./original.nix text;

  # What is installed when, on each platform.
  nixos = import ./nixos.nix text;
  darwin = import ./darwin.nix text;
  home = import ./home.nix text;

  commands = import ./commands.nix text;
  credentials = import ./credentials.nix text;
  homePaths = import ./home-paths.nix text;
  problems = import ./problems.nix text;
}
