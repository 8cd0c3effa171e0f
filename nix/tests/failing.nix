# Configurations that end an evaluation: `name` chooses one.
{ name }:
let
  lib = import ./lib.nix;
  evaluate = import ./evaluate.nix { inherit lib; };
  yaml = ./fixtures/secrets.yaml;
  token = {
    sops.defaultSopsFile = yaml;
    sops.age.keyFile = "/var/lib/key.txt";
    sops.secrets.token = { };
  };
  nixos =
    modules:
    (evaluate.nixos (
      [
        ../modules/nixos
        token
      ]
      ++ modules
    )).config;
  darwin =
    modules:
    (evaluate.darwin (
      [
        ../modules/darwin
        token
        { sops.gnupg.sshKeyPaths = [ ]; }
      ]
      ++ modules
    )).config;
  home =
    modules:
    (evaluate.home (
      [
        ../modules/home
        token
      ]
      ++ modules
    )).config;
  # A path as configurations have it, and one that is only on a host.
  gone.sops.secrets.token.sopsFile = ./fixtures/gone.yaml;
  outside.sops.secrets.token.sopsFile = "/etc/passwd";
in
{
  sops-file-gone = (nixos [ gone ]).nixseal.manifests.regular.text;
  sops-file-gone-darwin = (darwin [ gone ]).nixseal.manifests.regular.text;
  sops-file-gone-home = (home [ gone ]).nixseal.manifests.regular.text;
  sops-file-outside-darwin = (darwin [ outside ]).nixseal.manifests.regular.text;
  sops-file-outside-home = (home [ outside ]).nixseal.manifests.regular.text;
  sops-file-missing =
    (nixos [ { sops.secrets.token.sopsFile = "/persist/not-there.yaml"; } ])
    .system.build.nixseal-manifest.text;
  sops-file-outside =
    (nixos [ { sops.secrets.token.sopsFile = toString yaml; } ]).system.build.sops-nix-manifest.text;
  unknown-owner = (nixos [ { sops.secrets.token.owner = "nobody-there"; } ]).sops.secrets.token.group;
  unknown-template-owner =
    (nixos [
      {
        sops.templates.t.content = "";
        sops.templates.t.owner = "nobody-there";
      }
    ]).sops.templates.t.group;
  key-in-store = (nixos [ { age.keyFile = "${builtins.storeDir}/x"; } ]).age.keyFile;
  wrong-format = (nixos [ { sops.secrets.token.format = "xml"; } ]).sops.secrets.token.format;
  read-only-hash =
    (nixos [ { sops.secrets.token.sopsFileHash = "x"; } ]).sops.secrets.token.sopsFileHash;
  unknown-option = (nixos [ { age.secrets.wifi.fil = "x"; } ]).age.secrets.wifi.name;
}
.${name}
