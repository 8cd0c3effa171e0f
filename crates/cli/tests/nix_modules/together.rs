//! What neither original has, built and run: both trees at once, and builds that fail with reasons.

use nixseal_testkit::keys::SshKind;

use crate::machine::{Machine, SECRETS};

/// Secrets of both kinds, templates of both, owners who are made on the way.
const BOTH: &str = r#"{ config, ... }: {
  services.openssh.enable = true;
  services.openssh.hostKeys = [ { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; } ];
  users.users.newcomer = { uid = 5000; group = "newcomer"; };
  users.groups.newcomer.gid = 5000;
  age.secrets.wifi = { file = ./wifi.age; owner = "newcomer"; restartUnits = [ "wifi.service" ]; };
  age.templates.mixed = {
    content = "wifi ${config.age.placeholder.wifi} token ${config.sops.placeholder.test_key}";
    owner = "newcomer";
    mode = "0440";
  };
  sops.defaultSopsFile = ./secrets.yaml;
  sops.secrets.test_key = { owner = "newcomer"; credentials = [ "app.service:token" ]; };
  sops.secrets.another_key.neededForUsers = true;
  sops.templates.mixed.content = "${config.sops.placeholder.test_key} ${config.age.placeholder.wifi}";
  system.activationScripts.users.text = ''
    cat /run/agenix/wifi /run/secrets-for-users/another_key >/run/seen-by-users
    grep -q newcomer /etc/passwd || {
      echo newcomer:x:5000:5000::/:/bin/sh >>/etc/passwd
      echo newcomer:x:5000: >>/etc/group
    }
  '';
"#;

fn machine() -> Machine {
    let machine = Machine::new();
    let key = machine.host_key(SshKind::Ed25519, "ssh_host_ed25519_key");
    machine.age(&key.public, "wifi.age", "swordfish");
    machine.sops(&["--age", &key.public], "secrets.yaml", SECRETS);
    machine
}

fn everything_is_there(machine: &Machine) {
    assert_eq!(machine.text("/run/seen-by-users"), "swordfishsecond");
    assert_eq!(machine.text("/run/agenix/wifi"), "swordfish");
    assert_eq!(
        machine.text("/run/agenix/rendered/mixed"),
        "wifi swordfish token test_value"
    );
    assert_eq!(
        machine.text("/run/secrets/rendered/mixed"),
        "test_value swordfish"
    );
    assert_eq!(machine.text("/run/secrets/test_key"), "test_value");
    assert_eq!(
        machine.text("/run/nixseal/credentials/app.service/token"),
        "test_value"
    );
    for (path, access) in [
        ("/run/agenix/wifi", "0400 5000:5000"),
        ("/run/agenix/rendered/mixed", "0440 5000:5000"),
        ("/run/secrets/test_key", "0400 5000:5000"),
        ("/run/secrets-for-users/another_key", "0400 root:root"),
    ] {
        assert_eq!(machine.host.access(path), access, "{path}");
    }
}

#[test]
fn both_trees_by_scripts() {
    let machine = machine();
    let system = machine.build(&format!("{BOTH} }}"));
    system.activate().with_code(0);
    everything_is_there(&machine);
    let stamp = machine.host.stamp("/run/agenix/wifi");
    system.activate().with_code(0);
    everything_is_there(&machine);
    assert_eq!(
        machine.host.stamp("/run/agenix/wifi"),
        stamp,
        "nothing changed"
    );
    assert_eq!(
        machine.host.shell("ls /run/nixos"),
        "",
        "and nothing restarts"
    );
}

#[test]
fn both_trees_by_units() {
    let machine = machine();
    let system = machine.build(&format!("{BOTH} services.userborn.enable = true; }}"));
    // Scripts only make the users here, when the first unit is done.
    system.start("sops-install-secrets-for-users").with_code(0);
    assert_eq!(machine.host.access("/run/agenix/wifi"), "0400 root:root");
    system.activate().with_code(0);
    system.start("agenix-install-secrets").with_code(0);
    system.start("sops-install-secrets").with_code(0);
    everything_is_there(&machine);
}

