//! A machine with an age key, encrypted files made by the real tools, and
//! manifests as the module of sops-nix writes them.

use std::process::Command;

use nixseal_testkit::host::Ended;
use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Host, Workdir, peers};
use serde_json::{Value, json};

use crate::installer::{Installer, NAME};

/// The machine's age key.
pub(crate) const KEY_FILE: &str = "/etc/keys.txt";

/// A SOPS file with a value of every kind.
pub(crate) const SECRETS: &str = "\
test_key: test_value
other: second
nested:
    test:
        file: another value
number: 42
float: 1.50
yes: true
nothing: null
list:
    - a
    - b
empty: ''
lines: |
    one
    two
";

/// A machine and what is encrypted for it.
pub(crate) struct Scene {
    pub(crate) host: Host,
    /// Where inputs are made; the machine knows nothing of it.
    pub(crate) inputs: Workdir,
    pub(crate) key: AgeKey,
}

impl Scene {
    /// A machine with an age key and [`SECRETS`] in `/etc/secrets.yaml`.
    #[track_caller]
    pub(crate) fn new() -> Self {
        let scene = Self::empty();
        scene.sops("secrets.yaml", SECRETS);
        scene
    }

    /// A machine with an age key.
    #[track_caller]
    pub(crate) fn empty() -> Self {
        let (host, inputs) = (Host::new(), Workdir::new());
        let key = keys::age(&inputs, "keys.txt");
        host.put(KEY_FILE, inputs.read("keys.txt"), 0o600);
        Self { host, inputs, key }
    }

    /// Encrypts a file for the age key with the real `sops`; it is at
    /// `/etc/NAME`, and its format follows from the name.
    #[track_caller]
    pub(crate) fn sops(&self, name: &str, plaintext: &str) -> String {
        self.sops_for(&["--age", &self.key.recipient], name, plaintext)
    }

    /// The same for other keys, as `sops` takes them.
    #[track_caller]
    pub(crate) fn sops_for(&self, keys: &[&str], name: &str, plaintext: &str) -> String {
        self.inputs.write(name, plaintext);
        let mut command = self.inputs.command(peers::sops());
        command.arg("encrypt").args(keys).arg(name);
        self.host
            .put(&format!("/etc/{name}"), succeed(&mut command).stdout, 0o444);
        format!("/etc/{name}")
    }

    /// Encrypts a file with the real `age`; it is at `/etc/NAME`.
    #[track_caller]
    pub(crate) fn age(&self, recipients: &[&str], name: &str, plaintext: &str) -> String {
        keys::age_encrypt(&self.inputs, recipients, false, plaintext.as_bytes(), name);
        self.host
            .put(&format!("/etc/{name}"), self.inputs.read(name), 0o444);
        format!("/etc/{name}")
    }

    /// The installer with flags and a manifest, which is written to
    /// `/etc/manifest.json`.
    #[track_caller]
    pub(crate) fn command(
        &self,
        installer: Installer,
        flags: &[&str],
        manifest: &Value,
    ) -> Command {
        self.host
            .put("/etc/manifest.json", manifest.to_string(), 0o444);
        installer.install_on(&self.host);
        let mut command = self.host.command(NAME);
        command.args(flags).arg("/etc/manifest.json");
        command
    }

    /// Runs the installer with a manifest.
    #[track_caller]
    pub(crate) fn install(&self, installer: Installer, manifest: &Value) -> Ended {
        ended(&mut self.command(installer, &[], manifest))
    }

    /// All that is installed.
    #[track_caller]
    pub(crate) fn tree(&self) -> Vec<String> {
        self.host.tree(&["/run/secrets", "/run/secrets.d"])
    }

    /// What is installed, as far as both programs have it.
    #[track_caller]
    pub(crate) fn common_tree(&self) -> Vec<String> {
        let mut lines = self.tree();
        lines.retain(|line| is_common(line));
        lines
    }

    /// Checks that a run failed with a message and installed nothing.
    #[track_caller]
    pub(crate) fn assert_refused(&self, end: &Ended, message: &str) {
        assert_eq!(end.code, 1, "{end:?}");
        assert!(
            end.stderr.contains(message),
            "'{message}' is not in: {}",
            end.stderr
        );
        assert!(
            !self.host.exists("/run/secrets"),
            "it installed {:?}",
            self.tree()
        );
    }
}

/// Whether a line of a tree is about something that ours has (it has no
/// `age-keys.txt`) and the original, too (it has no `result.json` and `.nixseal`).
pub(crate) fn is_common(line: &str) -> bool {
    !["/age-keys.txt", "/result.json"]
        .iter()
        .any(|end| line.ends_with(end))
        && !line.contains("/.nixseal/")
}

/// Runs a command to its end.
#[track_caller]
pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.output();
    output
        .unwrap_or_else(|cause| panic!("cannot start {command:?}: {cause}"))
        .into()
}

/// A manifest as the NixOS module writes it.
pub(crate) fn manifest(secrets: &[Value]) -> Value {
    json!({
        "secrets": secrets,
        "templates": [],
        "placeholderBySecretName": {},
        "secretsMountPoint": "/run/secrets.d",
        "symlinkPath": "/run/secrets",
        "keepGenerations": 1,
        "gnupgHome": null,
        "sshKeyPaths": [],
        "ageKeyFile": KEY_FILE,
        "ageSshKeyPaths": [],
        "useTmpfs": false,
        "userMode": false,
        "logging": { "keyImport": true, "secretChanges": true },
    })
}

/// A secret of a manifest: the key of its name in `/etc/secrets.yaml`.
pub(crate) fn secret(name: &str) -> Value {
    json!({
        "name": name,
        "key": name,
        "path": format!("/run/secrets/{name}"),
        "owner": null,
        "uid": 0,
        "group": null,
        "gid": 0,
        "sopsFile": "/etc/secrets.yaml",
        "sopsFileHash": "",
        "format": "yaml",
        "mode": "0400",
        "restartUnits": [],
        "reloadUnits": [],
        "neededForUsers": false,
    })
}

/// A template of a manifest.
pub(crate) fn template(name: &str, content: &str) -> Value {
    json!({
        "name": name,
        "content": content,
        "path": format!("/run/secrets/rendered/{name}"),
        "owner": null,
        "uid": 0,
        "group": null,
        "gid": 0,
        "file": "",
        "mode": "0400",
        "restartUnits": [],
        "reloadUnits": [],
    })
}

/// The placeholder of a secret in templates; the real ones have a sum in them.
pub(crate) fn placeholder(name: &str) -> String {
    format!("<SOPS:{name}:PLACEHOLDER>")
}

/// A manifest with templates and the placeholders of all secrets.
pub(crate) fn with_templates(secrets: &[Value], templates: &[Value]) -> Value {
    let mut placeholders = serde_json::Map::new();
    for secret in secrets {
        let name = secret["name"].as_str().expect("a secret has a name");
        placeholders.insert(name.to_owned(), placeholder(name).into());
    }
    let more = json!({ "templates": templates, "placeholderBySecretName": placeholders });
    with(manifest(secrets), more)
}

/// An object with some fields replaced or added.
pub(crate) fn with(mut object: Value, fields: Value) -> Value {
    let (Some(object_fields), Value::Object(fields)) = (object.as_object_mut(), fields) else {
        panic!("only objects have fields");
    };
    object_fields.extend(fields);
    object
}
