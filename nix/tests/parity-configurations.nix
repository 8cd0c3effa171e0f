# Configurations that use one tree and only options of the original.
{ fixtures }:
let
  age = "${fixtures}/wifi.age";
  yaml = "${fixtures}/secrets.yaml";
  each =
    tree: platforms: cases:
    builtins.concatMap (
      platform:
      map (name: {
        inherit name tree platform;
        module = cases.${name};
      }) (builtins.attrNames cases)
    ) platforms;
  keyed = module: {
    imports = [ module ];
    sops.defaultSopsFile = yaml;
    sops.age.keyFile = "/var/lib/key.txt";
    # A default on macOS that excludes `gnupg.home`.
    sops.gnupg.sshKeyPaths = [ ];
  };

  ageSystem = {
    nothing = { };
    no-identity = {
      age.identityPaths = [ ];
      age.secrets.a.file = age;
    };
    one = {
      age.identityPaths = [ "/etc/key" ];
      age.secrets.a.file = age;
    };
    many = {
      age.identityPaths = [
        "/etc/key"
        "/root/.ssh/id_ed25519"
      ];
      age.secrets = {
        a = {
          file = age;
          mode = "0440";
          owner = "root";
          group = "root";
        };
        "sub/b" = {
          file = age;
          path = "/etc/elsewhere";
        };
        c = {
          file = age;
          name = "renamed";
          symlink = false;
          path = "/var/lib/c";
        };
      };
      age.secretsDir = "/run/other";
      age.secretsMountPoint = "/run/other.d";
    };
  };
  ageNixos = ageSystem // {
    openssh = {
      services.openssh.enable = true;
      age.secrets.a.file = age;
    };
    renamed = {
      age.sshKeyPaths = [ "/etc/key" ];
      age.secrets.a.file = age;
    };
    owners = {
      age.identityPaths = [ "/etc/key" ];
      users.users.web = {
        group = "www";
      };
      users.groups.www = { };
      age.secrets.a = {
        file = age;
        owner = "web";
      };
      age.secrets.b = {
        file = age;
        owner = "1000";
      };
    };
  };
  ageHome = {
    nothing = { };
    no-identity = {
      age.identityPaths = [ ];
      age.secrets.a.file = age;
    };
    one.age.secrets.a.file = age;
    many.age = {
      identityPaths = [ "/home/alice/key" ];
      secretsDir = "/home/alice/.secrets";
      secretsMountPoint = "/home/alice/.secrets.d";
      secrets = {
        "sub/a".file = age;
        b = {
          file = age;
          path = "/home/alice/b";
          mode = "0600";
          symlink = false;
        };
      };
    };
  };

  sopsCommon = {
    nothing = { };
    no-key = {
      sops.defaultSopsFile = yaml;
      sops.secrets.a = { };
      sops.age.sshKeyPaths = [ ];
      sops.gnupg.sshKeyPaths = [ ];
    };
    one = keyed { sops.secrets.a = { }; };
    formats = keyed {
      sops.secrets = {
        a.format = "json";
        b.format = "binary";
        c.format = "dotenv";
        d.format = "ini";
        "e/f".key = "g/h";
      };
      sops.defaultSopsFormat = "yaml";
      sops.keepGenerations = 0;
      sops.log = [ ];
    };
    generate = keyed {
      sops.age.generateKey = true;
      sops.secrets.a = { };
    };
    generate-strange-path = {
      sops.defaultSopsFile = yaml;
      sops.gnupg.sshKeyPaths = [ ];
      sops.age.keyFile = "/var/lib/my key's.txt";
      sops.age.generateKey = true;
      sops.secrets.a = { };
    };
    gpg = {
      sops.defaultSopsFile = yaml;
      sops.gnupg.home = "/root/.gnupg";
      sops.gnupg.sshKeyPaths = [ ];
      sops.secrets.a = { };
    };
    gpg-twice = {
      sops.defaultSopsFile = yaml;
      sops.gnupg.home = "/root/.gnupg";
      sops.gnupg.sshKeyPaths = [ "/etc/rsa" ];
      sops.secrets.a = { };
    };
    ssh = {
      sops.defaultSopsFile = yaml;
      sops.age.sshKeyPaths = [ "/etc/ed25519" ];
      sops.gnupg.sshKeyPaths = [ "/etc/rsa" ];
      sops.secrets.a = { };
    };
    templates = keyed (
      { config, ... }:
      {
        sops.secrets.a = { };
        sops.templates.t.content = "x = ${config.sops.placeholder.a}";
        sops.templates.file = {
          file = yaml;
          mode = "0440";
          path = "/etc/t";
        };
      }
    );
    templates-only.sops.templates.t.content = "x";
    own-placeholder = keyed (
      { config, ... }:
      {
        sops.secrets.a = { };
        sops.placeholder.a = "@a@";
        sops.templates.t.content = "x = ${config.sops.placeholder.a}";
      }
    );
    unvalidated = keyed {
      sops.validateSopsFiles = false;
      sops.secrets.a.sopsFile = "/not/there.yaml";
    };
    environment = keyed {
      sops.environment = {
        AWS_PROFILE = "it's \"me\"";
        FILE = /etc/passwd;
      };
      sops.secrets.a = { };
    };
    plugins = keyed (
      { pkgs, ... }:
      {
        sops.age.plugins = [
          (pkgs.fake "age-plugin-yubikey")
          (pkgs.fake "age-plugin-tpm")
        ];
        sops.secrets.a = { };
      }
    );
  };
  sopsSystem = sopsCommon // {
    needed = keyed {
      sops.secrets.a = { };
      sops.secrets.pw.neededForUsers = true;
    };
    needed-only = keyed { sops.secrets.pw.neededForUsers = true; };
    needed-owned = keyed {
      sops.secrets.pw = {
        neededForUsers = true;
        owner = null;
        group = null;
        uid = 1000;
      };
    };
    uids = keyed {
      sops.secrets.a = {
        owner = null;
        group = null;
        uid = 1000;
        gid = 100;
      };
      sops.secrets.b = {
        owner = null;
        uid = null;
        gid = 100;
        group = "root";
      };
      sops.templates.t = {
        uid = 5;
        gid = 6;
        content = "";
      };
    };
    owner-and-uid = keyed {
      sops.secrets.a = {
        owner = "root";
        group = "root";
        uid = 1000;
      };
      sops.templates.t = {
        owner = "root";
        uid = 5;
        group = "root";
        content = "";
      };
      sops.templates.u = {
        owner = "root";
        gid = 5;
        group = "root";
        content = "";
      };
    };
  };
  sopsNixos = sopsSystem // {
    default-key = keyed {
      sops.defaultSopsKey = "";
      sops.secrets.a = { };
      sops.secrets.b.key = "c";
    };
    openssh = {
      services.openssh.enable = true;
      services.openssh.hostKeys = [
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
        {
          type = "rsa";
          path = "/run/secrets/rsa";
        }
      ];
      sops.defaultSopsFile = yaml;
      sops.secrets.a = { };
    };
    owners = keyed {
      users.users.web.group = "www";
      users.groups.www = { };
      sops.secrets.a.owner = "web";
      sops.templates.t = {
        owner = "web";
        content = "";
      };
    };
    renamed-home = {
      sops.defaultSopsFile = yaml;
      sops.gnupgHome = "/root/.gnupg";
      sops.secrets.a = { };
    };
    renamed-keys = {
      sops.defaultSopsFile = yaml;
      sops.sshKeyPaths = [ "/etc/rsa" ];
      sops.secrets.a = { };
    };
    restart = keyed {
      sops.secrets.a = {
        restartUnits = [ "a.service" ];
        reloadUnits = [ "b.service" ];
      };
    };
    systemd = keyed {
      sops.useSystemdActivation = true;
      sops.secrets.a = { };
      sops.secrets.pw.neededForUsers = true;
      sops.environment.A = "b";
    };
    sysusers = keyed {
      systemd.sysusers.enable = true;
      sops.age.generateKey = true;
      sops.secrets.a = { };
      sops.secrets.pw.neededForUsers = true;
    };
    sysusers-immutable = keyed {
      systemd.sysusers.enable = true;
      users.mutableUsers = false;
      sops.secrets.pw.neededForUsers = true;
    };
    userborn = keyed {
      services.userborn.enable = true;
      sops.secrets.a = { };
      sops.secrets.pw.neededForUsers = true;
    };
    tmpfs = keyed {
      sops.useTmpfs = true;
      sops.secrets.a = { };
    };
  };
  sopsHome = sopsCommon // {
    places = keyed {
      sops.defaultSymlinkPath = "/home/alice/.secrets";
      sops.defaultSecretsMountPoint = "%r/elsewhere";
      sops.secrets.a = {
        name = "b";
      };
      sops.secrets.c.path = "%r/c";
    };
    qubes = {
      sops.defaultSopsFile = yaml;
      sops.gnupg.qubes-split-gpg = {
        enable = true;
        domain = "vault";
      };
      sops.secrets.a = { };
    };
    qubes-twice = {
      sops.defaultSopsFile = yaml;
      sops.gnupg.home = "/home/alice/.gnupg";
      sops.gnupg.qubes-split-gpg = {
        enable = true;
        domain = "";
      };
      sops.secrets.a = { };
    };
  };
in
each "age" [ "nixos" "nixosOld" ] ageNixos
++ each "age" [ "darwin" ] ageSystem
++ each "age" [ "home" "homeDarwin" ] ageHome
++ each "sops" [ "nixos" ] sopsNixos
++ each "sops" [ "nixosOld" ] sopsSystem
++ each "sops" [ "darwin" ] sopsSystem
++ each "sops" [ "home" "homeDarwin" ] sopsHome
