//! What is checked before anything is done (B4 to B10).

use serde_json::json;

use crate::scene::{Scene, ended, manifest, secret, template, with, with_templates};

parity! {
    fn gnupg_home_excludes_other_keys(installer) {
        let scene = Scene::new();
        let base = with(manifest(&[secret("test_key")]), json!({ "gnupgHome": "/etc/gpg" }));
        let ssh = with(base.clone(), json!({ "sshKeyPaths": ["/etc/ssh/key"] }));
        for (manifest, other) in [(base, "ageKeyFile"), (ssh, "sshKeyPaths")] {
            let message = format!(
                "manifest is not valid: gnupgHome and {other} were specified in the manifest. \
                 Both options are mutually exclusive."
            );
            scene.assert_refused(&scene.install(installer, &manifest), &message);
        }
    }

    fn modes_are_octal_numbers(installer) {
        let scene = Scene::new();
        for mode in ["", "9", "u+r", "0x1", "1000000", "-1"] {
            let manifest = manifest(&[with(secret("test_key"), json!({ "mode": mode }))]);
            let message = format!("manifest is not valid: invalid number in mode: {mode}");
            // Ours also takes what chmod takes.
            if installer.is_ours() && mode == "u+r" {
                continue;
            }
            scene.assert_refused(&scene.install(installer, &manifest), &message);
        }
    }

    fn users_and_groups_must_be_there(installer) {
        let scene = Scene::new();
        for (field, kind) in [("owner", "user"), ("group", "group")] {
            let manifest = manifest(&[with(secret("test_key"), json!({ field: "ghost" }))]);
            let message = format!("manifest is not valid: failed to lookup {kind} 'ghost'");
            scene.assert_refused(&scene.install(installer, &manifest), &message);
            // Not where no users are looked at.
            for flags in [&["-check-mode=manifest"], &["-check-mode=sopsfile"]] {
                ended(&mut scene.command(installer, flags, &manifest)).with_code(0);
            }
            let mut dry = scene.command(installer, &[], &manifest);
            ended(dry.env("NIXOS_ACTION", "dry-activate")).with_code(0);
        }
    }

    fn ignore_passwd_gives_all_to_root(installer) {
        let scene = Scene::new();
        let mine = with(secret("test_key"), json!({ "owner": "ghost", "group": "ghost" }));
        let numbers = with(secret("other"), json!({ "uid": 1000, "gid": 1000 }));
        let manifest = manifest(&[numbers, mine]);
        ended(&mut scene.command(installer, &["-ignore-passwd"], &manifest)).with_code(0);
        assert_eq!(
            scene.common_tree(),
            [
                "link root:root /run/secrets -> /run/secrets.d/1",
                "0751 root:root /run/secrets.d/",
                "0751 root:root /run/secrets.d/1/",
                "0400 root:root /run/secrets.d/1/other",
                "0400 root:root /run/secrets.d/1/test_key",
            ]
        );
    }

    fn one_file_has_one_format(installer) {
        let scene = Scene::new();
        let second = with(secret("other"), json!({ "format": "json" }));
        let manifest = manifest(&[secret("test_key"), second]);
        scene.assert_refused(
            &scene.install(installer, &manifest),
            "manifest is not valid: secret other defined the format of /etc/secrets.yaml as json, \
             but it was specified as yaml in test_key before",
        );
    }

    fn a_missing_format_is_yaml(installer) {
        let scene = Scene::new();
        let mut plain = secret("test_key");
        plain.as_object_mut().expect("an object").remove("format");
        let empty = with(secret("other"), json!({ "format": "" }));
        scene.install(installer, &manifest(&[empty, plain])).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn files_must_be_there_except_for_the_check_of_the_manifest(installer) {
        let scene = Scene::empty();
        let manifest = manifest(&[secret("test_key")]);
        ended(&mut scene.command(installer, &["-check-mode=manifest"], &manifest)).with_code(0);
        let message = "manifest is not valid: failed reading /etc/secrets.yaml: ";
        let end = ended(&mut scene.command(installer, &["-check-mode=sopsfile"], &manifest));
        scene.assert_refused(&end, message);
        scene.assert_refused(&scene.install(installer, &manifest), message);
    }

    fn files_must_be_of_their_format(installer) {
        let scene = Scene::empty();
        for (format, text, named) in [
            ("yaml", "a: [", "yaml"),
            ("json", "{", "json"),
            ("dotenv", "\"", "dotenv"),
            ("ini", "[a\nb", "ini"),
            ("binary", "text", "json"),
        ] {
            scene.host.put("/etc/secrets.yaml", text, 0o444);
            let manifest = manifest(&[with(secret("test_key"), json!({ "format": format }))]);
            let message =
                format!("manifest is not valid: cannot parse {named} of '/etc/secrets.yaml': ");
            let end = ended(&mut scene.command(installer, &["-check-mode=sopsfile"], &manifest));
            scene.assert_refused(&end, &message);
        }
    }

    fn keys_must_be_there(installer) {
        let scene = Scene::new();
        for (key, message) in [
            ("none", "the key 'none' cannot be found"),
            ("nested/none", "the key 'nested/none' cannot be found"),
            ("nested/none/file", "the key 'nested/none' cannot be found"),
            ("test_key/more", "key 'test_key' does not refer to a dictionary"),
            ("nested/test/file/x", "key 'nested/test/file' does not refer to a dictionary"),
        ] {
            let manifest = manifest(&[with(secret("test_key"), json!({ "key": key }))]);
            let message = format!(
                "manifest is not valid: secret test_key in /etc/secrets.yaml is not valid: {message}"
            );
            let end = ended(&mut scene.command(installer, &["-check-mode=sopsfile"], &manifest));
            scene.assert_refused(&end, &message);
            scene.assert_refused(&scene.install(installer, &manifest), &message);
        }
    }

    fn templates_need_the_placeholder_of_every_secret(installer) {
        let scene = Scene::new();
        let manifest = with(
            with_templates(&[secret("test_key")], &[template("a", "text")]),
            json!({ "placeholderBySecretName": {} }),
        );
        let message = "manifest is not valid: placeholder for test_key not found in manifest";
        scene.assert_refused(&scene.install(installer, &manifest), message);
    }

    fn templates_need_a_text(installer) {
        let scene = Scene::new();
        let manifest = with_templates(&[secret("test_key")], &[template("a", "")]);
        let message = "manifest is not valid: neither content nor file was specified for template a";
        scene.assert_refused(&scene.install(installer, &manifest), message);
        let missing = with(template("a", ""), json!({ "file": "/etc/none.txt" }));
        let manifest = with_templates(&[secret("test_key")], &[missing]);
        let message = "manifest is not valid: cannot read /etc/none.txt: ";
        scene.assert_refused(&scene.install(installer, &manifest), message);
    }

    fn checks_stop_before_anything_is_done(installer) {
        let scene = Scene::new();
        // No key, no right to mount: neither is needed.
        let manifest = with(
            with_templates(&[secret("test_key")], &[template("a", "text")]),
            json!({ "ageKeyFile": "/etc/none.txt" }),
        );
        for mode in ["manifest", "sopsfile"] {
            let flag = format!("-check-mode={mode}");
            let mut command = scene.command(installer, &[&flag], &manifest);
            let end = ended(&mut command).with_code(0);
            assert_eq!((end.stdout.as_str(), end.stderr.as_str()), ("", ""));
        }
        assert_eq!(scene.tree(), [""; 0]);
    }

    fn fields_that_nobody_knows_are_left_alone(installer) {
        let scene = Scene::new();
        let known = with(secret("test_key"), json!({ "later": { "a": 1 } }));
        let manifest = with(manifest(&[known]), json!({ "another": [1] }));
        scene.install(installer, &manifest).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }
}

/// Where the original installs garbage, ours refuses.
#[test]
fn ours_refuses_formats_that_nobody_knows() {
    let scene = Scene::new();
    let manifest = manifest(&[with(secret("test_key"), json!({ "format": "toml" }))]);
    let end = scene.install(crate::installer::Installer::Ours, &manifest);
    scene.assert_refused(&end, "unsupported format toml for secret test_key");
}
