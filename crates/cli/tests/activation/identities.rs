//! What opens secrets: SSH keys of both kinds, age keys, GnuPG's folder, plugins
//! (B13, B14), and what is said about them.

use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::keys::{self, SshKey, SshKind};
use nixseal_testkit::peers;
use nixseal_testkit::workdir::succeed;
use serde_json::json;

use crate::scene::{KEY_FILE, SECRETS, Scene, manifest, secret, with};

/// A plugin that does nothing to file keys: who it encrypts to, what opens it.
const RECIPIENT: &str = "age1unencrypted1k5fr0r";
const PLUGIN: &str = include_str!("../drop_in_agenix/age-plugin-unencrypted.sh");
const IDENTITY: &str = "AGE-PLUGIN-UNENCRYPTED-1CR7ZD5";

/// An SSH key of the machine; gives it and its path there.
pub(crate) fn host_key(scene: &Scene, kind: SshKind) -> (SshKey, String) {
    let name = if kind == SshKind::Rsa {
        "rsa"
    } else {
        "ed25519"
    };
    let path = format!("/etc/ssh/ssh_host_{name}_key");
    let key = keys::ssh(&scene.inputs, name, kind, None);
    scene.host.put(&path, scene.inputs.read(name), 0o600);
    (key, path)
}

/// The age key that an ed25519 SSH key is for sops-nix.
pub(crate) fn as_age(scene: &Scene, key: &SshKey) -> String {
    let mut command = scene.inputs.command(env!("CARGO_BIN_EXE_nixseal"));
    command.args(["key", "from-ssh"]).arg(&key.public_path);
    let output = succeed(&mut command).stdout;
    String::from_utf8_lossy(&output).trim().to_owned()
}

/// The OpenPGP key that an RSA SSH key is: imported into a folder of GnuPG; gives
/// its fingerprint.
pub(crate) fn as_pgp(scene: &Scene, key: &SshKey, gnupg: &Gnupg<'_>) -> String {
    let mut command = scene.inputs.command(env!("CARGO_BIN_EXE_nixseal"));
    command.args(["key", "from-ssh", "--pgp"]).arg(&key.path);
    let public = scene
        .inputs
        .write("public.asc", succeed(&mut command).stdout);
    gnupg.run(&["--import", &public.display().to_string()]);
    gnupg.fingerprints("root@localhost").remove(0)
}

/// Encrypts [`SECRETS`] to a key of GnuPG with the real `sops`.
pub(crate) fn sops_for_pgp(scene: &Scene, gnupg: &Gnupg<'_>, fingerprint: &str) {
    scene.inputs.write("secrets.yaml", SECRETS);
    let mut command = scene.inputs.command(peers::sops());
    command
        .env("GNUPGHOME", gnupg.home())
        .args(["encrypt", "--pgp", fingerprint, "secrets.yaml"]);
    let text = succeed(&mut command).stdout;
    scene.host.put("/etc/secrets.yaml", text, 0o444);
}

