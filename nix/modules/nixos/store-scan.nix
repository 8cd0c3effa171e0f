# Searches the running system's part of the store for the values of secrets.
{
  config,
  options,
  lib,
  ...
}:
let
  cfg = config.nixseal;
in
{
  key = "nixseal/nixos/store-scan";
  config =
    if options ? environment.darwinConfig then
      { }
    else
      lib.mkIf cfg.storeScan.enable {
        # Without RemainAfterExit every switch starts it anew, when all else is done.
        systemd.services.nixseal-store-scan = {
          description = "Search the store for the values of secrets";
          wantedBy = [ "multi-user.target" ];
          after = [ "multi-user.target" ];
          serviceConfig = {
            Type = "oneshot";
            ExecStart = "${cfg.package}/bin/nixseal scan --closure /run/current-system --live";
            CPUSchedulingPolicy = "idle";
            IOSchedulingClass = "idle";
            PrivateNetwork = true;
            PrivateTmp = true;
            ProtectHome = true;
            ProtectSystem = "strict";
          };
        };
      };
}
