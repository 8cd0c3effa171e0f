//! For a user without root: `%r`, no mounts, no owners (B3, B20).

use nixseal_testkit::host::Ended;
use serde_json::{Value, json};

use crate::installer::{Installer, NAME};
use crate::scene::{Scene, ended, is_common, manifest, secret, template, with, with_templates};

/// A machine where `app` has a folder for runtime files and one of its own.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.host.folder("/run/user/1000", "app", 0o700);
    scene.host.folder("/srv/app", "app", 0o700);
    scene
        .host
        .put("/etc/app-keys.txt", scene.inputs.read("keys.txt"), 0o644);
    scene
}

fn in_user_mode(manifest: Value) -> Value {
    with(
        manifest,
        json!({
            "userMode": true,
            "secretsMountPoint": "%r/secrets.d",
            "symlinkPath": "/srv/app/.config/sops-nix/secrets",
            "ageKeyFile": "/etc/app-keys.txt",
        }),
    )
}

fn run(scene: &Scene, installer: Installer, manifest: &Value, runtime: Option<&str>) -> Ended {
    scene
        .host
        .put("/etc/manifest.json", manifest.to_string(), 0o444);
    installer.install_on(&scene.host);
    let mut command = scene.host.command_as("app", NAME);
    command.env("HOME", "/srv/app").arg("/etc/manifest.json");
    if let Some(runtime) = runtime {
        command.env("XDG_RUNTIME_DIR", runtime);
    }
    ended(&mut command)
}

fn at(name: &str, path: &str) -> Value {
    with(secret(name), json!({ "path": path }))
}

parity! {
    fn secrets_go_below_the_runtime_directory(installer) {
        let scene = scene();
        let link = "/srv/app/.config/sops-nix/secrets";
        let manifest = in_user_mode(with_templates(
            &[
                at("other", "/srv/app/%%r/other"),
                at("test_key", "%r/deep/key"),
                with(at("lines", &format!("{link}/lines")), json!({ "mode": "0600" })),
            ],
            &[with(template("t", "x"), json!({ "path": format!("{link}/rendered/t") }))],
        ));
        run(&scene, installer, &manifest, Some("/run/user/1000")).with_code(0);
        let mut tree = scene.host.tree(&["/run/user/1000", "/srv/app"]);
        tree.retain(|line| is_common(line));
        assert_eq!(
            tree,
            [
                "0700 app:app /run/user/1000/",
                "0755 app:app /run/user/1000/deep/",
                "link app:app /run/user/1000/deep/key -> /srv/app/.config/sops-nix/secrets/test_key",
                "0751 app:app /run/user/1000/secrets.d/",
                "0751 app:app /run/user/1000/secrets.d/1/",
                "0600 app:app /run/user/1000/secrets.d/1/lines",
                "0400 app:app /run/user/1000/secrets.d/1/other",
                "0751 app:app /run/user/1000/secrets.d/1/rendered/",
                "0400 app:app /run/user/1000/secrets.d/1/rendered/t",
                "0400 app:app /run/user/1000/secrets.d/1/test_key",
                "0700 app:app /srv/app/",
                "0755 app:app /srv/app/%r/",
                "link app:app /srv/app/%r/other -> /srv/app/.config/sops-nix/secrets/other",
                "0755 app:app /srv/app/.config/",
                "0755 app:app /srv/app/.config/sops-nix/",
                "link app:app /srv/app/.config/sops-nix/secrets -> /run/user/1000/secrets.d/1",
            ]
        );
        assert_eq!(scene.host.mounts(), [""; 0]);
        // Owners, restarts and changes are no matter of a user.
        let end = run(&scene, installer, &manifest, Some("/run/user/1000")).with_code(0);
        assert_eq!(end.stdout, "");
        assert!(!scene.host.exists("/run/user/1000/secrets.d/1"));
        assert!(scene.host.exists("/run/user/1000/secrets.d/2/other"));
    }

    fn without_a_runtime_directory_nothing_is_done(installer) {
        let scene = scene();
        let manifest = in_user_mode(manifest(&[at("test_key", "%r/key")]));
        let end = run(&scene, installer, &manifest, None).with_code(1);
        assert_eq!(
            end.stderr,
            "sops-install-secrets: cannot figure out runtime directory: \
             $XDG_RUNTIME_DIR is not set\n"
        );
        // Checks do not need it.
        let mut check = scene.command(installer, &["-check-mode=sopsfile"], &manifest);
        ended(&mut check).with_code(0);
    }

    fn a_users_failure_leaves_the_old_ones(installer) {
        let scene = scene();
        let good = in_user_mode(manifest(&[at("test_key", "%r/key")]));
        run(&scene, installer, &good, Some("/run/user/1000")).with_code(0);
        let bad = with(at("test_key", "%r/key"), json!({ "sopsFile": "/etc/passwd" }));
        let bad = in_user_mode(manifest(&[bad]));
        run(&scene, installer, &bad, Some("/run/user/1000")).with_code(1);
        assert!(scene.host.exists("/run/user/1000/secrets.d/1/test_key"));
        let target = scene.host.target("/srv/app/.config/sops-nix/secrets");
        assert_eq!(target, "/run/user/1000/secrets.d/1");
    }
}
