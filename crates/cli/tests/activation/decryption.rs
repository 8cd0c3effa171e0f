//! Values of every kind and files of every format (B8, B15).

use serde_json::json;

use crate::installer::Installer;
use crate::scene::{KEY_FILE, Scene, manifest, secret, with};

const INI: &str = "[section]\nname = value\n";
const DOTENV: &str = "NAME=value\nOTHER=two words\n";

parity! {
    fn values_of_yaml_files(installer) {
        let scene = Scene::new();
        let file = with(secret("file"), json!({ "key": "nested/test/file" }));
        let deep = with(
            secret("deep/er/name"),
            json!({ "key": "nested/test/file", "path": "/run/secrets/deep/er/name" }),
        );
        let all = manifest(&[deep, secret("empty"), file, secret("lines"), secret("test_key")]);
        scene.install(installer, &all).with_code(0);
        for (name, value) in [
            ("test_key", "test_value"),
            ("file", "another value"),
            ("deep/er/name", "another value"),
            ("empty", ""),
            ("lines", "one\ntwo\n"),
        ] {
            assert_eq!(scene.host.text(&format!("/run/secrets/{name}")), value);
        }
    }

    fn whole_files_of_every_format(installer) {
        let scene = Scene::empty();
        let json_text = "{\n\t\"a\": \"b\"\n}";
        let mut secrets = Vec::new();
        for (format, name, text) in [
            ("binary", "whole.bin", "any \u{1} bytes"),
            ("dotenv", "whole.env", DOTENV),
            ("ini", "whole.ini", INI),
            ("json", "whole.json", json_text),
            ("yaml", "whole.yaml", "a: b\n"),
        ] {
            let file = scene.sops(name, text);
            // Files of the first three formats are whole whatever the key says.
            let key = if matches!(format, "json" | "yaml") { "" } else { "ignored" };
            let fields = json!({ "format": format, "sopsFile": file, "key": key });
            secrets.push(with(secret(format), fields));
        }
        scene.install(installer, &manifest(&secrets)).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/binary"), "any \u{1} bytes");
        assert_eq!(scene.host.text("/run/secrets/dotenv"), DOTENV);
        assert_eq!(scene.host.text("/run/secrets/ini"), INI);
        assert_eq!(scene.host.text("/run/secrets/json").trim_end(), json_text);
        assert_eq!(scene.host.text("/run/secrets/yaml"), "a: b\n");
    }

    fn values_of_json_files(installer) {
        let scene = Scene::empty();
        scene.sops("a.json", "{\"test_key\": \"a \\\"quote\\\"\\n\"}");
        let fields = json!({ "format": "json", "sopsFile": "/etc/a.json" });
        scene.install(installer, &manifest(&[with(secret("test_key"), fields)])).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "a \"quote\"\n");
    }

    fn bytes_come_out_as_they_went_in(installer) {
        let scene = Scene::empty();
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        scene.inputs.write("all.bin", &bytes);
        let mut command = scene.inputs.command(nixseal_testkit::peers::sops());
        command.args(["encrypt", "--age", &scene.key.recipient, "all.bin"]);
        let sealed = nixseal_testkit::workdir::succeed(&mut command).stdout;
        scene.host.put("/etc/all.bin", sealed, 0o444);
        let fields = json!({ "format": "binary", "sopsFile": "/etc/all.bin", "key": "" });
        scene.install(installer, &manifest(&[with(secret("all"), fields)])).with_code(0);
        assert!(scene.host.read("/run/secrets/all") == bytes, "they differ");
    }

    fn values_that_are_no_text_at_all(installer) {
        let scene = Scene::new();
        for key in ["nothing", "list", "nested"] {
            // Ours prints lists and maps as text.
            if installer.is_ours() && key != "nothing" {
                continue;
            }
            let manifest = manifest(&[with(secret("test_key"), json!({ "key": key }))]);
            let end = scene.install(installer, &manifest);
            scene.assert_refused(&end, "is not a string");
        }
    }

    fn a_file_for_somebody_else(installer) {
        let scene = Scene::new();
        let other = nixseal_testkit::keys::age(&scene.inputs, "other.txt");
        scene.host.put(KEY_FILE, scene.inputs.read("other.txt"), 0o600);
        assert_ne!(other.recipient, scene.key.recipient);
        let end = scene.install(installer, &manifest(&[secret("test_key")]));
        scene.assert_refused(&end, "sops-install-secrets: failed to decrypt '/etc/secrets.yaml': ");
        // What everybody who has seen this error searches for.
        assert!(end.stderr.contains("Error getting data key: 0 successful groups required, got 0"));
    }

    fn a_file_that_was_tampered_with(installer) {
        let scene = Scene::new();
        let text = scene.host.text("/etc/secrets.yaml");
        // Two values change places.
        let (first, second) = (line(&text, "test_key: "), line(&text, "other: "));
        let value = |line: &str| line.split_once(": ").expect("a value").1.to_owned();
        let text = text
            .replace(&first, &format!("test_key: {}", value(&second)))
            .replace(&second, &format!("other: {}", value(&first)));
        scene.host.put("/etc/secrets.yaml", text, 0o444);
        let end = scene.install(installer, &manifest(&[secret("test_key")]));
        scene.assert_refused(&end, "failed to decrypt '/etc/secrets.yaml': ");
    }

    fn environment_variables_do_not_replace_the_keys_of_the_manifest(installer) {
        let scene = Scene::new();
        let mut command = scene.command(installer, &[], &manifest(&[secret("test_key")]));
        command.env("SOPS_AGE_KEY_FILE", "/etc/none");
        crate::scene::ended(&mut command).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }
}

