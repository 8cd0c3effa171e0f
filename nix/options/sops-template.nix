# One of `sops.templates`.
{
  lib,
  config,
  pkgs,
  platform,
  kit,
}:
let
  inherit (lib) mkOption types;
  inherit (kit) flag unitList literalExpression;
  users = config.users.users;
  configHome = config.xdg.configHome;

  nixos = platform == "nixos";
  darwin = platform == "darwin";
  home = platform == "home";
  where = condition: set: if condition then set else { };
in
types.submodule (
  { config, name, ... }:
  {
    options = {
      name = mkOption {
        type = types.singleLineStr;
        default = name;
        defaultText = literalExpression "name";
        description = "Name of the file below `rendered` among the decrypted secrets.";
      };
      path = mkOption {
        type = types.singleLineStr;
        default =
          if home then
            "${configHome}/sops-nix/secrets/rendered/${config.name}"
          else if nixos && config.neededForUsers then
            "/run/secrets-for-users/rendered/${config.name}"
          else
            "/run/secrets/rendered/${config.name}";
        defaultText = literalExpression (
          if home then
            ''"''${config.xdg.configHome}/sops-nix/secrets/rendered/''${name}"''
          else
            ''"/run/secrets/rendered/''${name}"''
        );
        description = "Where the rendered file appears. Anywhere else than the default, a link is made there.";
      };
      content = mkOption {
        type = types.lines;
        default = "";
        description = "Text with placeholders, such as {option}`config.sops.placeholder.wifi`.";
      };
      mode = mkOption {
        type = types.singleLineStr;
        default = "0400";
        description = "Permissions, in octal.";
      };
      file = mkOption {
        type = types.path;
        default = pkgs.writeText config.name config.content;
        defaultText = literalExpression "pkgs.writeText config.name config.content";
        example = "./configuration-template.conf";
        description = "A file with the text, used when {option}`content` is empty.";
      };
    }
    // where (!home) {
      owner = mkOption {
        type = types.nullOr types.singleLineStr;
        default = null;
        description = "User who owns it. When null, {option}`uid` counts.";
      };
      uid = mkOption {
        type = types.nullOr types.int;
        default = 0;
        description = "Number of the user who owns it, who need not exist.";
      };
      group = mkOption {
        type = types.nullOr types.singleLineStr;
        default =
          if config.owner == null then
            null
          else if darwin then
            "staff"
          else
            (users.${config.owner}
              or (throw "sops.templates.${name}.owner: no user \"${config.owner}\" is declared in this configuration; declare it, or set sops.templates.${name}.group too if it comes from elsewhere")
            ).group;
        defaultText = kit.literalMD (if darwin then "staff" else "the group of {option}`owner`");
        description = "Group of it. When null, {option}`gid` counts.";
      };
      gid = mkOption {
        type = types.nullOr types.int;
        default = 0;
        description = "Number of its group, which need not exist.";
      };
    }
    // where (!darwin) {
      restartUnits = unitList "Units to restart when its content, owner, group or mode changes.";
      reloadUnits = unitList "Units to reload when its content, owner, group or mode changes.";
    }
    // where nixos {
      neededForUsers = flag false ''
        Whether it is installed before users are made, below `/run/secrets-for-users`; it belongs to root then.
      '';
    }
    // import ./added.nix {
      inherit lib;
      units = !darwin;
    };
  }
)
