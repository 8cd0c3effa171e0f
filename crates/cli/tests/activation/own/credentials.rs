//! Credentials of systemd: links that only root gets to.

use serde_json::json;

use super::{age, and_templates, manifest, sops, template};
use crate::scene::{Scene, ended, with};

fn credential(unit: &str, name: &str) -> serde_json::Value {
    json!([{ "unit": unit, "name": name }])
}

#[test]
fn credentials_are_links_by_unit() {
    let scene = Scene::new();
    scene.seal("a", "of age");
    let all = and_templates(
        manifest(
            &[with(
                age("a"),
                json!({ "credentials": credential("web.service", "key") }),
            )],
            &[with(
                sops("test_key"),
                json!({ "credentials": [
                    { "unit": "web.service", "name": "token" },
                    { "unit": "mail@.service", "name": "token" },
                ] }),
            )],
        ),
        &[with(
            template("t", "config"),
            json!({ "credentials": credential("web.service", "config") }),
        )],
    );
    scene.activate(&all).with_code(0);
    let credentials = || scene.host.tree(&["/run/credentials.d"]);
    assert_eq!(
        credentials(),
        [
            "0700 root:root /run/credentials.d/",
            "0700 root:root /run/credentials.d/mail@.service/",
            "link root:root /run/credentials.d/mail@.service/token -> /run/secrets/test_key",
            "0700 root:root /run/credentials.d/web.service/",
            "link root:root /run/credentials.d/web.service/config -> /run/secrets/rendered/t",
            "link root:root /run/credentials.d/web.service/key -> /run/agenix/a",
            "link root:root /run/credentials.d/web.service/token -> /run/secrets/test_key",
        ]
    );
    assert_eq!(
        scene.host.text("/run/credentials.d/web.service/config"),
        "config"
    );
    let read = |user: &str| {
        let path = "/run/credentials.d/web.service/key";
        ended(scene.host.command_as(user, "cat").arg(path)).code
    };
    assert_eq!((read("root"), read("mallory")), (0, 1));

    // What leaves is removed, what is somebody else's stays.
    scene
        .host
        .shell("ln -s /etc/passwd /run/credentials.d/web.service/mine");
    scene
        .activate(&manifest(
            &[with(
                age("a"),
                json!({ "credentials": credential("web.service", "other") }),
            )],
            &[sops("test_key")],
        ))
        .with_code(0);
    assert_eq!(
        credentials(),
        [
            "0700 root:root /run/credentials.d/",
            "0700 root:root /run/credentials.d/web.service/",
            "link root:root /run/credentials.d/web.service/mine -> /etc/passwd",
            "link root:root /run/credentials.d/web.service/other -> /run/agenix/a",
        ]
    );
}

#[test]
fn names_cannot_lead_elsewhere() {
    let scene = Scene::new();
    scene.seal("a", "of age");
    for (unit, name) in [
        ("../up", "x"),
        ("a.service", "../../x"),
        ("..", "x"),
        ("a.service", ""),
    ] {
        let bad = with(age("a"), json!({ "credentials": credential(unit, name) }));
        let end = scene.activate(&manifest(&[bad], &[]));
        assert_eq!(end.code, 1, "{unit} {name}: {end:?}");
        let found = scene.host.shell("find /run -name x -o -name up");
        assert_eq!(found, "");
    }
}

#[test]
fn a_folder_that_others_enter_is_closed() {
    let scene = Scene::new();
    scene.seal("a", "of age");
    scene.host.folder("/run/credentials.d", "root", 0o755);
    let all = manifest(
        &[with(
            age("a"),
            json!({ "credentials": credential("a.service", "x") }),
        )],
        &[],
    );
    scene.activate(&all).with_code(0);
    assert_eq!(scene.host.access("/run/credentials.d"), "0700 root:root");
}
