# NixOS: where plugins of age are looked for.
{
  onNixos,
  ...
}:
let
  inherit (onNixos)
    both
    config
    wifi
    token
    everything
    ;
  onlyAge = ../../modules/nixos/age.nix;
in
{
  "plugins: of both trees are found by the joined run" = {
    got =
      builtins.match ".*export PATH='([^']*)'.*"
        (config (
          everything
          ++ [
            (
              { pkgs, ... }:
              {
                age.plugins = [ (pkgs.fake "one") ];
                sops.age.plugins = [ (pkgs.fake "two") ];
              }
            )
          ]
        )).system.activationScripts.agenixInstall.text;
    want = [ "/programs/one/bin:/programs/two/bin" ];
  };
  "plugins: of the age tree alone" = {
    got =
      (config [
        onlyAge
        wifi
        ({ pkgs, ... }: { age.plugins = [ (pkgs.fake "one") ]; })
      ]).system.activationScripts.agenixInstall.text;
    want = "PATH=/programs/one/bin:$PATH /nixseal/bin/nixseal activate --ignore-passwd STORE/nixseal-manifest-for-users.json";
    withoutHashes = true;
  };
  "plugins: an age program of one's own is searched for plugins, with a warning" = {
    got =
      let
        c = config [
          onlyAge
          wifi
          { age.ageBin = "/opt/age/bin/age"; }
        ];
      in
      [
        c.system.activationScripts.agenixInstall.text
        (map (builtins.substring 0 17) c.warnings)
      ];
    want = [
      "PATH=/opt/age/bin:$PATH /nixseal/bin/nixseal activate --ignore-passwd STORE/nixseal-manifest-for-users.json"
      [ "age.ageBin is set" ]
    ];
    withoutHashes = true;
  };
  "plugins: that a command of one's own puts on PATH are found" = {
    got =
      (config [
        onlyAge
        wifi
        (
          { pkgs, ... }:
          {
            age.ageBin = "PATH=$PATH:${pkgs.fake "age-plugin-yubikey"}/bin ${pkgs.age}/bin/age";
          }
        )
      ]).system.activationScripts.agenixInstall.text;
    want = "PATH=/programs/age-plugin-yubikey/bin:/programs/age/bin:$PATH /nixseal/bin/nixseal activate --ignore-passwd STORE/nixseal-manifest-for-users.json";
    withoutHashes = true;
  };
  "plugins: a template of the other tree brings that tree's plugins and variables" = {
    got =
      let
        path = builtins.match ".*export PATH='([^']*)'.*";
        scripts =
          (config [
            both
            wifi
            token
            (
              { pkgs, config, ... }:
              {
                age.plugins = [ (pkgs.fake "one") ];
                sops.age.plugins = [ (pkgs.fake "two") ];
                sops.environment.AWS_PROFILE = "me";
                age.templates.a.content = config.sops.placeholder.token;
                sops.templates.b.content = config.age.placeholder.wifi;
              }
            )
          ]).system.activationScripts;
      in
      [
        (path scripts.agenixInstall.text)
        (builtins.match ".*(export AWS_PROFILE='me').*" scripts.agenixInstall.text)
        (path scripts.setupSecrets.text)
      ];
    want = [
      [ "/programs/one/bin:/programs/two/bin" ]
      [ "export AWS_PROFILE='me'" ]
      [ "/programs/two/bin:/programs/one/bin" ]
    ];
  };
}
