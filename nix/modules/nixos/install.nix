# Runs the program on NixOS: the scripts and units of agenix and sops-nix, by their names.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  nixseal = import ../../lib;
  inherit (nixseal) commands text;
  inherit (text) optional optionals optionalAttrs;
  isDarwin = options ? environment.darwinConfig;

  age = if options ? age.secrets then config.age else null;
  sops = if options ? sops.secrets then config.sops else null;
  plan = nixseal.nixos {
    inherit age sops;
    inherit (config) nixseal;
    agePrograms = optionals (age != null && options.age.ageBin.highestPrio < 1500) (
      text.commandPackages age.ageBin
    );
  };
  inherit (plan) engine joined foreign;

  # Where a unit makes users, units install secrets too.
  unitsMakeUsers =
    (options.systemd ? sysusers && config.systemd.sysusers.enable)
    || (options.services ? userborn && config.services.userborn.enable);
  lateUnit = plan.sopsOn && sops.useSystemdActivation;

  files = import ./manifests.nix {
    inherit
      config
      pkgs
      plan
      age
      sops
      ;
  };

  environment = sops.environment // {
    HOME = "/var/empty";
    PATH = text.binPath plan.plugins.sops;
  };
  joinedEnvironment = environment // {
    PATH = text.binPath plan.plugins.both;
  };
  withAgePlugins =
    call:
    if plan.plugins.age == [ ] then
      call
    else
      "PATH=${text.shellWord (text.binPath plan.plugins.age)}:$PATH ${call}";

  ageCall = commands.activate engine [ "--ignore-passwd" ] files.ageRun;
  ownCall = commands.activate engine [ "--own" ] files.ageRun;
  earlyCall =
    if foreign then
      commands.original sops.package [ "-ignore-passwd" ] files.originalEarly
    else
      commands.activate engine [ "--ignore-passwd" ] files.earlyRun;
  lateCall =
    if foreign then
      commands.original sops.package [ ] files.originalLate
    else
      commands.activate engine [ ] files.lateRun;

  dry = optionalAttrs (config.system ? dryActivationScript) { supportsDryActivation = true; };
  sopsKey = optional (plan.sopsOn && sops.age.generateKey) "generate-age-key";
  ageKey = optional (plan.ageOn && age.generateKey) "generate-age-key";

  # What somebody made the other script wait for, this one has to wait for.
  waitsOf =
    name:
    builtins.filter (other: other != "agenixInstall") config.system.activationScripts.${name}.deps;

  scripts = import ./scripts.nix {
    inherit
      lib
      text
      plan
      dry
      sopsKey
      ageKey
      waitsOf
      unitsMakeUsers
      lateUnit
      ;
    ageText =
      if plan.ageOpensSops then
        commands.withEnvironment joinedEnvironment ageCall
      else
        withAgePlugins ageCall;
    ownText = ownCall;
    earlyText = commands.withEnvironment environment earlyCall;
    lateText = commands.withEnvironment environment lateCall;
    keyText = text.lines (
      map
        (
          keyFile:
          commands.generateKey {
            inherit engine;
            keyFile = text.hostPath keyFile;
          }
        )
        (
          optional (ageKey != [ ] && age.keyFile != null) age.keyFile
          ++ optional (
            sopsKey != [ ]
            && sops.age.keyFile != null
            && (ageKey == [ ] || age.keyFile != sops.age.keyFile)
          ) sops.age.keyFile
        )
    );
  };

  units = import ./units.nix {
    inherit
      lib
      text
      plan
      sops
      age
      unitsMakeUsers
      lateUnit
      ;
    inherit
      ageCall
      ownCall
      earlyCall
      lateCall
      ;
  };

  credentials = nixseal.credentials.byUnit plan.credentialPlaces;
in
{
  key = "nixseal/nixos/install";
  imports = [
    ../options/nixseal.nix
    ./assertions.nix
    ./store-scan.nix
  ];
  config = optionalAttrs (!isDarwin) (
    lib.mkMerge [
      {
        system.build = {
          nixseal-manifest = files.lateRun;
          nixseal-manifest-for-users = if plan.ageOn then files.ageRun else files.earlyRun;
        };
        nixseal.manifests =
          optionalAttrs plan.ageOn { age = files.ageRun; }
          // optionalAttrs (plan.earlyOn && !joined && !foreign) { for-users = files.earlyRun; }
          // optionalAttrs (plan.lateOn && !foreign) { regular = files.lateRun; };
        systemd.services = lib.mkMerge [
          units
          (builtins.listToAttrs (
            map (unit: {
              name = text.removeSuffix ".service" unit;
              value.serviceConfig.LoadCredential = credentials.${unit};
            }) (builtins.attrNames credentials)
          ))
        ];
        system.activationScripts = scripts;
      }
      (optionalAttrs (options ? sops.secrets) {
        system.build = {
          sops-nix-manifest = files.originalLate;
          sops-nix-users-manifest = files.originalEarly;
        };
        sops.environment = lib.mkIf (sops.secrets != { }) {
          SOPS_GPG_EXEC = lib.mkIf (sops.gnupg.home != null || sops.gnupg.sshKeyPaths != [ ]) (
            lib.mkDefault "${sops.gnupg.package}/bin/gpg"
          );
        };
      })
    ]
  );
}
