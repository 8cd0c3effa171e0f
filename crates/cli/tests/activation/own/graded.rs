//! Graded failure: what is good is installed, what is bad keeps its value.

use serde_json::json;

use super::{age, and_templates, manifest, sops, template};
use crate::scene::{Scene, with};

/// Something that is no age file.
const GARBAGE: &str = "age-encryption.org/v1\n-> what\n";

#[test]
fn a_broken_secret_keeps_its_value_and_others_are_installed() {
    let scene = Scene::new();
    for name in ["a", "b"] {
        scene.seal(name, "old");
    }
    let all = manifest(&[age("a"), age("b")], &[sops("test_key")]);
    scene.activate(&all).with_code(0);
    scene.host.put("/etc/a.age", GARBAGE, 0o444);
    scene.seal("b", "new");
    scene.sops("secrets.yaml", "test_key: new\n");
    // However often it is tried: the value is not lost with a generation.
    for round in 0..3 {
        let end = scene.activate(&all).with_code(1);
        for part in ["age.secrets.a", "/etc/a.age"] {
            assert!(end.stderr.contains(part), "{part}: {end:?}");
        }
        assert!(!end.stderr.contains("age.secrets.b"), "{end:?}");
        assert_eq!(scene.secret("a"), "old");
        assert_eq!(scene.secret("b"), "new");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "new");
        assert_eq!(scene.host.access("/run/agenix/a"), "0400 root:root");
        let restarted = if round == 0 {
            "b.service\ntest_key.service\n"
        } else {
            ""
        };
        assert_eq!(scene.restarts(), restarted);
    }
    scene.seal("a", "repaired");
    scene.activate(&all).with_code(0);
    assert_eq!(scene.secret("a"), "repaired");
    assert_eq!(scene.restarts(), "a.service\n");
}

#[test]
fn a_new_secret_that_fails_is_absent() {
    let scene = Scene::new();
    scene.host.put("/etc/a.age", GARBAGE, 0o444);
    scene.seal("b", "good");
    let credential = json!({
        "path": "/srv/a",
        "credentials": [{ "unit": "a.service", "name": "a" }],
    });
    let all = manifest(&[with(age("a"), credential), age("b")], &[sops("none")]);
    let end = scene.activate(&all).with_code(1);
    for part in [
        "age.secrets.a",
        "sops.secrets.none",
        "/etc/secrets.yaml",
        "none",
    ] {
        assert!(end.stderr.contains(part), "{part}: {end:?}");
    }
    assert_eq!(scene.secret("b"), "good");
    for path in [
        "/run/agenix/a",
        "/run/secrets/none",
        "/srv/a",
        "/run/credentials.d/a.service/a",
    ] {
        assert!(
            !scene.host.outside(path).is_symlink() && !scene.host.exists(path),
            "{path}"
        );
    }
}

#[test]
fn the_reasons_of_every_key_are_told() {
    let scene = Scene::new();
    let other = nixseal_testkit::keys::age(&scene.inputs, "other.txt");
    scene.age(&[&other.recipient], "a.age", "x");
    scene.sops_for(
        &["--age", &other.recipient],
        "secrets.yaml",
        "test_key: x\n",
    );
    let end = scene
        .activate(&manifest(&[age("a")], &[sops("test_key")]))
        .with_code(1);
    // Which key was tried, and that it is none of the file's.
    let told = end.stderr.matches("keys.txt").count();
    assert!(told >= 2, "{end:?}");
    assert!(end.stderr.contains(&other.recipient), "{end:?}");
}

#[test]
fn abort_is_all_or_nothing() {
    let scene = Scene::new();
    scene.seal("a", "old");
    scene.seal("b", "old");
    let all = with(
        manifest(&[age("a"), age("b")], &[sops("test_key")]),
        json!({ "onFailure": "abort" }),
    );
    scene.activate(&all).with_code(0);
    let before = scene.everything();
    scene.host.put("/etc/a.age", GARBAGE, 0o444);
    scene.seal("b", "new");
    scene.sops("secrets.yaml", "test_key: new\n");
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("/etc/a.age"), "{end:?}");
    assert_eq!(scene.everything(), before);
    assert_eq!(scene.secret("b"), "old");
    assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    assert_eq!(scene.restarts(), "");
}

