# What home-manager declares and the modules use.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  option =
    type: default:
    mkOption {
      inherit type default;
    };
  sections = types.attrsOf (types.attrsOf types.unspecified);
in
{
  options = {
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = option (types.listOf types.str) [ ];
    home = {
      username = option types.str "alice";
      homeDirectory = option types.path "/home/alice";
      activation = option (types.attrsOf types.str) { };
      sessionVariables = option (types.attrsOf types.str) { };
    };
    programs = option (types.attrsOf types.unspecified) { };
    xdg.configHome = option types.path "/home/alice/.config";
    systemd.user = {
      systemctlPath = option types.str "/programs/systemd/bin/systemctl";
      services = option (types.attrsOf sections) { };
    };
    launchd.agents = option (types.attrsOf (types.attrsOf types.unspecified)) { };
  };
}
