# The options below `age` of a whole system: those of agenix, then what it does not have.
{
  lib,
  config,
  pkgs,
  isDarwin,
}:
let
  inherit (lib) mkOption types;
  kit = import ./kit.nix { inherit lib; };
  inherit (kit) literalExpression flag unitList;
  cfg = config.age;
  users = config.users.users;

  unitOptions =
    if isDarwin then
      { }
    else
      {
        restartUnits = unitList "Units to restart when its content, owner, group or mode changes.";
        reloadUnits = unitList "Units to reload when its content, owner, group or mode changes.";
      };

  ownership = self: {
    owner = mkOption {
      type = types.str;
      default = "0";
      description = "User who owns it: a name or a number.";
    };
    group = mkOption {
      type = types.str;
      default = users.${self.owner}.group or "0";
      defaultText = literalExpression ''users.''${config.owner}.group or "0"'';
      description = "Group of it: a name or a number.";
    };
    mode = mkOption {
      type = types.str;
      default = "0400";
      description = "Permissions, in octal or as `chmod` takes them.";
    };
  };

  secret = types.submodule (
    { config, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = config._module.args.name;
          defaultText = literalExpression "config._module.args.name";
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
        neededForUsers = flag false ''
          Whether users are made from it, such as a password's hash. Every secret of this tree is installed before users
          are; with this on, evaluation also makes sure that it needs no user to own it.
        '';
      }
      // ownership config
      // unitOptions
      // import ./added.nix {
        inherit lib;
        units = !isDarwin;
      };
    }
  );

  template = types.submodule (
    { config, ... }:
    {
      options = {
        name = mkOption {
          type = types.singleLineStr;
          default = config._module.args.name;
          defaultText = literalExpression "config._module.args.name";
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
      }
      // ownership config
      // unitOptions
      // import ./added.nix {
        inherit lib;
        units = !isDarwin;
      };
    }
  );

  hostKeys = [
    "/etc/ssh/ssh_host_ed25519_key"
    "/etc/ssh/ssh_host_rsa_key"
  ];
in
{
  ageBin = mkOption {
    type = types.str;
    default = "${pkgs.age}/bin/age";
    defaultText = literalExpression ''"''${pkgs.age}/bin/age"'';
    description = ''
      Kept for configurations that set it: nixseal opens files of all age programs by itself. The folder of the program, and
      what a `PATH=…` before it names, are searched for plugins, before those of {option}`age.plugins`.
    '';
  };
  secrets = mkOption {
    type = types.attrsOf secret;
    default = { };
    description = "Secrets in `.age` files.";
  };
  secretsDir = mkOption {
    type = types.path;
    default = "/run/agenix";
    description = "Link to the folder with the decrypted secrets.";
  };
  secretsMountPoint = mkOption {
    type =
      types.addCheck types.str (
        text: builtins.match "[ \t\n]*" text == null && builtins.match ".+/" text == null
      )
      // {
        description = "${types.str.description} (with check: non-empty without trailing slash)";
      };
    default = "/run/agenix.d";
    description = "Where the generations of {option}`age.secretsDir` are kept, in memory.";
  };
  identityPaths = mkOption {
    type = types.listOf types.path;
    default =
      if isDarwin then
        hostKeys
      else if config.services.openssh.enable or false then
        map (key: key.path) (
          builtins.filter (key: key.type == "rsa" || key.type == "ed25519") config.services.openssh.hostKeys
        )
      else
        [ ];
    defaultText = kit.literalMD "the ed25519 and RSA host keys of OpenSSH";
    description = "SSH keys or files of age identities that open the secrets.";
  };
  keyFile = mkOption {
    type = types.nullOr kit.pathNotInStore;
    default = null;
    example = "/var/lib/nixseal/key.txt";
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
