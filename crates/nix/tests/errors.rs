//! Mistakes in Nix files: we fail where Nix fails, and say where and why.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nixseal_base::env::Environment;
use nixseal_nix::eval::{NixError, file_to_json};
use nixseal_testkit::peers;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("list the mistakes");
    let paths = entries.map(|entry| entry.expect("list the mistakes").path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|kind| kind == "nix"))
        .collect();
    files.sort();
    files
}

/// Kind, place, message and hints, without the folder of this machine.
fn describe(error: &NixError) -> String {
    let kind = match error {
        NixError::Read(_) => "read",
        NixError::Syntax(_) => "syntax",
        NixError::Evaluation(_) => "evaluation",
        NixError::Unsupported(_) => "unsupported",
        NixError::Limit(_) => "limit",
    };
    let mut text = format!("{kind} {error}\n");
    for hint in &error.diagnostic().hints {
        writeln!(text, "    {hint}").expect("write to a string");
    }
    text.replace(&format!("{}/", folder().display()), "")
}

/// `expected.txt` has what each file gives, in order.
#[test]
fn mistakes_are_described_with_their_place() {
    let mut shown = String::new();
    for file in files() {
        let error = file_to_json(&file, &Environment::default()).expect_err("it is a mistake");
        shown.push_str(&describe(&error));
    }
    let expected =
        std::fs::read_to_string(folder().join("expected.txt")).expect("read the goldens");
    assert_eq!(shown, expected, "what it is now:\n{shown}");
}

#[test]
fn nix_fails_as_well() {
    for file in files() {
        let output = Command::new(peers::nix_instantiate())
            .args(["--eval", "--strict", "--json"])
            .arg(&file)
            .output()
            .expect("run nix-instantiate");
        assert!(!output.status.success(), "Nix takes {}", file.display());
    }
}
