# Runs the program for home-manager: the user units and launchd agents of agenix and sops-nix, by their names.
{
  config,
  options,
  lib,
  pkgs,
  ...
}@args:
let
  nixseal = import ../../lib;
  inherit (nixseal)
    commands
    homePaths
    original
    text
    ;
  inherit (text)
    mapToList
    optional
    optionalAttrs
    optionals
    ;
  inherit (pkgs.stdenv.hostPlatform) isDarwin isLinux;
  cfg = config.nixseal;
  packages = import ../../packages { inherit pkgs; };

  age = if options ? age.secrets then config.age else null;
  sops = if options ? sops.secrets then config.sops else null;

  place = homePaths.resolve {
    inherit (config.home) homeDirectory username;
    runtimeExpressions = optional isDarwin (import ./runtime-folder.nix { inherit config pkgs; });
  };
  # The other way round, for readers of `nixseal.paths`.
  runtime = import ./runtime-folder.nix { inherit config pkgs; };

  plan = nixseal.home {
    inherit age sops place;
    nixseal = cfg;
  };
  inherit (plan) engine joined foreign;

  own =
    suffix: manifest:
    nixseal.files.own {
      inherit pkgs manifest;
      name = "nixseal-manifest${suffix}.json";
      checker = if cfg.check.enable then cfg.validationPackage else null;
    };
  ageFile = own "-age" plan.ageRun;
  sopsFile = original.checked sops sops.secrets (own "" plan.sopsRun);
  originalFile = original.checked sops sops.secrets (
    nixseal.files.original {
      inherit pkgs;
      name = "manifest.json";
      checker = sops.package;
      validate = sops.validateSopsFiles;
      manifest = original.manifest {
        cfg = sops;
        inherit (sops) secrets templates;
        added = [
          "restartUnits"
          "reloadUnits"
          "optional"
          "onFailure"
          "credentials"
        ];
        userMode = true;
        places = {
          secretsMountPoint = sops.defaultSecretsMountPoint;
          symlinkPath = sops.defaultSymlinkPath;
        };
      };
    }
  );

  key =
    keyFile:
    commands.generateKey {
      inherit engine;
      keyFile = text.hostPath keyFile;
      coreutils = "${pkgs.coreutils}/bin/";
    };
  ageKey = optionals (plan.ageOn && age.generateKey && age.keyFile != null) [ (key age.keyFile) ];
  sopsKey = optionals (plan.sopsOn && sops.age.generateKey && sops.age.keyFile != null) [
    (key sops.age.keyFile)
  ];

  agePlugins = optionals plan.ageOn (
    optional (options.age.package.highestPrio < 1500) age.package ++ age.plugins
  );
  withAgePlugins =
    call:
    if agePlugins == [ ] then
      call
    else
      "PATH=${text.shellWord (text.binPath agePlugins)}:$PATH ${call}";

  script = name: parts: toString (pkgs.writeShellScript name (text.lines (parts ++ [ "" ])));
  ageScript = script "agenix-home-manager-mount-secrets" (
    if joined then
      # The unit `sops-nix` installs both trees.
      [ "exit 0" ]
    else
      ageKey ++ [ (withAgePlugins (commands.activate engine [ ] ageFile)) ]
  );
  sopsScript = script "sops-nix-user" (
    sopsKey
    ++ optionals joined ageKey
    ++ [
      (
        if foreign then
          commands.original sops.package [ "-ignore-passwd" ] originalFile
        else
          commands.activate engine [ ] sopsFile
      )
    ]
  );

  # Where `systemctl` is, for units that restart; this unit's PATH has nothing but plugins.
  restarts = builtins.any (
    entry: (entry.restartUnits or [ ]) ++ (entry.reloadUnits or [ ]) != [ ]
  ) plan.entries;
  path = builtins.filter (part: part != "") [
    (text.binPath (optionals joined agePlugins ++ sops.age.plugins))
    (if isDarwin then "/usr/bin:/bin:/usr/sbin:/sbin" else "")
    (if isLinux && restarts && !foreign then builtins.dirOf config.systemd.user.systemctlPath else "")
  ];

  credentials = nixseal.credentials.byUnit plan.credentialPlaces;
  systemdPath = builtins.replaceStrings [ "%r" "%%" ] [ "%t" "%%" ];
