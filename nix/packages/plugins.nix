# What somebody overrides in the packages of agenix and ragenix for the sake of plugins: the program in `ageBin` is not run, but
# its folder is searched for them, and so are `plugins`.
{
  ageBin ? null,
  plugins ? [ ],
}:
let
  inherit (import ../lib) text;
  folders =
    text.optionals (ageBin != null) (text.commandFolders ageBin)
    ++ map (plugin: "${plugin}/bin") plugins;
in
{
  any = folders != [ ];

  # A program that is nixseal under a name, with these folders at the end of PATH.
  wrapper =
    {
      runtimeShell,
      nixseal,
      name,
    }:
    ''
      #!${runtimeShell}
      PATH=''${PATH:+$PATH:}${text.shellWord (builtins.concatStringsSep ":" folders)}
      export PATH
      exec ${nixseal}/bin/nixseal ${name} "$@"
    '';
}
