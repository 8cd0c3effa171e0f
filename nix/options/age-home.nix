# The options below `age` of a home: those of agenix, then what it does not have.
{
  lib,
  config,
  pkgs,
  # Folder of the running user's files, as text: known, or an expression for a shell.
  runtimeFolder,
}:
let
  inherit (lib) mkOption types;
  kit = import ./kit.nix { inherit lib; };
  inherit (kit) literalExpression flag unitList;
  cfg = config.age;

  units = {
    restartUnits = unitList "User units to restart when its content or mode changes.";
    reloadUnits = unitList "User units to reload when its content or mode changes.";
  };

  mode = mkOption {
    type = types.str;
    default = "0400";
    description = "Permissions, in octal or as `chmod` takes them.";
  };

  secret = types.submodule (
    { config, name, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          defaultText = literalExpression "name";
          description = "Name of the file below {option}`age.secretsDir`; it may contain `/`.";
        };
        file = mkOption {
          type = types.path;
          description = "The encrypted file.";
        };
        path = mkOption {
          type = types.str;
          default = "${cfg.secretsDir}/${config.name}";
          defaultText = literalExpression ''"''${cfg.secretsDir}/''${config.name}"'';
          description = "Where the decrypted secret appears. Anywhere else than the default, a link is made there.";
        };
        symlink = mkOption {
          type = types.bool;
          default = true;
          example = true;
          description = "Whether to link {option}`path` to the secret. If not, the decrypted file itself is put there.";
        };
        inherit mode;
      }
      // units
      // import ./added.nix {
        inherit lib;
        units = true;
      };
    }
  );

  template = types.submodule (
    { config, name, ... }:
    {
      options = {
        name = mkOption {
          type = types.singleLineStr;
          default = name;
          defaultText = literalExpression "name";
          description = "Name of the file below `rendered` in {option}`age.secretsDir`.";
        };
        path = mkOption {
          type = types.singleLineStr;
          default = "${cfg.secretsDir}/rendered/${config.name}";
          defaultText = literalExpression ''"''${cfg.secretsDir}/rendered/''${config.name}"'';
          description = "Where the rendered file appears. Anywhere else than the default, a link is made there.";
        };
        content = mkOption {
          type = types.lines;
          default = "";
          description = "Text with placeholders, such as {option}`config.age.placeholder.wifi`.";
        };
        file = mkOption {
          type = types.path;
          default = pkgs.writeText config.name config.content;
          defaultText = literalExpression "pkgs.writeText config.name config.content";
          description = "A file with the text, used when {option}`content` is empty.";
        };
        inherit mode;
      }
      // units
      // import ./added.nix {
        inherit lib;
        units = true;
      };
    }
  );

  place =
    folder:
    kit.literalMD ''
      `''${XDG_RUNTIME_DIR}/${folder}` on Linux, or below {option}`nixseal.uid`'s runtime folder when it is known;
      `$(getconf DARWIN_USER_TEMP_DIR)/${folder}` on macOS
    '';
in
{
  package = mkOption {
    type = types.package;
    default = pkgs.age;
    defaultText = literalExpression "pkgs.age";
    description = ''
      Kept for configurations that set it: nixseal opens files of all age programs by itself. The package is searched for
      plugins, before those of {option}`age.plugins`.
    '';
  };
  secrets = mkOption {
    type = types.attrsOf secret;
    default = { };
    description = "Secrets in `.age` files.";
  };
  identityPaths = mkOption {
    type = types.listOf types.path;
    default = [
      "${config.home.homeDirectory}/.ssh/id_ed25519"
      "${config.home.homeDirectory}/.ssh/id_rsa"
    ];
    defaultText = literalExpression ''
      [
        "''${config.home.homeDirectory}/.ssh/id_ed25519"
        "''${config.home.homeDirectory}/.ssh/id_rsa"
      ]
    '';
    description = "SSH keys or files of age identities that open the secrets.";
  };
  secretsDir = mkOption {
    type = types.str;
    default = "${runtimeFolder}/agenix";
    defaultText = place "agenix";
    description = "Link to the folder with the decrypted secrets.";
  };
  secretsMountPoint = mkOption {
    default = "${runtimeFolder}/agenix.d";
    defaultText = place "agenix.d";
    description = "Where the generations of {option}`age.secretsDir` are kept.";
  };
  keyFile = mkOption {
    type = types.nullOr kit.pathNotInStore;
    default = null;
    example = "/home/alice/.config/nixseal/key.txt";
    description = "A file of age identities, besides {option}`age.identityPaths`.";
  };
  generateKey = flag false "Whether to make {option}`age.keyFile` when it is not there.";
  plugins = mkOption {
    type = types.listOf types.package;
    default = [ ];
    description = "Packages with age plugins that opening secrets needs.";
  };
  hostPublicKey = kit.hostPublicKey "age.secrets";
  templates = mkOption {
    type = types.attrsOf template;
    default = { };
    description = "Files that are made from secrets, of this tree and of `sops.secrets`.";
  };
  placeholder = kit.placeholders "What stands for a secret in templates.";
}
