//! The tests of sops-nix, by their names there, built and run: `checks/nixos-test.nix`. Those of its Go program are among the
//! tests of activation.

use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::keys::SshKind;
use nixseal_testkit::peers;
use nixseal_testkit::workdir::succeed;

use crate::machine::{Built, Machine, SECRETS};

/// A configuration with the key file and the SOPS file of these tests.
fn with_key_file(more: &str) -> String {
    format!(
        "{{ config, lib, ... }}: {{ imports = [ ({more}) ]; sops.age.keyFile = \"/run/age-keys.txt\";\n\
         sops.gnupg.sshKeyPaths = [ ]; sops.defaultSopsFile = ./secrets.yaml; }}"
    )
}

#[test]
fn ssh_keys() {
    let machine = Machine::new();
    let gnupg = Gnupg::new(&machine.inputs, "gnupg");
    let key = machine.host_key(SshKind::Rsa, "ssh_host_rsa_key");
    let mut command = machine.inputs.command(env!("CARGO_BIN_EXE_nixseal"));
    command.args(["key", "from-ssh", "--pgp"]).arg(&key.path);
    let exported = machine
        .inputs
        .write("key.asc", succeed(&mut command).stdout);
    gnupg.run(&["--import", &exported.display().to_string()]);
    let listed = String::from_utf8(gnupg.run(&["--with-colons", "--list-keys"])).expect("text");
    let fingerprint = listed
        .lines()
        .find_map(|line| line.strip_prefix("fpr:::::::::"))
        .expect("a fingerprint")
        .trim_end_matches(':')
        .to_owned();
    machine.inputs.write("secrets.yaml", SECRETS);
    let mut command = machine.inputs.command(peers::sops());
    command
        .env("GNUPGHOME", gnupg.home())
        .args(["encrypt", "--pgp", &fingerprint, "secrets.yaml"]);
    let sealed = succeed(&mut command).stdout;
    machine.inputs.write("secrets.yaml", sealed);
    let system = machine.build(
        r#"{
          services.openssh.enable = true;
          services.openssh.hostKeys = [ { type = "rsa"; bits = 4096; path = "/etc/ssh/ssh_host_rsa_key"; } ];
          sops.defaultSopsFile = ./secrets.yaml;
          sops.secrets.test_key = { };
        }"#,
    );
    system.activate().with_code(0);
    assert_eq!(machine.text("/run/secrets/test_key"), "test_value");
}

#[test]
fn pruning() {
    let (machine, _key) = Machine::with_age_key();
    let keeping = |number: u32| {
        with_key_file(&format!(
            "{{ sops.secrets.test_key = {{ }}; sops.keepGenerations = {number}; }}"
        ))
    };
    machine.build(&keeping(0)).activate().with_code(0);
    machine.host.shell(
        "for n in $(seq 2 99) non-numeric; do mkdir /run/secrets.d/$n; done; ln -fsn /run/secrets.d/99 /run/secrets",
    );
    machine.build(&keeping(0)).activate().with_code(0);
    for name in ["100", "1", "90", "non-numeric"] {
        assert!(
            machine.host.exists(&format!("/run/secrets.d/{name}")),
            "{name}"
        );
    }
    machine.build(&keeping(10)).activate().with_code(0);
    // There, each run makes a generation; here one without changes does not.
    let live: u32 = machine
        .host
        .target("/run/secrets")
        .trim_start_matches("/run/secrets.d/")
        .parse()
        .expect("a number");
    let there = |name: String| machine.host.exists(&format!("/run/secrets.d/{name}"));
    assert!(!there((live - 10).to_string()) && there((live - 9).to_string()));
    assert!(there("non-numeric".to_owned()));
}

#[test]
fn age_keys() {
    let (machine, _key) = Machine::with_age_key();
    // A folder there is replaced by the link.
    machine.host.shell("mkdir /run/secrets");
    let system = machine.build(&with_key_file(
        r#"{ config, ... }: {
          sops.secrets = {
            test_key = { };
            test_key_someuser_somegroup = {
              uid = config.users.users.someuser.uid;
              gid = config.users.groups.somegroup.gid;
              key = "test_key";
            };
            test_key_someuser_root = {
              uid = config.users.users.someuser.uid;
              key = "test_key";
            };
            test_key_root_root.key = "test_key";
            test_key_1777_1777 = { uid = 1777; gid = 1777; key = "test_key"; };
          };
          users.users.someuser = { uid = 1002; group = "somegroup"; isNormalUser = true; };
          users.groups.somegroup.gid = 1002;
        }"#,
    ));
    system.activate().with_code(0);
    assert_eq!(machine.text("/run/secrets/test_key"), "test_value");
    for (name, access) in [
        ("someuser_somegroup", "0400 someuser:somegroup"),
        ("someuser_root", "0400 someuser:root"),
        ("root_root", "0400 root:root"),
        ("1777_1777", "0400 1777:1777"),
    ] {
        assert_eq!(
            machine
                .host
                .access(&format!("/run/secrets/test_key_{name}")),
            access
        );
    }
}

