//! Which units are told of which changes, and what is said of them (B20, B21,
//! B22, B26).

use nixseal_testkit::host::Ended;
use serde_json::{Value, json};

use crate::installer::Installer;
use crate::scene::{Scene, ended, manifest, placeholder, secret, template, with, with_templates};

const LISTS: [&str; 4] = [
    "/run/nixos/activation-restart-list",
    "/run/nixos/activation-reload-list",
    "/run/nixos/dry-activation-restart-list",
    "/run/nixos/dry-activation-reload-list",
];

/// A secret with units to restart and reload, and a template with it.
fn watched(scene: &Scene, value: &str) -> Value {
    scene.sops(
        "secrets.yaml",
        &format!("test_key: '{value}'\nother: second\n"),
    );
    let units = |name: &str| {
        json!({
            "restartUnits": [format!("{name}.service"), "both.service"],
            "reloadUnits": [format!("{name}-reload.service")],
        })
    };
    let text = format!("is {}", placeholder("test_key"));
    with_templates(
        &[
            with(secret("other"), units("other")),
            with(secret("test_key"), units("key")),
        ],
        &[with(template("t", &text), units("template"))],
    )
}

/// The lists, and nothing of them stays.
fn taken(scene: &Scene) -> Vec<String> {
    let read = |path: &&str| {
        let text = scene.host.try_read(path).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    };
    let lists = LISTS.iter().map(read).collect();
    scene.host.shell("rm -f /run/nixos/*");
    lists
}

fn dry(scene: &Scene, installer: Installer, manifest: &Value) -> Ended {
    let mut command = scene.command(installer, &[], manifest);
    ended(command.env("NIXOS_ACTION", "dry-activate")).with_code(0)
}

parity! {
    fn nothing_is_restarted_at_boot(installer) {
        let scene = Scene::empty();
        let end = scene.install(installer, &watched(&scene, "1")).with_code(0);
        assert_eq!(end.stdout, "");
        assert_eq!(taken(&scene), ["", "", "", ""]);
    }

    fn nothing_is_restarted_when_nothing_changed(installer) {
        let scene = Scene::empty();
        let manifest = watched(&scene, "1");
        scene.install(installer, &manifest).with_code(0);
        let end = scene.install(installer, &manifest).with_code(0);
        assert_eq!(end.stdout, "");
        assert_eq!(taken(&scene), ["", "", "", ""]);
    }

    fn what_changed_is_restarted_and_reloaded(installer) {
        let scene = Scene::empty();
        scene.install(installer, &watched(&scene, "1")).with_code(0);
        let end = scene.install(installer, &watched(&scene, "2")).with_code(0);
        assert_eq!(
            end.stdout,
            "modifying secret: test_key\nmodifying rendered secret: t\n"
        );
        assert_eq!(
            scene.host.tree(&["/run/nixos"]),
            [
                "0755 root:root /run/nixos/",
                "0600 root:root /run/nixos/activation-reload-list",
                "0600 root:root /run/nixos/activation-restart-list",
            ]
        );
        assert_eq!(
            taken(&scene),
            [
                "key.service\nboth.service\ntemplate.service\nboth.service\n",
                "key-reload.service\ntemplate-reload.service\n",
                "",
                "",
            ]
        );
    }

    fn lists_are_appended_to(installer) {
        let scene = Scene::empty();
        scene.install(installer, &watched(&scene, "1")).with_code(0);
        scene.host.put(LISTS[0], "before.service\n", 0o600);
        scene.install(installer, &watched(&scene, "2")).with_code(0);
        assert!(taken(&scene)[0].starts_with("before.service\nkey.service\n"));
    }

    fn new_secrets_count_as_changed(installer) {
        let scene = Scene::empty();
        let all = watched(&scene, "1");
        scene.install(installer, &manifest(&[all["secrets"][0].clone()])).with_code(0);
        let end = scene.install(installer, &all).with_code(0);
        assert_eq!(end.stdout, "adding secret: test_key\nadding rendered secret: t\n");
        assert_eq!(
            taken(&scene)[0],
            "key.service\nboth.service\ntemplate.service\nboth.service\n"
        );
        let end = scene.install(installer, &manifest(&[])).with_code(0);
        assert_eq!(
            end.stdout,
            "removing secrets: other, test_key\nremoving rendered secret: t\n"
        );
        assert_eq!(taken(&scene), ["", "", "", ""]);
    }

    fn several_are_said_in_order(installer) {
        let scene = Scene::new();
        let names = ["test_key", "other", "empty", "deep/file"];
        let secrets = names.map(|name| {
            with(secret(name), json!({ "key": "test_key", "path": format!("/run/secrets/{name}") }))
        });
        scene.install(installer, &manifest(&[])).with_code(0);
        let end = scene.install(installer, &manifest(&secrets)).with_code(0);
        assert_eq!(end.stdout, "adding secrets: deep/file, empty, other, test_key\n");
        let end = scene.install(installer, &manifest(&[])).with_code(0);
        assert_eq!(end.stdout, "removing secrets: deep/file, empty, other, test_key\n");
    }

    fn changes_are_not_said_when_not_wanted(installer) {
        let scene = Scene::empty();
        let quiet = json!({ "logging": { "keyImport": false, "secretChanges": false } });
        scene.install(installer, &watched(&scene, "1")).with_code(0);
        let end = scene.install(installer, &with(watched(&scene, "2"), quiet)).with_code(0);
        assert_eq!((end.stdout.as_str(), end.stderr.as_str()), ("", ""));
        assert!(taken(&scene)[0].starts_with("key.service\n"), "they count all the same");
    }

    fn without_the_folder_nobody_is_told(installer) {
        let scene = Scene::empty();
        scene.install(installer, &watched(&scene, "1")).with_code(0);
        scene.host.shell("rmdir /run/nixos");
        scene.install(installer, &watched(&scene, "2")).with_code(0);
        assert!(!scene.host.exists("/run/nixos"));
    }

    fn dry_runs_have_lists_and_words_of_their_own(installer) {
        let scene = Scene::empty();
        let all = watched(&scene, "1");
        let first = all["secrets"][0].clone();
        scene.install(installer, &manifest(&[first, secret("test_key")])).with_code(0);
        let end = dry(&scene, installer, &with(watched(&scene, "2"), json!({
            "secrets": [watched(&scene, "2")["secrets"][1]],
        })));
        assert_eq!(
            end.stdout,
            "would modify secret: test_key\nwould remove secret: other\n\
             would add rendered secret: t\n"
        );
        assert_eq!(
            taken(&scene),
            [
                "",
                "",
                "key.service\nboth.service\ntemplate.service\nboth.service\n",
                "key-reload.service\ntemplate-reload.service\n",
            ]
        );
    }

    fn systemctl_is_called_where_wanted(installer) {
        let scene = Scene::empty();
        scene.host.record_systemctl();
        let run = |value: &str, action: &str| {
            let manifest = watched(&scene, value);
            let mut command = scene.command(installer, &[], &manifest);
            command.env("SOPS_RESTART_UNITS_VIA_SYSTEMCTL", "1").env("NIXOS_ACTION", action);
            ended(&mut command).with_code(0)
        };
        run("1", "switch");
        run("1", "switch");
        assert!(!scene.host.exists("/run/systemctl.log"));
        let end = run("2", "dry-activate");
        for line in ["would restart key.service\n", "would reload key-reload.service\n"] {
            assert!(end.stderr.contains(line), "{end:?}");
        }
        assert!(!scene.host.exists("/run/systemctl.log"));
        run("2", "switch");
        let calls = scene.host.text("/run/systemctl.log");
        let words = |verb: &str| {
            let line = calls.lines().find(|line| line.contains(verb)).expect("a call");
            let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            words.dedup();
            words
        };
        // The original names a unit as often as it is listed.
        for (verb, units) in [
            ("try-restart", &["key.service", "both.service", "template.service"] as &[_]),
            ("try-reload-or-restart", &["key-reload.service", "template-reload.service"]),
        ] {
            let words = words(verb);
            assert_eq!(words[..2], ["--no-block", verb], "{calls}");
            for unit in units {
                assert!(words.iter().any(|word| word == unit), "{unit}: {calls}");
            }
        }
        assert_eq!(taken(&scene), ["", "", "", ""]);
    }
}

