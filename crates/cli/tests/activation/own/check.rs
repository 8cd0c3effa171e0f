//! `--check`: everything that is wrong, at once, without keys.

use nixseal_testkit::keys;
use serde_json::json;

use super::{age, and_templates, manifest, sops, template};
use crate::scene::{KEY_FILE, Scene, ended, with};

#[test]
fn a_good_manifest_passes_without_a_key() {
    let scene = Scene::new();
    scene.seal("a", "1");
    let all = with(
        and_templates(
            manifest(
                &[age("a")],
                &[with(
                    sops("test_key"),
                    json!({ "placeholder": "<SOPS:k:PLACEHOLDER>" }),
                )],
            ),
            &[template("t", "<SOPS:k:PLACEHOLDER>")],
        ),
        json!({ "hostPublicKeys": [scene.key.recipient] }),
    );
    scene.host.shell(&format!("rm {KEY_FILE}"));
    let end = ended(scene.nixseal(&["--check"], &all).env_remove("HOME")).with_code(0);
    assert_eq!((end.stdout.as_str(), end.stderr.as_str()), ("", ""));
    assert_eq!(scene.everything(), ["0755 root:root /srv/"]);
    assert_eq!(scene.host.mounts(), [""; 0]);
}

#[test]
fn every_fault_is_found_at_once() {
    let scene = Scene::new();
    let other = keys::age(&scene.inputs, "other.txt");
    scene.age(&[&other.recipient], "strange.age", "x");
    // A stanza of an SSH key names its key; one of age does not.
    let ssh = keys::ssh(&scene.inputs, "ssh", keys::SshKind::Ed25519, None);
    scene.age(&[&ssh.public], "foreign.age", "x");
    scene.host.put("/etc/broken.age", "not age", 0o444);
    scene.seal("mode", "x");
    scene.seal("unit", "x");
    scene.seal("same", "x");
    scene.sops_for(
        &["--age", &other.recipient],
        "elsewhere.yaml",
        "test_key: x\n",
    );
    let all = with(
        and_templates(
            manifest(
                &[
                    age("missing"),
                    age("broken"),
                    age("foreign"),
                    with(age("mode"), json!({ "mode": "rubbish" })),
                    with(age("unit"), json!({ "restartUnits": ["a b.servise"] })),
                    age("same"),
                    with(age("same"), json!({ "option": "age.secrets.twice" })),
                ],
                &[
                    sops("nowhere"),
                    with(
                        sops("test_key"),
                        json!({ "sops": { "file": "/etc/elsewhere.yaml", "format": "yaml", "key": "test_key" } }),
                    ),
                    with(
                        sops("other"),
                        json!({ "sops": { "file": "/etc/secrets.yaml", "format": "json", "key": "other" } }),
                    ),
                ],
            ),
            &[template("t", "<SOPS:what:PLACEHOLDER>")],
        ),
        json!({ "hostPublicKeys": [scene.key.recipient] }),
    );
    let end = ended(&mut scene.nixseal(&["--check"], &all)).with_code(3);
    for option in [
        "age.secrets.missing",
        "age.secrets.broken",
        "age.secrets.foreign",
        "age.secrets.mode",
        "age.secrets.unit",
        "age.secrets.twice",
        "sops.secrets.nowhere",
        "sops.secrets.test_key",
        "sops.secrets.other",
        "sops.templates.t",
    ] {
        assert!(
            end.stderr.contains(option),
            "{option} is not in:\n{}",
            end.stderr
        );
    }
    assert!(!scene.host.exists("/run/agenix"));
}

#[test]
fn what_is_found_is_there_for_programs() {
    let scene = Scene::new();
    let all = manifest(&[age("missing")], &[sops("nowhere")]);
    let end = ended(&mut scene.nixseal(&["--check", "--json"], &all)).with_code(3);
    let value: serde_json::Value = serde_json::from_str(&end.stdout).expect("JSON");
    assert_eq!(
        value["findings"].as_array().map(Vec::len),
        Some(2),
        "{value}"
    );
}
