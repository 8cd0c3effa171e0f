//! Full memory, read-only places, places that are taken.

use serde_json::json;

use super::{age, manifest, sops};
use crate::scene::{Scene, with};

/// A machine whose tree of `.age` secrets is on a small file system.
fn small(kibibytes: u32) -> (Scene, serde_json::Value) {
    let scene = Scene::new();
    scene.host.shell(&format!(
        "mkdir -m 0751 /run/agenix.d
         mount -t tmpfs -o size={kibibytes}k,mode=0751 none /run/agenix.d"
    ));
    let mut all = manifest(&[age("a"), age("b")], &[sops("test_key")]);
    all["trees"][0]["fileSystem"] = json!("tmpfs");
    (scene, all)
}

#[test]
fn without_room_the_old_generation_stays() {
    let (scene, all) = small(256);
    scene.seal("a", "old");
    scene.seal("b", "old");
    scene.activate(&all).with_code(0);
    let before = scene.everything();
    assert_eq!(scene.host.mounts().len(), 2, "it is mounted already");
    // One alone does not fit; two fit, but not beside what is there.
    for size in [300_000, 130_000] {
        scene.seal("a", &"x".repeat(size));
        scene.seal("b", &"y".repeat(size));
        let end = scene.activate(&all).with_code(1);
        assert!(end.stderr.contains("/run/agenix.d"), "{end:?}");
        assert!(
            end.stderr.to_lowercase().contains("no space left"),
            "{end:?}"
        );
        assert_eq!(scene.everything(), before);
        assert_eq!(
            (scene.secret("a"), scene.secret("b")),
            ("old".into(), "old".into())
        );
        // Nothing of it takes room away.
        let used = scene
            .host
            .shell("du -s --apparent-size /run/agenix.d | cut -f1");
        assert!(used.trim().parse::<u32>().expect("a size") < 100, "{used}");
    }
    scene.seal("a", "new");
    scene.seal("b", "new");
    scene.activate(&all).with_code(0);
    assert_eq!(scene.secret("b"), "new");
}

#[test]
fn a_full_disk_leaves_the_file_on_it() {
    let (scene, _) = small(256);
    scene
        .host
        .shell("mkdir /srv/full; mount -t tmpfs -o size=64k none /srv/full");
    let all = manifest(
        &[
            with(
                age("a"),
                json!({ "symlink": false, "path": "/srv/full/file" }),
            ),
            age("b"),
        ],
        &[],
    );
    scene.seal("a", "old");
    scene.seal("b", "old");
    scene.activate(&all).with_code(0);
    scene.seal("a", &"x".repeat(100_000));
    scene.seal("b", "new");
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("/srv/full"), "{end:?}");
    assert_eq!(scene.host.text("/srv/full/file"), "old");
    assert_eq!(scene.secret("b"), "new");
    assert_eq!(scene.host.shell("ls -A /srv/full"), "file\n");
}

#[test]
fn a_read_only_place_is_told_and_nothing_changes() {
    let scene = Scene::new();
    scene.seal("a", "old");
    scene.seal("b", "old");
    scene
        .host
        .shell("mkdir /srv/fixed; mount -t tmpfs none /srv/fixed; mount -o remount,ro /srv/fixed");
    let all = manifest(
        &[
            with(age("a"), json!({ "path": "/srv/fixed/link" })),
            with(
                age("b"),
                json!({ "path": "/srv/fixed/file", "symlink": false }),
            ),
        ],
        &[sops("test_key")],
    );
    let end = scene.activate(&all).with_code(1);
    for path in ["/srv/fixed/link", "/srv/fixed/file"] {
        assert!(end.stderr.contains(path), "{path}: {end:?}");
    }
    assert!(end.stderr.to_lowercase().contains("read-only"), "{end:?}");
    // The rest is there all the same.
    assert_eq!(scene.secret("a"), "old");
    assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");

    // The place of generations itself.
    scene.host.shell("mount -o remount,ro /run/agenix.d");
    scene.seal("a", "new");
    scene.activate(&all).with_code(1);
    assert_eq!(scene.secret("a"), "old");
}

#[test]
fn what_stands_in_the_place_of_the_link() {
    let scene = Scene::new();
    scene.seal("a", "1");
    let all = manifest(&[age("a")], &[sops("test_key")]);
    // As with sops-nix, a folder at the link gives way; a file does too.
    scene
        .host
        .shell("mkdir -p /run/secrets/deep; echo x >/run/secrets/deep/x; echo x >/run/agenix");
    scene.activate(&all).with_code(0);
    assert_eq!(scene.secret("a"), "1");
    assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    // The place of generations cannot be a file.
    let other = Scene::new();
    other.seal("a", "1");
    other.host.put("/run/agenix.d", "x", 0o644);
    let end = other.activate(&all).with_code(1);
    assert!(end.stderr.contains("/run/agenix.d"), "{end:?}");
    assert!(!other.host.exists("/run/agenix") && !other.host.exists("/run/secrets"));
}

#[test]
fn a_folder_that_was_there_before_is_mounted_over() {
    let scene = Scene::new();
    scene.seal("a", "1");
    scene
        .host
        .shell("mkdir -m 0777 /run/agenix.d; echo leftover >/run/agenix.d/x");
    scene.activate(&manifest(&[age("a")], &[])).with_code(0);
    assert_eq!(scene.host.access("/run/agenix.d"), "0751 root:keys");
    assert!(!scene.host.exists("/run/agenix.d/x"));
}

#[test]
fn a_missing_manifest_and_bad_arguments_are_told() {
    let scene = Scene::new();
    let run = |arguments: &[&str]| {
        let mut command = scene.host.command(super::NIXSEAL);
        crate::scene::ended(command.arg("activate").args(arguments))
    };
    let end = run(&["/etc/none.json"]).with_code(1);
    assert!(end.stderr.contains("/etc/none.json"), "{end:?}");
    run(&[]).with_code(2);
    run(&["--check", "--own", "/etc/none.json"]).with_code(2);
    scene.host.put("/etc/own.json", "{", 0o444);
    let end = run(&["/etc/own.json"]).with_code(1);
    assert!(end.stderr.contains("/etc/own.json"), "{end:?}");
}
