# Declares `sops` for a home.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  nixseal = import ../../lib;
  inherit (nixseal) entries;
  packages = import ../../packages { inherit pkgs; };
  cfg = config.sops;
  templates = cfg.templates != { } || (options ? age.templates && config.age.templates != { });
in
{
  key = "nixseal/home/options-sops";
  options.sops = import ../../options/sops.nix {
    inherit
      lib
      config
      options
      pkgs
      ;
    platform = "home";
    defaultPackage = (packages.dropIns config.nixseal.package).sops-install-secrets;
    defaultValidationPackage = null;
  };
  config = lib.mkIf templates {
    sops.placeholder = builtins.mapAttrs (
      name: _: lib.mkDefault (entries.sopsPlaceholder name)
    ) cfg.secrets;
  };
}