#[test]
fn age_ssh_keys() {
    let machine = Machine::new();
    let key = machine.host_key(SshKind::Ed25519, "ssh_host_ed25519_key");
    let mut command = machine.inputs.command(env!("CARGO_BIN_EXE_nixseal"));
    command.args(["ssh-to-age", "-i"]).arg(&key.public_path);
    let recipient = String::from_utf8(succeed(&mut command).stdout).expect("text");
    machine.sops(&["--age", recipient.trim_end()], "secrets.yaml", SECRETS);
    let system = machine.build(
        r#"{
          services.openssh.enable = true;
          services.openssh.hostKeys = [ { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; } ];
          sops.defaultSopsFile = ./secrets.yaml;
          sops.secrets.test_key = { };
          # A key is made as well, and does not get in the way.
          sops.age = { keyFile = "/srv/made/testkey"; generateKey = true; };
        }"#,
    );
    let ended = system.activate().with_code(0);
    assert!(
        ended
            .stdout
            .contains("generating machine-specific age key..."),
        "{ended:?}"
    );
    assert_eq!(machine.text("/run/secrets/test_key"), "test_value");
    assert_eq!(machine.host.access("/srv/made/testkey"), "0600 root:root");
    let made = machine.text("/srv/made/testkey");
    system.activate().with_code(0);
    assert_eq!(
        machine.text("/srv/made/testkey"),
        made,
        "a key is made once"
    );
}

#[test]
fn pgp_keys() {
    let machine = Machine::new();
    let gnupg = Gnupg::new(&machine.inputs, "gnupg");
    let fingerprint = gnupg.make_key("test", "default");
    machine.inputs.write("secrets.yaml", SECRETS);
    let mut command = machine.inputs.command(peers::sops());
    command
        .env("GNUPGHOME", gnupg.home())
        .args(["encrypt", "--pgp", &fingerprint, "secrets.yaml"]);
    let sealed = succeed(&mut command).stdout;
    machine.inputs.write("secrets.yaml", sealed);
    machine.host.shell("touch /run/existing-file");
    let system = machine.build(&format!(
        r#"{{ config, ... }}: {{
          users.users.someuser = {{ isSystemUser = true; group = "nogroup"; }};
          sops.gnupg.home = "{}";
          sops.gnupg.sshKeyPaths = [ ];
          sops.defaultSopsFile = ./secrets.yaml;
          sops.secrets.test_key.owner = config.users.users.someuser.name;
          sops.secrets."nested/test/file".owner = config.users.users.someuser.name;
          sops.secrets.existing-file = {{ key = "test_key"; path = "/run/existing-file"; }};
        }}"#,
        gnupg.home().display()
    ));
    system.activate().with_code(0);
    assert_eq!(machine.text("/run/secrets/test_key"), "test_value");
    let mut command = machine.host.command_as("someuser", "cat");
    command.arg("/run/secrets/test_key");
    assert_eq!(succeed(&mut command).stdout, b"test_value");
    assert_eq!(
        machine.text("/run/secrets/nested/test/file"),
        "another value"
    );
    assert_eq!(
        machine.host.shell("readlink -f /run/existing-file"),
        "/run/secrets.d/1/existing-file\n"
    );
}

#[test]
fn templates() {
    let (machine, _key) = Machine::with_age_key();
    let system = machine.build(&with_key_file(
        r#"{ config, ... }: {
          sops.secrets.test_key = { };
          # With a secret for users beside it.
          sops.secrets."nested/test/file".neededForUsers = true;
          sops.templates = {
            test_template = {
              content = ''
                This line is not modified.
                The next value will be replaced by ${config.sops.placeholder.test_key}
                This line is also not modified.
              '';
              mode = "0400";
              owner = "someuser";
              group = "somegroup";
            };
            test_default = {
              content = "Test value: ${config.sops.placeholder.test_key}\n";
              path = "/etc/externally/linked";
            };
            test_uid_gid = {
              uid = 420;
              gid = 420;
              content = "Test value: ${config.sops.placeholder.test_key}\n";
            };
            # Not in sops-nix, which leaves the placeholder.
            of_users.content = config.sops.placeholder."nested/test/file";
          };
          users.groups.somegroup = { };
          users.users.someuser = { isSystemUser = true; group = "somegroup"; };
        }"#,
    ));
    system.activate().with_code(0);
    for (name, access) in [
        ("test_template", "0400 someuser:somegroup"),
        ("test_default", "0400 root:root"),
        ("test_uid_gid", "0400 420:420"),
    ] {
        assert_eq!(
            machine
                .host
                .access(&format!("/run/secrets/rendered/{name}")),
            access
        );
    }
    assert_eq!(
        machine.text("/run/secrets/rendered/test_template"),
        "This line is not modified.\nThe next value will be replaced by test_value\nThis line is also not modified.\n"
    );
    assert_eq!(
        machine.text("/etc/externally/linked"),
        "Test value: test_value\n"
    );
    assert_eq!(
        machine.host.shell("realpath /etc/externally/linked"),
        "/run/secrets.d/1/rendered/test_default\n"
    );
    assert_eq!(
        machine.text("/run/secrets/rendered/of_users"),
        "another value"
    );
}

