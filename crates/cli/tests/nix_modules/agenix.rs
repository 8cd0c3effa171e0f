//! The tests of agenix, by their names there, built and run: `test/integration.nix`. Its tests of the command line are in
//! `tests/scripts/agenix`, those of macOS among the cases of `nix/tests`.

use nixseal_testkit::keys::{self, SshKind};

use crate::machine::Machine;

#[test]
fn integration_system() {
    let machine = Machine::new();
    let key = machine.host_key(SshKind::Ed25519, "ssh_host_ed25519_key");
    machine.host.put("/etc/ssh/ssh_host_rsa_key", "", 0o600);
    machine.age(&key.public, "passwordfile-user1.age", "$6$salt$hash");
    machine.age(
        &key.public,
        "-leading-hyphen-filename.age",
        "filename started with hyphen",
    );
    let system = machine.build(
        r#"
        { config, options, ... }:
        {
          services.openssh.enable = true;
          age.secrets = {
            passwordfile-user1.file = ./passwordfile-user1.age;
            leading-hyphen.file = ./-leading-hyphen-filename.age;
          };
          age.identityPaths = [
            "/etc/ssh/ssh_host_ed25519_key"
            "/etc/ssh/ssh_host_rsa_key"
            "/etc/ssh/this_key_wont_exist"
          ];
          users.mutableUsers = false;
          users.users.user1 = {
            isNormalUser = true;
            hashedPasswordFile = config.age.secrets.passwordfile-user1.path;
            uid = 1000;
          };
          system.activationScripts.users.text = "cp ${config.age.secrets.passwordfile-user1.path} /run/password-of-user1";
        }
        "#,
    );
    let ended = system.activate().with_code(0);
    assert!(
        ended.stdout.contains("this_key_wont_exist not present!")
            || ended.stderr.contains("this_key_wont_exist not present!"),
        "{ended:?}"
    );
    assert_eq!(machine.text("/run/password-of-user1"), "$6$salt$hash");
    assert_eq!(
        machine.text("/run/agenix/leading-hyphen"),
        "filename started with hyphen"
    );
    assert_eq!(
        machine.host.access("/run/agenix/leading-hyphen"),
        "0400 root:root"
    );
    assert_eq!(machine.host.target("/run/agenix"), "/run/agenix.d/1");
    assert_eq!(machine.host.access("/run/agenix.d/1"), "0751 root:keys");
}

#[test]
fn integration_home_manager() {
    let machine = Machine::new();
    let key = keys::ssh(&machine.inputs, "id_ed25519", SshKind::Ed25519, None);
    machine.host.folder("/srv/app", "app", 0o700);
    machine.host.folder("/srv/app/.ssh", "app", 0o700);
    machine.host.folder("/run/user/1000", "app", 0o700);
    machine.host.put(
        "/srv/app/.ssh/id_ed25519",
        machine.inputs.read("id_ed25519"),
        0o600,
    );
    machine.host.shell("chown app:app /srv/app/.ssh/id_ed25519");
    machine.age(&key.public, "secret2.age", "world!\n");
    keys::age_encrypt(
        &machine.inputs,
        &[&key.public],
        true,
        b"Hello World!\n",
        "armored-secret.age",
    );
    let home = machine.build_for(
        "home",
        r#"
        {
          home.username = "app";
          home.homeDirectory = "/srv/app";
          age = {
            identityPaths = [
              "/srv/app/.ssh/id_ed25519"
              "/srv/app/.ssh/id_rsa"
              "/srv/app/.ssh/this_key_wont_exist"
            ];
            secrets.secret2.file = ./secret2.age;
            secrets.secret2Path = {
              file = ./secret2.age;
              path = "/srv/app/secret2";
            };
            secrets.armored-secret.file = ./armored-secret.age;
          };
        }
        "#,
    );
    home.start_as("app", "agenix", "/run/user/1000")
        .with_code(0);
    assert_eq!(machine.text("/run/user/1000/agenix/secret2"), "world!\n");
    assert_eq!(machine.text("/srv/app/secret2"), "world!\n");
    assert_eq!(
        machine.text("/run/user/1000/agenix/armored-secret"),
        "Hello World!\n"
    );
    assert_eq!(
        machine.host.access("/run/user/1000/agenix/secret2"),
        "0400 app:app"
    );
}
