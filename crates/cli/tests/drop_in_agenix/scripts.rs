//! The command scripts: against ours always, and with the feature `originals`
//! unchanged against the tools that `NIXSEAL_AGENIX` and `NIXSEAL_RAGENIX` name.

use nixseal_testkit::script::Suite;

const AGENIX: &str = "tests/scripts/agenix";
const RAGENIX: &str = "tests/scripts/ragenix";

#[test]
fn agenix_scripts_pass() {
    Suite::ours(AGENIX, env!("CARGO_BIN_EXE_nixseal"), &["agenix"]).run();
}

#[cfg(feature = "originals")]
#[test]
fn agenix_scripts_pass_with_the_original() {
    Suite::peer(AGENIX, &[("agenix", original("NIXSEAL_AGENIX"))]).run();
}

#[test]
fn ragenix_scripts_pass() {
    Suite::ours(RAGENIX, env!("CARGO_BIN_EXE_nixseal"), &["ragenix"]).run();
}

#[cfg(feature = "originals")]
#[test]
fn ragenix_scripts_pass_with_the_original() {
    Suite::peer(RAGENIX, &[("ragenix", original("NIXSEAL_RAGENIX"))])
        .tools(&["nix"])
        .variable("RUST_BACKTRACE", "0")
        .run();
}

/// The original is no part of what tests install: its licence and its needs
/// are its own. Whoever has it can name it.
#[cfg(feature = "originals")]
fn original(variable: &str) -> std::path::PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} names no original to compare with"))
        .into()
}
