# What somebody writes who uses the modules: secrets of both kinds, users with
# passwords from them, services that need them. tests/vm/run builds it and puts
# its units and manifests on the disk. The encrypted files are beside it then.
{ config, ... }:
let
  # It tells by a sum what it found (guest/usr/lib/nixseal-test/service).
  reads = path: {
    Type = "oneshot";
    RemainAfterExit = true;
    RuntimeDirectoryPreserve = true;
    ExecStart = "/usr/lib/nixseal-test/service ${path}";
  };
  wantedBy = [ "multi-user.target" ];
in
{
  services.openssh.enable = true;
  services.openssh.hostKeys = [
    {
      type = "ed25519";
      path = "/etc/ssh/ssh_host_ed25519_key";
    }
  ];
  # Units install secrets, and a unit makes users: guest/usr/lib/nixseal-test/users.
  services.userborn.enable = true;
  users.groups.wifi = { };
  users.users = {
    wifi = {
      isSystemUser = true;
      group = "wifi";
    };
    bob = {
      isNormalUser = true;
      hashedPasswordFile = config.sops.secrets.bob.path;
    };
    carol = {
      isNormalUser = true;
      hashedPasswordFile = config.age.secrets.carol.path;
    };
  };

  age.hostPublicKey = builtins.readFile ./host.pub;
  age.secrets = {
    carol.file = ./carol.age;
    wifi = {
      file = ./wifi.age;
      owner = "wifi";
      group = "wifi";
      restartUnits = [ "module-wifi.service" ];
    };
  };
  sops = {
    defaultSopsFile = ./secrets.yaml;
    secrets.bob.neededForUsers = true;
    secrets.relay = {
      credentials = [ "module-relay.service:key" ];
      restartUnits = [ "module-relay.service" ];
    };
    templates."relay.conf" = {
      owner = "wifi";
      mode = "0440";
      content = "relay ${config.sops.placeholder.relay} wifi ${config.age.placeholder.wifi}\n";
    };
  };

  systemd.services = {
    module-wifi = {
      inherit wantedBy;
      serviceConfig = reads config.age.secrets.wifi.path // {
        User = "wifi";
        RuntimeDirectory = "module-wifi";
      };
    };
    module-relay = {
      inherit wantedBy;
      serviceConfig = reads "%d/key" // {
        DynamicUser = true;
        RuntimeDirectory = "module-relay";
      };
    };
  };
}
