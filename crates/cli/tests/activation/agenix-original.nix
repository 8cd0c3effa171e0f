# The activation script of agenix's module for the secrets of a manifest of ours,
# as NixOS makes it: what comes before users, and what comes after.
{ module, lib, manifest, age }:
let
  inherit (builtins) fromJSON head listToAttrs map readFile removeAttrs toString;
  library = import (lib + "/lib");
  wanted = fromJSON (readFile manifest);
  tree = head wanted.trees;
  free = library.mkOption { type = library.types.raw; default = { }; };
  secret = one: {
    name = one.name;
    value = {
      inherit (one) mode path symlink;
      file = one.age.file;
      owner = if one.owner or null == null then toString (one.uid or 0) else one.owner;
      group = if one.group or null == null then toString (one.gid or 0) else one.group;
    };
  };
  evaluated = library.evalModules {
    modules = [
      module
      {
        options = {
          assertions = library.mkOption { type = library.types.listOf library.types.raw; default = [ ]; };
          warnings = library.mkOption { type = library.types.listOf library.types.str; default = [ ]; };
          system.activationScripts = library.mkOption { type = library.types.attrsOf library.types.raw; default = { }; };
          systemd.services = free;
          users.users = free;
          i18n.defaultLocale = library.mkOption { type = library.types.str; default = "C"; };
        };
        config = {
          _module.args.pkgs = { };
          age = {
            ageBin = age;
            secretsDir = tree.link;
            secretsMountPoint = tree.mountPoint;
            identityPaths = wanted.identities.sshKeys or [ ] ++ wanted.identities.ageKeyFiles or [ ];
            secrets = listToAttrs (map secret tree.secrets);
          };
        };
      }
    ];
  };
  scripts = evaluated.config.system.activationScripts;
in
''
  status=0
  trap status=1 ERR
  ${scripts.agenixNewGeneration.text}
  ${scripts.agenixInstall.text}
  eval "$BETWEEN"
  ${scripts.agenixChown.text}
  exit "$status"
''
