//! The command scripts, against ours and against the real tools.

use nixseal_testkit::peers;
use nixseal_testkit::script::Suite;

const NAMES: [&str; 3] = ["age", "age-keygen", "ssh-to-age"];
/// The plugin is a real one for both.
const TOOLS: &[&str] = &["age-plugin-batchpass", "mkfifo", "setpriv"];

fn ours(folder: &str) {
    let binary = env!("CARGO_BIN_EXE_nixseal");
    Suite::ours(folder, binary, &NAMES).tools(TOOLS).run();
}

fn peer(folder: &str, names: &[&str]) {
    let program = |name: &&'static str| (*name, peers::program(name));
    let programs: Vec<_> = NAMES
        .iter()
        .filter(|name| names.contains(name))
        .map(program)
        .collect();
    Suite::peer(folder, &programs).tools(TOOLS).run();
}

#[test]
fn age_of_ours() {
    ours("tests/scripts/age");
}

#[test]
fn age_of_the_peer() {
    peer("tests/scripts/age", &["age", "age-keygen"]);
}

#[test]
fn age_keygen_of_ours() {
    ours("tests/scripts/age-keygen");
}

#[test]
fn age_keygen_of_the_peer() {
    peer("tests/scripts/age-keygen", &["age", "age-keygen"]);
}

#[test]
fn ssh_to_age_of_ours() {
    ours("tests/scripts/ssh-to-age");
}

/// The real one cannot be had everywhere; its answers are kept in the scripts.
#[cfg(feature = "originals")]
#[test]
fn ssh_to_age_of_the_peer() {
    peer("tests/scripts/ssh-to-age", &NAMES);
}
