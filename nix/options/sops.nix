# The options below `sops`: those of sops-nix for `platform` (nixos, darwin or home), then what it does not have.
{
  lib,
  config,
  options,
  pkgs,
  platform,
  # The drop-in package of the program, and one that runs where configurations are built.
  defaultPackage,
  defaultValidationPackage,
}:
let
  inherit (lib) mkOption types;
  kit = import ./kit.nix { inherit lib; };
  inherit (kit) literalExpression literalMD flag;

  nixos = platform == "nixos";
  darwin = platform == "darwin";
  home = platform == "home";
  where = condition: set: if condition then set else { };

  arguments = {
    inherit
      lib
      config
      pkgs
      platform
      kit
      ;
  };

  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;

  # Not those that are secrets themselves: they are not there yet.
  hostKeys =
    kind: keys:
    map (key: key.path) (
      builtins.filter (key: key.type == kind && !hasPrefix "/run/secrets" key.path) keys
    );
  defaultKeys =
    kind:
    if nixos then
      if config.services.openssh.enable then hostKeys kind config.services.openssh.hostKeys else [ ]
    else if darwin then
      [ "/etc/ssh/ssh_host_${kind}_key" ]
    else
      [ ];
  keysText =
    kind:
    where (!home) {
      defaultText = literalMD "the ${kind} host keys of OpenSSH";
    };

  packageOption =
    name: default: description:
    mkOption {
      type = types.package;
      inherit default description;
      defaultText = literalExpression name;
    };
in
{
  secrets = mkOption {
    type = types.attrsOf (import ./sops-secret.nix arguments);
    default = { };
    description = "Secrets in SOPS files.";
  };
  templates = mkOption {
    type = types.attrsOf (import ./sops-template.nix arguments);
    default = { };
    description = "Files that are made from secrets.";
  };
  placeholder = kit.placeholders "What stands for a secret in templates.";

  defaultSopsFile = mkOption {
    type = types.path;
    description = "The SOPS file of secrets that name none.";
  };
  defaultSopsFormat = mkOption {
    type = types.str;
    default = "yaml";
    description = "The format of secrets that name none.";
  };
  validateSopsFiles = flag true ''
    Whether SOPS files are checked when the configuration is built. They must be in the Nix store for that.
  '';
  keepGenerations = mkOption {
    type = types.ints.unsigned;
    default = 1;
    description = "How many generations of secrets stay. With 0 all of them do.";
  };
  log = mkOption {
    type = types.listOf (
      types.enum [
        "keyImport"
        "secretChanges"
      ]
    );
    default = [
      "keyImport"
      "secretChanges"
    ];
    description = "What is printed: the keys that are used, and which secrets changed.";
  };
  environment = mkOption {
    type = types.attrsOf (types.either types.str types.path);
    default = { };
    description =
      if home then
        "Variables for the program that installs secrets."
      else
        ''
          Variables for the program that installs secrets. In scripts the values stand in single quotes and are not escaped,
          so that a value may close the quotes and substitute a command; `lib.escapeShellArg` makes any value safe.
        '';
  };
  package = packageOption "pkgs.nixseal.sops-install-secrets" defaultPackage ''
    Package with the program `sops-install-secrets`. With one that is not nixseal's, this tree is installed by a run of its
    own from a manifest of sops-nix, and options that sops-nix does not have are refused.
  '';

  age = {
    keyFile = mkOption {
      type = types.nullOr kit.pathNotInStore;
      default = null;
      example = if home then "/home/someuser/.age-key.txt" else "/var/lib/sops-nix/key.txt";
      description = "A file of age identities that open SOPS files.";
    };
    generateKey = flag false "Whether to make {option}`sops.age.keyFile` when it is not there.";
    sshKeyPaths = mkOption (
      {
        type = types.listOf types.path;
        default = defaultKeys "ed25519";
        description = "SSH keys that open SOPS files, as themselves and as the age keys made from them.";
      }
      // keysText "ed25519"
    );
    plugins = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with age plugins that opening SOPS files needs.";
    };
  };

  gnupg = {
    home = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = if home then "/home/someuser/.gnupg" else "/root/.gnupg";
      description = "Folder of GnuPG whose keys open SOPS files.";
    };
    sshKeyPaths = mkOption (
      {
        type = types.listOf types.path;
        default = defaultKeys "rsa";
        description = ''
          SSH keys that open SOPS files as OpenPGP keys. It must be empty when {option}`sops.gnupg.home` is set.
        '';
      }
      // keysText "RSA"
    );
    package = packageOption "pkgs.gnupg" pkgs.gnupg "Package of GnuPG.";
  }
  // where home {
    qubes-split-gpg = {
      enable = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether to ask GnuPG of another qube, by Split GPG of Qubes OS.";
      };
      domain = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "vault-gpg";
        description = "The qube that holds the keys.";
      };
    };
  };

  hostPublicKey = kit.hostPublicKey "sops.secrets";
}
// where (!darwin) {
  defaultSopsKey = mkOption {
    type = types.nullOr types.str;
    default = null;
    description = "The key of secrets that name none. An empty one means the whole file, null the name of the secret.";
  };
}
// where (!home) {
  validationPackage =
    packageOption "config.sops.package" defaultValidationPackage
      "Package that checks manifests when the configuration is built, on the machine that builds it.";
}
// where nixos {
  useTmpfs = flag false ''
    Whether to keep secrets in a tmpfs instead of a ramfs. Before Linux 6.4 a tmpfs may be written to swap: do not use it
    there, unless swap is encrypted.
  '';
  useSystemdActivation = mkOption {
    type = types.bool;
    default =
      (options.systemd ? sysusers && config.systemd.sysusers.enable)
      || (options.services ? userborn && config.services.userborn.enable);
    defaultText = literalExpression "config.systemd.sysusers.enable || config.services.userborn.enable";
    description = ''
      Whether a systemd unit installs secrets, and not an activation script. On where systemd-sysusers or userborn make
      users. A unit can also be ordered after others, such as the mount of a key file.
    '';
  };
}
// where home {
  defaultSymlinkPath = mkOption {
    type = types.str;
    default = "${config.xdg.configHome}/sops-nix/secrets";
    defaultText = literalExpression ''"''${config.xdg.configHome}/sops-nix/secrets"'';
    description = "Link to the folder with the decrypted secrets.";
  };
  defaultSecretsMountPoint = mkOption {
    type = types.str;
    default = "%r/secrets.d";
    description = "Where generations of secrets are kept; `%r` is the runtime folder of the user.";
  };
}
