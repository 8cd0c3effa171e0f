# Both trees at once, with activation scripts: passwords before users, owners after them, a template of both trees.
{ pkgs }:
let
  secrets = import ./keys.nix { inherit pkgs; };
in
{
  name = "nixseal-integration";
  nodes.machine =
    { config, ... }:
    {
      imports = [ ../../modules/nixos ];
      nixseal.storeScan.enable = true;
      # Machines of tests cannot switch unless told so.
      system.switch.enable = true;
      services.openssh = {
        enable = true;
        hostKeys = [
          {
            type = "ed25519";
            path = "${secrets}/host";
          }
        ];
      };
      users.mutableUsers = false;
      users.groups.web = { };
      users.users = {
        web = {
          isSystemUser = true;
          group = "web";
        };
        alice = {
          isNormalUser = true;
          hashedPasswordFile = config.age.secrets.password.path;
        };
        bob = {
          isNormalUser = true;
          hashedPasswordFile = config.sops.secrets.password.path;
        };
      };
      age.secrets = {
        wifi = {
          file = "${secrets}/wifi.age";
          owner = "web";
        };
        password.file = "${secrets}/password.age";
      };
      sops = {
        defaultSopsFile = "${secrets}/secrets.yaml";
        # Only a test may have its key in the store.
        age.keyFile = "/etc/nixseal-test-key";
        secrets.token.owner = "web";
        secrets.password.neededForUsers = true;
        templates.both.content = "${config.sops.placeholder.token} ${config.age.placeholder.wifi}";
      };
      system.activationScripts.testKey = "install -D -m600 ${secrets}/key.txt /etc/nixseal-test-key";
      system.activationScripts.agenixInstall.deps = [ "testKey" ];
    };
  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed("runuser -u web -- grep -q swordfish /run/agenix/wifi")
    machine.succeed("runuser -u web -- grep -q tuna /run/secrets/token")
    machine.succeed("grep -qx 'tuna swordfish' /run/secrets/rendered/both")
    machine.succeed("getent shadow alice | grep -q ':$6$'", "getent shadow bob | grep -q ':$6$'")
    machine.fail("runuser -u web -- cat /run/agenix/password")
    machine.succeed("systemctl start nixseal-store-scan")
    machine.succeed("/run/current-system/bin/switch-to-configuration test")
    machine.succeed("runuser -u web -- grep -q swordfish /run/agenix/wifi")
  '';
}
