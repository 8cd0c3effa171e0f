# A package with nothing but the name of a tool in `bin`. `nixseal` tells the modules that it is ours.
{ nixseal, name }:
{
  runCommand,
  runtimeShell,
  ageBin ? null,
  plugins ? [ ],

  # Further arguments of the packages of agenix and sops-nix; nothing here needs them.
  age ? null,
  jq ? null,
  nix ? null,
  mktemp ? null,
  diffutils ? null,
  replaceVars ? null,
  shellcheck ? null,
  vendorHash ? null,
  go ? null,
}:
let
  inherit (import ../lib) text;
  extra = import ./plugins.nix { inherit ageBin plugins; };
  wrapper = extra.wrapper { inherit runtimeShell nixseal name; };
in
runCommand "${name}-nixseal"
  {
    passthru = { inherit nixseal; };
    meta = {
      description = "nixseal under the name of ${name}";
      mainProgram = name;
    };
  }
  (
    if extra.any then
      ''
        mkdir -p "$out/bin"
        printf '%s' ${text.shellWord wrapper} >"$out/bin/${name}"
        chmod +x "$out/bin/${name}"
      ''
    else
      ''
        mkdir -p "$out/bin"
        ln -s ${nixseal}/bin/nixseal "$out/bin/${name}"
      ''
  )
