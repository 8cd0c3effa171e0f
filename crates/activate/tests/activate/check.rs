//! Proving a manifest without keys.

use crate::home::Home;
use nixseal_testkit::keys::{self, SshKind};
use serde_json::{Value, json};

#[track_caller]
fn finds(home: &Home, parts: &[&str]) {
    let findings = home.check();
    let text: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}: {}", finding.subject, finding.message))
        .collect();
    for part in parts {
        assert!(
            text.iter().any(|line| line.contains(part)),
            "{part} is not in {text:#?}"
        );
    }
    assert_eq!(text.len(), parts.len(), "{text:#?}");
}

fn sops(file: &std::path::Path, key: &str) -> Value {
    json!({"file": file, "format": "yaml", "key": key})
}

#[test]
fn what_is_right_has_no_findings() {
    let mut home = Home::new();
    home.add_age("a", "1");
    let file = home.sops_file("s.yaml", "yaml", "a:\n  b: 1\n");
    home.add(
        1,
        "secrets",
        json!({"name": "b", "sops": sops(&file, "a/b"), "placeholder": "@B@"}),
    );
    home.add(1, "templates", json!({"name": "t", "content": "@B@"}));
    home.manifest["hostPublicKeys"] = json!([home.key.recipient]);
    // No key is needed.
    home.work.remove("key.txt");
    finds(&home, &[]);
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let mut home = Home::new();
    let file = home.sops_file("s.yaml", "yaml", "a:\n  b: 1\n  m:\n    x: 1\nn: null\n");
    let plain = home.work.write("plain.yaml", "a: 1\n");
    let age = home.age_file("a.age", "x");
    for (name, more) in [
        ("gone", json!({"age": {"file": "/nonexistent"}})),
        (
            "later",
            json!({"age": {"file": "/nonexistent"}, "checkFile": false}),
        ),
        ("plain", json!({"age": {"file": plain}})),
        ("plain2", json!({"sops": sops(&plain, "a")})),
        ("missing", json!({"sops": sops(&file, "a/c")})),
        ("map", json!({"sops": sops(&file, "a/m")})),
        ("null", json!({"sops": sops(&file, "n")})),
        ("mode", json!({"age": {"file": age}, "mode": "0999"})),
        ("owner", json!({"age": {"file": age}, "owner": "a b"})),
        (
            "unit",
            json!({"age": {"file": age}, "restartUnits": ["nginx"]}),
        ),
        (
            "cred",
            json!({"age": {"file": age}, "credentials": [{"unit": "a.service", "name": "a/b"}]}),
        ),
        (
            "store",
            json!({"age": {"file": age}, "path": "/nix/store/x"}),
        ),
        ("relative", json!({"age": {"file": age}, "path": "x"})),
        ("gone", json!({"age": {"file": age}})),
        (
            "p1",
            json!({"age": {"file": age}, "placeholder": "@P@", "path": "/x/y"}),
        ),
        (
            "p2",
            json!({"age": {"file": age}, "placeholder": "@P@", "path": "/x/y"}),
        ),
    ] {
        let mut secret = json!({"name": name, "option": format!("o.{name}")});
        secret
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        home.add(0, "secrets", secret);
    }
    let content = "<SOPS:ff:PLACEHOLDER>";
    home.add(
        1,
        "templates",
        json!({"name": "t", "option": "o.t", "content": content}),
    );
    home.add(1, "templates", json!({"name": "u", "option": "o.u"}));
    home.manifest["identities"]["sshKeys"] = json!(["/nix/store/key"]);
    home.manifest["hostPublicKeys"] = json!(["nonsense"]);
    finds(
        &home,
        &[
            "o.gone: the file '/nonexistent' does not exist",
            "o.plain: '",
            "o.plain2: '",
            "o.missing: '",
            "o.map: '",
            "o.null: '",
            "o.mode: mode '0999'",
            "o.owner: owner 'a b'",
            "o.unit: 'nginx' is no name of a unit",
            "o.cred: 'a/b' is no name of a credential",
            "o.store: the path '/nix/store/x' is in the store",
            "o.relative: the path 'x' is not absolute",
            "o.relative: path 'x' is not absolute",
            "o.gone: '",
            "o.p2: its placeholder is also that of o.p1",
            "o.p2: '/x/y' is also the place of o.p1",
            "o.t: nothing stands for the placeholder",
            "o.u: neither content nor file",
            "identities: the private key '/nix/store/key' is in the store",
            "hostPublicKeys: the host's public key 'nonsense'",
        ],
    );
}

#[test]
fn hosts_that_cannot_open_a_file_are_found() {
    let mut home = Home::new();
    let host = keys::ssh(&home.work, "host", SshKind::Ed25519, None);
    let rsa = keys::ssh(&home.work, "rsa", SshKind::Rsa, None);
    let other = keys::ssh(&home.work, "other", SshKind::Ed25519, None);
    let other_age = keys::age(&home.work, "other.txt");
    let to = |recipient: &str, name: &str| {
        keys::age_encrypt(&home.work, &[recipient], false, b"x", name)
    };
    let files = [
        to(&host.public, "host.age"),
        to(&rsa.public, "rsa.age"),
        to(&other.public, "foreign.age"),
        // It does not say for whom it is; the ed25519 key of the host has such a key too.
        to(&other_age.recipient, "anonymous.age"),
    ];
    for (name, file) in ["host", "rsa", "foreign", "anonymous"].iter().zip(&files) {
        home.add(0, "secrets", json!({"name": name, "age": {"file": file}}));
    }
    let file = home.sops_file("s.yaml", "yaml", "a: 1\n");
    home.add(1, "secrets", json!({"name": "s", "sops": sops(&file, "a")}));
    home.manifest["hostPublicKeys"] = json!([host.public, rsa.public]);
    finds(
        &home,
        &[
            "secret 'foreign': this host cannot open",
            "secret 's': this host cannot open",
        ],
    );
    // Its own list counts instead.
    home.secret(0, 2)["hostPublicKeys"] = json!([other.public]);
    home.secret(1, 0)["hostPublicKeys"] = json!([home.key.recipient]);
    home.secret(0, 3)["hostPublicKeys"] = json!([rsa.public]);
    finds(&home, &["secret 'anonymous': this host cannot open"]);
}

#[test]
fn keys_derived_from_host_keys_count() {
    let mut home = Home::new();
    let host = keys::ssh(&home.work, "host", SshKind::Ed25519, None);
    let key = nixseal_age::ssh::SshPublicKey::parse_line(&host.public).unwrap();
    home.key.recipient = key.age_recipient().unwrap().to_string();
    let file = home.sops_file("s.yaml", "yaml", "a: 1\n");
    home.add(1, "secrets", json!({"name": "s", "sops": sops(&file, "a")}));
    home.manifest["hostPublicKeys"] = json!([host.public]);
    finds(&home, &[]);
}

#[test]
fn trees_in_one_place_are_found() {
    let mut home = Home::new();
    home.manifest["trees"][1]["mountPoint"] = json!("%r/agenix.d");
    finds(&home, &["have the same mountPoint"]);
    home.manifest["trees"][1]["mountPoint"] = json!("%r/secrets/d");
    finds(&home, &["may be in the other"]);
}
