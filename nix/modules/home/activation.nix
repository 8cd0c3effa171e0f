# Installs secrets anew when home-manager activates a home.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  sops = config.sops;
  on =
    sops.secrets != { }
    || (sops.templates != { } && options ? age.secrets && config.age.secrets != { });
  user = "gui/$(id -u ${config.home.username})";
  agent = "org.nix-community.home.sops-nix";
  systemctl = config.systemd.user.systemctlPath;
in
{
  key = "nixseal/home/activation";
  config =
    if !(options ? sops.secrets) then
      { }
    else
      lib.mkIf on {
        home.activation.sops-nix =
          if pkgs.stdenv.hostPlatform.isLinux then
            ''
              systemdStatus=$(${systemctl} --user is-system-running 2>&1 || true)

              if [[ $systemdStatus == 'running' || $systemdStatus == 'degraded' ]]; then
                ${systemctl} restart --user sops-nix
              else
                echo "User systemd daemon not running. Probably executed on boot where no manual start/reload is needed."
              fi

              unset systemdStatus
            ''
          else
            ''
              /bin/launchctl bootout ${user}/${agent} && true
              /bin/launchctl bootstrap ${user} ${config.home.homeDirectory}/Library/LaunchAgents/${agent}.plist
            '';
      };
}
