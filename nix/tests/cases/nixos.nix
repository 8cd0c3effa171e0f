# NixOS: which script installs what, and in which order.
{
  evaluate,
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
  inherit (evaluate) nixos nixosOld;
  yaml = fixtures + "/secrets.yaml";
  onlyAge = ../../modules/nixos/age.nix;
  onlySops = ../../modules/nixos/sops.nix;

  password = {
    sops.defaultSopsFile = yaml;
    sops.age.keyFile = "/var/lib/key.txt";
    sops.secrets.password.neededForUsers = true;
  };
  foreign =
    { pkgs, ... }:
    {
      sops.package = pkgs.fake "original";
    };
  everything = [
    both
    wifi
    token
    password
  ];

  early = "nixseal-manifest-for-users.json";
  install = "nixseal activate --ignore-passwd ${early}";
  own = "nixseal activate --own ${early}";
  late = "nixseal activate nixseal-manifest.json";
in
{
  "nixos: nothing to install, nothing changes" = {
    got =
      let
        c = config [ both ];
      in
      {
        order = view.order c;
        units = c.systemd.services;
        failed = view.failed c;
        warnings = c.warnings;
        manifests = c.nixseal.manifests;
      };
    want = {
      order = [
        "groups"
        "users"
      ];
      units = { };
      failed = [ ];
      warnings = [ ];
      manifests = { };
    };
  };
  "nixos: age secrets before users, owners after" = {
    got = view.order (config [
      onlyAge
      wifi
    ]);
    want = [
      "agenixInstall: ${install}"
      "users"
      "groups"
      "agenixChown: ${own}"
    ];
  };
  "nixos: age scripts wait for each other as in agenix" = {
    got =
      builtins.mapAttrs (_: script: script.deps)
        (config [
          onlyAge
          wifi
        ]).system.activationScripts;
    want = {
      agenixNewGeneration = [ "specialfs" ];
      agenixInstall = [
        "agenixNewGeneration"
        "specialfs"
      ];
      users = [ "agenixInstall" ];
      agenixChown = [
        "users"
        "groups"
      ];
      agenix = [ "agenixChown" ];
      specialfs = [ ];
      groups = [ ];
      etc = [ ];
    };
  };
  "nixos: SOPS secrets after users" = {
    got = view.order (config [
      onlySops
      token
    ]);
    want = [
      "groups"
      "users"
      "setupSecrets: ${late}"
    ];
  };
  "nixos: SOPS secrets for users before them" = {
    got = view.order (config [
      onlySops
      token
      password
    ]);
    want = [
      "groups"
      "setupSecretsForUsers: ${install}"
      "users"
      "setupSecrets: ${late}"
    ];
  };
  "nixos: both trees, one run for each time" = {
    got = view.order (config everything);
    want = [
      "agenixInstall: ${install}"
      "users"
      "groups"
      "agenixChown: ${own}"
      "setupSecrets: ${late}"
    ];
  };
  "nixos: both trees in one manifest before users" = {
    got = builtins.mapAttrs (_: view.trees) (view.manifests (config everything));
    want = {
      age = [
        "age"
        "sops-for-users"
      ];
      regular = [ "sops" ];
    };
  };
  "nixos: only age before users, SOPS after them" = {
    got = view.order (config [
      both
      wifi
      token
    ]);
    want = [
      "agenixInstall: ${install}"
      "users"
      "groups"
      "agenixChown: ${own}"
      "setupSecrets: ${late}"
    ];
  };
  "nixos: the empty script still stands for what it did" = {
    got = (config everything).system.activationScripts.setupSecretsForUsers;
    want = {
      text = "";
      deps = [
        "specialfs"
        "agenixInstall"
      ];
      supportsDryActivation = true;
    };
  };
  "nixos: what one script waits for, the joined run waits for" = {
    got =
      let
        c = config (
          everything
          ++ [
            {
              system.activationScripts.persist.text = "mount";
              system.activationScripts.setupSecretsForUsers.deps = [ "persist" ];
            }
          ]
        );
      in
      [
        (view.order c)
        c.system.activationScripts.agenixInstall.deps
      ];
    want = [
      [
        "persist"
        "agenixInstall: ${install}"
        "users"
        "groups"
        "agenixChown: ${own}"
        "setupSecrets: ${late}"
      ]
      [
        "agenixNewGeneration"
        "specialfs"
        "persist"
      ]
    ];
  };
  "nixos: what is made to wait for itself does not" = {
    got =
      (config (
        everything ++ [ { system.activationScripts.setupSecretsForUsers.deps = [ "agenixInstall" ]; } ]
      )).system.activationScripts.agenixInstall.deps;
    want = [
      "agenixNewGeneration"
      "specialfs"
    ];
  };
  "nixos: a SOPS key that is an age secret needs a run before" = {
    got =
      let
        c = config [
          both
          wifi
          password
          (
            { config, lib, ... }:
            {
              sops.age.keyFile = lib.mkForce config.age.secrets.wifi.path;
            }
          )
        ];
      in
      {
        order = view.order c;
        manifests = builtins.attrNames c.nixseal.manifests;
      };
    want = {
      order = [
        "agenixInstall: ${install}"
        "setupSecretsForUsers: nixseal activate --ignore-passwd nixseal-manifest-sops-for-users.json"
        "users"
        "groups"
        "agenixChown: ${own}"
      ];
      manifests = [
        "age"
        "for-users"
      ];
    };
  };
  "nixos: an activation that is only tried shows changes, too" = {
    got = builtins.mapAttrs (_: script: script.supportsDryActivation) (
      builtins.intersectAttrs {
        agenixInstall = null;
        setupSecrets = null;
        agenixChown = null;
      } (config everything).system.activationScripts
    );
    want = {
      agenixInstall = true;
      setupSecrets = true;
      agenixChown = false;
    };
  };
  "nixos: old NixOS without sysusers, userborn and dry activation" = {
    got = view.order (nixosOld everything).config;
    want = [
      "agenixInstall: ${install}"
      "users"
      "groups"
      "agenixChown: ${own}"
      "setupSecrets: ${late}"
    ];
  };
  "nixos: variables of the SOPS tree around its calls" = {
    got =
      (config [
        onlySops
        token
        {
          sops.environment.AWS_PROFILE = "me";
          sops.gnupg.sshKeyPaths = [ "/etc/rsa" ];
        }
      ]).system.activationScripts.setupSecrets.text;
    want = ''
      [ -e /run/current-system ] || echo setting up secrets...
      (
      # shellcheck disable=SC2030,SC2031
        export AWS_PROFILE='me'
        export HOME='/var/empty'
        export PATH='''
        export SOPS_GPG_EXEC='/programs/gnupg/bin/gpg'
        /nixseal/bin/nixseal activate STORE/nixseal-manifest.json
      )
    '';
    withoutHashes = true;
  };
  "nixos: the age call is one line" = {
    got =
      (config [
        onlyAge
        wifi
      ]).system.activationScripts.agenixInstall.text;
    want = "/nixseal/bin/nixseal activate --ignore-passwd STORE/nixseal-manifest-for-users.json";
    withoutHashes = true;
  };
  "nixos: sops-nix's own package gets its own manifest and run" = {
    got =
      let
        c = config (everything ++ [ foreign ]);
      in
      {
        order = view.order c;
        manifests = builtins.mapAttrs (_: view.trees) (view.manifests c);
        theirs = builtins.attrNames (view.manifest c.system.build.sops-nix-manifest);
      };
    want = {
      order = [
        "agenixInstall: ${install}"
        "setupSecretsForUsers: sops-install-secrets -ignore-passwd manifest-for-users.json"
        "users"
        "groups"
        "agenixChown: ${own}"
        "setupSecrets: sops-install-secrets manifest.json"
      ];
      manifests.age = [ "age" ];
      theirs = [
        "ageKeyFile"
        "ageSshKeyPaths"
        "gnupgHome"
        "keepGenerations"
        "logging"
        "placeholderBySecretName"
        "secrets"
        "secretsMountPoint"
        "sshKeyPaths"
        "symlinkPath"
        "templates"
        "useTmpfs"
        "userMode"
      ];
    };
  };
  "nixos: sops-nix's own package knows none of the new options" = {
    got = view.failed (config [
      onlySops
      token
      foreign
      {
        sops.secrets.token.optional = true;
        sops.templates.t.neededForUsers = true;
      }
    ]);
    want = [
      "sops.secrets.token.optional: sops.package is not nixseal's, and sops-nix does not know this option; remove one of them"
      "sops.templates.t.neededForUsers: sops.package is not nixseal's, and sops-nix does not know this option; remove one of them"
    ];
  };
  "nixos: keys are made where asked, before they are needed" = {
    got =
      let
        c = config [
          both
          wifi
          token
          {
            age.keyFile = "/var/lib/age key";
            age.generateKey = true;
            sops.age.generateKey = true;
          }
        ];
      in
      {
        order = view.order c;
        text = c.system.activationScripts.generate-age-key.text;
      };
    want = {
      order = [
        "generate-age-key"
        "agenixInstall: ${install}"
        "users"
        "groups"
        "agenixChown: ${own}"
        "setupSecrets: ${late}"
      ];
      text = ''
        if [[ ! -f '/var/lib/age key' ]]; then
          echo generating machine-specific age key...
          mkdir -p "$(dirname '/var/lib/age key')"
          /nixseal/bin/nixseal key new --output '/var/lib/age key'
        fi

        if [[ ! -f /var/lib/key.txt ]]; then
          echo generating machine-specific age key...
          mkdir -p "$(dirname /var/lib/key.txt)"
          /nixseal/bin/nixseal key new --output /var/lib/key.txt
        fi
      '';
    };
  };
  "nixos: one key for both trees is made once" = {
    got = builtins.length (
      builtins.filter builtins.isList (
        builtins.split "key new"
          (config [
            both
            wifi
            token
            {
              age.keyFile = "/var/lib/key.txt";
              age.generateKey = true;
              sops.age.generateKey = true;
            }
          ]).system.activationScripts.generate-age-key.text
      )
    );
    want = 1;
  };
}