parity! {
    fn ed25519_host_keys_are_age_keys(installer) {
        let scene = Scene::empty();
        let (key, path) = host_key(&scene, SshKind::Ed25519);
        let recipient = as_age(&scene, &key);
        scene.sops_for(&["--age", &recipient], "secrets.yaml", SECRETS);
        let keys = json!({ "ageKeyFile": null, "ageSshKeyPaths": [path] });
        let end = scene
            .install(installer, &with(manifest(&[secret("test_key")]), keys))
            .with_code(0);
        assert_eq!(
            end.stderr,
            format!(
                "sops-install-secrets: Imported {path} as age key with fingerprint {recipient}\n"
            )
        );
        assert_eq!(end.stdout, "");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn rsa_host_keys_are_openpgp_keys(installer) {
        let scene = Scene::empty();
        let gnupg = Gnupg::new(&scene.inputs, "gnupg");
        let (key, path) = host_key(&scene, SshKind::Rsa);
        let fingerprint = as_pgp(&scene, &key, &gnupg);
        sops_for_pgp(&scene, &gnupg, &fingerprint);
        let keys = json!({ "ageKeyFile": null, "sshKeyPaths": [path] });
        let end = scene
            .install(installer, &with(manifest(&[secret("test_key")]), keys))
            .with_code(0);
        assert_eq!(
            end.stdout,
            format!(
                "sops-install-secrets: Imported {path} as GPG key with fingerprint {}\n",
                fingerprint.to_lowercase()
            )
        );
        assert_eq!(end.stderr, "");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
        // No folder of GnuPG's stays.
        let tree = scene.tree();
        assert!(!tree.iter().any(|line| line.contains("/gpg")), "{tree:?}");
    }

    fn key_imports_are_silent_when_not_wanted(installer) {
        let scene = Scene::empty();
        let (key, path) = host_key(&scene, SshKind::Ed25519);
        scene.sops_for(&["--age", &as_age(&scene, &key)], "secrets.yaml", SECRETS);
        let fields = json!({
            "ageKeyFile": null,
            "ageSshKeyPaths": [path],
            "logging": { "keyImport": false, "secretChanges": false },
        });
        let end = scene.install(installer, &with(manifest(&[secret("test_key")]), fields));
        assert_eq!((end.code, end.stdout.as_str(), end.stderr.as_str()), (0, "", ""));
    }

    fn bad_ssh_keys_are_warnings(installer) {
        let scene = Scene::new();
        let (_, rsa) = host_key(&scene, SshKind::Rsa);
        let (_, ed25519) = host_key(&scene, SshKind::Ed25519);
        scene.host.put("/etc/ssh/garbage", "garbage", 0o600);
        let fields = json!({
            "ageSshKeyPaths": ["/etc/ssh/none", "/etc/ssh/garbage", rsa],
            "sshKeyPaths": ["/etc/ssh/gone", ed25519],
        });
        let end = scene
            .install(installer, &with(manifest(&[secret("test_key")]), fields))
            .with_code(0);
        for line in [
            "Cannot read ssh key '/etc/ssh/none': ",
            "Cannot convert ssh key '/etc/ssh/garbage': ",
            "Cannot convert ssh key '/etc/ssh/ssh_host_rsa_key': ",
            "Cannot read ssh key '/etc/ssh/gone': ",
            "failed to parse private ssh key: only RSA keys are supported right now, got: ",
        ] {
            assert!(
                end.stderr.lines().any(|found| found.starts_with(line)),
                "'{line}' is not in: {}",
                end.stderr
            );
        }
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn a_key_file_that_is_not_there_is_an_error(installer) {
        let scene = Scene::new();
        let manifest = with(manifest(&[secret("test_key")]), json!({ "ageKeyFile": "/etc/none" }));
        scene.assert_refused(&scene.install(installer, &manifest), "cannot read keyfile '/etc/none': ");
    }

    fn key_file_and_ssh_key_go_together(installer) {
        let scene = Scene::new();
        let (key, path) = host_key(&scene, SshKind::Ed25519);
        scene.sops_for(&["--age", &as_age(&scene, &key)], "host.yaml", "mine: from host\n");
        let mine = with(secret("mine"), json!({ "sopsFile": "/etc/host.yaml" }));
        let fields = json!({ "ageSshKeyPaths": [path] });
        scene
            .install(installer, &with(manifest(&[mine, secret("test_key")]), fields))
            .with_code(0);
        assert_eq!(scene.host.text("/run/secrets/mine"), "from host");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn the_folder_of_gnupg_is_used(installer) {
        let scene = Scene::empty();
        let gnupg = Gnupg::new(&scene.inputs, "gnupg");
        let fingerprint = gnupg.make_key("host <host@example.org>", "default");
        sops_for_pgp(&scene, &gnupg, &fingerprint);
        let fields = json!({ "ageKeyFile": null, "gnupgHome": gnupg.home() });
        scene
            .install(installer, &with(manifest(&[secret("test_key")]), fields))
            .with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn plugins_are_found_on_path(installer) {
        let scene = Scene::empty();
        let plugin = scene.host.work().write("bin/age-plugin-unencrypted", PLUGIN);
        scene.host.work().set_mode(plugin, 0o755);
        scene.inputs.write("secrets.yaml", SECRETS);
        let mut encrypt = scene.inputs.command(peers::sops());
        let path = format!("{}:/usr/bin:/bin", scene.host.work().join("bin").display());
        encrypt.env("PATH", path).args(["encrypt", "--age", RECIPIENT, "secrets.yaml"]);
        scene.host.put("/etc/secrets.yaml", succeed(&mut encrypt).stdout, 0o444);
        scene.host.put(KEY_FILE, format!("{IDENTITY}\n"), 0o600);
        scene.install(installer, &manifest(&[secret("test_key")])).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn post_quantum_keys_open_files(installer) {
        let scene = Scene::empty();
        let key = keys::age_post_quantum(&scene.inputs, "strong.txt");
        scene.host.put("/etc/strong.txt", scene.inputs.read("strong.txt"), 0o600);
        scene.sops_for(&["--age", &key.recipient], "secrets.yaml", SECRETS);
        let fields = json!({ "ageKeyFile": "/etc/strong.txt" });
        scene
            .install(installer, &with(manifest(&[secret("test_key")]), fields))
            .with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }
}
