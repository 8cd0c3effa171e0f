# The options below `nixseal`: what holds for both trees.
{
  lib,
  home,
  defaultPackage,
  defaultValidationPackage,
  # Number of the user, when the configuration of the system tells it (home only).
  defaultUid ? null,
}:
let
  inherit (lib) mkOption types;
  kit = import ./kit.nix { inherit lib; };
  inherit (kit) flag literalExpression;
  where = condition: set: if condition then set else { };
in
{
  package = mkOption {
    type = types.package;
    default = defaultPackage;
    defaultText = literalExpression "pkgs.nixseal";
    description = "Package of nixseal, which installs both trees.";
  };
  validationPackage = mkOption {
    type = types.package;
    default = defaultValidationPackage;
    defaultText = literalExpression "config.nixseal.package, for the machine that builds";
    description = "Package of nixseal that checks manifests when the configuration is built.";
  };
  onFailure = mkOption {
    type = types.enum [
      "keep"
      "abort"
    ];
    default = "keep";
    description = ''
      What to do when a secret cannot be installed. `keep`: it keeps its previous value, all others are installed, and the
      run fails. `abort`: nothing is installed.
    '';
  };
  check = {
    enable = flag true ''
      Whether a build opens nothing but looks at every encrypted file: that it is there and encrypted, has the key, and that
      placeholders, modes and units are right.
    '';
  }
  // where (!home) {
    owners = flag true ''
      Whether users and groups that own secrets must be declared in this configuration. If {option}`users.mutableUsers` is on,
      a missing one is a warning. On macOS nothing is checked.
    '';
  };
  manifests = mkOption {
    type = types.attrsOf types.package;
    default = { };
    internal = true;
    description = "The manifests of the runs.";
  };
}
// {
  credentialsDirectory = mkOption {
    type = types.str;
    default = if home then "%r/nixseal/credentials" else "/run/nixseal/credentials";
    description = "Where secrets are linked that services receive by `LoadCredential=`; only its owner can enter it. Not used on macOS.";
  };
}
// where (!home) {
  storeScan = {
    enable = flag false ''
      Whether to search the running system's part of the store for the values of its secrets, after every start and switch.
      The unit `nixseal-store-scan` fails with exit code 3 when it finds one, and its journal tells where. Not on macOS.
    '';
  };
}
// where home {
  uid = mkOption {
    type = types.nullOr types.int;
    default = defaultUid;
    defaultText = literalExpression "osConfig.users.users.<name>.uid or null";
    example = 1000;
    description = ''
      Number of the user, if known. With it, `/run/user/<uid>` stands in paths on Linux instead of `''${XDG_RUNTIME_DIR}`, so
      that files which no shell reads can use them.
    '';
  };
  paths = mkOption {
    type = types.attrsOf (types.attrsOf types.str);
    readOnly = true;
    description = ''
      Where secrets and templates are, as `age.<name>`, `sops.<name>`, `ageTemplates.<name>` and `sopsTemplates.<name>`:
      plain paths without shell expressions, as far as {option}`nixseal.uid` is known.
    '';
  };
}
