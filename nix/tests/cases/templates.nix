# Templates of both trees, and what stands for secrets in them.
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
  age = fixtures + "/wifi.age";
  yaml = fixtures + "/secrets.yaml";
  base = [
    both
    wifi
    token
  ];
  entry = name: modules: (view.entriesOf (config (base ++ modules))).${name};
  only =
    name: value: builtins.filter (secret: secret ? templateOnly) (builtins.head value.trees).secrets;
in
{
  "templates: a template of the age tree" = {
    got =
      let
        c = config (
          base
          ++ [
            (
              { config, ... }:
              {
                age.templates.env = {
                  content = "WIFI=${config.age.placeholder.wifi}";
                  owner = "0";
                  restartUnits = [ "wpa.service" ];
                };
              }
            )
          ]
        );
        e = (view.entriesOf c)."age.templates.env";
      in
      {
        template = e;
        same = "WIFI=${(view.entriesOf c)."age.secrets.wifi".placeholder}" == e.content;
      };
    want = {
      template = {
        option = "age.templates.env";
        name = "rendered/env";
        path = "/run/agenix/rendered/env";
        content = "WIFI=<SOPS:e82ad45fd976981cd4928e3bd025c671598e4a868bc0c81ed3f5d7cdc6a29f1a:PLACEHOLDER>";
        mode = "0400";
        owner = "0";
        group = "0";
        optional = false;
        restartUnits = [ "wpa.service" ];
        reloadUnits = [ ];
        credentials = [ ];
      };
      same = true;
    };
  };
  "templates: placeholders of equal names in both trees are not the same" = {
    got =
      let
        c = config (
          base
          ++ [
            {
              sops.secrets.wifi = { };
              sops.templates.t.content = "";
            }
          ]
        );
      in
      c.age.placeholder.wifi == c.sops.placeholder.wifi;
    want = false;
  };
  "templates: placeholders are there only where templates are" = {
    got =
      let
        c = config base;
      in
      [
        c.age.placeholder
        c.sops.placeholder
      ];
    want = [
      { }
      { }
    ];
  };
  "templates: a SOPS template opens the age secret that it speaks of" = {
    got =
      let
        c = config (
          base
          ++ [
            (
              { config, ... }:
              {
                age.secrets.other.file = age;
                sops.templates.t.content = "${config.age.placeholder.wifi} ${config.sops.placeholder.token}";
              }
            )
          ]
        );
        m = (view.manifests c).regular;
      in
      {
        borrowed = map (secret: secret.option) (only "t" m);
        keys = m.identities.files;
        fields = builtins.attrNames (builtins.head (only "t" m));
      };
    want = {
      borrowed = [ "age.secrets.wifi" ];
      keys = [ "/etc/key" ];
      fields = [
        "age"
        "checkFile"
        "hostPublicKeys"
        "name"
        "option"
        "placeholder"
        "templateOnly"
      ];
    };
  };
  "templates: an age template opens the SOPS secret that it speaks of" = {
    got =
      let
        m =
          (view.manifests (
            config (
              base
              ++ [
                (
                  { config, ... }:
                  {
                    age.templates.t.content = config.sops.placeholder.token;
                  }
                )
              ]
            )
          )).age;
      in
      {
        borrowed = map (secret: secret.option) (only "t" m);
        keys = m.identities.ageKeyFiles;
      };
    want = {
      borrowed = [ "sops.secrets.token" ];
      keys = [ "/var/lib/key.txt" ];
    };
  };
  "templates: a placeholder of one's own is found, too" = {
    got = map (secret: secret.option) (
      only "t"
        (view.manifests (
          config (
            base
            ++ [
              {
                age.placeholder.wifi = "@wifi@";
                sops.templates.t.content = "a @wifi@ b";
              }
            ]
          )
        )).regular
    );
    want = [ "age.secrets.wifi" ];
  };
  "templates: a template in a file may speak of every secret" = {
    got =
      let
        m = (view.manifests (config (base ++ [ { sops.templates.t.file = yaml; } ]))).regular;
        template = builtins.head (builtins.head m.trees).templates;
      in
      {
        borrowed = map (secret: secret.option) (only "t" m);
        file = template.file;
        content = template ? content;
      };
    want = {
      borrowed = [ "age.secrets.wifi" ];
      file = "STORE/secrets.yaml";
      content = false;
    };
    withoutHashes = true;
  };
  "templates: a template before users exist" = {
    got =
      let
        c = config (
          base
          ++ [
            (
              { config, ... }:
              {
                sops.templates.t = {
                  content = config.sops.placeholder.token;
                  neededForUsers = true;
                };
              }
            )
          ]
        );
        m = (view.manifests c).age;
      in
      {
        trees = view.trees m;
        path = (view.entries m)."sops.templates.t".path;
        borrowed = map (secret: secret.option) (only "t" m);
      };
    want = {
      trees = [
        "age"
        "sops-for-users"
      ];
      path = "/run/secrets-for-users/rendered/t";
      borrowed = [ "sops.secrets.token" ];
    };
  };
  "templates: a template of a secret for users, after users" = {
    got =
      let
        c = config [
          both
          token
          (
            { config, ... }:
            {
              sops.secrets.pw.neededForUsers = true;
              sops.templates.t.content = config.sops.placeholder.pw;
            }
          )
        ];
      in
      map (secret: secret.option) (only "t" (view.manifests c).regular);
    want = [ "sops.secrets.pw" ];
  };
}
