//! Configurations that cannot work, one mistake each: one error, and it names the option. What evaluation alone refuses has
//! more cases in `nix/tests/cases/complaints.nix`.

use std::fs::File;
use std::process::Stdio;

use nixseal_testkit::keys::{self, SshKind};
use nixseal_testkit::workdir::succeed;

use crate::machine::{Machine, NIXSEAL, SECRETS};

/// A good configuration of both trees, with room for a mistake.
fn with(mistake: &str) -> String {
    format!(
        r#"{{ config, ... }}: {{
          imports = [ ({{ {mistake} }}) ];
          users.mutableUsers = false;
          users.users.web.group = "root";
          age.identityPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
          age.secrets.wifi.file = ./wifi.age;
          sops.gnupg.sshKeyPaths = [ ];
          sops.age.sshKeyPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
          sops.defaultSopsFile = ./secrets.yaml;
          sops.secrets.test_key = {{ }};
        }}"#
    )
}

fn machine() -> (Machine, String) {
    let machine = Machine::new();
    let key = machine.host_key(SshKind::Ed25519, "ssh_host_ed25519_key");
    let stranger = machine.host_key(SshKind::Ed25519, "stranger");
    machine.age(&key.public, "wifi.age", "swordfish");
    machine.sops(&["--age", &key.public], "secrets.yaml", SECRETS);
    machine.age(&stranger.public, "stranger.age", "x");
    machine.sops(&["--age", &stranger.public], "stranger.yaml", SECRETS);
    machine.inputs.write("plain.age", "not encrypted");
    let public = machine.inputs.read_text("ssh_host_ed25519_key.pub");
    (machine, public.trim_end().to_owned())
}

#[test]
fn each_mistake_is_one_error_that_names_the_option() {
    let (machine, host) = machine();
    machine.build(&with(""));
    let hosts = format!("age.hostPublicKey = \"{host}\"; sops.hostPublicKey = \"{host}\";");
    let strange_age = format!("{hosts} age.secrets.bad.file = ./stranger.age;");
    let strange_sops = format!(
        "{hosts} sops.secrets.bad = {{ sopsFile = ./stranger.yaml; key = \"test_key\"; }};"
    );
    for (mistake, option) in [
        // An unknown owner.
        (
            "age.secrets.wifi.owner = \"who\";",
            "age.secrets.wifi.owner",
        ),
        (
            "sops.secrets.test_key = { owner = \"who\"; group = \"root\"; };",
            "sops.secrets.test_key.owner",
        ),
        (
            "sops.secrets.test_key.owner = \"who\";",
            "sops.secrets.test_key.owner",
        ),
        // A missing file.
        ("age.secrets.bad.file = ./gone.age;", "age.secrets.bad.file"),
        (
            "sops.secrets.bad.sopsFile = ./gone.yaml;",
            "sops.secrets.bad.sopsFile",
        ),
        // A missing key in a file that is there.
        ("sops.secrets.bad.key = \"not/there\";", "sops.secrets.bad"),
        // A file that is not in the store.
        (
            "sops.secrets.bad.sopsFile = \"/etc/passwd\";",
            "sops.secrets.bad.sopsFile",
        ),
        // A wrong format.
        (
            "sops.secrets.bad.format = \"toml\";",
            "sops.secrets.bad.format",
        ),
        (
            "sops.secrets.bad = { format = \"json\"; key = \"test_key\"; };",
            "sops.secrets.bad",
        ),
        ("age.secrets.bad.file = ./plain.age;", "age.secrets.bad"),
        ("age.secrets.bad.file = ./secrets.yaml;", "age.secrets.bad"),
        (
            "sops.secrets.bad.sopsFile = ./wifi.age;",
            "sops.secrets.bad",
        ),
        // A host that is no recipient.
        (&strange_age, "age.secrets.bad"),
        (&strange_sops, "sops.secrets.bad"),
        // Two secrets on one path.
        (
            "sops.secrets.test_key.path = config.age.secrets.wifi.path;",
            "sops.secrets.test_key",
        ),
        (
            "age.secrets.bad = { file = ./wifi.age; name = \"wifi\"; };",
            "age.secrets.bad",
        ),
        // A path inside the store.
        (
            "age.secrets.wifi.path = \"${builtins.storeDir}/x\";",
            "age.secrets.wifi.path",
        ),
        (
            "sops.secrets.test_key.path = \"${builtins.storeDir}/x\";",
            "sops.secrets.test_key.path",
        ),
        // An invalid mode.
        (
            "age.secrets.wifi.mode = \"rw-r--r--\";",
            "age.secrets.wifi.mode",
        ),
        (
            "sops.secrets.test_key.mode = \"0999\";",
            "sops.secrets.test_key.mode",
        ),
    ] {
        let said = machine.refused(&with(mistake));
        let told = said.lines().filter(|line| line.contains(option)).count();
        assert_eq!(told, 1, "{option} in what is said of {mistake}\n{said}");
    }
}

/// Users may be made by hand where they are mutable: then it is the activation that fails.
#[test]
fn an_owner_who_is_nowhere_fails_the_activation() {
    let (machine, _) = machine();
    let configuration = with("age.secrets.wifi.owner = \"who\";")
        .replace("mutableUsers = false", "mutableUsers = true");
    let ended = machine.build(&configuration).activate().with_code(1);
    assert!(
        ended.stderr.contains("age.secrets.wifi") && ended.stderr.contains("who"),
        "{ended:?}"
    );
    assert_eq!(machine.text("/run/secrets/test_key"), "test_value");
}

/// Age recipients are not in the file: `secrets.lock` tells them.
#[test]
fn a_host_with_an_age_key_that_is_no_recipient_is_refused() {
    let (machine, _) = machine();
    let [key, stranger] =
        ["key.txt", "other.txt"].map(|name| keys::age(&machine.inputs, name).recipient);
    machine.inputs.write(
        "secrets.nix",
        format!("{{ \"secrets/locked.age\".publicKeys = [ \"{key}\" ]; }}"),
    );
    let value = File::open(machine.inputs.write("value", "x")).expect("open a file");
    let mut set = machine.inputs.command(NIXSEAL);
    succeed(
        set.args(["set", "secrets/locked.age"])
            .stdin(Stdio::from(value)),
    );
    let configuration = |host: &str| {
        with(&format!(
            "age.secrets.bad.file = ./secrets/locked.age; age.secrets.wifi.file = ./secrets/locked.age; \
             age.hostPublicKey = \"{host}\";"
        ))
        .replace("age.secrets.wifi.file = ./wifi.age;", "")
    };
    machine.build(&configuration(&key));
    let said = machine.refused(&configuration(&stranger));
    for option in ["age.secrets.bad", "age.secrets.wifi"] {
        let told = said.lines().filter(|line| line.contains(option)).count();
        assert_eq!(told, 1, "{said}");
    }
}
