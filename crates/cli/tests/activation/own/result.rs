//! What a run leaves about itself, and what `--status` and `--dry-run` show.

use serde_json::{Value, json};

use super::{age, manifest, sops};
use crate::scene::{Scene, ended, with};

fn result(scene: &Scene, tree: &str) -> Value {
    let text = scene.host.read(&format!("/run/{tree}.d/result.json"));
    serde_json::from_slice(&text).expect("JSON")
}

fn state(result: &Value, name: &str) -> String {
    let entries = result["entries"].as_array().expect("entries");
    let entry = entries.iter().find(|entry| entry["name"] == name);
    entry.expect(name)["status"]
        .as_str()
        .expect("a status")
        .to_owned()
}

#[test]
fn a_run_leaves_its_result_without_values() {
    let scene = Scene::new();
    scene.seal("a", "precious one");
    scene.seal("b", "precious two");
    let both = manifest(&[age("a"), age("b")], &[sops("test_key")]);
    scene.activate(&both).with_code(0);
    assert_eq!(
        scene.host.access("/run/agenix.d/result.json"),
        "0640 root:keys"
    );
    assert_eq!(state(&result(&scene, "agenix"), "a"), "added");
    scene.activate(&both).with_code(0);
    assert_eq!(state(&result(&scene, "agenix"), "a"), "unchanged");
    scene.host.put("/etc/a.age", "broken", 0o444);
    scene.seal("b", "precious three");
    let three = manifest(&[age("a"), age("b"), age("c")], &[]);
    scene.activate(&three).with_code(1);
    let left = result(&scene, "agenix");
    assert_eq!(
        ["a", "b", "c"].map(|name| state(&left, name)),
        ["kept", "modified", "missing"]
    );
    assert_eq!(left["failed"], json!(true));
    assert_eq!(state(&result(&scene, "secrets"), "test_key"), "removed");
    for tree in ["agenix", "secrets"] {
        let text = result(&scene, tree).to_string();
        assert!(
            !text.contains("precious") && !text.contains("test_value"),
            "{text}"
        );
    }
    assert!(left.to_string().contains("/etc/a.age"));
}

#[test]
fn status_shows_the_last_run() {
    let scene = Scene::new();
    scene.seal("a", "1");
    let all = manifest(&[age("a")], &[sops("test_key")]);
    let status = |flags: &[&str]| {
        let flags = [&["--status"], flags].concat();
        ended(&mut scene.nixseal(&flags, &all))
    };
    let end = status(&[]).with_code(1);
    assert!(end.stderr.contains("never installed"), "{end:?}");
    scene.activate(&all).with_code(0);
    let end = status(&[]).with_code(0);
    for part in ["a", "test_key", "/run/agenix", "added"] {
        assert!(end.stdout.contains(part), "{part}: {end:?}");
    }
    scene.host.put("/etc/a.age", "broken", 0o444);
    scene.activate(&all).with_code(1);
    let end = status(&[]).with_code(3);
    assert!(end.stdout.contains("kept"), "{end:?}");
    let end = status(&["--json"]).with_code(3);
    let value: Value = serde_json::from_str(&end.stdout).expect("JSON");
    assert_eq!(state(&value["trees"][0], "a"), "kept");
    // Nothing is installed by looking.
    scene.host.shell("rm -r /run/secrets");
    status(&[]);
    assert!(!scene.host.exists("/run/secrets"));
}

#[test]
fn a_dry_run_says_what_would_be_and_writes_nothing() {
    let scene = Scene::new();
    scene.seal("a", "1");
    scene.seal("b", "1");
    let first = manifest(&[age("a"), age("b")], &[sops("test_key")]);
    let dry = |manifest: &Value| ended(&mut scene.nixseal(&["--dry-run"], manifest));
    dry(&first).with_code(0);
    assert_eq!(scene.everything(), ["0755 root:root /srv/"]);
    assert_eq!(scene.host.mounts(), [""; 0]);
    scene.activate(&first).with_code(0);
    let (tree, left) = (scene.everything(), result(&scene, "secrets"));
    scene.sops("secrets.yaml", "test_key: new\nother: more\n");
    let second = manifest(&[age("a")], &[sops("other"), sops("test_key")]);
    let end = dry(&second).with_code(0);
    let said = format!("{}{}", end.stdout, end.stderr);
    for line in ["would add secret: other", "would modify secret: test_key"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.contains("would restart test_key.service"), "{said}");
    assert_eq!(scene.everything(), tree);
    assert_eq!(result(&scene, "secrets"), left);
    assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    assert_eq!(scene.restarts(), "");
    // What would fail is told with the code of a failure.
    scene.host.put("/etc/a.age", "broken", 0o444);
    let end = dry(&second).with_code(1);
    assert!(end.stderr.contains("/etc/a.age"), "{end:?}");
    // NixOS asks in its own way.
    let mut command = scene.nixseal(&[], &with(second, json!({})));
    ended(command.env("NIXOS_ACTION", "dry-activate"));
    assert_eq!(scene.everything(), tree);
}

#[test]
fn a_manifest_of_sops_nix_is_taken_too() {
    let scene = Scene::new();
    let theirs = crate::scene::manifest(&[crate::scene::secret("test_key")]);
    scene.activate(&theirs).with_code(0);
    assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
}