const RESTART: &str = r#"{ config, ... }: {
  sops.secrets.test_key = {
    restartUnits = [ "restart-unit.service" "reload-unit.service" ];
    reloadUnits = [ "reload-trigger.service" ];
  };
  sops.templates.test_template = {
    content = ''
      this is a template with
      a secret: ${config.sops.placeholder.test_key}
    '';
    restartUnits = [ "restart-unit.service" "reload-unit.service" ];
    reloadUnits = [ "reload-trigger.service" ];
  };
}"#;

#[test]
fn restart_and_reload() {
    let (machine, _key) = Machine::with_age_key();
    let system = machine.build(&with_key_file(RESTART));
    let lists = || {
        machine
            .host
            .shell("cat /run/nixos/*-list 2>/dev/null || true; rm -f /run/nixos/*-list")
    };
    let switch = |system: &Built<'_>| system.activate().with_code(0).stdout;
    switch(&system);
    assert_eq!(lists(), "", "nothing is restarted at boot");
    machine.host.shell("mkdir /run/current-system");
    assert_eq!(switch(&system), "");
    assert_eq!(lists(), "", "nothing changed");

    let some = "reload-trigger.service\nrestart-unit.service\nreload-unit.service\n";
    let changed = |path: &str| machine.host.shell(&format!(": >{path}"));
    changed("/run/secrets/test_key");
    switch(&system);
    assert_eq!(lists(), some);
    changed("/run/secrets/rendered/test_template");
    switch(&system);
    assert_eq!(lists(), some);

    machine
        .host
        .shell("rm /run/secrets/test_key /run/secrets/rendered/test_template");
    assert_eq!(
        switch(&system),
        "adding secret: test_key\nadding rendered secret: test_template\n"
    );
    changed("/run/secrets/test_key");
    changed("/run/secrets/rendered/test_template");
    assert_eq!(
        switch(&system),
        "modifying secret: test_key\nmodifying rendered secret: test_template\n"
    );
    lists();

    machine.host.shell("rm /run/secrets/test_key");
    let ended = system.dry_activate().with_code(0);
    assert!(
        ended.stdout.contains("would add secret: test_key"),
        "{ended:?}"
    );
    assert!(!machine.host.exists("/run/secrets/test_key"));
    switch(&system);
    assert!(machine.host.exists("/run/secrets/test_key"));
    lists();
    changed("/run/secrets/test_key");
    let ended = system.dry_activate().with_code(0);
    assert!(
        ended.stdout.contains("would modify secret: test_key"),
        "{ended:?}"
    );
    assert_eq!(machine.text("/run/secrets/test_key"), "");
    assert_eq!(
        machine.host.shell("ls /run/nixos"),
        "dry-activation-reload-list\ndry-activation-restart-list\n"
    );
}

/// A password from a secret before the user is there, and a secret that the user owns after.
const PASSWORDS: &str = r#"{ config, ... }: {
  sops.secrets.test_key.neededForUsers = true;
  sops.secrets."nested/test/file".owner = "example-user";
  users.users.example-user = {
    isNormalUser = true;
    group = "users";
    hashedPasswordFile = config.sops.secrets.test_key.path;
  };
  users.groups.users = { };
"#;
/// What makes the user.
const MAKE_USER: &str = "cp /run/secrets-for-users/test_key /run/password; \
    grep -q example-user /etc/passwd || { echo example-user:x:5000:100::/:/bin/sh >>/etc/passwd; echo users:x:100: >>/etc/group; }";

fn has_password_and_secret(machine: &Machine) {
    assert_eq!(machine.text("/run/password"), "test_value");
    assert_eq!(
        machine.text("/run/secrets/nested/test/file"),
        "another value"
    );
    assert_eq!(
        machine.host.access("/run/secrets/nested/test/file"),
        "0400 5000:100"
    );
    assert_eq!(
        machine.text("/run/secrets-for-users/test_key"),
        "test_value"
    );
    assert_eq!(
        machine.host.access("/run/secrets-for-users/test_key"),
        "0400 root:root"
    );
}

#[test]
fn user_passwords() {
    let (machine, _key) = Machine::with_age_key();
    let system = machine.build(&with_key_file(&format!(
        "{PASSWORDS} system.activationScripts.users.text = ''{MAKE_USER}''; }}"
    )));
    for _ in 0..2 {
        system.activate().with_code(0);
        has_password_and_secret(&machine);
    }
}

fn passwords_by_units(more: &str) {
    let (machine, _key) = Machine::with_age_key();
    let system = machine.build(&with_key_file(&format!("{PASSWORDS} {more} }}")));
    for _ in 0..2 {
        system.activate().with_code(0);
        system.start("sops-install-secrets-for-users").with_code(0);
        machine.host.shell(MAKE_USER);
        system.start("sops-install-secrets").with_code(0);
        has_password_and_secret(&machine);
    }
}

#[test]
fn user_passwords_sysusers() {
    passwords_by_units("systemd.sysusers.enable = true;");
}

#[test]
fn user_passwords_userborn() {
    passwords_by_units("services.userborn.enable = true; users.mutableUsers = false;");
}
