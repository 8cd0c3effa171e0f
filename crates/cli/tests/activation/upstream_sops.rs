//! The tests of sops-nix, by their names there: those of `sops-install-secrets`
//! itself, and those that it runs on virtual machines. Keys and files are made
//! anew by the real tools.

#![allow(non_snake_case, reason = "tests are named as they are there")]

use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::keys::SshKind;
use serde_json::{Value, json};

use crate::identities::{as_age, as_pgp, host_key, sops_for_pgp};
use crate::scene::{
    SECRETS, Scene, ended, manifest, placeholder, secret, template, with, with_templates,
};

/// The secret of `main_test.go`, with a link at a place of its own.
fn test_secret() -> Value {
    with(
        secret("test"),
        json!({
            "key": "test_key",
            "owner": "nobody",
            "group": "nogroup",
            "path": "/srv/test-target",
            "restartUnits": ["affected-service"],
            "reloadUnits": ["affected-reload-service"],
        }),
    )
}

/// The module without the keys of the scene.
fn no_keys(fields: Value) -> Value {
    with(json!({ "ageKeyFile": null }), fields)
}

parity! {
    fn TestAll_gpg(installer) {
        let scene = Scene::empty();
        let gnupg = Gnupg::new(&scene.inputs, "gnupg");
        let key = gnupg.make_key("test", "default");
        sops_for_pgp(&scene, &gnupg, &key);
        let mut secrets = vec![test_secret()];
        for (name, format, file, text) in [
            ("test2", "json", "secrets.json", "{\"test_key\": \"test_value\"}"),
            ("test3", "binary", "secrets.bin", "binary value\n"),
            ("test4", "dotenv", "secrets.env", "test_key=test_value\n"),
            ("test5", "ini", "secrets.ini", "[a]\ntest_key = test_value\n"),
        ] {
            scene.inputs.write(file, text);
            let mut command = scene.inputs.command(nixseal_testkit::peers::sops());
            command.env("GNUPGHOME", gnupg.home()).args(["encrypt", "--pgp", &key, file]);
            let sealed = nixseal_testkit::workdir::succeed(&mut command).stdout;
            scene.host.put(&format!("/etc/{file}"), sealed, 0o444);
            let fields = json!({
                "format": format,
                "sopsFile": format!("/etc/{file}"),
                "owner": if format == "binary" { "nobody" } else { "root" },
                "group": if format == "binary" { "nogroup" } else { "root" },
                "mode": if format == "json" { "0700" } else { "0400" },
                // In the folder of generations, as there: a link beside them.
                "path": format!("/run/secrets.d/{name}"),
                "name": name,
            });
            secrets.push(with(test_secret(), fields));
        }
        let fields = no_keys(json!({ "gnupgHome": gnupg.home(), "keepGenerations": 0 }));
        let manifest = with(manifest(&secrets), fields);
        scene.install(installer, &manifest).with_code(0);
        assert!(scene.host.exists("/run/secrets.d") && scene.host.exists("/run/secrets"));
        assert_eq!(scene.host.target("/srv/test-target"), "/run/secrets/test");
        assert_eq!(scene.host.access("/srv/test-target"), "0400 nobody:nogroup");
        assert_eq!(scene.host.text("/srv/test-target"), "test_value");
        assert_eq!(scene.host.access("/run/secrets.d/test2"), "0700 root:root");
        assert_eq!(scene.host.text("/run/secrets.d/test3").len(), 13);
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(scene.host.target("/run/secrets"), "/run/secrets.d/2");
    }

    fn TestAll_ssh(installer) {
        let scene = Scene::empty();
        let gnupg = Gnupg::new(&scene.inputs, "gnupg");
        let (key, path) = host_key(&scene, SshKind::Rsa);
        sops_for_pgp(&scene, &gnupg, &as_pgp(&scene, &key, &gnupg));
        scene.host.put("/srv/test-target", "", 0o644);
        let fields = no_keys(json!({ "sshKeyPaths": [path] }));
        scene.install(installer, &with(manifest(&[test_secret()]), fields)).with_code(0);
        assert_eq!(scene.host.text("/srv/test-target"), "test_value");
    }

    fn TestAge(installer) {
        let scene = Scene::new();
        scene.host.put("/srv/test-target", "", 0o644);
        scene.install(installer, &manifest(&[test_secret()])).with_code(0);
        assert_eq!(scene.host.text("/srv/test-target"), "test_value");
    }

    fn TestAgeWithSSH(installer) {
        let scene = Scene::empty();
        let (key, path) = host_key(&scene, SshKind::Ed25519);
        scene.sops_for(&["--age", &as_age(&scene, &key)], "secrets.yaml", SECRETS);
        scene.host.put("/srv/test-target", "", 0o644);
        let fields = no_keys(json!({ "ageSshKeyPaths": [path] }));
        scene.install(installer, &with(manifest(&[test_secret()]), fields)).with_code(0);
        assert_eq!(scene.host.text("/srv/test-target"), "test_value");
    }

    fn TestValidateManifest(installer) {
        let scene = Scene::new();
        let fields = no_keys(json!({ "sshKeyPaths": ["non-existing-key"] }));
        let manifest = with(manifest(&[test_secret()]), fields);
        for flag in ["-check-mode=manifest", "-check-mode=sopsfile"] {
            ended(&mut scene.command(installer, &[flag], &manifest)).with_code(0);
        }
    }

    fn TestIsValidFormat(installer) {
        let scene = Scene::empty();
        for format in ["yaml", "json", "binary", "dotenv", "ini"] {
            let check = |format: &str| {
                let manifest = manifest(&[with(secret("a"), json!({ "format": format }))]);
                let mut command = scene.command(installer, &["-check-mode=manifest"], &manifest);
                ended(&mut command).code
            };
            assert_eq!(check(format), 0, "{format}");
            // The original takes what it does not know for YAML.
            let unknown = i32::from(installer.is_ours());
            assert_eq!(check(&format.to_uppercase()), unknown, "{format}");
        }
    }

    fn ssh_keys(installer) {
        let scene = Scene::empty();
        let gnupg = Gnupg::new(&scene.inputs, "gnupg");
        let (key, path) = host_key(&scene, SshKind::Rsa);
        sops_for_pgp(&scene, &gnupg, &as_pgp(&scene, &key, &gnupg));
        let fields = no_keys(json!({ "sshKeyPaths": [path] }));
        scene.install(installer, &with(manifest(&[secret("test_key")]), fields)).with_code(0);
        assert!(scene.host.text("/run/secrets/test_key").contains("test_value"));
    }

    fn pruning(installer) {
        let scene = Scene::new();
        let keep = |count: u32| {
            with(manifest(&[secret("test_key")]), json!({ "keepGenerations": count }))
        };
        scene.install(installer, &keep(0)).with_code(0);
        scene.host.shell(
            "for n in $(seq 2 99) non-numeric; do mkdir /run/secrets.d/$n; done
             ln -fsn /run/secrets.d/99 /run/secrets",
        );
        scene.install(installer, &keep(0)).with_code(0);
        for kept in ["100", "1", "90", "non-numeric"] {
            assert!(scene.host.exists(&format!("/run/secrets.d/{kept}")), "{kept}");
        }
        scene.install(installer, &keep(10)).with_code(0);
        assert!(!scene.host.exists("/run/secrets.d/91"));
        for kept in ["92", "101", "non-numeric"] {
            assert!(scene.host.exists(&format!("/run/secrets.d/{kept}")), "{kept}");
        }
    }

    fn age_keys(installer) {
        let scene = Scene::new();
        // Where a folder is in the way, a link takes its place.
        scene.host.shell("mkdir /run/secrets");
        let with_ids = |name: &str, fields: Value| {
            with(with(secret(name), json!({ "key": "test_key" })), fields)
        };
        let all = manifest(&[
            secret("test_key"),
            with_ids("test_key_1001_1001", json!({ "uid": 4001, "gid": 4001 })),
            with_ids("test_key_root_root", json!({})),
            with_ids("test_key_someuser_root", json!({ "uid": 1002 })),
            with_ids("test_key_someuser_somegroup", json!({ "uid": 1002, "gid": 1002 })),
        ]);
        scene.install(installer, &all).with_code(0);
        assert!(scene.host.text("/run/secrets/test_key").contains("test_value"));
        for (name, access) in [
            ("1001_1001", "0400 4001:4001"),
            ("root_root", "0400 root:root"),
            ("someuser_root", "0400 someuser:root"),
            ("someuser_somegroup", "0400 someuser:somegroup"),
        ] {
            let path = format!("/run/secrets/test_key_{name}");
            assert_eq!(scene.host.access(&path), access);
        }
    }

    fn age_ssh_keys(installer) {
        let scene = Scene::empty();
        let (key, path) = host_key(&scene, SshKind::Ed25519);
        scene.sops_for(&["--age", &as_age(&scene, &key)], "secrets.yaml", SECRETS);
        // The key that `generateKey` makes is another one.
        nixseal_testkit::keys::age(&scene.inputs, "generated.txt");
        scene.host.put("/srv/testkey", scene.inputs.read("generated.txt"), 0o600);
        let fields = json!({ "ageKeyFile": "/srv/testkey", "ageSshKeyPaths": [path] });
        scene.install(installer, &with(manifest(&[secret("test_key")]), fields)).with_code(0);
        assert!(scene.host.text("/run/secrets/test_key").contains("test_value"));
    }

    fn pgp_keys(installer) {
        let scene = Scene::empty();
        let gnupg = Gnupg::new(&scene.inputs, "gnupg");
        let key = gnupg.make_key("test", "default");
        sops_for_pgp(&scene, &gnupg, &key);
        scene.host.put("/run/existing-file", "", 0o644);
        let all = manifest(&[
            with(secret("existing-file"), json!({ "key": "test_key", "path": "/run/existing-file" })),
            with(
                secret("nested/test/file"),
                json!({ "owner": "someuser", "path": "/run/secrets/nested/test/file" }),
            ),
            with(secret("test_key"), json!({ "owner": "someuser" })),
        ]);
        let fields = no_keys(json!({ "gnupgHome": gnupg.home() }));
        scene.install(installer, &with(all, fields)).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
        for path in ["/run/secrets/test_key", "/run/secrets/nested/test/file"] {
            let end = ended(scene.host.command_as("someuser", "cat").arg(path)).with_code(0);
            assert_eq!(end.stdout, scene.host.text(path));
        }
        assert_eq!(scene.host.text("/run/secrets/nested/test/file"), "another value");
        let target = scene.host.shell("readlink -f /run/existing-file");
        assert_eq!(target, "/run/secrets.d/1/existing-file\n");
    }

    fn templates(installer) {
        let scene = Scene::new();
        let key = placeholder("test_key");
        let users = manifest(&[with(
            secret("nested/test/file"),
            json!({ "path": "/run/secrets-for-users/nested/test/file" }),
        )]);
        let users = with(users, json!({
            "secretsMountPoint": "/run/secrets-for-users.d",
            "symlinkPath": "/run/secrets-for-users",
        }));
        ended(&mut scene.command(installer, &["-ignore-passwd"], &users)).with_code(0);
        let line = format!("Test value: {key}\n");
        let text = format!(
            "This line is not modified.\nThe next value will be replaced by {key}\n\
             This line is also not modified.\n"
        );
        let all = with_templates(
            &[secret("test_key")],
            &[
                with(template("test_default", &line), json!({ "path": "/etc/externally/linked" })),
                with(
                    template("test_template", &text),
                    json!({ "owner": "someuser", "group": "somegroup" }),
                ),
                with(template("test_uid_gid", &line), json!({ "uid": 420, "gid": 420 })),
            ],
        );
        scene.install(installer, &all).with_code(0);
        let access = |name: &str| scene.host.access(&format!("/run/secrets/rendered/{name}"));
        assert_eq!(access("test_template"), "0400 someuser:somegroup");
        assert_eq!(access("test_default"), "0400 root:root");
        assert_eq!(access("test_uid_gid"), "0400 420:420");
        assert_eq!(
            scene.host.text("/run/secrets/rendered/test_template"),
            "This line is not modified.\nThe next value will be replaced by test_value\n\
             This line is also not modified.\n"
        );
        assert_eq!(
            scene.host.text("/run/secrets/rendered/test_default"),
            "Test value: test_value\n"
        );
        let real = scene.host.shell("realpath /etc/externally/linked");
        assert_eq!(real, "/run/secrets.d/1/rendered/test_default\n");
    }

    fn restart_and_reload(installer) {
        let scene = Scene::new();
        let units = json!({
            "restartUnits": ["restart-unit.service", "reload-unit.service"],
            "reloadUnits": ["reload-trigger.service"],
        });
        let text = format!("this is a template with\na secret: {}\n", placeholder("test_key"));
        let all = with_templates(
            &[with(secret("test_key"), units.clone())],
            &[with(template("test_template", &text), units)],
        );
        let lists = || scene.host.shell("cat /run/nixos/* 2>/dev/null || true; rm -f /run/nixos/*");
        let switch = || scene.install(installer, &all).with_code(0).stdout;
        let dry = || {
            let mut command = scene.command(installer, &[], &all);
            ended(command.env("NIXOS_ACTION", "dry-activate")).with_code(0).stdout
        };
        switch();
        assert_eq!(lists(), "", "nothing is to be restarted after boot");
        switch();
        assert_eq!(lists(), "", "nothing happens when the secret is not changed");
        let told = "reload-trigger.service\nrestart-unit.service\nreload-unit.service\n";
        for changed in ["test_key", "rendered/test_template"] {
            scene.host.shell(&format!(": > /run/secrets/{changed}"));
            switch();
            assert_eq!(lists(), told);
        }
        scene.host.shell("rm /run/secrets/test_key /run/secrets/rendered/test_template");
        assert_eq!(switch(), "adding secret: test_key\nadding rendered secret: test_template\n");
        scene.host.shell(": > /run/secrets/test_key; : > /run/secrets/rendered/test_template");
        assert_eq!(
            switch(),
            "modifying secret: test_key\nmodifying rendered secret: test_template\n"
        );
        let foreign = ": > /run/secrets/another_key; : > /run/secrets/rendered/another_template";
        scene.host.shell(foreign);
        assert_eq!(
            switch(),
            "removing secret: another_key\nremoving rendered secret: another_template\n"
        );
        lists();

        scene.host.shell("rm /run/secrets/test_key /run/secrets/rendered/test_template");
        scene.host.shell(foreign);
        assert_eq!(
            dry(),
            "would add secret: test_key\nwould remove secret: another_key\n\
             would add rendered secret: test_template\n\
             would remove rendered secret: another_template\n"
        );
        let there = |name: &str| scene.host.exists(&format!("/run/secrets/{name}"));
        assert!(!there("test_key") && !there("rendered/test_template"));
        assert!(there("another_key") && there("rendered/another_template"));
        switch();
        assert!(there("test_key") && there("rendered/test_template"));
        assert!(!there("another_key") && !there("rendered/another_template"));
        lists();
        scene.host.shell(": > /run/secrets/test_key");
        assert_eq!(dry(), "would modify secret: test_key\n");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "");
        let names = scene.host.shell("ls /run/nixos");
        assert_eq!(names, "dry-activation-reload-list\ndry-activation-restart-list\n");
    }

    fn user_passwords(installer) {
        let scene = Scene::new();
        let users = with(
            manifest(&[with(
                secret("test_key"),
                json!({ "path": "/run/secrets-for-users/test_key" }),
            )]),
            json!({
                "secretsMountPoint": "/run/secrets-for-users.d",
                "symlinkPath": "/run/secrets-for-users",
            }),
        );
        let regular = manifest(&[with(
            secret("nested/test/file"),
            json!({ "path": "/run/secrets/nested/test/file", "owner": "example-user" }),
        )]);
        // Before there is a user; then it is made with the password; then the rest.
        for round in 0..2 {
            ended(&mut scene.command(installer, &["-ignore-passwd"], &users)).with_code(0);
            if round == 0 {
                scene.host.shell(
                    "hash=$(cat /run/secrets-for-users/test_key)
                     echo example-user:x:4000:100::/:/bin/sh >>/etc/passwd
                     echo \"example-user:$hash:::::::\" >>/etc/shadow",
                );
            }
            scene.install(installer, &regular).with_code(0);
            assert_eq!(
                scene.host.shell("grep -c '^example-user:test_value:' /etc/shadow"),
                "1\n"
            );
            assert_eq!(scene.host.text("/run/secrets/nested/test/file"), "another value");
            assert_eq!(scene.host.access("/run/secrets/nested/test/file"), "0400 4000:root");
            assert_eq!(scene.host.text("/run/secrets-for-users/test_key"), "test_value");
            assert_eq!(scene.host.access("/run/secrets-for-users/test_key"), "0400 root:root");
        }
    }
}
