# Declares `age` for a whole system, and what it asserts.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  nixseal = import ../../lib;
  inherit (nixseal) entries problems text;
  isDarwin = options ? environment.darwinConfig;
  cfg = config.age;
  templates = cfg.templates != { } || (options ? sops.templates && config.sops.templates != { });
  needed = text.filterAttrs (_: secret: secret.neededForUsers) cfg.secrets;
  isRoot = name: name == "0" || name == "root";
in
{
  key = "nixseal/options/age";
  imports = [
    (lib.mkRenamedOptionModule [ "age" "sshKeyPaths" ] [ "age" "identityPaths" ])
  ];
  options.age = import ../../options/age.nix {
    inherit
      lib
      config
      pkgs
      isDarwin
      ;
  };
  config = lib.mkIf (cfg.secrets != { }) {
    age.placeholder = lib.mkIf templates (
      builtins.mapAttrs (name: _: lib.mkDefault (entries.agePlaceholder name)) cfg.secrets
    );
    assertions = [
      {
        assertion = cfg.identityPaths != [ ] || cfg.keyFile != null;
        message = "age.identityPaths must be set, for example by enabling openssh.";
      }
      {
        assertion = cfg.generateKey -> cfg.keyFile != null;
        message = "age.generateKey: there is no place for the key; set age.keyFile";
      }
    ]
    ++ map (name: {
      assertion = isRoot needed.${name}.owner && isRoot needed.${name}.group;
      message = "${entries.ageOption name}.neededForUsers: users are made from it, so root must own it; leave its owner and group unset";
    }) (builtins.attrNames needed)
    ++ problems.ageFiles cfg.secrets
    ++ problems.ageRecipients cfg;
    warnings = text.optional (options.age.ageBin.highestPrio < 1500) ''
      age.ageBin is set, but nixseal opens age files by itself and does not run it. If it is there for its plugins, list their packages in age.plugins; otherwise remove it.
    '';
  };
}
