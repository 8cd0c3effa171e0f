//! Every manifest that a case of `nix/tests`, or a configuration of the originals there, makes is one for `nixseal activate`.

use std::collections::BTreeSet;
use std::process::Command;

use nixseal_testkit::Workdir;
use serde_json::{Value, json};

use crate::nix::{Nix, project};

/// Fewer would mean that manifests are not seen.
const FEWEST_MANIFESTS: usize = 120;

/// The manifests of all configurations that have no complaints, each once.
fn manifests() -> BTreeSet<String> {
    let nix = Nix::new();
    let tests = project("nix/tests");
    let output = nix.try_evaluate(&format!(
        "import {0} {{ lib = import {0}/lib.nix; record = true; }}",
        tests.display()
    ));
    let traced = String::from_utf8(output.stderr).expect("a text");
    assert!(output.status.success(), "{traced}");
    let lines = traced
        .lines()
        .filter_map(|line| line.strip_prefix("trace: "));
    lines
        .map(|line| serde_json::from_str(line).expect("JSON in a trace"))
        .filter_map(|found: Value| found.as_object().cloned())
        .flatten()
        .map(|(_, manifest)| manifest.to_string())
        .collect()
}

/// Encrypted files and texts of templates are there only where a configuration is built.
fn without_files(manifest: &str) -> Value {
    let mut manifest: Value = serde_json::from_str(manifest).expect("a manifest");
    for tree in manifest["trees"].as_array_mut().expect("trees") {
        for secret in tree["secrets"].as_array_mut().expect("secrets") {
            secret["checkFile"] = json!(false);
        }
        for template in tree["templates"].as_array_mut().expect("templates") {
            let template = template.as_object_mut().expect("a template");
            if template.remove("file").is_some() {
                template.insert("content".to_owned(), json!("text"));
            }
        }
    }
    manifest
}

#[test]
fn every_manifest_of_the_cases_is_accepted() {
    let folder = Workdir::new();
    let manifests = manifests();
    assert!(
        manifests.len() >= FEWEST_MANIFESTS,
        "only {} manifests were seen",
        manifests.len()
    );
    for manifest in &manifests {
        let path = folder.write("manifest.json", without_files(manifest).to_string());
        let output = Command::new(env!("CARGO_BIN_EXE_nixseal"))
            .args(["activate", "--check"])
            .arg(&path)
            .output()
            .expect("run nixseal");
        assert!(
            output.status.success(),
            "{manifest}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
