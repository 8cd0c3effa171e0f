# Runs the program on macOS: the launchd daemons of agenix and sops-nix, by their names, and the activation of the system.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  nixseal = import ../../lib;
  inherit (nixseal)
    commands
    original
    problems
    text
    ;
  inherit (text) optional optionals optionalAttrs;
  isDarwin = options ? environment.darwinConfig;

  age = if options ? age.secrets then config.age else null;
  sops = if options ? sops.secrets then config.sops else null;
  plan = nixseal.darwin {
    inherit age sops;
    inherit (config) nixseal;
  };
  inherit (plan) engine joined foreign;

  own =
    suffix: manifest:
    nixseal.files.own {
      inherit pkgs manifest;
      name = "nixseal-manifest${suffix}.json";
      checker = if config.nixseal.check.enable then config.nixseal.validationPackage else null;
    };
  originalFile =
    suffix: secrets: templates:
    original.checked sops secrets (
      nixseal.files.original {
        inherit pkgs;
        name = "manifest${suffix}.json";
        checker = sops.validationPackage;
        validate = sops.validateSopsFiles;
        manifest = original.manifest {
          cfg = sops;
          inherit secrets templates;
          added = [
            "optional"
            "onFailure"
          ];
          userMode = false;
          places = {
            secretsMountPoint = "/run/secrets${suffix}.d";
            symlinkPath = "/run/secrets${suffix}";
            useTmpfs = false;
          };
        };
      }
    );
  ageFile = own "-age" plan.ageRun;
  lateFile = original.checked sops plan.late (own "" plan.lateRun);
  earlyFile = original.checked sops plan.early (own "-for-users" plan.earlyRun);

  key =
    keyFile:
    commands.generateKey {
      inherit engine;
      keyFile = text.hostPath keyFile;
    };
  ageKey = optionals (plan.ageOn && age.generateKey && age.keyFile != null) [ (key age.keyFile) ];
  sopsKey = optionals (plan.sopsOn && sops.age.generateKey && sops.age.keyFile != null) [
    (key sops.age.keyFile)
  ];

  plugins = optionals plan.ageOn (
    optionals (options.age.ageBin.highestPrio < 1500) (text.commandPackages age.ageBin) ++ age.plugins
  );
  environment =
    sops.environment
    // optionalAttrs (joined && plugins != [ ]) {
      PATH = text.binPath (plugins ++ sops.age.plugins);
    };

  lateScript = text.lines (
    sopsKey
    ++ optionals joined ageKey
    ++ [
      ''echo "Setting up secrets..."''
      (commands.withEnvironment environment (
        if foreign then
          commands.original sops.package [ ] (originalFile "" plan.late sops.templates)
        else
          commands.activate engine [ ] lateFile
      ))
      ""
    ]
  );
  earlyScript = text.lines [
    ''echo "Setting up secrets for users"''
    (commands.withEnvironment sops.environment (
      if foreign then
        commands.original sops.package [ "-ignore-passwd" ] (originalFile "-for-users" plan.early { })
      else
        commands.activate engine [ "--ignore-passwd" ] earlyFile
    ))
    ""
  ];
  ageScript = text.lines (
    [
      "set -e"
      "set -o pipefail"
      ''export PATH="${
        text.binPath (
          plugins
          ++ [
            pkgs.gnugrep
            pkgs.coreutils
          ]
        )
      }:@out@/sw/bin:/usr/bin:/bin:/usr/sbin:/sbin"''
    ]
    # The daemon `sops-install-secrets` installs both trees.
    ++ optionals (!joined) (ageKey ++ [ (commands.activate engine [ ] ageFile) ])
    ++ [
      "exit 0"
      ""
    ]
  );
  daemon = script: {
    command = "sh -c ${text.shellWord script}";
    serviceConfig = {
      RunAtLoad = true;
      KeepAlive = false;
    };
  };
in
{
  key = "nixseal/darwin/install";
  imports = [ ../options/nixseal.nix ];
  config = optionalAttrs isDarwin (
    lib.mkMerge [
      {
        assertions = problems.entries plan.entries;
        nixseal.manifests =
          optionalAttrs (plan.ageOn && !joined) { age = ageFile; }
          // optionalAttrs (plan.earlyOn && !foreign) { for-users = earlyFile; }
          // optionalAttrs (plan.sopsOn && !foreign) { regular = lateFile; };
        system.build = {
          nixseal-manifest = if plan.sopsOn then lateFile else ageFile;
          nixseal-manifest-for-users = earlyFile;
        };
        launchd.daemons = lib.mkMerge [
          (lib.mkIf plan.ageOn {
            activate-agenix = {
              script = ageScript;
              serviceConfig = {
                RunAtLoad = true;
                KeepAlive.SuccessfulExit = false;
              };
            };
          })
          (lib.mkIf plan.sopsOn { sops-install-secrets = daemon lateScript; })
          (lib.mkIf plan.earlyOn { sops-install-secrets-for-users = daemon earlyScript; })
        ];
        system.activationScripts = lib.mkIf (plan.earlyOn || plan.sopsOn) {
          postActivation.text = lib.mkAfter (
            text.lines (optional plan.earlyOn earlyScript ++ optional plan.sopsOn lateScript)
          );
        };
      }
      (optionalAttrs (options ? sops.secrets) {
        assertions =
          optionals (sops.secrets != { }) (problems.sopsKeys sops ++ problems.sopsOwners sops)
          ++ problems.sopsTemplates sops.templates
          ++ optionals foreign (problems.foreign sops)
          ++ [
            {
              assertion =
                text.filterAttrs (
                  _: secret:
                  (secret.uid != 0 && secret.owner != "root") || (secret.gid != 0 && secret.group != "root")
                ) plan.early == { };
              message = "neededForUsers cannot be used for secrets that are not root-owned";
            }
          ];
        warnings = problems.sopsKeyWithoutPlace sops;
        sops.environment = {
          SOPS_GPG_EXEC = lib.mkIf (sops.gnupg.home != null || sops.gnupg.sshKeyPaths != [ ]) (
            lib.mkDefault "${sops.gnupg.package}/bin/gpg"
          );
          PATH = lib.mkIf (sops.age.plugins != [ ]) (text.binPath sops.age.plugins);
        };
        system.build = lib.mkMerge [
          (lib.mkIf (sops.secrets != { }) {
            sops-nix-manifest = originalFile "" plan.late sops.templates;
          })
          { sops-nix-users-manifest = originalFile "-for-users" plan.early { }; }
        ];
      })
    ]
  );
}
