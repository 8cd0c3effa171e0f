# One of `sops.secrets`.
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
  cfg = config.sops;
  users = config.users.users;

  nixos = platform == "nixos";
  darwin = platform == "darwin";
  home = platform == "home";
  where = condition: set: if condition then set else { };

  sopsFile = {
    type = types.path;
    defaultText = literalExpression "config.sops.defaultSopsFile";
    description = "The SOPS file it is in.";
  };
in
types.submodule (
  { config, name, ... }:
  {
    # `defaultSopsFile` may be unset, and is read only where a secret needs it.
    config = where (!home) {
      sopsFile = lib.mkOptionDefault cfg.defaultSopsFile;
      sopsFileHash = lib.mkOptionDefault (
        if cfg.validateSopsFiles then builtins.hashFile "sha256" config.sopsFile else ""
      );
    };
    options = {
      name = mkOption {
        type = types.str;
        default = name;
        defaultText = literalExpression "name";
        description = "Name of the file among the decrypted secrets; it may contain `/`.";
      };
      key = mkOption {
        type = types.str;
        default = if !darwin && cfg.defaultSopsKey != null then cfg.defaultSopsKey else name;
        defaultText = literalExpression (if darwin then "name" else "config.sops.defaultSopsKey or name");
        description = ''
          Where the value is in the file, with `/` between the keys. An empty one means the whole file, as it is for the
          formats `binary`, `dotenv` and `ini`.
        '';
      };
      path = mkOption {
        type = types.str;
        default =
          if home then
            "${cfg.defaultSymlinkPath}/${name}"
          else if config.neededForUsers then
            "/run/secrets-for-users/${config.name}"
          else
            "/run/secrets/${config.name}";
        defaultText =
          if home then
            literalExpression ''"''${config.sops.defaultSymlinkPath}/''${name}"''
          else
            "/run/secrets-for-users/$name when neededForUsers is set, /run/secrets/$name when otherwise.";
        description = "Where the decrypted secret appears. Anywhere else than the default, a link is made there.";
      };
      format = mkOption {
        type = types.enum (
          [
            "yaml"
            "json"
          ]
          ++ (
            if home then
              [
                "binary"
                "ini"
                "dotenv"
              ]
            else
              [
                "binary"
                "dotenv"
                "ini"
              ]
          )
        );
        default = cfg.defaultSopsFormat;
        defaultText = literalExpression "config.sops.defaultSopsFormat";
        description = "The format of the SOPS file.";
      };
      mode = mkOption {
        type = types.str;
        default = "0400";
        description = "Permissions, in octal.";
      };
      sopsFile = mkOption (sopsFile // where home { default = cfg.defaultSopsFile; });
    }
    // where (!home) {
      owner = mkOption {
        type = types.nullOr types.str;
        default = if darwin then "root" else null;
        description = "User who owns it. When null, {option}`uid` counts.";
      };
      uid = mkOption {
        type = types.nullOr types.int;
        default = 0;
        description = "Number of the user who owns it, who need not exist.";
      };
      group = mkOption {
        type = types.nullOr types.str;
        default =
          if darwin then
            "staff"
          else if config.owner == null then
            null
          else
            (users.${config.owner}
              or (throw "sops.secrets.${name}.owner: no user \"${config.owner}\" is declared in this configuration; declare it, or set sops.secrets.${name}.group too if it comes from elsewhere")
            ).group;
        defaultText = kit.literalMD (if darwin then "staff" else "the group of {option}`owner`");
        description = "Group of it. When null, {option}`gid` counts.";
      };
      gid = mkOption {
        type = types.nullOr types.int;
        default = 0;
        description = "Number of its group, which need not exist.";
      };
      sopsFileHash = mkOption {
        type = types.str;
        readOnly = true;
        description = "Hash of the SOPS file, for `restartTriggers` of units.";
      };
      neededForUsers = flag false ''
        Whether users are made from it, such as a password's hash. It is installed before users are, below
        `/run/secrets-for-users`, and belongs to root. On macOS only the place changes.
      '';
    }
    // where (!darwin) {
      restartUnits = unitList "Units to restart when its content, owner, group or mode changes.";
      reloadUnits = unitList "Units to reload when its content, owner, group or mode changes.";
    }
    // import ./added.nix {
      inherit lib;
      units = !darwin;
    };
  }
)
