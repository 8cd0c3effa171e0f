# nix-darwin.
{
  evaluate,
  view,
  fixtures,
  ...
}:
let
  inherit (evaluate) darwin;
  age = fixtures + "/wifi.age";
  yaml = fixtures + "/secrets.yaml";
  both = ../../modules/darwin;
  onlyAge = ../../modules/darwin/age.nix;
  onlySops = ../../modules/darwin/sops.nix;
  wifi.age.secrets.wifi.file = age;
  token = {
    sops.defaultSopsFile = yaml;
    sops.secrets.token = { };
  };
  config = modules: (darwin modules).config;
  calls = config: {
    daemons = builtins.mapAttrs (
      _: daemon: view.callsIn (daemon.script + daemon.command)
    ) config.launchd.daemons;
    activation = builtins.mapAttrs (
      _: script: view.callsIn script.text
    ) config.system.activationScripts;
  };
in
{
  "darwin: nothing to install, nothing changes" = {
    got = calls (config [ both ]);
    want = {
      daemons = { };
      activation = { };
    };
  };
  "darwin: the age daemon of agenix" = {
    got =
      let
        c = config [
          onlyAge
          wifi
        ];
        daemon = c.launchd.daemons.activate-agenix;
      in
      [
        (calls c)
        daemon.script
        daemon.serviceConfig
      ];
    want = [
      {
        daemons.activate-agenix = [ "nixseal activate nixseal-manifest-age.json" ];
        activation = { };
      }
      ''
        set -e
        set -o pipefail
        export PATH="/programs/gnugrep/bin:/programs/coreutils/bin:@out@/sw/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        /nixseal/bin/nixseal activate STORE/nixseal-manifest-age.json
        exit 0
      ''
      {
        RunAtLoad = true;
        KeepAlive.SuccessfulExit = false;
      }
    ];
    withoutHashes = true;
  };
  "darwin: the folder of an age program of one's own is searched for plugins" = {
    got =
      builtins.match ".*export PATH=\"([^:]*):.*"
        (config [
          onlyAge
          wifi
          { age.ageBin = "/opt/age/bin/age"; }
        ]).launchd.daemons.activate-agenix.script;
    want = [ "/opt/age/bin" ];
  };
  "darwin: SOPS secrets at activation and at start" = {
    got = calls (config [
      onlySops
      token
    ]);
    want = {
      daemons.sops-install-secrets = [ "nixseal activate nixseal-manifest.json" ];
      activation.postActivation = [ "nixseal activate nixseal-manifest.json" ];
    };
  };
  "darwin: both trees in one run" = {
    got =
      let
        c = config [
          both
          wifi
          token
        ];
      in
      {
        calls = calls c;
        trees = builtins.mapAttrs (_: view.trees) (view.manifests c);
        last = builtins.match ".*\nexit 0\n" c.launchd.daemons.activate-agenix.script != null;
      };
    want = {
      calls = {
        daemons = {
          activate-agenix = [ ];
          sops-install-secrets = [ "nixseal activate nixseal-manifest.json" ];
        };
        activation.postActivation = [ "nixseal activate nixseal-manifest.json" ];
      };
      trees.regular = [
        "age"
        "sops"
      ];
      last = true;
    };
  };
  "darwin: secrets for users have a place and a run of their own" = {
    got = calls (config [
      onlySops
      token
      { sops.secrets.pw.neededForUsers = true; }
    ]);
    want = {
      daemons = {
        sops-install-secrets = [ "nixseal activate nixseal-manifest.json" ];
        sops-install-secrets-for-users = [
          "nixseal activate --ignore-passwd nixseal-manifest-for-users.json"
        ];
      };
      activation.postActivation = [
        "nixseal activate --ignore-passwd nixseal-manifest-for-users.json"
        "nixseal activate nixseal-manifest.json"
      ];
    };
  };
  "darwin: owners, groups and keys of macOS" = {
    got =
      let
        c = config [
          both
          wifi
          token
        ];
        m = (view.manifests c).regular;
        secret = (view.entries m)."sops.secrets.token";
      in
      {
        inherit (secret) owner group;
        inherit (m) identities;
      };
    want = {
      owner = "root";
      group = "staff";
      identities = {
        files = [
          "/etc/ssh/ssh_host_ed25519_key"
          "/etc/ssh/ssh_host_rsa_key"
        ];
        ageKeyFiles = [ ];
        sshKeys = [
          "/etc/ssh/ssh_host_ed25519_key"
          "/etc/ssh/ssh_host_rsa_key"
        ];
      };
    };
  };
  "darwin: a template of both trees" = {
    got =
      let
        c = config [
          both
          wifi
          token
          (
            { config, ... }:
            {
              sops.templates.t.content = "${config.age.placeholder.wifi}";
            }
          )
        ];
        template = (view.entriesOf c)."sops.templates.t";
      in
      {
        inherit (template) path;
        same = template.content == (view.entriesOf c)."age.secrets.wifi".placeholder;
      };
    want = {
      path = "/run/secrets/rendered/t";
      same = true;
    };
  };
  "darwin: a key is made before it is needed" = {
    got =
      builtins.match ".*nixseal key new --output /var/lib/key.txt.*nixseal activate.*" (
        builtins.replaceStrings [ "\n" ] [ " " ]
          (config [
            onlySops
            token
            {
              sops.age.keyFile = "/var/lib/key.txt";
              sops.age.generateKey = true;
            }
          ]).system.activationScripts.postActivation.text
      ) != null;
    want = true;
  };
  "darwin: sops-nix's own package" = {
    got = calls (config [
      both
      wifi
      token
      ({ pkgs, ... }: { sops.package = pkgs.fake "original"; })
    ]);
    want = {
      daemons = {
        activate-agenix = [ "nixseal activate nixseal-manifest-age.json" ];
        sops-install-secrets = [ "sops-install-secrets manifest.json" ];
      };
      activation.postActivation = [ "sops-install-secrets manifest.json" ];
    };
  };
}
