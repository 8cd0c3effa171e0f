# What NixOS declares and the modules use, with the types that it has there.
{
  lib,
  config,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  option =
    type: default:
    mkOption {
      inherit type default;
    };
  strings = option (types.listOf types.str) [ ];
  anything = option (types.attrsOf types.unspecified) { };

  script = types.submodule {
    options = {
      text = option types.lines "";
      deps = strings;
      supportsDryActivation = option types.bool false;
    };
  };
  service = types.submodule {
    options = {
      description = option types.str "";
      wantedBy = strings;
      requiredBy = strings;
      before = strings;
      after = strings;
      wants = strings;
      partOf = strings;
      requires = strings;
      preStart = option types.lines "";
      environment = anything;
      path = option (types.listOf types.unspecified) [ ];
      unitConfig = anything;
      serviceConfig = anything;
    };
  };
  user = types.submodule (
    { name, ... }:
    {
      options = {
        name = option types.str name;
        uid = option (types.nullOr types.int) null;
        group = option types.str "";
        isNormalUser = option types.bool false;
        isSystemUser = option types.bool false;
        hashedPasswordFile = option (types.nullOr types.str) null;
      };
    }
  );
  group = types.submodule (
    { name, ... }:
    {
      options = {
        name = option types.str name;
        gid = option (types.nullOr types.int) null;
      };
    }
  );
in
{
  options = {
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = strings;
    fileSystems = option (types.attrsOf types.unspecified) { };
    i18n.defaultLocale = option types.str "en_US.UTF-8";
    nix.package = option types.unspecified pkgs.nix;
    networking.hostName = option types.str "host";
    users = {
      users = option (types.attrsOf user) { };
      groups = option (types.attrsOf group) { };
      mutableUsers = option types.bool true;
    };
    services.openssh = {
      enable = option types.bool false;
      hostKeys = option (types.listOf types.unspecified) [
        {
          type = "rsa";
          bits = 4096;
          path = "/etc/ssh/ssh_host_rsa_key";
        }
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ];
    };
    services.userborn.enable = option types.bool false;
    systemd.sysusers.enable = option types.bool false;
    systemd.services = option (types.attrsOf service) { };
    system.activationScripts = option (types.attrsOf script) { };
    system.dryActivationScript = option types.str "";
    system.build = option (types.lazyAttrsOf types.unspecified) { };
  };
  config = {
    system.activationScripts = {
      specialfs = { };
      users = { };
      groups = { };
      etc = { };
    };
    users.users.root = {
      uid = 0;
      group = "root";
    };
    users.groups.root.gid = 0;
  };
}
