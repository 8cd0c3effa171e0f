# systemd units, by the names that agenix and sops-nix give them.
{
  lib,
  text,
  plan,
  sops,
  age,
  unitsMakeUsers,
  lateUnit,
  ageCall,
  ownCall,
  earlyCall,
  lateCall,
}:
let
  inherit (text) optional optionals;
  inherit (plan) joined;

  ageUnits = plan.ageOn && unitsMakeUsers;
  earlyUnit = plan.earlyOn && unitsMakeUsers;
  # The unit that installs the age tree before users exist.
  first =
    if joined then
      "sops-install-secrets-for-users.service"
    else
      "agenix-install-secrets-for-users.service";
  viaSystemctl.SOPS_RESTART_UNITS_VIA_SYSTEMCTL = "1";

  oneshot = command: {
    unitConfig.DefaultDependencies = "no";
    serviceConfig = {
      Type = "oneshot";
      ExecStart = command;
      RemainAfterExit = true;
    };
  };
  mounts = keys: { unitConfig.RequiresMountsFor = map toString keys; };
  beforeUsers = {
    wantedBy = [ "systemd-sysusers.service" ];
    before = [ "systemd-sysusers.service" ];
  };
in
{
  agenix-install-secrets-for-users = lib.mkIf (ageUnits && !joined) (
    lib.mkMerge [
      beforeUsers
      (oneshot ageCall)
      (mounts plan.ageKeys)
      {
        description = "Install age secrets before users are made";
        environment = (if plan.ageOpensSops then sops.environment else { }) // viaSystemctl;
        path = plan.plugins.age;
      }
    ]
  );

  # Users and groups exist now: sets who owns what the first unit installed.
  agenix-install-secrets = lib.mkIf ageUnits (
    lib.mkMerge [
      (oneshot ownCall)
      {
        wantedBy = [ "sysinit.target" ];
        after = [
          "systemd-sysusers.service"
          first
        ];
        wants = [ first ];
        partOf = [ first ];
        environment = viaSystemctl;
      }
    ]
  );

  sops-install-secrets-for-users = lib.mkIf earlyUnit (
    lib.mkMerge [
      beforeUsers
      (oneshot [ (if joined then ageCall else earlyCall) ])
      (mounts (plan.sopsKeys ++ optionals joined plan.ageKeys))
      {
        after = optional (plan.ageOn && plan.apart) first;
        environment = sops.environment // viaSystemctl;
        path = if joined then plan.plugins.both else plan.plugins.sops;
      }
    ]
  );

  sops-install-secrets = lib.mkIf (plan.lateOn && lateUnit) (
    lib.mkMerge [
      (oneshot [ lateCall ])
      (mounts plan.sopsKeys)
      {
        wantedBy = [ "sysinit.target" ];
        after = [
          "local-fs.target"
          "systemd-sysusers.service"
          "userborn.service"
        ];
        requiredBy = [ "sysinit-reactivation.target" ];
        before = [ "sysinit-reactivation.target" ];
        environment = sops.environment // viaSystemctl;
        path = plan.plugins.sops;
      }
    ]
  );
}
