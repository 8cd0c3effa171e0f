//! The checks of ragenix's flake that are about the command, by their names
//! there.

use std::fs;

use nixseal_testkit::peers;
use nixseal_testkit::workdir::succeed;

use crate::home::Home;

/// A plugin that wraps nothing: its stanza's body is the file key.
const PLUGIN: &str = include_str!("age-plugin-unencrypted.sh");

#[test]
fn schema() {
    let home = Home::new();
    let printed = succeed(home.ragenix().arg("--schema")).stdout;
    let text = String::from_utf8(printed).expect("a schema is text");
    for constraint in [
        "\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"",
        "\"required\": [\"publicKeys\"]",
        "\"minItems\": 1",
        "\"uniqueItems\": true",
    ] {
        assert!(text.contains(constraint), "{constraint} is not in\n{text}");
    }
}

/// ragenix is also installed as agenix; here both are links to one program.
#[test]
fn agenix_symlink() {
    let home = Home::new();
    succeed(home.ragenix().arg("--help"));
    succeed(home.agenix().arg("--help"));
    let real = |name: &str| fs::canonicalize(home.work.join("bin").join(name)).expect("resolve");
    assert_eq!(real("agenix"), real("ragenix"));
}

#[test]
fn decrypt_with_age() {
    let home = Home::new();
    let age = home.age_key("key.txt");
    let ssh = home.ssh_key("home/.ssh/id_ed25519");
    home.rules(&format!(
        "{{ \"a.age\" = {{ publicKeys = [ \"{age}\" \"{ssh}\" ]; armor = true; }}; }}"
    ));
    let mut command = home.ragenix();
    command.args(["--editor", "-", "-e", "a.age"]);
    succeed(command.stdin(home.input("wurzelpfropf\n")));
    home.check_against_rules("a.age");
    assert_eq!(
        home.decrypt("a.age", "home/.ssh/id_ed25519"),
        b"wurzelpfropf\n"
    );
    assert_eq!(home.decrypt("a.age", "key.txt"), b"wurzelpfropf\n");
    assert_eq!(
        succeed(home.ragenix().args(["-d", "a.age"])).stdout,
        b"wurzelpfropf\n"
    );
}

/// By ragenix, then by agenix; each keeps what the other wrote readable.
#[test]
fn rekey() {
    let home = Home::new();
    let ssh = home.ssh_key("home/.ssh/id_ed25519");
    home.rules(&format!("{{ \"a.age\".publicKeys = [ \"{ssh}\" ]; }}"));
    home.encrypt("a.age", &[&ssh], "one\n");
    succeed(home.ragenix().arg("--rekey"));
    assert_eq!(home.decrypt("a.age", "home/.ssh/id_ed25519"), b"one\n");
    succeed(home.agenix().arg("--rekey"));
    assert_eq!(home.decrypt("a.age", "home/.ssh/id_ed25519"), b"one\n");
}

#[test]
fn age_plugin() {
    let home = Home::new();
    let ssh = home.ssh_key("id_ed25519");
    let plugin = home.work.write("plugins/age-plugin-unencrypted", PLUGIN);
    home.work.set_mode(&plugin, 0o755);
    let path = format!(
        "{}:{}",
        home.work.join("plugins").display(),
        std::env::var("PATH").expect("a PATH")
    );
    home.rules(&format!(
        "{{ \"unencrypted.age\".publicKeys = [ \"age1unencrypted1k5fr0r\" \"{ssh}\" ]; }}"
    ));
    home.work
        .write("plugin.txt", "AGE-PLUGIN-UNENCRYPTED-1CR7ZD5\n");
    let mut command = home.ragenix();
    command
        .env("PATH", &path)
        .args(["--editor", "-", "--edit", "unencrypted.age"]);
    succeed(command.stdin(home.input("wurzelpfropf\n")));
    // The real age, with the plugin and with the other key.
    let decrypt = || {
        let mut age = home.work.command(peers::age());
        age.env("PATH", &path)
            .arg("-d")
            .arg("-i")
            .arg(home.work.join("plugin.txt"));
        succeed(age.arg(home.secret("unencrypted.age"))).stdout
    };
    assert_eq!(decrypt(), b"wurzelpfropf\n");
    assert_eq!(
        home.decrypt("unencrypted.age", "id_ed25519"),
        b"wurzelpfropf\n"
    );
    let before = home.work.read(home.secret("unencrypted.age"));
    succeed(
        home.ragenix()
            .env("PATH", &path)
            .args(["-i", "../plugin.txt", "--rekey"]),
    );
    assert_ne!(home.work.read(home.secret("unencrypted.age")), before);
    assert_eq!(decrypt(), b"wurzelpfropf\n");
}
