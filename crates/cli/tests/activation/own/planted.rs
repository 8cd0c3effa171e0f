//! Links that another user planted in every place that is touched: no file of
//! anybody is changed through them, and nobody reads what is not his.

use serde_json::json;

use super::{age, and_templates, manifest, sops, template};
use crate::scene::{Scene, ended, with};

/// A machine where `mallory` has a folder, and a file that is not his.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.seal("a", "precious");
    scene.host.folder("/srv/mallory", "mallory", 0o777);
    scene.host.put("/etc/important", "important", 0o600);
    scene
}

/// Runs a script of mallory's.
fn plant(scene: &Scene, script: &str) {
    ended(scene.host.command_as("mallory", "sh").args(["-ec", script])).with_code(0);
}

#[track_caller]
fn assert_safe(scene: &Scene) {
    assert_eq!(scene.host.text("/etc/important"), "important");
    assert_eq!(scene.host.access("/etc/important"), "0600 root:root");
    // Folders in /tmp are those of tests, and of whoever else works on this machine.
    let search = "grep -rl precious /run /srv /etc 2>/dev/null
                  find /tmp -maxdepth 1 -type f -exec grep -l precious {} + 2>/dev/null
                  true";
    let found = ended(scene.host.command_as("mallory", "sh").args(["-c", search]));
    assert_eq!(found.stdout, "", "mallory can read these");
}

#[test]
fn links_at_the_path_of_a_secret_are_replaced() {
    let scene = scene();
    for symlink in [true, false] {
        plant(&scene, "ln -sf /etc/important /srv/mallory/a");
        let fields = json!({ "path": "/srv/mallory/a", "symlink": symlink });
        scene
            .activate(&manifest(&[with(age("a"), fields)], &[]))
            .with_code(0);
        assert_safe(&scene);
        let begin = if symlink {
            "link root:root"
        } else {
            "0400 root:root"
        };
        let tree = scene.host.tree(&["/srv/mallory/a"]);
        assert!(tree[0].starts_with(begin), "{tree:?}");
        scene.host.shell("rm -r /srv/mallory/a");
    }
}

#[test]
fn links_at_temporary_names_are_not_followed() {
    let scene = scene();
    // The names that the originals use, and what else could be guessed.
    plant(
        &scene,
        "cd /srv/mallory; for n in a.tmp .a.tmp a~ .a .a.new a.nixseal .a.nixseal; do
           ln -s /etc/important $n; done",
    );
    let fields = json!({ "path": "/srv/mallory/a", "symlink": false, "owner": "app" });
    scene
        .activate(&manifest(&[with(age("a"), fields)], &[]))
        .with_code(0);
    assert_safe(&scene);
    assert_eq!(scene.host.access("/srv/mallory/a"), "0400 app:root");
}

#[test]
fn links_on_the_way_to_a_path_lead_nowhere_readable() {
    for symlink in [true, false] {
        let scene = scene();
        plant(&scene, "ln -s /etc /srv/mallory/way");
        let fields = json!({ "path": "/srv/mallory/way/important", "symlink": symlink });
        let end = scene.activate(&manifest(&[with(age("a"), fields)], &[]));
        // Whoever may move the way decides where it leads: that is refused.
        assert_eq!(end.code, 1, "{end:?}");
        assert!(end.stderr.contains("/srv/mallory/way"), "{end:?}");
        assert_safe(&scene);
    }
}

#[test]
fn places_of_trees_and_credentials_are_not_followed_either() {
    for (field, path) in [
        ("mountPoint", "/srv/mallory/generations"),
        ("link", "/srv/mallory/live"),
        ("credentialsDirectory", "/srv/mallory/credentials"),
    ] {
        let scene = scene();
        scene.host.folder("/srv/mallory/open", "mallory", 0o777);
        plant(&scene, &format!("ln -s /srv/mallory/open {path}"));
        let credentials = json!({ "credentials": [{ "unit": "a.service", "name": "a" }] });
        let mut all = and_templates(
            manifest(&[with(age("a"), credentials)], &[sops("test_key")]),
            &[template("t", "x")],
        );
        if field == "credentialsDirectory" {
            all[field] = json!(path);
        } else {
            all["trees"][0][field] = json!(path);
        }
        all["trees"][0]["secrets"][0]["path"] = json!(null);
        if let Some(secret) = all["trees"][0]["secrets"][0].as_object_mut() {
            secret.remove("path");
        }
        scene.activate(&all);
        assert_safe(&scene);
    }
}

#[test]
fn a_generation_folder_made_by_somebody_else_is_not_taken() {
    let scene = scene();
    let own = json!({ "mountPoint": "/srv/mallory/d", "fileSystem": "none" });
    plant(
        &scene,
        "mkdir -p /srv/mallory/d/.nixseal /srv/mallory/d/1
         chmod 0777 /srv/mallory/d /srv/mallory/d/.nixseal /srv/mallory/d/1",
    );
    let mut all = manifest(&[age("a")], &[]);
    all["trees"][0] = with(all["trees"][0].clone(), own);
    scene.activate(&all);
    assert_safe(&scene);
    // Nor may mallory change what is taken for the secret.
    let live = scene.host.exists("/run/agenix");
    let write = ended(
        scene
            .host
            .command_as("mallory", "sh")
            .args(["-c", "echo x >/run/agenix/a"]),
    );
    assert!(!live || write.code != 0);
}

/// The lists of units are root's folder; a link in it is still not followed.
#[test]
fn links_at_the_lists_of_units_are_not_followed() {
    let scene = scene();
    scene.activate(&manifest(&[age("a")], &[])).with_code(0);
    scene
        .host
        .shell("ln -s /etc/important /run/nixos/activation-restart-list");
    scene.seal("a", "precious again");
    scene.activate(&manifest(&[age("a")], &[]));
    assert_safe(&scene);
}

/// Every moment counts: while runs go on, another user looks as fast as he can.
#[test]
fn nobody_reads_a_secret_while_it_is_made() {
    let scene = scene();
    let spy = "while :; do cat /run/agenix.d/*/* /run/agenix.d/.nixseal/* /run/agenix.d/.nixseal/*/* \
               /run/agenix/* /run/agenix/a /srv/mallory/file /srv/mallory/.* 2>/dev/null; done";
    let mut watcher = scene.host.command_as("mallory", "sh");
    let mut watcher = watcher
        .args(["-c", spy])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("start a spy");
    let file =
        json!({ "path": "/srv/mallory/file", "symlink": false, "mode": "0440", "owner": "app" });
    scene.seal("b", "precious file");
    let all = manifest(
        &[
            with(age("a"), json!({ "owner": "app" })),
            with(age("b"), file),
        ],
        &[],
    );
    for round in 0..30 {
        scene.seal("a", &format!("precious {round}"));
        scene.seal("b", &format!("precious file {round}"));
        scene.activate(&all).with_code(0);
    }
    watcher.kill().expect("stop the spy");
    let output = watcher.wait_with_output().expect("what the spy saw").stdout;
    assert_eq!(String::from_utf8_lossy(&output), "");
}
