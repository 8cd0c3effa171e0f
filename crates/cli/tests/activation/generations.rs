//! Generations: numbers, folders, what stays and what goes (B17, B18, B23, B25,
//! B28).

use serde_json::json;

use crate::installer::Installer;
use crate::scene::{KEY_FILE, Scene, ended, manifest, secret, template, with, with_templates};

parity! {
    fn sub_folders_are_of_the_group_keys(installer) {
        let scene = Scene::new();
        let deep = with(
            secret("a/b/c"),
            json!({ "key": "test_key", "path": "/run/secrets/a/b/c", "uid": 1000, "gid": 1001 }),
        );
        scene.install(installer, &manifest(&[deep])).with_code(0);
        assert_eq!(
            scene.common_tree(),
            [
                "link root:root /run/secrets -> /run/secrets.d/1",
                "0751 root:keys /run/secrets.d/",
                "0751 root:keys /run/secrets.d/1/",
                "0751 root:keys /run/secrets.d/1/a/",
                "0751 root:keys /run/secrets.d/1/a/b/",
                "0400 app:web /run/secrets.d/1/a/b/c",
            ]
        );
    }

    fn owners_by_name_and_number(installer) {
        let scene = Scene::new();
        let key = json!({ "key": "test_key", "mode": "0440" });
        let named = json!({ "owner": "app", "group": "web", "uid": 7, "gid": 7 });
        let numbers = json!({ "uid": 4242, "gid": 4243 });
        let mixed = json!({ "owner": "web", "gid": 96 });
        let all = [("mixed", mixed), ("named", named), ("numbers", numbers)]
            .map(|(name, fields)| with(with(secret(name), key.clone()), fields));
        scene.install(installer, &manifest(&all)).with_code(0);
        let access = |name: &str| scene.host.access(&format!("/run/secrets/{name}"));
        assert_eq!(access("named"), "0440 app:web");
        assert_eq!(access("numbers"), "0440 4242:4243");
        assert_eq!(access("mixed"), "0440 web:keys");
    }

    fn the_number_goes_on_from_the_link(installer) {
        let scene = Scene::new();
        let manifest = manifest(&[secret("test_key")]);
        scene.install(installer, &manifest).with_code(0);
        scene.host.shell("ln -sfn /run/secrets.d/41 /run/secrets; mkdir /run/secrets.d/41");
        // What is in the way of the next one goes.
        scene.host.shell("mkdir /run/secrets.d/42; echo old >/run/secrets.d/42/stale");
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/42");
        assert!(!scene.host.exists("/run/secrets/stale"));
    }

    fn a_link_to_something_else_begins_anew(installer) {
        let scene = Scene::new();
        scene.host.shell("mkdir -p /srv/7; ln -s /srv/7 /run/secrets");
        scene.install(installer, &manifest(&[secret("test_key")])).with_code(0);
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/1");
    }

    fn a_link_to_no_number_is_an_error(installer) {
        let scene = Scene::new();
        scene.host.shell("mkdir -p /run/secrets.d; ln -s /run/secrets.d/foo /run/secrets");
        let end = scene.install(installer, &manifest(&[secret("test_key")])).with_code(1);
        let message = "cannot parse foo of /run/secrets.d/foo as a number";
        assert!(end.stderr.contains(message), "{end:?}");
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/foo");
    }

    fn a_folder_in_the_place_of_the_link_goes(installer) {
        let scene = Scene::new();
        scene.host.shell("mkdir -p /run/secrets/deep; echo x >/run/secrets/deep/file");
        scene.install(installer, &manifest(&[secret("test_key")])).with_code(0);
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/1");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn a_secret_that_left_the_manifest_is_gone(installer) {
        let scene = Scene::new();
        scene.install(installer, &manifest(&[secret("other"), secret("test_key")])).with_code(0);
        scene.install(installer, &manifest(&[secret("test_key")])).with_code(0);
        assert!(!scene.host.exists("/run/secrets/other"));
        assert!(!scene.host.exists("/run/secrets.d/1"));
    }

    fn a_failed_run_leaves_the_old_generation(installer) {
        let scene = Scene::new();
        let good = manifest(&[secret("test_key")]);
        scene.install(installer, &good).with_code(0);
        let before = scene.common_tree();
        scene.host.put("/etc/broken.yaml", "a: b\n", 0o444);
        let broken = with(secret("a"), json!({ "sopsFile": "/etc/broken.yaml" }));
        scene.install(installer, &manifest(&[broken, secret("test_key")])).with_code(1);
        assert_eq!(scene.common_tree(), before);
        // The way on is free.
        scene.install(installer, &good).with_code(0);
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/2");
    }

    fn a_dry_run_leaves_the_link(installer) {
        let scene = Scene::new();
        scene.install(installer, &manifest(&[secret("test_key")])).with_code(0);
        let mut dry = scene.command(installer, &[], &manifest(&[secret("other")]));
        ended(dry.env("NIXOS_ACTION", "dry-activate")).with_code(0);
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/1");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
        assert!(!scene.host.exists("/run/secrets/other"));
    }

    fn a_switch_goes_on_after_a_dry_run(installer) {
        let scene = Scene::new();
        let all = manifest(&[secret("test_key")]);
        let mut dry = scene.command(installer, &[], &all);
        ended(dry.env("NIXOS_ACTION", "dry-activate")).with_code(0);
        let mut real = scene.command(installer, &[], &all);
        ended(real.env("NIXOS_ACTION", "switch")).with_code(0);
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/1");
    }
}