in
{
  key = "nixseal/home/install";
  imports = [
    ./activation.nix
    ./assertions.nix
  ];
  options.nixseal = import ../../options/nixseal.nix {
    inherit lib;
    home = true;
    defaultPackage = packages.nixseal;
    defaultValidationPackage = packages.forBuilding cfg.package;
    # home-manager gives the system's configuration to homes that are part of it.
    defaultUid =
      if args.osConfig or null == null then
        null
      else
        args.osConfig.users.users.${config.home.username}.uid or null;
  };
  config = lib.mkMerge [
    {
      nixseal.manifests =
        optionalAttrs (plan.ageOn && !joined) { age = ageFile; }
        // optionalAttrs (plan.sopsOn && !foreign) { regular = sopsFile; };
      nixseal.paths =
        let
          plain =
            place': items: builtins.mapAttrs (_: item: homePaths.withRuntime runtime (place' item.path)) items;
          orNone = condition: items: if condition then items else { };
          asIs = path: path;
        in
        {
          age = plain place (orNone (age != null) age.secrets);
          ageTemplates = plain place (orNone (age != null) age.templates);
          sops = plain asIs (orNone (sops != null) sops.secrets);
          sopsTemplates = plain asIs (orNone (sops != null) sops.templates);
        };
      systemd.user.services = lib.mkIf isLinux (
        builtins.listToAttrs (
          map (unit: {
            name = text.removeSuffix ".service" unit;
            value.Service.LoadCredential = map systemdPath credentials.${unit};
          }) (builtins.attrNames credentials)
        )
      );
    }
    (lib.mkIf plan.ageOn {
      systemd.user.services.agenix = lib.mkIf isLinux ({
        Unit = {
          Description = "agenix activation";
        }
        // optionalAttrs joined {
          Requires = [ "sops-nix.service" ];
          After = [ "sops-nix.service" ];
        };
        Service = {
          Type = "oneshot";
          ExecStart = ageScript;
        };
        Install.WantedBy = [ "default.target" ];
      });
      launchd.agents.activate-agenix = {
        enable = true;
        config = {
          ProgramArguments = [ ageScript ];
          KeepAlive = {
            Crashed = false;
            SuccessfulExit = false;
          };
          RunAtLoad = true;
          ProcessType = "Background";
          StandardOutPath = "${config.home.homeDirectory}/Library/Logs/agenix/stdout";
          StandardErrorPath = "${config.home.homeDirectory}/Library/Logs/agenix/stderr";
        };
      };
    })
    (optionalAttrs (options ? sops.secrets) (
      lib.mkIf plan.sopsOn {
        sops.environment = {
          SOPS_GPG_EXEC = lib.mkMerge [
            (lib.mkIf (sops.gnupg.home != null || sops.gnupg.sshKeyPaths != [ ]) (
              lib.mkDefault "${sops.gnupg.package}/bin/gpg"
            ))
            (lib.mkIf sops.gnupg.qubes-split-gpg.enable (
              lib.mkDefault config.home.sessionVariables.SOPS_GPG_EXEC
            ))
          ];
          PATH = builtins.concatStringsSep ":" path;
          QUBES_GPG_DOMAIN = lib.mkIf (
            sops.gnupg.qubes-split-gpg.enable && sops.gnupg.qubes-split-gpg.domain != null
          ) (lib.mkDefault sops.gnupg.qubes-split-gpg.domain);
        };
        home.sessionVariables = lib.mkIf sops.gnupg.qubes-split-gpg.enable {
          SOPS_GPG_EXEC = "qubes-gpg-client-wrapper";
        };
        systemd.user.services.sops-nix = lib.mkIf isLinux {
          Unit = {
            Description = "sops-nix activation";
          }
          // optionalAttrs (plan.ageOn && plan.apart) { After = [ "agenix.service" ]; };
          Service = {
            Type = "oneshot";
            Environment = builtins.concatStringsSep " " (
              mapToList (name: value: "'${name}=${value}'") sops.environment
            );
            ExecStart = sopsScript;
          };
          Install.WantedBy =
            if sops.gnupg.home != null then [ "graphical-session-pre.target" ] else [ "default.target" ];
        };
        launchd.agents.sops-nix = {
          enable = true;
          config = {
            Program = sopsScript;
            EnvironmentVariables = sops.environment;
            KeepAlive = false;
            RunAtLoad = true;
            StandardOutPath = "${config.home.homeDirectory}/Library/Logs/SopsNix/stdout";
            StandardErrorPath = "${config.home.homeDirectory}/Library/Logs/SopsNix/stderr";
          };
        };
      }
    ))
  ];
}
