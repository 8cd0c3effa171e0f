# Declares `age` for a home, and what it asserts.
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
  cfg = config.age;
  templates = cfg.templates != { } || (options ? sops.templates && config.sops.templates != { });
in
{
  key = "nixseal/home/options-age";
  options.age = import ../../options/age-home.nix {
    inherit lib config pkgs;
    runtimeFolder = import ./runtime-folder.nix { inherit config pkgs; };
  };
  config = lib.mkIf (cfg.secrets != { }) {
    age.placeholder = lib.mkIf templates (
      builtins.mapAttrs (name: _: lib.mkDefault (entries.agePlaceholder name)) cfg.secrets
    );
    assertions = [
      {
        assertion = cfg.identityPaths != [ ] || cfg.keyFile != null;
        message = "age.identityPaths must be set.";
      }
      {
        assertion = cfg.generateKey -> cfg.keyFile != null;
        message = "age.generateKey: there is no place for the key; set age.keyFile";
      }
    ]
    ++ problems.ageFiles cfg.secrets
    ++ problems.ageRecipients cfg;
    warnings = text.optional (options.age.package.highestPrio < 1500) ''
      age.package is set, but nixseal opens age files by itself and does not run it. If it is there for its plugins, list their packages in age.plugins; otherwise remove it.
    '';
  };
}
