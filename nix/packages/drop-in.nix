# A package with nothing but the name of a tool in `bin`. `nixseal` tells the modules that it is ours.
#
# What somebody overrides in the package of agenix is understood: the program in `ageBin` is not run, but its folder is
# searched for plugins; so are the `plugins` of ragenix. The other arguments are those of agenix and sops-nix, and change
# nothing.
{ nixseal, name }:
{
  runCommand,
  runtimeShell,
  ageBin ? null,
  plugins ? [ ],
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
  folders =
    text.optionals (ageBin != null) (text.commandFolders ageBin)
    ++ map (plugin: "${plugin}/bin") plugins;
  wrapper = ''
    #!${runtimeShell}
    PATH=''${PATH:+$PATH:}${text.shellWord (builtins.concatStringsSep ":" folders)}
    export PATH
    exec ${nixseal}/bin/nixseal ${name} "$@"
  '';
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
    if folders == [ ] then
      ''
        mkdir -p "$out/bin"
        ln -s ${nixseal}/bin/nixseal "$out/bin/${name}"
      ''
    else
      ''
        mkdir -p "$out/bin"
        printf '%s' ${text.shellWord wrapper} >"$out/bin/${name}"
        chmod +x "$out/bin/${name}"
      ''
  )
