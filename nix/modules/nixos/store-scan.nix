# Searches the running system's part of the store for the values of its secrets.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  inherit (import ../../lib) text;
  inherit (text) optional optionals;
  cfg = config.nixseal;

  # What the installer of sops-nix installs is in manifests of its own.
  sops = if options ? sops.secrets then config.sops else null;
  foreign = sops != null && !(sops.package ? nixseal);
  anySecret = which: builtins.any which (builtins.attrValues sops.secrets);
  manifests =
    builtins.attrValues cfg.manifests
    ++ optionals foreign (
      optional (anySecret (secret: secret.neededForUsers)) config.system.build.sops-nix-users-manifest
      ++ optional (anySecret (secret: !secret.neededForUsers)) config.system.build.sops-nix-manifest
    );
in
{
  key = "nixseal/nixos/store-scan";
  config =
    if options ? environment.darwinConfig then
      { }
    else
      lib.mkIf (cfg.storeScan.enable && manifests != [ ]) {
        # Without RemainAfterExit every switch starts it anew, when all else is done.
        systemd.services.nixseal-store-scan = {
          description = "Search the store for the values of secrets";
          wantedBy = [ "multi-user.target" ];
          after = [ "multi-user.target" ];
          # For `nix-store` and `nix`, which tell what the system needs, and how a value got into the store.
          path = [ (config.nix.package or pkgs.nix) ];
          # Nix keeps caches in it; that of root is read-only here.
          environment.HOME = "/tmp";
          serviceConfig = {
            Type = "oneshot";
            ExecStart = builtins.concatStringsSep " " (
              [ "${cfg.package}/bin/nixseal scan --closure /run/current-system" ]
              ++ map (manifest: "--manifest ${manifest}") manifests
            );
            CPUSchedulingPolicy = "idle";
            IOSchedulingClass = "idle";
            PrivateNetwork = true;
            PrivateTmp = true;
            ProtectHome = "read-only";
            ProtectSystem = "strict";
            # Nix locks its database to read it, where no daemon does that.
            ReadWritePaths = "-/nix/var/nix";
          };
        };
      };
}
