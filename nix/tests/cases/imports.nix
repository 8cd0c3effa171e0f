# How the modules are brought in: alone, together, twice, from the places where the originals have them.
{
  evaluate,
  view,
  fixtures,
  ...
}:
let
  inherit (evaluate) nixos darwin home;
  age = fixtures + "/wifi.age";
  yaml = fixtures + "/secrets.yaml";
  outputs = import ../../outputs.nix;
  system = {
    age.identityPaths = [ "/etc/key" ];
    age.secrets.wifi.file = age;
    sops.defaultSopsFile = yaml;
    sops.age.keyFile = "/var/lib/key.txt";
    sops.gnupg.sshKeyPaths = [ ];
    sops.secrets.token = { };
  };
  # The same files at another place, as when two inputs of a flake are this project.
  copy = builtins.path {
    path = ../..;
    name = "another-copy";
    filter = path: _: baseNameOf path != "tests";
  };
  seen = evaluated: {
    failed = view.failed evaluated.config;
    manifests = builtins.attrNames evaluated.config.nixseal.manifests;
  };
  fine = {
    failed = [ ];
    manifests = [
      "age"
      "regular"
    ];
  };
  joined = fine // {
    manifests = [ "regular" ];
  };
in
{
  "imports: default beside sops and age" = {
    got = seen (nixos [
      outputs.nixosModules.default
      outputs.nixosModules.sops
      outputs.nixosModules.age
      outputs.nixosModule
      system
    ]);
    want = fine;
  };
  "imports: both alone" = {
    got = seen (nixos [
      outputs.nixosModules.sops
      outputs.nixosModules.age
      system
    ]);
    want = fine;
  };
  "imports: two copies of the project" = {
    got = seen (nixos [
      outputs.nixosModules.default
      (copy + "/modules/nixos/sops.nix")
      (copy + "/modules/nixos")
      system
    ]);
    want = fine;
  };
  "imports: two copies on macOS and in a home" = {
    got = [
      (seen (darwin [
        outputs.darwinModules.default
        (copy + "/modules/darwin")
        system
      ]))
      (seen (home [
        outputs.homeManagerModules.default
        (copy + "/modules/home")
        (copy + "/modules/home/age.nix")
        system
      ]))
    ];
    want = [
      joined
      joined
    ];
  };
  "imports: where agenix and sops-nix have them" = {
    got = [
      (seen (nixos [
        ../../../modules/age.nix
        ../../../modules/sops
        system
      ]))
      (seen (darwin [
        ../../../modules/age.nix
        ../../../modules/nix-darwin
        system
      ]))
      (seen (home [
        ../../../modules/age-home.nix
        ../../../modules/home-manager/sops.nix
        system
      ]))
    ];
    want = [
      fine
      joined
      joined
    ];
  };
  "imports: the old place beside the new one" = {
    got = seen (nixos [
      ../../../modules/age.nix
      outputs.nixosModules.default
      system
    ]);
    want = fine;
  };
  "imports: without the other tree its options are not there" = {
    got = [
      ((nixos [ outputs.nixosModules.age ]).options ? sops)
      ((nixos [ outputs.nixosModules.sops ]).options ? age)
    ];
    want = [
      false
      false
    ];
  };
  "imports: names of the outputs in use" = {
    got = builtins.attrNames outputs;
    want = [
      "darwinModule"
      "darwinModules"
      "homeManagerModule"
      "homeManagerModules"
      "homeModule"
      "homeModules"
      "modules"
      "nixosModule"
      "nixosModules"
      "overlay"
      "overlays"
    ];
  };
  "imports: renamed options still work, with a warning" = {
    got =
      let
        c =
          (nixos [
            outputs.nixosModules.default
            {
              _file = "configuration.nix";
              age.sshKeyPaths = [ "/etc/a" ];
              sops.sshKeyPaths = [ "/etc/b" ];
              sops.gnupgHome = "/root/.gnupg";
            }
          ]).config;
      in
      {
        values = [
          c.age.identityPaths
          c.sops.gnupg.sshKeyPaths
          c.sops.gnupg.home
        ];
        warnings = builtins.sort builtins.lessThan c.warnings;
      };
    want = {
      values = [
        [ "/etc/a" ]
        [ "/etc/b" ]
        "/root/.gnupg"
      ];
      warnings = [
        "The option `age.sshKeyPaths' defined in `configuration.nix' has been renamed to `age.identityPaths'."
        "The option `sops.gnupgHome' defined in `configuration.nix' has been renamed to `sops.gnupg.home'."
        "The option `sops.sshKeyPaths' defined in `configuration.nix' has been renamed to `sops.gnupg.sshKeyPaths'."
      ];
    };
  };
  "imports: a hash that only the module may set" = {
    got = view.throws (
      (nixos [
        outputs.nixosModules.default
        system
        { sops.secrets.token.sopsFileHash = "x"; }
      ]).config.sops.secrets.token.sopsFileHash
    );
    want = true;
  };
}
