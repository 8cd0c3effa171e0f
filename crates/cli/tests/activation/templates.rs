//! Templates: placeholders, owners, places (B16, B19).

use serde_json::json;

use crate::installer::Installer;
use crate::scene::{Scene, placeholder, secret, template, with, with_templates};

parity! {
    fn placeholders_are_replaced(installer) {
        let scene = Scene::new();
        let (key, other) = (placeholder("test_key"), placeholder("other"));
        let text = format!("a {key} b {other}{key}\nend");
        let manifest = with_templates(
            &[secret("other"), secret("test_key")],
            &[template("app.conf", &text), template("plain", "nothing to do")],
        );
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(
            scene.host.text("/run/secrets/rendered/app.conf"),
            "a test_value b secondtest_value\nend"
        );
        assert_eq!(scene.host.text("/run/secrets/rendered/plain"), "nothing to do");
        assert_eq!(
            scene.common_tree(),
            [
                "link root:root /run/secrets -> /run/secrets.d/1",
                "0751 root:keys /run/secrets.d/",
                "0751 root:keys /run/secrets.d/1/",
                "0400 root:root /run/secrets.d/1/other",
                "0751 root:keys /run/secrets.d/1/rendered/",
                "0400 root:root /run/secrets.d/1/rendered/app.conf",
                "0400 root:root /run/secrets.d/1/rendered/plain",
                "0400 root:root /run/secrets.d/1/test_key",
            ]
        );
    }

    fn owners_modes_and_places_are_as_wanted(installer) {
        let scene = Scene::new();
        let named = with(
            template("deep/named", "x"),
            json!({
                "owner": "app", "group": "web", "mode": "0666",
                "path": "/run/secrets/rendered/deep/named",
            }),
        );
        let numbers = with(template("numbers", "x"), json!({ "uid": 420, "gid": 421 }));
        let elsewhere = with(
            template("elsewhere", "x"),
            json!({ "path": "/srv/far/away.conf", "owner": "app" }),
        );
        let manifest = with_templates(&[secret("test_key")], &[named, elsewhere, numbers]);
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(
            scene.host.tree(&["/run/secrets.d/1/rendered", "/srv"]),
            [
                "0751 root:keys /run/secrets.d/1/rendered/",
                "0751 root:keys /run/secrets.d/1/rendered/deep/",
                // Exact, whatever the umask.
                "0666 app:web /run/secrets.d/1/rendered/deep/named",
                "0400 app:root /run/secrets.d/1/rendered/elsewhere",
                "0400 420:421 /run/secrets.d/1/rendered/numbers",
                "0755 root:root /srv/",
                "0755 root:root /srv/far/",
                "link app:root /srv/far/away.conf -> /run/secrets/rendered/elsewhere",
            ]
        );
    }

    fn a_file_stands_in_for_an_empty_content(installer) {
        let scene = Scene::new();
        scene.host.put("/etc/a.txt", format!("of a file: {}", placeholder("test_key")), 0o444);
        let from_file = with(template("file", ""), json!({ "file": "/etc/a.txt" }));
        let both = with(template("both", "of the manifest"), json!({ "file": "/etc/a.txt" }));
        let manifest = with_templates(&[secret("test_key")], &[both, from_file]);
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/rendered/file"), "of a file: test_value");
        assert_eq!(scene.host.text("/run/secrets/rendered/both"), "of the manifest");
    }
}

/// The original replaces in a random order, again and again, and leaves what it
/// does not know. Ours goes over the text once, takes the longest, and refuses
/// what nothing stands for.
#[test]
fn ours_replaces_in_one_pass() {
    let scene = Scene::empty();
    scene.sops(
        "secrets.yaml",
        &format!("a: has {} in it\nab: second\n", placeholder("ab")),
    );
    let mut manifest = with_templates(
        &[secret("a"), secret("ab")],
        &[template(
            "t",
            &format!("{} {}", placeholder("a"), placeholder("ab")),
        )],
    );
    scene.install(Installer::Ours, &manifest).with_code(0);
    assert_eq!(
        scene.host.text("/run/secrets/rendered/t"),
        format!("has {} in it second", placeholder("ab"))
    );
    // A placeholder that another one begins with.
    manifest["placeholderBySecretName"] = json!({ "a": "<P", "ab": "<PP" });
    manifest["templates"][0]["content"] = "<P <PP".into();
    scene.install(Installer::Ours, &manifest).with_code(0);
    assert_eq!(
        scene.host.text("/run/secrets/rendered/t"),
        format!("has {} in it second", placeholder("ab"))
    );
}

#[test]
fn ours_refuses_a_placeholder_that_nothing_stands_for() {
    let scene = Scene::new();
    let unknown = placeholder("elsewhere");
    let manifest = with_templates(
        &[secret("test_key")],
        &[template("t", &format!("a {unknown}"))],
    );
    let end = scene.install(Installer::Ours, &manifest);
    scene.assert_refused(&end, &unknown);
    assert!(end.stderr.contains("'t'"), "{end:?}");
}
