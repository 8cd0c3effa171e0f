# Where agenix has its package, for `pkgs.callPackage <agenix/pkgs/agenix.nix> { }`. New configurations take it from `../default.nix`.
{
  callPackage,
  ageBin ? null,
  plugins ? [ ],

  # Further arguments of agenix; nothing here needs them.
  age ? null,
  jq ? null,
  nix ? null,
  mktemp ? null,
  diffutils ? null,
  replaceVars ? null,
  shellcheck ? null,
}:
callPackage (import ../nix/packages/drop-in.nix {
  nixseal = callPackage ../nix/package.nix { };
  name = "agenix";
}) { inherit ageBin plugins; }