fn line(text: &str, begin: &str) -> String {
    let found = text.lines().find(|line| line.starts_with(begin));
    found.expect("a line of the file").to_owned()
}

/// Where the original refuses or installs nothing, ours prints scalars as `sops`
/// does, finds nested keys of JSON files and items of lists.
#[test]
fn ours_takes_scalars_and_nested_json() {
    let scene = Scene::new();
    scene.sops("a.json", r#"{"deep": {"key": "found", "number": 7}}"#);
    let json = json!({ "format": "json", "sopsFile": "/etc/a.json", "key": "deep/key" });
    let number = json!({ "format": "json", "sopsFile": "/etc/a.json", "key": "deep/number" });
    let all = manifest(&[
        secret("float"),
        with(secret("json"), json),
        with(secret("json-number"), number),
        secret("number"),
        secret("yes"),
    ]);
    scene.install(Installer::Ours, &all).with_code(0);
    for (name, value) in [
        ("number", "42"),
        ("float", "1.5"),
        ("yes", "true"),
        ("json", "found"),
        ("json-number", "7"),
    ] {
        assert_eq!(
            scene.host.text(&format!("/run/secrets/{name}")),
            value,
            "{name}"
        );
    }
}

/// A file for the SSH key itself, as `age` and `sops` make it: the original only
/// opens what was made for the key that `ssh-to-age` gives.
#[test]
fn ours_opens_files_for_ssh_keys_themselves() {
    use nixseal_testkit::keys::SshKind;
    for kind in [SshKind::Ed25519, SshKind::Rsa] {
        let scene = Scene::empty();
        let (key, path) = crate::identities::host_key(&scene, kind);
        scene.sops_for(
            &["--age", &key.public],
            "secrets.yaml",
            crate::scene::SECRETS,
        );
        let fields = json!({
            "ageKeyFile": null,
            "ageSshKeyPaths": if kind == SshKind::Ed25519 { vec![&path] } else { vec![] },
            "sshKeyPaths": if kind == SshKind::Rsa { vec![&path] } else { vec![] },
        });
        let manifest = with(manifest(&[secret("test_key")]), fields);
        scene.install(Installer::Ours, &manifest).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }
}
