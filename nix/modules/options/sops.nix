# Declares `sops` for a whole system.
platform:
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  nixseal = import ../../lib;
  inherit (nixseal) entries text;
  packages = import ../../packages { inherit pkgs; };
  cfg = config.sops;
  templates = cfg.templates != { } || (options ? age.templates && config.age.templates != { });
  renamed = from: to: lib.mkRenamedOptionModule [ "sops" from ] ([ "sops" ] ++ to);
in
{
  key = "nixseal/options/sops";
  imports = text.optionals (platform == "nixos") [
    (renamed "gnupgHome" [
      "gnupg"
      "home"
    ])
    (renamed "sshKeyPaths" [
      "gnupg"
      "sshKeyPaths"
    ])
  ];
  options.sops = import ../../options/sops.nix {
    inherit
      lib
      config
      options
      pkgs
      platform
      ;
    defaultPackage = (packages.dropIns config.nixseal.package).sops-install-secrets;
    defaultValidationPackage =
      if pkgs.stdenv.buildPlatform == pkgs.stdenv.hostPlatform then
        cfg.package
      else
        (packages.dropIns config.nixseal.validationPackage).sops-install-secrets;
  };
  config = lib.mkIf templates {
    sops.placeholder = builtins.mapAttrs (
      name: _: lib.mkDefault (entries.sopsPlaceholder name)
    ) cfg.secrets;
  };
}
