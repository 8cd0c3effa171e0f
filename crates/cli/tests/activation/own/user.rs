//! Without root: `%r`, no mounts, no owners, units of the user.

use nixseal_testkit::host::Ended;
use serde_json::{Value, json};

use super::{NIXSEAL, age, and_templates, manifest, sops, template};
use crate::scene::{Scene, ended, with};

const RUNTIME: &str = "/run/user/1000";

/// A machine where `app` has a folder for runtime files, one of its own and a key.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.host.folder(RUNTIME, "app", 0o700);
    scene.host.folder("/srv/app", "app", 0o700);
    scene
        .host
        .put("/etc/app-keys.txt", scene.inputs.read("keys.txt"), 0o644);
    scene
}

/// Both trees below `%r`.
fn of_the_user(mut manifest: Value) -> Value {
    for tree in manifest["trees"].as_array_mut().expect("trees") {
        for field in ["mountPoint", "link"] {
            let place = tree[field].as_str().expect("a path");
            tree[field] = place.replace("/run/", "%r/").into();
        }
        for secret in tree["secrets"].as_array_mut().expect("secrets") {
            let fields = secret.as_object_mut().expect("a secret");
            fields.retain(|name, value| name != "path" || value.to_string().contains("/srv/"));
        }
    }
    let fields = json!({
        "userMode": true,
        "credentialsDirectory": "%r/credentials",
        "identities": { "ageKeyFiles": ["/etc/app-keys.txt"] },
    });
    with(manifest, fields)
}

fn run(scene: &Scene, flags: &[&str], manifest: &Value) -> Ended {
    scene.host.put("/etc/own.json", manifest.to_string(), 0o444);
    let mut command = scene.host.command_as("app", NIXSEAL);
    command.env("HOME", "/srv/app").arg("activate").args(flags);
    ended(command.env("XDG_RUNTIME_DIR", RUNTIME).arg("/etc/own.json"))
}

#[test]
fn everything_is_the_users_and_nothing_is_mounted() {
    let scene = scene();
    scene.seal("a", "of age");
    scene.seal("file", "of its own");
    let file = json!({ "symlink": false, "path": "/srv/app/file", "mode": "u=rw" });
    let token = json!({ "placeholder": "<SOPS:k:PLACEHOLDER>", "path": "/srv/app/deep/link" });
    let credential = json!({
        "owner": "ghost", "mode": "0440",
        "credentials": [{ "unit": "a.service", "name": "a" }],
    });
    let mut all = and_templates(
        manifest(
            &[with(age("a"), credential), with(age("file"), file)],
            &[with(sops("test_key"), token)],
        ),
        &[template("t", "is <SOPS:k:PLACEHOLDER>")],
    );
    all["trees"][1]["templates"][0]["path"] = json!("%r/secrets/rendered/t");
    let all = of_the_user(all);
    for _ in 0..2 {
        run(&scene, &[], &all).with_code(0);
        let mut tree = scene.host.tree(&[RUNTIME, "/srv/app"]);
        tree.retain(|line| !line.contains("/.nixseal/"));
        assert_eq!(
            tree,
            [
                "0700 app:app /run/user/1000/",
                "link app:app /run/user/1000/agenix -> /run/user/1000/agenix.d/1",
                "0751 app:app /run/user/1000/agenix.d/",
                "0751 app:app /run/user/1000/agenix.d/1/",
                "0440 app:app /run/user/1000/agenix.d/1/a",
                "0640 app:app /run/user/1000/agenix.d/result.json",
                "0700 app:app /run/user/1000/credentials/",
                "0700 app:app /run/user/1000/credentials/a.service/",
                "link app:app /run/user/1000/credentials/a.service/a -> /run/user/1000/agenix/a",
                "link app:app /run/user/1000/secrets -> /run/user/1000/secrets.d/1",
                "0751 app:app /run/user/1000/secrets.d/",
                "0751 app:app /run/user/1000/secrets.d/1/",
                "0751 app:app /run/user/1000/secrets.d/1/rendered/",
                "0400 app:app /run/user/1000/secrets.d/1/rendered/t",
                "0400 app:app /run/user/1000/secrets.d/1/test_key",
                "0640 app:app /run/user/1000/secrets.d/result.json",
                "0700 app:app /srv/app/",
                "0755 app:app /srv/app/deep/",
                "link app:app /srv/app/deep/link -> /run/user/1000/secrets/test_key",
                "0600 app:app /srv/app/file",
            ]
        );
        assert_eq!(scene.host.mounts(), [""; 0]);
    }
    assert_eq!(scene.host.text("/srv/app/file"), "of its own");
    assert_eq!(scene.host.text("/srv/app/deep/link"), "test_value");
    let rendered = scene.host.text("/run/user/1000/secrets/rendered/t");
    assert_eq!(rendered, "is test_value");
    // `--own` has nothing to give away.
    run(&scene, &["--own"], &all).with_code(0);
}

#[test]
fn a_failure_keeps_the_value_and_the_result_says_so() {
    let scene = scene();
    scene.seal("a", "old");
    scene.seal("b", "old");
    let all = of_the_user(manifest(&[age("a"), age("b")], &[]));
    run(&scene, &[], &all).with_code(0);
    scene.host.put("/etc/a.age", "broken", 0o444);
    scene.seal("b", "new");
    let end = run(&scene, &[], &all).with_code(1);
    assert!(end.stderr.contains("/etc/a.age"), "{end:?}");
    assert_eq!(scene.host.text("/run/user/1000/agenix/a"), "old");
    assert_eq!(scene.host.text("/run/user/1000/agenix/b"), "new");
    let end = run(&scene, &["--status"], &all);
    assert!(end.stdout.contains("/etc/a.age"), "{end:?}");
}

#[test]
fn units_are_those_of_the_user() {
    let scene = scene();
    scene.host.record_systemctl();
    scene
        .host
        .shell("touch /run/systemctl.log; chown app /run/systemctl.log");
    scene.seal("a", "old");
    let all = of_the_user(manifest(&[age("a")], &[]));
    run(&scene, &[], &all).with_code(0);
    assert_eq!(scene.host.text("/run/systemctl.log"), "");
    scene.seal("a", "new");
    run(&scene, &[], &all).with_code(0);
    let calls = scene.host.text("/run/systemctl.log");
    assert!(
        calls.lines().all(|call| call.starts_with("--user ")),
        "{calls}"
    );
    let told = calls.lines().filter(|call| call.contains("restart"));
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["--user --no-block try-restart a.service"]
    );
    assert!(!scene.host.exists("/run/nixos/activation-restart-list"));
}

#[test]
fn without_a_runtime_directory_nothing_is_done() {
    let scene = scene();
    scene.seal("a", "1");
    let all = of_the_user(manifest(&[age("a")], &[]));
    scene.host.put("/etc/own.json", all.to_string(), 0o444);
    let mut command = scene.host.command_as("app", NIXSEAL);
    let end = ended(command.args(["activate", "/etc/own.json"])).with_code(1);
    assert!(
        end.stderr.contains("$XDG_RUNTIME_DIR is not set"),
        "{end:?}"
    );
    assert_eq!(
        scene.host.tree(&[RUNTIME]),
        ["0700 app:app /run/user/1000/"]
    );
}
