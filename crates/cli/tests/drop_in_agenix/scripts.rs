//! The command scripts: against ours always, and unchanged against the
//! originals where `NIXSEAL_AGENIX` and `NIXSEAL_RAGENIX` name runnable ones.

use std::path::PathBuf;

use nixseal_testkit::script::Suite;

const AGENIX: &str = "tests/scripts/agenix";
const RAGENIX: &str = "tests/scripts/ragenix";

#[test]
fn agenix_scripts_pass() {
    Suite::ours(AGENIX, env!("CARGO_BIN_EXE_nixseal"), &["agenix"]).run();
}

#[test]
fn agenix_scripts_pass_with_the_original() {
    if let Some(original) = original("NIXSEAL_AGENIX") {
        Suite::peer(AGENIX, &[("agenix", original)]).run();
    }
}

#[test]
fn ragenix_scripts_pass() {
    Suite::ours(RAGENIX, env!("CARGO_BIN_EXE_nixseal"), &["ragenix"]).run();
}

#[test]
fn ragenix_scripts_pass_with_the_original() {
    if let Some(original) = original("NIXSEAL_RAGENIX") {
        Suite::peer(RAGENIX, &[("ragenix", original)])
            .tools(&["nix"])
            .variable("RUST_BACKTRACE", "0")
            .run();
    }
}

/// The original is no part of what tests install: its licence and its needs
/// are its own. Whoever has it can name it.
fn original(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        println!("{variable} names no original to compare with");
    }
    path
}
