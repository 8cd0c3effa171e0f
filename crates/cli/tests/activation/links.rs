//! Where secrets appear besides the generation (B24).

use serde_json::json;

use crate::installer::Installer;
use crate::scene::{Scene, manifest, secret, with};

parity! {
    fn other_paths_are_links_of_the_owner(installer) {
        let scene = Scene::new();
        let there = with(
            secret("test_key"),
            json!({ "path": "/srv/a/b/key", "owner": "app", "group": "web" }),
        );
        let manifest = manifest(&[there]);
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(
            scene.host.tree(&["/srv"]),
            [
                "0755 root:root /srv/",
                "0755 root:root /srv/a/",
                "0755 root:root /srv/a/b/",
                "link app:web /srv/a/b/key -> /run/secrets/test_key",
            ]
        );
        assert_eq!(scene.host.text("/srv/a/b/key"), "test_value");
        // A link that is right stays the same.
        let inode = scene.host.shell("stat -c %i /srv/a/b/key");
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(scene.host.shell("stat -c %i /srv/a/b/key"), inode);
    }

    fn files_and_wrong_links_are_replaced(installer) {
        let scene = Scene::new();
        scene.host.put("/srv/file", "old", 0o644);
        scene.host.link("/etc/passwd", "/srv/link");
        scene.host.link("/run/secrets/other", "/srv/owner");
        let at = |name: &str, path: &str| with(secret(name), json!({ "path": path, "uid": 1000 }));
        let mut secrets = vec![at("other", "/srv/owner"), at("test_key", "/srv/file")];
        secrets.push(with(at("empty", "/srv/link"), json!({})));
        scene.host.shell("mkdir /srv/empty");
        secrets.push(with(at("lines", "/srv/empty"), json!({})));
        scene.install(installer, &manifest(&secrets)).with_code(0);
        assert_eq!(
            scene.host.tree(&["/srv"]),
            [
                "0755 root:root /srv/",
                "link app:root /srv/empty -> /run/secrets/lines",
                "link app:root /srv/file -> /run/secrets/test_key",
                "link app:root /srv/link -> /run/secrets/empty",
                "link app:root /srv/owner -> /run/secrets/other",
            ]
        );
    }

    fn a_full_folder_is_not_replaced(installer) {
        let scene = Scene::new();
        scene.host.put("/srv/full/file", "mine", 0o644);
        let there = with(secret("test_key"), json!({ "path": "/srv/full" }));
        let end = scene.install(installer, &manifest(&[there])).with_code(1);
        assert!(end.stderr.contains("cannot override /srv/full"), "{end:?}");
        assert_eq!(scene.host.text("/srv/full/file"), "mine");
        // The secrets themselves are there by then.
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }
}

/// The original leaves dangling links behind for ever.
#[test]
fn ours_removes_links_of_secrets_that_left() {
    let scene = Scene::new();
    let at = |path: &str| manifest(&[with(secret("test_key"), json!({ "path": path }))]);
    scene
        .install(Installer::Ours, &at("/srv/a/first"))
        .with_code(0);
    scene
        .install(Installer::Ours, &at("/srv/b/second"))
        .with_code(0);
    assert!(!scene.host.shell("ls /srv/a").contains("first"));
    assert_eq!(scene.host.text("/srv/b/second"), "test_value");
    // What is no longer ours stays.
    scene
        .host
        .shell("rm /srv/b/second; echo mine >/srv/b/second");
    scene
        .install(Installer::Ours, &manifest(&[secret("other")]))
        .with_code(0);
    assert_eq!(scene.host.text("/srv/b/second"), "mine\n");
}
