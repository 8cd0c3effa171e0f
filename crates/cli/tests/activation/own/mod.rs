//! What only nixseal does: its own manifest, with secrets of both kinds.

mod check;
mod credentials;
mod faults;
mod graded;
mod kills;
mod leaks;
mod owners;
mod planted;
mod reconcile;
mod result;
mod user;

use std::process::Command;

use nixseal_testkit::host::Ended;
use serde_json::{Value, json};

use crate::scene::{KEY_FILE, Scene, ended};

const NIXSEAL: &str = env!("CARGO_BIN_EXE_nixseal");

impl Scene {
    /// `nixseal activate` with flags and a manifest, which is written to
    /// `/etc/own.json`.
    #[track_caller]
    fn nixseal(&self, flags: &[&str], manifest: &Value) -> Command {
        self.host.put("/etc/own.json", manifest.to_string(), 0o444);
        let mut command = self.host.command(NIXSEAL);
        command.arg("activate").args(flags).arg("/etc/own.json");
        command
    }

    /// Runs `nixseal activate`.
    #[track_caller]
    fn activate(&self, manifest: &Value) -> Ended {
        ended(&mut self.nixseal(&[], manifest))
    }

    /// Encrypts a secret to the machine's age key, at `/etc/NAME.age`.
    #[track_caller]
    fn seal(&self, name: &str, text: &str) {
        self.age(&[&self.key.recipient], &format!("{name}.age"), text);
    }

    /// The restart list, which is removed.
    #[track_caller]
    fn restarts(&self) -> String {
        self.host
            .shell("cat /run/nixos/activation-restart-list 2>/dev/null || true; rm -f /run/nixos/*")
    }

    #[track_caller]
    fn secret(&self, name: &str) -> String {
        self.host.text(&format!("/run/agenix/{name}"))
    }

    /// What is in both trees' generations: secrets, links to them, credentials.
    #[track_caller]
    fn everything(&self) -> Vec<String> {
        let mut lines = self.host.tree(&[
            "/run/agenix",
            "/run/agenix.d",
            "/run/secrets",
            "/run/secrets.d",
            "/run/credentials.d",
            "/srv",
        ]);
        lines.retain(|line| !line.contains("/.nixseal") && !line.ends_with("/result.json"));
        lines
    }
}

/// A manifest with the trees of both originals.
fn manifest(age: &[Value], sops: &[Value]) -> Value {
    json!({
        "version": 1,
        "identities": { "ageKeyFiles": [KEY_FILE] },
        "credentialsDirectory": "/run/credentials.d",
        "trees": [
            {
                "name": "age",
                "layout": "agenix",
                "mountPoint": "/run/agenix.d",
                "link": "/run/agenix",
                "secrets": age,
            },
            {
                "name": "sops",
                "layout": "sops-nix",
                "mountPoint": "/run/secrets.d",
                "link": "/run/secrets",
                "secrets": sops,
            },
        ],
    })
}

/// A secret in `/etc/NAME.age`, with a unit of its name.
fn age(name: &str) -> Value {
    json!({
        "name": name,
        "option": format!("age.secrets.{name}"),
        "age": { "file": format!("/etc/{name}.age") },
        "path": format!("/run/agenix/{name}"),
        "restartUnits": [format!("{name}.service")],
    })
}

/// A key of `/etc/secrets.yaml`, with a unit of its name.
fn sops(name: &str) -> Value {
    json!({
        "name": name,
        "option": format!("sops.secrets.{name}"),
        "sops": { "file": "/etc/secrets.yaml", "format": "yaml", "key": name },
        "path": format!("/run/secrets/{name}"),
        "restartUnits": [format!("{name}.service")],
    })
}

/// A template of the second tree.
fn template(name: &str, content: &str) -> Value {
    json!({
        "name": name,
        "option": format!("sops.templates.{name}"),
        "content": content,
        "path": format!("/run/secrets/rendered/{name}"),
        "restartUnits": [format!("{name}.service")],
    })
}

/// The manifest with templates in the second tree.
fn and_templates(mut manifest: Value, templates: &[Value]) -> Value {
    manifest["trees"][1]["templates"] = templates.into();
    manifest
}
