# What is wrong with a configuration, as far as evaluation can tell. The sentences about `sops` are those of sops-nix.
{
  config,
  options,
  lib,
  ...
}:
let
  nixseal = import ../../lib;
  inherit (nixseal) problems text;
  inherit (text) optional optionals;
  isDarwin = options ? environment.darwinConfig;
  age = if options ? age.secrets then config.age else null;
  sops = if options ? sops.secrets then config.sops else null;
  plan = nixseal.nixos {
    inherit age sops;
    inherit (config) nixseal;
  };

  undeclared = optionals config.nixseal.check.owners (
    problems.owners {
      users = config.users.users;
      groups = config.users.groups;
    } plan.entries
  );
  mutable = config.users.mutableUsers or true;

  sysusers = options.systemd ? sysusers && config.systemd.sysusers.enable;
in
{
  key = "nixseal/nixos/assertions";
  config =
    if isDarwin then
      { }
    else
      {
        assertions =
          problems.entries plan.entries
          ++ optionals (!mutable) undeclared
          ++ optionals (sops != null) (
            optionals (sops.secrets != { }) (problems.sopsKeys sops ++ problems.sopsOwners sops)
            ++ problems.sopsTemplates sops.templates
            ++ optionals plan.foreign (problems.foreign sops)
            ++ [
              {
                assertion =
                  text.filterAttrs (
                    _: secret:
                    (secret.uid != 0 && secret.owner != "root") || (secret.gid != 0 && secret.group != "root")
                  ) plan.early == { };
                message = "neededForUsers cannot be used for secrets that are not root-owned";
              }
              {
                assertion = plan.early != { } && sysusers -> config.users.mutableUsers;
                message = ''
                  systemd.sysusers.enable in combination with sops.secrets.<name>.neededForUsers can only work with config.users.mutableUsers enabled.
                  See https://github.com/Mic92/sops-nix/issues/475
                '';
              }
            ]
            ++ problems.earlyOwners "sops.templates" plan.earlyTemplates
          );
        warnings =
          builtins.concatMap (problem: optional (!problem.assertion) problem.message) (
            optionals mutable undeclared ++ problems.earlyOwners "sops.secrets" plan.early
          )
          ++ optionals (sops != null) (problems.sopsKeyWithoutPlace sops);
      };
}
