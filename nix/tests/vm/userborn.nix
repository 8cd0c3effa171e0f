# userborn makes the users, units install the secrets: those of both trees that users need come before it.
{ pkgs }:
let
  secrets = import ./keys.nix { inherit pkgs; };
in
{
  name = "nixseal-userborn";
  nodes.machine =
    { config, ... }:
    {
      imports = [ ../../modules/nixos ];
      services.userborn.enable = true;
      users.mutableUsers = false;
      users.users.alice = {
        isNormalUser = true;
        hashedPasswordFile = config.age.secrets.password.path;
      };
      age.identityPaths = [ "${secrets}/host" ];
      age.secrets = {
        password.file = "${secrets}/password.age";
        wifi = {
          file = "${secrets}/wifi.age";
          owner = "alice";
        };
      };
    };
  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed("systemctl is-active agenix-install-secrets agenix-install-secrets-for-users")
    machine.succeed("getent shadow alice | grep -q ':$6$'")
    machine.succeed("runuser -u alice -- grep -q swordfish /run/agenix/wifi")
  '';
}