/// The original leaves the next generation decrypted in its place, and the age
/// key beside it. Ours writes nothing in a dry run.
#[test]
fn ours_writes_nothing_in_a_dry_run() {
    let scene = Scene::new();
    let all = with_templates(&[secret("test_key")], &[template("t", "x")]);
    let mut dry = scene.command(Installer::Ours, &[], &all);
    ended(dry.env("NIXOS_ACTION", "dry-activate")).with_code(0);
    assert_eq!(scene.tree(), [""; 0]);
    assert_eq!(scene.host.mounts(), [""; 0]);
    scene.install(Installer::Ours, &all).with_code(0);
    let before = scene.tree();
    let mut dry = scene.command(Installer::Ours, &[], &manifest(&[secret("other")]));
    ended(dry.env("NIXOS_ACTION", "dry-activate")).with_code(0);
    assert_eq!(scene.tree(), before);
}

/// Where the umask cuts modes in the original, ours gives what is asked for: the
/// nine bits that a manifest of sops-nix has.
#[test]
fn ours_gives_exact_modes_whatever_the_umask() {
    let modes = [
        "0400", "0440", "0660", "0666", "0777", "0000", "4755", "2750", "1644",
    ];
    let nine = |mode: &str| format!("0{}", &mode[1..]);
    for umask in ["000", "022", "077", "777"] {
        let scene = Scene::new();
        let secrets: Vec<_> = modes
            .iter()
            .map(|mode| {
                let fields =
                    json!({ "mode": mode, "key": "test_key", "owner": "app", "group": "web" });
                with(secret(mode), fields)
            })
            .collect();
        scene
            .host
            .put("/etc/manifest.json", manifest(&secrets).to_string(), 0o444);
        Installer::Ours.install_on(&scene.host);
        let mut command = scene
            .host
            .command_with(umask, "root", crate::installer::NAME);
        ended(command.arg("/etc/manifest.json")).with_code(0);
        for mode in modes {
            assert_eq!(
                scene.host.access(&format!("/run/secrets/{mode}")),
                format!("{} app:web", nine(mode)),
                "with umask {umask}"
            );
        }
        assert_eq!(scene.host.access("/run/secrets.d/1"), "0751 root:keys");
    }
}

/// The original keeps all keys in a file beside the secrets.
#[test]
fn ours_leaves_no_key_behind() {
    let scene = Scene::new();
    scene
        .install(Installer::Ours, &manifest(&[secret("test_key")]))
        .with_code(0);
    let key = scene.key.identity.as_bytes();
    for line in scene
        .tree()
        .iter()
        .filter(|line| !line.starts_with("link "))
    {
        let path = line.rsplit(' ').next().expect("a path");
        let content = scene.host.try_read(path).unwrap_or_default();
        let found = content.windows(key.len()).any(|part| part == key);
        assert!(!found, "the key of {KEY_FILE} is in {path}");
    }
}
