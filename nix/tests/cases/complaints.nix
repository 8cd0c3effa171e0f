# Wrong configurations: each gets one complaint that names the option.
{
  evaluate,
  view,
  fixtures,
  onNixos,
  ...
}:
let
  inherit (onNixos) both wifi;
  inherit (evaluate) nixos darwin home;
  age = fixtures + "/wifi.age";
  yaml = fixtures + "/secrets.yaml";
  token = {
    sops.defaultSopsFile = yaml;
    sops.age.keyFile = "/var/lib/key.txt";
    sops.gnupg.sshKeyPaths = [ ];
    sops.secrets.token = { };
  };
  config =
    modules:
    (nixos (
      [
        both
        wifi
        token
      ]
      ++ modules
    )).config;
  failed = modules: view.failed (config modules);
  immutable.users.mutableUsers = false;
in
{
  "complaints: none about a good configuration" = {
    got = failed [ ];
    want = [ ];
  };
  "complaints: an unknown owner" = {
    got = failed [
      immutable
      { age.secrets.wifi.owner = "nobody-there"; }
    ];
    want = [
      ''age.secrets.wifi.owner: no user "nobody-there" is declared in this configuration; declare it, or set nixseal.check.owners = false if it comes from elsewhere''
    ];
  };
  "complaints: an unknown group" = {
    got = failed [
      immutable
      { sops.secrets.token.group = "nobody-there"; }
    ];
    want = [
      ''sops.secrets.token.group: no group "nobody-there" is declared in this configuration; declare it, or set nixseal.check.owners = false if it comes from elsewhere''
    ];
  };
  "complaints: an unknown owner may come later where users are mutable" = {
    got =
      let
        c = config [ { age.secrets.wifi.owner = "later"; } ];
      in
      [
        (view.failed c)
        c.warnings
      ];
    want = [
      [ ]
      [
        ''age.secrets.wifi.owner: no user "later" is declared in this configuration; declare it, or set nixseal.check.owners = false if it comes from elsewhere''
      ]
    ];
  };
  "complaints: owners from elsewhere, numbers, root, and users by another name" = {
    got = [
      (failed [
        immutable
        {
          nixseal.check.owners = false;
          age.secrets.wifi.owner = "ldap";
        }
      ])
      (failed [
        immutable
        {
          age.secrets.wifi = {
            owner = "1000";
            group = "100";
          };
        }
      ])
      (failed [
        immutable
        {
          users.users.someone = {
            name = "web";
            group = "root";
          };
          age.secrets.wifi.owner = "web";
          sops.secrets.token = {
            owner = "root";
            group = "nogroup";
          };
        }
      ])
    ];
    want = [
      [ ]
      [ ]
      [ ]
    ];
  };
  "complaints: an unknown owner of a SOPS secret without a group ends evaluation" = {
    got =
      view.throws
        (config [
          { sops.secrets.token.owner = "nobody-there"; }
        ]).sops.secrets.token.group;
    want = true;
  };
  "complaints: two secrets of one tree at one path" = {
    got = failed [
      {
        age.secrets.other = {
          file = age;
          path = "/run/agenix/wifi";
        };
      }
    ];
    want = [
      ''age.secrets.other and age.secrets.wifi are installed at one path, "/run/agenix/wifi"; give each its own `path` or `name`''
    ];
  };
  "complaints: secrets of both trees and a template at one path" = {
    got = failed [
      {
        age.secrets.wifi.path = "/etc/x";
        sops.secrets.token.path = "/etc/x";
        sops.templates.t = {
          content = "";
          path = "/etc/x";
        };
      }
    ];
    want = [
      ''age.secrets.wifi and sops.secrets.token and sops.templates.t are installed at one path, "/etc/x"; give each its own `path` or `name`''
    ];
  };
  "complaints: a path in the store" = {
    got = failed [ { sops.secrets.token.path = "${builtins.storeDir}/x/token"; } ];
    want = [
      ''sops.secrets.token.path: "${builtins.storeDir}/x/token" is in the Nix store, which everybody can read; choose a path outside of it''
    ];
  };
  "complaints: an invalid mode" = {
    got = [
      (failed [ { age.secrets.wifi.mode = "0o400"; } ])
      (failed [ { sops.secrets.token.mode = "rw"; } ])
      (failed [ { sops.secrets.token.mode = "0488"; } ])
    ];
    want = [
      [
        ''age.secrets.wifi.mode: "0o400" is no mode; write it in octal such as "0440", or as for chmod such as "u=r,g=r"''
      ]
      [
        ''sops.secrets.token.mode: "rw" is no mode; write it in octal such as "0440", or as for chmod such as "u=r,g=r"''
      ]
      [
        ''sops.secrets.token.mode: "0488" is no mode; write it in octal such as "0440", or as for chmod such as "u=r,g=r"''
      ]
    ];
  };
  "complaints: modes that chmod takes" = {
    got = builtins.concatMap (mode: failed [ { age.secrets.wifi.mode = mode; } ]) [
      "400"
      "0440"
      "4755"
      "u=r,g=r,o="
      "u=rw,go-rwx"
      "a+X"
      "g=u"
      "+x"
    ];
    want = [ ];
  };
  "complaints: a file that is not there" = {
    got = [
      (map (builtins.substring 0 24) (failed [ { age.secrets.gone.file = fixtures + "/gone.age"; } ]))
      (map (builtins.substring 0 24) (failed [
        { age.secrets.gone.file = "${builtins.storeDir}/00000000000000000000000000000000-gone.age"; }
      ]))
    ];
    want = [
      [ "age.secrets.gone.file: \"" ]
      [ "age.secrets.gone.file: \"" ]
    ];
  };
  "complaints: no identity of the age tree" = {
    got = failed [ ({ lib, ... }: { age.identityPaths = lib.mkForce [ ]; }) ];
    want = [ "age.identityPaths must be set, for example by enabling openssh." ];
  };
  "complaints: a key file is an identity, too" = {
    got = failed [
      (
        { lib, ... }:
        {
          age.identityPaths = lib.mkForce [ ];
          age.keyFile = "/var/lib/age.txt";
        }
      )
    ];
    want = [ ];
  };
  "complaints: a key to make, but no place for it" = {
    got = failed [ { age.generateKey = true; } ];
    want = [ "age.generateKey: there is no place for the key; set age.keyFile" ];
  };
  "complaints: a key of SOPS to make, but no place for it, is only a warning, as it was no error" = {
    got =
      let
        place.sops = {
          age.generateKey = true;
          age.sshKeyPaths = [ "/etc/ed25519" ];
        };
        noFile =
          { lib, ... }:
          {
            sops.age.keyFile = lib.mkForce null;
          };
        ofSystem = config [
          place
          noFile
        ];
        of =
          evaluated:
          (evaluated [
            token
            place
            noFile
          ]).config.warnings;
      in
      [
        (view.failed ofSystem)
        ofSystem.system.activationScripts.generate-age-key.text
        ofSystem.warnings
        (of (modules: darwin ([ ../../modules/darwin ] ++ modules)))
        (of (modules: home ([ ../../modules/home ] ++ modules)))
      ];
    want =
      let
        warning = [
          "sops.age.generateKey: there is no place for the key, so none is made; set sops.age.keyFile"
        ];
      in
      [
        [ ]
        ""
        warning
        warning
        warning
      ];
  };
  "complaints: a key in the store is refused" = {
    got = view.throws (config [ { age.keyFile = "${builtins.storeDir}/x"; } ]).age.keyFile;
    want = true;
  };
  "complaints: an age secret for users that a user owns" = {
    got = failed [
      {
        users.users.web.group = "root";
        age.secrets.wifi = {
          neededForUsers = true;
          owner = "web";
        };
      }
    ];
    want = [
      "age.secrets.wifi.neededForUsers: users are made from it, so root must own it; leave its owner and group unset"
    ];
  };
  "complaints: a SOPS secret for users with an owner is only a warning, as it was no error" = {
    got =
      let
        c = config [
          {
            users.users.web.group = "root";
            sops.secrets.token = {
              neededForUsers = true;
              owner = "web";
            };
          }
        ];
      in
      [
        (view.failed c)
        c.warnings
      ];
    want = [
      [ ]
      [
        "sops.secrets.token.neededForUsers: it is installed before users exist, so root must own it; leave its owner and group unset"
      ]
    ];
  };
  "complaints: a template for users that a user owns" = {
    got = failed [
      {
        users.users.web.group = "root";
        sops.templates.t = {
          content = "";
          neededForUsers = true;
          owner = "web";
        };
      }
    ];
    want = [
      "sops.templates.t.neededForUsers: it is installed before users exist, so root must own it; leave its owner and group unset"
    ];
  };
  "complaints: a credential of what is no service" = {
    got = failed [ { age.secrets.wifi.credentials = [ "web.socket" ]; } ];
    want = [
      ''age.secrets.wifi.credentials: "web.socket:wifi" must be a service, and after a colon a name of letters, digits, ".", "_" and "-"''
    ];
  };
  "complaints: no key for SOPS" = {
    got = failed [ ({ lib, ... }: { sops.age.keyFile = lib.mkForce null; }) ];
    want = [
      "No key source configured for sops. Either set services.openssh.enable or set sops.age.keyFile or sops.gnupg.home"
    ];
  };
  "complaints: GnuPG's keys and SSH keys at once" = {
    got = failed [
      (
        { lib, ... }:
        {
          sops.gnupg.home = "/root/.gnupg";
          sops.gnupg.sshKeyPaths = lib.mkForce [ "/etc/rsa" ];
        }
      )
    ];
    want = [ "Exactly one of sops.gnupg.home and sops.gnupg.sshKeyPaths must be set" ];
  };
  "complaints: an owner and a number" = {
    got = failed [
      {
        sops.secrets.token = {
          owner = "root";
          group = "root";
          uid = 1000;
          gid = 100;
        };
      }
    ];
    want = [
      "In token exactly one of sops.owner and sops.uid must be set"
      "In token exactly one of sops.group and sops.gid must be set"
    ];
  };
  "complaints: a template with an owner and a number" = {
    got = failed [
      {
        sops.templates.t = {
          content = "";
          owner = "root";
          group = "root";
          uid = 1000;
        };
      }
    ];
    want = [
      ''
        Assertion failed for `sops.templates.t`:
        Both `owner` and `uid` cannot be defined at the same time. Use either `owner` or leave `uid` as 0.
        owner: root
        uid: 1000
      ''
    ];
  };
  "complaints: a number for users" = {
    got = failed [
      {
        sops.secrets.token = {
          neededForUsers = true;
          uid = 1000;
        };
      }
    ];
    want = [ "neededForUsers cannot be used for secrets that are not root-owned" ];
  };
  "complaints: sysusers, secrets for users, and users that cannot change" = {
    got = failed [
      immutable
      {
        systemd.sysusers.enable = true;
        sops.secrets.token.neededForUsers = true;
      }
    ];
    want = [
      ''
        systemd.sysusers.enable in combination with sops.secrets.<name>.neededForUsers can only work with config.users.mutableUsers enabled.
        See https://github.com/Mic92/sops-nix/issues/475
      ''
    ];
  };
  "complaints: a SOPS file outside the store ends evaluation of the manifest" = {
    got =
      map
        (
          file:
          view.throws (config [ { sops.secrets.token.sopsFile = file; } ]).system.build.nixseal-manifest.text
        )
        [
          "/etc/passwd"
          "/persist/not-there.yaml"
        ];
    want = [
      true
      true
    ];
  };
  "complaints: on macOS, too" = {
    got =
      view.failed
        (darwin [
          ../../modules/darwin
          {
            age.secrets.wifi = {
              file = age;
              mode = "x?";
            };
          }
        ]).config;
    want = [
      ''age.secrets.wifi.mode: "x?" is no mode; write it in octal such as "0440", or as for chmod such as "u=r,g=r"''
    ];
  };
  "complaints: in a home, too" = {
    got =
      view.failed
        (home [
          ../../modules/home
          {
            age.secrets.wifi.file = age;
            age.secrets.other = {
              file = age;
              path = "\${XDG_RUNTIME_DIR}/agenix/wifi";
            };
          }
        ]).config;
    want = [
      ''age.secrets.other and age.secrets.wifi are installed at one path, "%r/agenix/wifi"; give each its own `path` or `name`''
    ];
  };
  "complaints: an expression that only a shell knows" = {
    got =
      view.failed
        (home [
          ../../modules/home
          {
            age.secrets.wifi = {
              file = age;
              path = "$XDG_DATA_HOME/wifi";
            };
          }
        ]).config;
    want = [
      ''age.secrets.wifi.path: "$XDG_DATA_HOME/wifi" has an expression of a shell that nixseal does not know; of these it knows $HOME, $USER and $XDG_RUNTIME_DIR''
    ];
  };
  "complaints: a home without keys for SOPS" = {
    got =
      view.failed
        (home [
          ../../modules/home
          {
            sops.defaultSopsFile = yaml;
            sops.secrets.token = { };
          }
        ]).config;
    want = [
      "No key source configured for sops. Either set services.openssh.enable or set sops.age.keyFile or sops.gnupg.home or sops.gnupg.qubes-split-gpg.enable"
    ];
  };
}