#[test]
fn a_secret_can_have_a_rule_of_its_own() {
    let scene = Scene::new();
    scene.seal("a", "old");
    scene.seal("b", "old");
    let dear = with(age("a"), json!({ "onFailure": "abort" }));
    let all = manifest(&[dear, age("b")], &[]);
    scene.activate(&all).with_code(0);
    scene.host.put("/etc/a.age", GARBAGE, 0o444);
    scene.seal("b", "new");
    scene.activate(&all).with_code(1);
    assert_eq!(
        (scene.secret("a"), scene.secret("b")),
        ("old".into(), "old".into())
    );
    // And the other way round: one that may fail in a manifest that aborts.
    let cheap = with(age("a"), json!({ "onFailure": "keep" }));
    let all = with(
        manifest(&[cheap, age("b")], &[]),
        json!({ "onFailure": "abort" }),
    );
    scene.activate(&all).with_code(1);
    assert_eq!(
        (scene.secret("a"), scene.secret("b")),
        ("old".into(), "new".into())
    );
}

#[test]
fn an_optional_secret_does_not_fail_the_run() {
    let scene = Scene::new();
    scene.seal("b", "good");
    let optional = with(age("a"), json!({ "optional": true }));
    for on_failure in ["keep", "abort"] {
        let all = with(
            manifest(&[optional.clone(), age("b")], &[]),
            json!({ "onFailure": on_failure }),
        );
        let end = scene.activate(&all).with_code(0);
        assert!(end.stderr.contains("/etc/a.age"), "{end:?}");
        assert_eq!(scene.secret("b"), "good");
        assert!(!scene.host.exists("/run/agenix/a"));
    }
}

#[test]
fn a_template_fails_with_the_secret_it_needs() {
    let scene = Scene::new();
    scene.seal("a", "first");
    let placed = |value: serde_json::Value, name: &str| {
        with(
            value,
            json!({ "placeholder": format!("<SOPS:{name}:PLACEHOLDER>") }),
        )
    };
    let all = and_templates(
        manifest(&[placed(age("a"), "a")], &[placed(sops("test_key"), "b")]),
        &[
            template("both", "<SOPS:a:PLACEHOLDER> <SOPS:b:PLACEHOLDER>"),
            template("one", "only <SOPS:b:PLACEHOLDER>"),
            template("unknown", "<SOPS:c:PLACEHOLDER>"),
        ],
    );
    // The others are there although one can never be.
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("<SOPS:c:PLACEHOLDER>"), "{end:?}");
    let rendered = |name: &str| scene.host.text(&format!("/run/secrets/rendered/{name}"));
    assert_eq!(rendered("both"), "first test_value");
    scene.host.put("/etc/a.age", GARBAGE, 0o444);
    scene.sops("secrets.yaml", "test_key: second\n");
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("sops.templates.both"), "{end:?}");
    assert_eq!(rendered("both"), "first test_value");
    assert_eq!(rendered("one"), "only second");
    assert_eq!(scene.restarts(), "test_key.service\none.service\n");
}

#[test]
fn unknown_owners_and_bad_modes_are_failures_of_one_secret() {
    let scene = Scene::new();
    for name in ["a", "b", "c", "d"] {
        scene.seal(name, "text");
    }
    let all = manifest(
        &[
            with(age("a"), json!({ "owner": "ghost" })),
            with(age("b"), json!({ "group": "ghosts" })),
            with(age("c"), json!({ "mode": "rubbish" })),
            age("d"),
        ],
        &[],
    );
    let end = scene.activate(&all).with_code(1);
    for part in ["'ghost'", "'ghosts'", "rubbish"] {
        assert!(end.stderr.contains(part), "{part}: {end:?}");
    }
    assert_eq!(scene.secret("d"), "text");
    for name in ["a", "b", "c"] {
        assert!(!scene.host.exists(&format!("/run/agenix/{name}")), "{name}");
    }
}

