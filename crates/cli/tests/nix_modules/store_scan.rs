//! `nixseal.storeScan.enable`, built and run: the unit's own command line, over the closure of the machine's system.

use nixseal_testkit::host::Ended;
use nixseal_testkit::keys::SshKind;

use crate::machine::{Built, Machine};

const WIFI: &str = "tr0ub4dor-und-3-forelle";
const TOKEN: &str = "k9-Zebra-Fenster-77";

/// Secrets of both trees, at usual and unusual places.
const CONFIGURATION: &str = r#"{
  nixseal.storeScan.enable = true;
  age.identityPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
  age.secretsDir = "/run/elsewhere";
  age.secrets.wifi = { file = ./wifi.age; path = "/srv/app/wifi"; symlink = false; };
  sops.gnupg.sshKeyPaths = [ ];
  sops.age.sshKeyPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
  sops.defaultSopsFile = ./secrets.yaml;
  sops.secrets.token = { };
  systemd.services.shop = {
    environment.WHAT = "WORDS";
    serviceConfig.ExecStart = "/bin/true";
  };
}"#;

fn machine() -> Machine {
    let machine = Machine::new();
    let key = machine.host_key(SshKind::Ed25519, "ssh_host_ed25519_key");
    machine.host.folder("/srv/app", "app", 0o755);
    machine.age(&key.public, "wifi.age", WIFI);
    machine.sops(
        &["--age", &key.public],
        "secrets.yaml",
        &format!("token: {TOKEN}\n"),
    );
    machine
}

/// Makes it the running system, and starts the unit.
fn scanned(machine: &Machine, system: &Built<'_>) -> Ended {
    system.activate().with_code(0);
    machine.host.shell("rm -f /run/current-system");
    let path = system.file("").display().to_string();
    machine
        .host
        .link(path.trim_end_matches('/'), "/run/current-system");
    system.start("nixseal-store-scan")
}

fn says_nothing_of_values(ended: &Ended) {
    for value in [WIFI, TOKEN] {
        assert!(!ended.stdout.contains(value), "{}", ended.stdout);
        assert!(!ended.stderr.contains(value), "{}", ended.stderr);
    }
}

#[test]
fn the_unit_finds_nothing_where_nothing_leaked() {
    let machine = machine();
    let ended = scanned(&machine, &machine.build(CONFIGURATION)).with_code(0);
    says_nothing_of_values(&ended);
    assert!(!ended.stderr.contains("cannot"), "{}", ended.stderr);
}

#[test]
fn the_unit_finds_a_value_of_either_tree_in_what_the_system_needs() {
    let machine = machine();
    for (value, secret) in [(WIFI, "/srv/app/wifi"), (TOKEN, "/run/secrets/token")] {
        let system = machine.build(&CONFIGURATION.replace("WORDS", &format!("token={value}")));
        let ended = scanned(&machine, &system).with_code(3);
        says_nothing_of_values(&ended);
        assert!(
            ended.stdout.contains("shop.service") && ended.stdout.contains(secret),
            "{ended:?}"
        );
    }
}

/// A value in another part of the store is not the running system's.
#[test]
fn the_unit_searches_the_running_system_and_nothing_else() {
    let machine = machine();
    machine.build(&CONFIGURATION.replace("WORDS", TOKEN));
    scanned(&machine, &machine.build(CONFIGURATION)).with_code(0);
}
