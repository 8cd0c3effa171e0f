//! The tests of agenix, by their names there, built and run: `test/integration.nix` (its three parts),
//! `test/integration_darwin.nix`, `test/integration_hm_darwin.nix` and the check of `pkgs/agenix.nix`. More of the command
//! line is in `tests/scripts/agenix`.

use nixseal_testkit::host::Ended;
use nixseal_testkit::keys::{self, SshKind};

use crate::machine::{Machine, NIXSEAL};

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
          age.identityPaths = options.age.identityPaths.default ++ [ "/etc/ssh/this_key_wont_exist" ];
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
        { options, ... }:
        {
          home.username = "app";
          home.homeDirectory = "/srv/app";
          age = {
            identityPaths = options.age.identityPaths.default ++ [ "/srv/app/.ssh/this_key_wont_exist" ];
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

/// A user with a key and a folder of secrets, who has `agenix`.
fn user(machine: &Machine, files: &[(&str, &str)]) {
    let key = keys::ssh(&machine.inputs, "id_ed25519", SshKind::Ed25519, None);
    machine.host.program("agenix", NIXSEAL);
    for folder in ["", "/.ssh", "/secrets", "/tmp"] {
        machine
            .host
            .folder(&format!("/srv/app{folder}"), "app", 0o700);
    }
    let mut rules = String::from("{");
    for (name, value) in files {
        machine.age(&key.public, name, value);
        machine.host.put(
            &format!("/srv/app/secrets/{name}"),
            machine.inputs.read(name),
            0o600,
        );
        rules += &format!(" \"{name}\".publicKeys = [ \"{}\" ];", key.public);
    }
    machine
        .host
        .put("/srv/app/secrets/secrets.nix", rules + " }", 0o600);
    let private = machine.inputs.read("id_ed25519");
    machine.host.put("/srv/app/.ssh/id_ed25519", private, 0o600);
    machine.host.shell("chown -R app:app /srv/app");
}

fn user_do(machine: &Machine, script: &str) -> Ended {
    let script = format!("set -eou pipefail; cd /srv/app/secrets; {script}");
    let mut command = machine.host.command_as("app", "bash");
    command
        .args(["-c", &script])
        .env("HOME", "/srv/app")
        .env("TMPDIR", "/srv/app/tmp");
    Ended::from(command.output().expect("run in the machine"))
}

#[test]
fn integration_cli() {
    let machine = Machine::new();
    user(&machine, &[("passwordfile-user1.age", "$6$salt$hash")]);
    let file = "passwordfile-user1.age";
    let hash = || {
        user_do(&machine, &format!("sha256sum {file}"))
            .with_code(0)
            .stdout
    };

    let before = hash();
    user_do(&machine, "agenix -r -i /srv/app/.ssh/id_ed25519").with_code(0);
    assert_ne!(before, hash(), "the hash did not change with rekeying");

    user_do(&machine, &format!("EDITOR=cat agenix -e {file}")).with_code(0);

    user_do(&machine, "echo bogus > ~/.ssh/id_rsa").with_code(0);
    user_do(&machine, &format!("EDITOR=cat agenix -e {file}")).with_code(1);
    let with_key = format!("EDITOR=cat agenix -e {file} -i /srv/app/.ssh/id_ed25519");
    user_do(&machine, &with_key).with_code(0);
    user_do(&machine, "rm ~/.ssh/id_rsa").with_code(0);

    user_do(&machine, &format!("echo 'secret1234' | agenix -e {file}")).with_code(0);
    let shown = user_do(&machine, &format!("agenix -d {file}")).with_code(0);
    assert_eq!(shown.stdout, "secret1234\n");

    user_do(&machine, "grep -r secret1234 /srv/app").with_code(1);
}

/// `installCheckPhase` of the package.
#[test]
fn package_install_check() {
    let machine = Machine::new();
    user(&machine, &[("secret1.age", "hello")]);
    let help = user_do(&machine, "agenix --help").with_code(0);
    assert!(help.stdout.contains("agenix version: "), "{help:?}");
    user_do(&machine, r#"test "$(agenix -d secret1.age)" = hello"#).with_code(0);
}

#[test]
fn integration_darwin() {
    let machine = Machine::new();
    let key = machine.host_key(SshKind::Ed25519, "ssh_host_ed25519_key");
    machine.age(&key.public, "secret1.age", "hello\n");
    let system = machine.build_for(
        "darwin",
        r#"
        { options, ... }:
        {
          age = {
            identityPaths = options.age.identityPaths.default ++ [ "/etc/ssh/this_key_wont_exist" ];
            secrets.system-secret.file = ./secret1.age;
          };
        }
        "#,
    );
    system.start_daemon("activate-agenix").with_code(0);
    assert_eq!(machine.text("/run/agenix/system-secret"), "hello\n");
}

#[test]
fn integration_hm_darwin() {
    let machine = Machine::new();
    user(&machine, &[("secret2.age", "world!\n")]);
    machine.host.folder("/run/user/1000", "app", 0o700);
    let home = machine.build_for(
        "homeDarwin",
        r#"
        { options, ... }:
        {
          age = {
            identityPaths = options.age.identityPaths.default ++ [ "/srv/app/.ssh/this_key_wont_exist" ];
            secrets.user-secret.file = ./secret2.age;
          };
          home.username = "app";
          home.homeDirectory = "/srv/app";
        }
        "#,
    );
    home.start_as("app", "activate-agenix", "/run/user/1000")
        .with_code(0);
    assert_eq!(
        machine.text("/run/user/1000/agenix/user-secret"),
        "world!\n"
    );
}