#[test]
fn a_changed_age_secret_restarts_its_unit() {
    let machine = machine();
    let configuration = format!("{BOTH} }}");
    machine.build(&configuration).activate().with_code(0);
    let public = machine.inputs.read_text("ssh_host_ed25519_key.pub");
    machine.age(public.trim_end(), "wifi.age", "another");
    machine.build(&configuration).activate().with_code(0);
    assert_eq!(machine.text("/run/agenix/wifi"), "another");
    assert_eq!(
        machine.text("/run/nixos/activation-restart-list"),
        "wifi.service\n"
    );
    assert_eq!(
        machine.text("/run/secrets/rendered/mixed"),
        "test_value another"
    );
}

/// One secret of another host: the others are installed, the activation fails.
#[test]
fn one_bad_secret_keeps_its_value_and_no_other_is_touched() {
    let machine = machine();
    let configuration = format!("{BOTH} }}");
    machine.build(&configuration).activate().with_code(0);
    let other = machine.host_key(SshKind::Ed25519, "other");
    machine.age(&other.public, "wifi.age", "for another host");
    let ended = machine.build(&configuration).activate().with_code(1);
    assert!(ended.stderr.contains("age.secrets.wifi"), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("Activation script snippet 'agenixInstall' failed"),
        "{ended:?}"
    );
    everything_is_there(&machine);
}

/// Every mistake at once, each with its option.
#[test]
fn a_build_names_what_no_host_could_install() {
    let machine = machine();
    let stranger = machine.host_key(SshKind::Ed25519, "stranger");
    machine.age(&stranger.public, "stranger.age", "x");
    machine.inputs.write("plain.age", "not encrypted at all");
    machine
        .inputs
        .write("plain.yaml", "test_key: not encrypted\n");
    let host = machine.inputs.read_text("ssh_host_ed25519_key.pub");
    let said = machine.refused(&format!(
        r#"{{ config, ... }}: {{
          age.identityPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
          age.hostPublicKey = "{}";
          age.secrets.good.file = ./wifi.age;
          age.secrets.plain.file = ./plain.age;
          age.secrets.stranger.file = ./stranger.age;
          age.templates.lost.content = "<SOPS:{}:PLACEHOLDER>";
          age.secrets.typo = {{ file = ./wifi.age; restartUnits = [ "no unit at all" ]; }};
          sops.age.keyFile = "/run/key";
          sops.defaultSopsFile = ./secrets.yaml;
          sops.secrets.gone = {{ key = "not/there"; neededForUsers = true; }};
          sops.secrets.format = {{ format = "json"; neededForUsers = true; }};
          sops.secrets.clear = {{ sopsFile = ./plain.yaml; key = "test_key"; neededForUsers = true; }};
        }}"#,
        host.trim_end(),
        "0".repeat(64)
    ));
    for option in [
        "age.secrets.plain",
        "age.secrets.stranger",
        "age.secrets.typo",
        "age.templates.lost",
        "sops.secrets.gone",
        "sops.secrets.format",
        "sops.secrets.clear",
    ] {
        assert!(
            said.contains(&format!("{option}:")),
            "nothing of {option}:\n{said}"
        );
    }
    assert!(!said.contains("age.secrets.good"), "{said}");
}

/// The manifest of sops-nix is built, checked and installed, as by its own installer.
#[test]
fn the_manifest_of_sops_nix_is_built_and_installed() {
    let (machine, _key) = Machine::with_age_key();
    let system = machine.build(
        r#"{ config, ... }: {
          sops.age.keyFile = "/run/age-keys.txt";
          sops.defaultSopsFile = ./secrets.yaml;
          sops.secrets.test_key.mode = "0440";
          sops.templates.t.content = "x=${config.sops.placeholder.test_key}";
          systemd.services.original.serviceConfig.ExecStart =
            "${config.sops.package}/bin/sops-install-secrets ${config.system.build.sops-nix-manifest}";
        }"#,
    );
    system.start("original").with_code(0);
    assert_eq!(
        machine.host.access("/run/secrets/test_key"),
        "0440 root:root"
    );
    assert_eq!(machine.text("/run/secrets/rendered/t"), "x=test_value");
}