/// The original looks at content only (and reads a unit's old owner for ever).
#[test]
fn ours_counts_a_changed_owner_or_mode() {
    let scene = Scene::empty();
    let mut manifest = watched(&scene, "1");
    scene.install(Installer::Ours, &manifest).with_code(0);
    for (field, value) in [
        ("owner", json!("app")),
        ("group", json!("web")),
        ("mode", json!("0440")),
    ] {
        manifest["secrets"][1][field] = value;
        scene.install(Installer::Ours, &manifest).with_code(0);
        let lists = taken(&scene);
        assert_eq!(lists[0], "key.service\nboth.service\n", "after {field}");
        assert_eq!(lists[1], "key-reload.service\n", "after {field}");
    }
    assert_eq!(scene.host.access("/run/secrets/test_key"), "0440 app:web");
}

/// Units are told after the switch, not before: a unit that is quick would read
/// the old secret.
#[test]
fn ours_tells_units_after_the_switch() {
    let scene = Scene::empty();
    scene.host.record_systemctl();
    let path = scene.host.work().join("bin/systemctl");
    let script = "#!/bin/sh\ncat /run/secrets/test_key >>/run/seen\necho >>/run/seen\n";
    scene.host.work().write(&path, script);
    scene.host.work().set_mode(&path, 0o755);
    for value in ["1", "2"] {
        let manifest = watched(&scene, value);
        let mut command = scene.command(Installer::Ours, &[], &manifest);
        ended(command.env("SOPS_RESTART_UNITS_VIA_SYSTEMCTL", "1")).with_code(0);
    }
    let seen = scene.host.text("/run/seen");
    assert!(seen.lines().count() >= 2, "{seen}");
    assert!(seen.lines().all(|line| line == "2"), "{seen}");
}

/// `systemctl` says so, and nobody reads it.
#[test]
fn ours_reports_a_unit_that_is_not_there() {
    let scene = Scene::empty();
    scene.host.record_systemctl();
    scene.host.put(
        "/run/systemctl.units",
        "both.service\nkey-reload.service\ntemplate.service\ntemplate-reload.service\n",
        0o644,
    );
    let mut last = None;
    for value in ["1", "2"] {
        let manifest = watched(&scene, value);
        let mut command = scene.command(Installer::Ours, &[], &manifest);
        last = Some(ended(command.env("SOPS_RESTART_UNITS_VIA_SYSTEMCTL", "1")));
    }
    let end = last.expect("two runs");
    assert!(end.stderr.contains("key.service"), "{end:?}");
    assert!(end.stderr.contains("not found"), "{end:?}");
    assert_eq!(scene.host.text("/run/secrets/test_key"), "2");
}
