# home-manager, on Linux and macOS.
{
  evaluate,
  view,
  fixtures,
  ...
}:
let
  inherit (evaluate) home homeOf homeDarwin;
  age = fixtures + "/wifi.age";
  yaml = fixtures + "/secrets.yaml";
  both = ../../modules/home;
  onlyAge = ../../modules/home/age.nix;
  onlySops = ../../modules/home/sops.nix;
  wifi.age.secrets.wifi.file = age;
  token = {
    sops.defaultSopsFile = yaml;
    sops.age.keyFile = "/home/alice/key.txt";
    sops.secrets.token = { };
  };
  config = modules: (home modules).config;
  regular = config: (view.manifests config).regular;
in
{
  "home: nothing to install, nothing changes" = {
    got =
      let
        c = config [ both ];
      in
      [
        c.systemd.user.services
        c.launchd.agents
        c.home.activation
        (view.failed c)
      ];
    want = [
      { }
      { }
      { }
      [ ]
    ];
  };
  "home: the age unit of agenix" = {
    got =
      (config [
        onlyAge
        wifi
      ]).systemd.user.services.agenix;
    want = {
      Unit.Description = "agenix activation";
      Service = {
        Type = "oneshot";
        ExecStart = "STORE/agenix-home-manager-mount-secrets";
      };
      Install.WantedBy = [ "default.target" ];
    };
    withoutHashes = true;
  };
  "home: the SOPS unit of sops-nix" = {
    got =
      (config [
        onlySops
        token
      ]).systemd.user.services.sops-nix;
    want = {
      Unit.Description = "sops-nix activation";
      Service = {
        Type = "oneshot";
        Environment = "'PATH='";
        ExecStart = "STORE/sops-nix-user";
      };
      Install.WantedBy = [ "default.target" ];
    };
    withoutHashes = true;
  };
  "home: the age tree, by its runtime folder" = {
    got =
      let
        m =
          (view.manifests (config [
            onlyAge
            wifi
          ])).age;
        tree = builtins.head m.trees;
      in
      {
        inherit (m) userMode identities credentialsDirectory;
        inherit (tree) link mountPoint fileSystem;
        path = (builtins.head tree.secrets).path;
      };
    want = {
      userMode = true;
      identities = {
        files = [
          "/home/alice/.ssh/id_ed25519"
          "/home/alice/.ssh/id_rsa"
        ];
        ageKeyFiles = [ ];
        sshKeys = [ ];
      };
      credentialsDirectory = "%r/nixseal/credentials-age";
      link = "%r/agenix";
      mountPoint = "%r/agenix.d";
      fileSystem = "none";
      path = "%r/agenix/wifi";
    };
  };
  "home: the option keeps agenix's expression while the user's number is unknown" = {
    got =
      let
        c = config [
          onlyAge
          wifi
        ];
      in
      [
        c.age.secretsDir
        c.age.secrets.wifi.path
        c.nixseal.paths.age.wifi
      ];
    want = [
      "\${XDG_RUNTIME_DIR}/agenix"
      "\${XDG_RUNTIME_DIR}/agenix/wifi"
      "\${XDG_RUNTIME_DIR}/agenix/wifi"
    ];
  };
  "home: plain paths where the number is set" = {
    got =
      let
        c = config [
          both
          wifi
          token
          {
            nixseal.uid = 1000;
            sops.secrets.token.path = "%r/token";
          }
        ];
      in
      [
        c.age.secrets.wifi.path
        c.nixseal.paths
        (builtins.head (regular c).trees).link
      ];
    want = [
      "/run/user/1000/agenix/wifi"
      {
        age.wifi = "/run/user/1000/agenix/wifi";
        ageTemplates = { };
        sops.token = "/run/user/1000/token";
        sopsTemplates = { };
      }
      "/run/user/1000/agenix"
    ];
  };
  "home: the number comes from the system's configuration" = {
    got =
      (homeOf { users.users.alice.uid = 1234; } [
        both
        wifi
      ]).config.age.secrets.wifi.path;
    want = "/run/user/1234/agenix/wifi";
  };
  "home: a system that does not know the number" = {
    got =
      (homeOf { users.users.alice.uid = null; } [
        both
        wifi
      ]).config.nixseal.uid;
    want = null;
  };
  "home: expressions that nixseal knows" = {
    got =
      let
        c = config [
          both
          {
            age.secrets = {
              a = {
                file = age;
                path = "$HOME/.a";
              };
              b = {
                file = age;
                path = "\${XDG_RUNTIME_DIR}/b%";
              };
              c = {
                file = age;
                path = "/tmp/\${USER}/c";
              };
            };
          }
        ];
      in
      map (name: (view.entriesOf c)."age.secrets.${name}".path) [
        "a"
        "b"
        "c"
      ];
    want = [
      "/home/alice/.a"
      "%r/b%%"
      "/tmp/alice/c"
    ];
  };
  "home: both trees in one run, that of sops-nix" = {
    got =
      let
        c = config [
          both
          wifi
          token
        ];
      in
      {
        manifests = builtins.mapAttrs (_: view.trees) (view.manifests c);
        age = builtins.removeAttrs c.systemd.user.services.agenix [ "Service" ];
      };
    want = {
      manifests.regular = [
        "age"
        "sops"
      ];
      age = {
        Unit = {
          Description = "agenix activation";
          Requires = [ "sops-nix.service" ];
          After = [ "sops-nix.service" ];
        };
        Install.WantedBy = [ "default.target" ];
      };
    };
  };
  "home: a SOPS key that is an age secret needs a run before" = {
    got =
      let
        c = config [
          both
          wifi
          token
          (
            { config, lib, ... }:
            {
              age.secretsDir = "/home/alice/.agenix";
              sops.age.keyFile = lib.mkForce config.age.secrets.wifi.path;
            }
          )
        ];
      in
      {
        manifests = builtins.mapAttrs (_: view.trees) (view.manifests c);
        inherit (c.systemd.user.services.sops-nix) Unit;
      };
    want = {
      manifests = {
        age = [ "age" ];
        regular = [ "sops" ];
      };
      Unit = {
        Description = "sops-nix activation";
        After = [ "agenix.service" ];
      };
    };
  };
  "home: the SOPS tree, where sops-nix has it" = {
    got =
      let
        m = regular (config [
          onlySops
          token
        ]);
        tree = builtins.head m.trees;
      in
      {
        inherit (tree) link mountPoint fileSystem;
        inherit (m) userMode credentialsDirectory;
        inherit (builtins.head tree.secrets) path sops;
      };
    want = {
      link = "/home/alice/.config/sops-nix/secrets";
      mountPoint = "%r/secrets.d";
      fileSystem = "none";
      userMode = true;
      credentialsDirectory = "%r/nixseal/credentials";
      path = "/home/alice/.config/sops-nix/secrets/token";
      sops = {
        file = "STORE/secrets.yaml";
        format = "yaml";
        key = "token";
      };
    };
    withoutHashes = true;
  };
  "home: templates of both trees, of secrets of both" = {
    got =
      let
        c = config [
          both
          wifi
          token
          (
            { config, ... }:
            {
              age.templates.a.content = config.sops.placeholder.token;
              sops.templates.s.content = config.age.placeholder.wifi;
            }
          )
        ];
      in
      map (name: (view.entriesOf c).${name}.path) [
        "age.templates.a"
        "sops.templates.s"
      ];
    want = [
      "%r/agenix/rendered/a"
      "/home/alice/.config/sops-nix/secrets/rendered/s"
    ];
  };
  "home: units restart, and systemctl is found for that" = {
    got =
      let
        c = config [
          both
          wifi
          token
          { age.secrets.wifi.restartUnits = [ "syncthing.service" ]; }
        ];
      in
      [
        c.sops.environment.PATH
        (view.entriesOf c)."age.secrets.wifi".restartUnits
      ];
    want = [
      "/programs/systemd/bin"
      [ "syncthing.service" ]
    ];
  };
  "home: credentials of user services" = {
    got =
      (config [
        both
        wifi
        token
        { age.secrets.wifi.credentials = [ "sync:wifi-key" ]; }
      ]).systemd.user.services.sync;
    want.Service.LoadCredential = [ "wifi-key:%t/nixseal/credentials/sync.service/wifi-key" ];
  };
  "home: sops-nix's own package" = {
    got =
      let
        c = config [
          both
          wifi
          token
          ({ pkgs, ... }: { sops.package = pkgs.fake "original"; })
        ];
      in
      builtins.mapAttrs (_: view.trees) (view.manifests c);
    want.age = [ "age" ];
  };
  "home: activation restarts the unit" = {
    got =
      map
        (
          line:
          builtins.match ".*${line}.*" (
            builtins.replaceStrings [ "\n" ] [ " " ]
              (config [
                onlySops
                token
              ]).home.activation.sops-nix
          ) != null
        )
        [
          "/programs/systemd/bin/systemctl restart --user sops-nix"
          "--user is-system-running"
        ];
    want = [
      true
      true
    ];
  };
  "home: on macOS, launchd agents" = {
    got =
      let
        c =
          (homeDarwin [
            both
            wifi
            token
            { home.homeDirectory = "/Users/alice"; }
          ]).config;
      in
      {
        services = c.systemd.user.services;
        agents = builtins.attrNames c.launchd.agents;
        sops = builtins.removeAttrs c.launchd.agents.sops-nix.config [ "Program" ];
        path = (view.entriesOf c)."age.secrets.wifi".path;
        activation =
          builtins.match ".*/bin/launchctl bootout.*" (
            builtins.replaceStrings [ "\n" ] [ " " ] c.home.activation.sops-nix
          ) != null;
      };
    want = {
      services = { };
      agents = [
        "activate-agenix"
        "sops-nix"
      ];
      sops = {
        EnvironmentVariables.PATH = "/usr/bin:/bin:/usr/sbin:/sbin";
        KeepAlive = false;
        RunAtLoad = true;
        StandardOutPath = "/Users/alice/Library/Logs/SopsNix/stdout";
        StandardErrorPath = "/Users/alice/Library/Logs/SopsNix/stderr";
      };
      path = "%r/agenix/wifi";
      activation = true;
    };
  };
  "home: Split GPG of Qubes" = {
    got =
      let
        c = config [
          onlySops
          {
            sops.defaultSopsFile = yaml;
            sops.secrets.token = { };
            sops.gnupg.qubes-split-gpg = {
              enable = true;
              domain = "vault";
            };
          }
        ];
      in
      [
        c.sops.environment
        c.home.sessionVariables
        (view.failed c)
      ];
    want = [
      {
        PATH = "";
        QUBES_GPG_DOMAIN = "vault";
        SOPS_GPG_EXEC = "qubes-gpg-client-wrapper";
      }
      { SOPS_GPG_EXEC = "qubes-gpg-client-wrapper"; }
      [ ]
    ];
  };
}
