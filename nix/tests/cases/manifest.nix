# What stands in manifests.
{
  view,
  fixtures,
  onNixos,
  ...
}:
let
  inherit (onNixos)
    both
    config
    wifi
    token
    ;
  yaml = fixtures + "/secrets.yaml";
  base = [
    both
    wifi
    token
  ];
  entry = name: modules: (view.entriesOf (config (base ++ modules))).${name};
  # Only these fields of an entry.
  pick =
    names: set:
    builtins.intersectAttrs (builtins.listToAttrs (
      map (name: {
        inherit name;
        value = null;
      }) names
    )) set;
  top =
    name: modules: builtins.removeAttrs (view.manifests (config (base ++ modules))).${name} [ "trees" ];
  only =
    name: value: builtins.filter (secret: secret ? templateOnly) (builtins.head value.trees).secrets;
in
{
  "manifest: an age secret in full" = {
    got = builtins.removeAttrs (entry "age.secrets.wifi" [ ]) [ "age" ];
    want = {
      option = "age.secrets.wifi";
      name = "wifi";
      path = "/run/agenix/wifi";
      mode = "0400";
      owner = "0";
      group = "0";
      symlink = true;
      checkFile = true;
      hostPublicKeys = [ ];
      optional = false;
      restartUnits = [ ];
      reloadUnits = [ ];
      credentials = [ ];
    };
  };
  "manifest: a SOPS secret in full" = {
    got = builtins.removeAttrs (entry "sops.secrets.token" [ ]) [ "sops" ];
    want = {
      option = "sops.secrets.token";
      name = "token";
      path = "/run/secrets/token";
      mode = "0400";
      uid = 0;
      gid = 0;
      checkFile = true;
      hostPublicKeys = [ ];
      optional = false;
      restartUnits = [ ];
      reloadUnits = [ ];
      credentials = [ ];
    };
  };
  "manifest: files are copied to the store" = {
    got = [
      (entry "age.secrets.wifi" [ ]).age
      (entry "sops.secrets.token" [ ]).sops
    ];
    want = [
      { file = "STORE/wifi.age"; }
      {
        file = "STORE/secrets.yaml";
        format = "yaml";
        key = "token";
      }
    ];
    withoutHashes = true;
  };
  "manifest: the age tree" = {
    got = builtins.removeAttrs (builtins.head (view.manifests (config base)).age.trees) [ "secrets" ];
    want = {
      name = "age";
      layout = "agenix";
      mountPoint = "/run/agenix.d";
      link = "/run/agenix";
      fileSystem = "ramfs";
      keepGenerations = 1;
      templates = [ ];
    };
  };
  "manifest: the SOPS tree in a tmpfs with ten generations" = {
    got = builtins.removeAttrs (builtins.head
      (view.manifests (
        config (
          base
          ++ [
            {
              sops.useTmpfs = true;
              sops.keepGenerations = 10;
            }
          ]
        )
      )).regular.trees
    ) [ "secrets" ];
    want = {
      name = "sops";
      layout = "sops-nix";
      mountPoint = "/run/secrets.d";
      link = "/run/secrets";
      fileSystem = "tmpfs";
      keepGenerations = 10;
      templates = [ ];
    };
  };
  "manifest: keys of the age run are those of agenix" = {
    got = (top "age" [ { services.openssh.enable = true; } ]).identities;
    want = {
      files = [ "/etc/key" ];
      ageKeyFiles = [ ];
      sshKeys = [ ];
    };
  };
  "manifest: keys of the SOPS run" = {
    got =
      (top "regular" [
        {
          sops.age.sshKeyPaths = [ "/etc/ed25519" ];
          sops.gnupg.home = "/root/.gnupg";
          age.keyFile = "/var/lib/other.txt";
        }
      ]).identities;
    want = {
      files = [ ];
      ageKeyFiles = [ "/var/lib/key.txt" ];
      sshKeys = [ "/etc/ed25519" ];
      gnupgHome = "/root/.gnupg";
    };
  };
  "manifest: RSA keys once" = {
    got =
      (top "regular" [
        {
          sops.age.sshKeyPaths = [ "/etc/key" ];
          sops.gnupg.sshKeyPaths = [ "/etc/key" ];
        }
      ]).identities.sshKeys;
    want = [ "/etc/key" ];
  };
  "manifest: the joined run has the keys of both" = {
    got = (top "age" [ { sops.secrets.token.neededForUsers = true; } ]).identities;
    want = {
      files = [ "/etc/key" ];
      ageKeyFiles = [ "/var/lib/key.txt" ];
      sshKeys = [ ];
    };
  };
  "manifest: a key as a path literal is not copied to the store" = {
    got =
      (top "regular" [
        {
          sops.age.sshKeyPaths = [ /etc/ssh/ssh_host_ed25519_key ];
        }
      ]).identities.sshKeys;
    want = [ "/etc/ssh/ssh_host_ed25519_key" ];
  };
  "manifest: policy" = {
    got = builtins.removeAttrs (top "regular" [
      {
        nixseal.onFailure = "abort";
        sops.log = [ "keyImport" ];
      }
    ]) [ "identities" ];
    want = {
      version = 1;
      onFailure = "abort";
      credentialsDirectory = "/run/nixseal/credentials";
      logging = {
        keyImport = true;
        secretChanges = false;
      };
    };
  };
  "manifest: onFailure, optional and units of one secret" = {
    got =
      pick
        [
          "optional"
          "onFailure"
          "restartUnits"
          "reloadUnits"
        ]
        (
          entry "age.secrets.wifi" [
            {
              age.secrets.wifi = {
                optional = true;
                onFailure = "abort";
                restartUnits = [ "a.service" ];
                reloadUnits = [ "b.service" ];
              };
            }
          ]
        );
    want = {
      optional = true;
      onFailure = "abort";
      restartUnits = [ "a.service" ];
      reloadUnits = [ "b.service" ];
    };
  };
  "manifest: owners by name bring their group" = {
    got =
      let
        users = {
          users.users.web.group = "www";
          users.groups.www = { };
          age.secrets.wifi.owner = "web";
          sops.secrets.token.owner = "web";
        };
        of =
          name:
          pick [
            "owner"
            "group"
          ] (entry name [ users ]);
      in
      [
        (of "age.secrets.wifi")
        (of "sops.secrets.token")
      ];
    want = [
      {
        owner = "web";
        group = "www";
      }
      {
        owner = "web";
        group = "www";
      }
    ];
  };
  "manifest: public keys of the host, one or many, without blanks" = {
    got = [
      (entry "age.secrets.wifi" [ { age.hostPublicKey = "ssh-ed25519 AAAA host\n"; } ]).hostPublicKeys
      (entry "sops.secrets.token" [
        {
          sops.hostPublicKey = [
            "age1aaa"
            "  age1bbb "
          ];
        }
      ]).hostPublicKeys
    ];
    want = [
      [ "ssh-ed25519 AAAA host" ]
      [
        "age1aaa"
        "age1bbb"
      ]
    ];
  };
  "manifest: an age file that is only on the host is not checked" = {
    got = (entry "age.secrets.host" [ { age.secrets.host.file = "/persist/host.age"; } ]).checkFile;
    want = false;
  };
  "manifest: SOPS files that are only on the host are not checked" = {
    got =
      (entry "sops.secrets.host" [
        {
          sops.validateSopsFiles = false;
          sops.secrets.host.sopsFile = "/persist/host.yaml";
        }
      ]).checkFile;
    want = false;
  };
  "manifest: a file named by a string of the flake" = {
    got =
      (entry "age.secrets.devos" [
        {
          age.secrets.devos.file = "${
            builtins.path {
              path = fixtures;
              name = "source";
            }
          }/wifi.age";
        }
      ]).age.file;
    want = "STORE/source/wifi.age";
    withoutHashes = true;
  };
  "manifest: is checked when it is built, by the checking package" = {
    got =
      let
        file =
          (config (
            base
            ++ [
              (
                { pkgs, ... }:
                {
                  nixseal.validationPackage = pkgs.fake "checker";
                }
              )
            ]
          )).system.build.nixseal-manifest;
      in
      file.checkPhase;
    want = ''
      /programs/checker/bin/nixseal activate --check "$out"
    '';
  };
  "manifest: is not checked when that is off" = {
    got =
      (config (base ++ [ { nixseal.check.enable = false; } ])).system.build.nixseal-manifest.checkPhase;
    want = "";
  };
  "manifest: that of sops-nix has its fields and no others" = {
    got = view.manifest (config base).system.build.sops-nix-manifest;
    want = {
      secrets = [
        {
          format = "yaml";
          gid = 0;
          group = null;
          key = "token";
          mode = "0400";
          name = "token";
          neededForUsers = false;
          owner = null;
          path = "/run/secrets/token";
          reloadUnits = [ ];
          restartUnits = [ ];
          sopsFile = "STORE/secrets.yaml";
          sopsFileHash = builtins.hashFile "sha256" yaml;
          uid = 0;
        }
      ];
      templates = [ ];
      placeholderBySecretName = { };
      secretsMountPoint = "/run/secrets.d";
      symlinkPath = "/run/secrets";
      keepGenerations = 1;
      sshKeyPaths = [ ];
      gnupgHome = null;
      ageKeyFile = "/var/lib/key.txt";
      ageSshKeyPaths = [ ];
      useTmpfs = false;
      userMode = false;
      logging = {
        keyImport = true;
        secretChanges = true;
      };
    };
    withoutHashes = true;
  };
  "manifest: that of sops-nix for users is always there" = {
    got =
      let
        m = view.manifest (config base).system.build.sops-nix-users-manifest;
      in
      {
        inherit (m) secrets symlinkPath secretsMountPoint;
      };
    want = {
      secrets = [ ];
      symlinkPath = "/run/secrets-for-users";
      secretsMountPoint = "/run/secrets-for-users.d";
    };
  };
  "manifest: ours are in system.build" = {
    got =
      let
        build = (config base).system.build;
      in
      [
        (view.trees (view.manifest build.nixseal-manifest))
        (view.trees (view.manifest build.nixseal-manifest-for-users))
      ];
    want = [
      [ "sops" ]
      [ "age" ]
    ];
  };
}
