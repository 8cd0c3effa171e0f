# What nix-darwin declares and the modules use.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  option =
    type: default:
    mkOption {
      inherit type default;
    };
  script = types.submodule { options.text = option types.lines ""; };
  daemon = types.submodule {
    options = {
      script = option types.lines "";
      command = option types.str "";
      serviceConfig = option (types.attrsOf types.unspecified) { };
    };
  };
in
{
  options = {
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = option (types.listOf types.str) [ ];
    environment.darwinConfig = option types.str "/etc/nix-darwin/configuration.nix";
    users.users = option (types.attrsOf types.unspecified) { };
    launchd.daemons = option (types.attrsOf daemon) { };
    system.activationScripts = option (types.attrsOf script) { };
    system.build = option (types.lazyAttrsOf types.unspecified) { };
  };
}