#[test]
fn without_any_key_everything_stays() {
    let scene = Scene::new();
    scene.seal("a", "old");
    let all = manifest(&[age("a")], &[sops("test_key")]);
    scene.activate(&all).with_code(0);
    scene.seal("a", "new");
    scene.sops("secrets.yaml", "test_key: new\n");
    scene.host.shell("rm /etc/keys.txt");
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("/etc/keys.txt"), "{end:?}");
    assert_eq!(scene.secret("a"), "old");
    assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
}

#[test]
fn every_kind_of_broken_file_is_told_and_survived() {
    let scene = Scene::new();
    scene.seal("a", "a value that is long enough to be cut");
    let all = manifest(&[age("a")], &[sops("test_key")]);
    scene.activate(&all).with_code(0);
    let sealed = scene.host.read("/etc/a.age");
    let yaml = scene.host.text("/etc/secrets.yaml");
    let mut broken = vec![
        ("/etc/a.age", Vec::new()),
        ("/etc/a.age", vec![0; 4096]),
        ("/etc/a.age", sealed[..sealed.len() - 1].to_vec()),
        ("/etc/a.age", sealed[..sealed.len() / 2].to_vec()),
        ("/etc/secrets.yaml", Vec::new()),
        ("/etc/secrets.yaml", b"test_key: plain\n".to_vec()),
        (
            "/etc/secrets.yaml",
            yaml.replace("sops:", "sopz:").into_bytes(),
        ),
        (
            "/etc/secrets.yaml",
            yaml.as_bytes()[..yaml.len() / 2].to_vec(),
        ),
    ];
    let mut flipped = sealed.clone();
    *flipped.last_mut().expect("a byte") ^= 1;
    broken.push(("/etc/a.age", flipped));
    for (path, content) in broken {
        scene.host.put("/etc/a.age", &sealed, 0o444);
        scene.host.put("/etc/secrets.yaml", &yaml, 0o444);
        scene.host.put(path, &content, 0o444);
        let end = scene.activate(&all).with_code(1);
        assert!(end.stderr.contains(path), "{end:?}");
        assert_eq!(scene.secret("a"), "a value that is long enough to be cut");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }
    scene.host.shell("rm /etc/a.age; mkdir /etc/a.age");
    scene.activate(&all).with_code(1);
    scene.host.shell("rmdir /etc/a.age; mkfifo /etc/a.age");
    scene.activate(&all).with_code(1);
    // Nobody waits for whoever has the other end of a pipe.
    scene
        .host
        .shell("rm /etc/a.age /etc/secrets.yaml; mkfifo /etc/secrets.yaml");
    scene.host.put("/etc/a.age", &sealed, 0o444);
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("not a regular file"), "{end:?}");
    assert_eq!(scene.secret("a"), "a value that is long enough to be cut");
    assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
}

#[test]
fn a_manifest_of_ours_is_read_strictly() {
    let scene = Scene::new();
    for fields in [
        json!({ "version": 2 }),
        json!({ "unknown": 1 }),
        json!({ "onFailure": "sometimes" }),
        json!({ "trees": [{ "name": "x" }] }),
    ] {
        let end = scene.activate(&with(manifest(&[], &[sops("test_key")]), fields.clone()));
        assert_eq!(end.code, 1, "{fields}: {end:?}");
        let field = fields
            .as_object()
            .and_then(|object| object.keys().next().cloned());
        let field = field.expect("a field");
        let told = end.stderr.contains(&field) || field == "trees" && end.stderr.contains("layout");
        assert!(told, "{fields}: {end:?}");
        assert!(!scene.host.exists("/run/secrets"));
    }
}
