# NixOS where units install secrets: sysusers, userborn, useSystemdActivation, credentials.
{
  view,
  onNixos,
  ...
}:
let
  inherit (onNixos)
    both
    config
    wifi
    token
    password
    ;
  userborn.services.userborn.enable = true;
  sysusers.systemd.sysusers.enable = true;

  early = "nixseal-manifest-for-users.json";
  install = "nixseal activate --ignore-passwd ${early}";
  own = "nixseal activate --own ${early}";
  late = "nixseal activate nixseal-manifest.json";
  times = unit: {
    inherit (unit)
      wantedBy
      before
      after
      wants
      partOf
      requiredBy
      environment
      ;
  };
in
{
  "units: age with userborn, before users and after them" = {
    got =
      let
        c = config [
          both
          wifi
          userborn
        ];
      in
      {
        units = view.units c;
        scripts = view.order c;
        first = times (view.unit c "agenix-install-secrets-for-users");
        second = times (view.unit c "agenix-install-secrets");
        mounts = (view.unit c "agenix-install-secrets-for-users").unitConfig;
        service = builtins.removeAttrs (view.unit c "agenix-install-secrets").serviceConfig [ "ExecStart" ];
      };
    want = {
      units = {
        agenix-install-secrets-for-users = [ install ];
        agenix-install-secrets = [ own ];
      };
      scripts = [
        "groups"
        "users"
      ];
      first = {
        wantedBy = [ "systemd-sysusers.service" ];
        before = [ "systemd-sysusers.service" ];
        after = [ ];
        wants = [ ];
        partOf = [ ];
        requiredBy = [ ];
        environment.SOPS_RESTART_UNITS_VIA_SYSTEMCTL = "1";
      };
      second = {
        wantedBy = [ "sysinit.target" ];
        before = [ ];
        after = [
          "systemd-sysusers.service"
          "agenix-install-secrets-for-users.service"
        ];
        wants = [ "agenix-install-secrets-for-users.service" ];
        partOf = [ "agenix-install-secrets-for-users.service" ];
        requiredBy = [ ];
        environment.SOPS_RESTART_UNITS_VIA_SYSTEMCTL = "1";
      };
      mounts = {
        DefaultDependencies = "no";
        RequiresMountsFor = [ "/etc/key" ];
      };
      service = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
    };
  };
  "units: age with sysusers" = {
    got = view.units (config [
      both
      wifi
      sysusers
    ]);
    want = {
      agenix-install-secrets-for-users = [ install ];
      agenix-install-secrets = [ own ];
    };
  };
  "units: both trees in one run before users" = {
    got =
      let
        c = config [
          both
          wifi
          token
          password
          userborn
        ];
      in
      {
        units = view.units c;
        inherit (view.unit c "agenix-install-secrets") after partOf;
        mounts = (view.unit c "sops-install-secrets-for-users").unitConfig.RequiresMountsFor;
      };
    want = {
      units = {
        agenix-install-secrets = [ own ];
        sops-install-secrets-for-users = [ install ];
        sops-install-secrets = [ late ];
      };
      after = [
        "systemd-sysusers.service"
        "sops-install-secrets-for-users.service"
      ];
      partOf = [ "sops-install-secrets-for-users.service" ];
      mounts = [
        "/var/lib/key.txt"
        "/etc/key"
      ];
    };
  };
  "units: SOPS after users waits as in sops-nix" = {
    got = times (
      view.unit (config [
        both
        token
        userborn
        { sops.environment.A = "b"; }
      ]) "sops-install-secrets"
    );
    want = {
      wantedBy = [ "sysinit.target" ];
      before = [ "sysinit-reactivation.target" ];
      requiredBy = [ "sysinit-reactivation.target" ];
      after = [
        "local-fs.target"
        "systemd-sysusers.service"
        "userborn.service"
      ];
      wants = [ ];
      partOf = [ ];
      environment = {
        A = "b";
        SOPS_RESTART_UNITS_VIA_SYSTEMCTL = "1";
      };
    };
  };
  "units: useSystemdActivation alone moves what is after users" = {
    got =
      let
        c = config [
          both
          wifi
          token
          password
          { sops.useSystemdActivation = true; }
        ];
      in
      {
        units = view.units c;
        scripts = view.order c;
      };
    want = {
      units.sops-install-secrets = [ late ];
      scripts = [
        "agenixInstall: ${install}"
        "users"
        "groups"
        "agenixChown: ${own}"
      ];
    };
  };
  "units: a SOPS key that is an age secret waits for it" = {
    got =
      let
        c = config [
          both
          wifi
          token
          password
          userborn
          (
            { config, lib, ... }:
            {
              sops.age.keyFile = lib.mkForce config.age.secrets.wifi.path;
            }
          )
        ];
      in
      {
        units = view.units c;
        inherit (view.unit c "sops-install-secrets-for-users") after;
      };
    want = {
      units = {
        agenix-install-secrets-for-users = [ install ];
        agenix-install-secrets = [ own ];
        sops-install-secrets-for-users = [
          "nixseal activate --ignore-passwd nixseal-manifest-sops-for-users.json"
        ];
        sops-install-secrets = [ late ];
      };
      after = [ "agenix-install-secrets-for-users.service" ];
    };
  };
  "units: plugins are on the path of units" = {
    got = map (package: package.name) (
      (view.unit (config [
        both
        wifi
        token
        password
        userborn
        (
          { pkgs, ... }:
          {
            age.plugins = [ (pkgs.fake "one") ];
            sops.age.plugins = [ (pkgs.fake "two") ];
          }
        )
      ]) "sops-install-secrets-for-users").path
    );
    want = [
      "one"
      "two"
    ];
  };
  "units: secrets and templates for services, in each run's folder" = {
    got =
      let
        c = config [
          both
          wifi
          token
          (
            { config, ... }:
            {
              age.secrets.wifi.credentials = [ "web.service" ];
              sops.secrets.token.credentials = [
                "web:api-token"
                "mail.service"
              ];
              sops.templates."a/b" = {
                content = config.sops.placeholder.token;
                credentials = [ "web.service" ];
              };
            }
          )
        ];
      in
      {
        web = c.systemd.services.web.serviceConfig.LoadCredential;
        mail = c.systemd.services.mail.serviceConfig.LoadCredential;
        folders = builtins.mapAttrs (_: m: m.credentialsDirectory) (view.manifests c);
        entry = (view.entriesOf c)."sops.secrets.token".credentials;
      };
    want = {
      web = [
        "wifi:/run/nixseal/credentials-for-users/web.service/wifi"
        "api-token:/run/nixseal/credentials/web.service/api-token"
        "a_b:/run/nixseal/credentials/web.service/a_b"
      ];
      mail = [ "token:/run/nixseal/credentials/mail.service/token" ];
      folders = {
        age = "/run/nixseal/credentials-for-users";
        regular = "/run/nixseal/credentials";
      };
      entry = [
        {
          unit = "web.service";
          name = "api-token";
        }
        {
          unit = "mail.service";
          name = "token";
        }
      ];
    };
  };
}
