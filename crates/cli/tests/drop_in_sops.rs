//! `sops` by name: what its users and scripts expect, files that go both ways, and what must not
//! be lost or leak.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make files and look at the environment on purpose"
)]

#[path = "drop_in_sops/faults.rs"]
mod faults;
#[path = "drop_in_sops/interop.rs"]
mod interop;
#[path = "drop_in_sops/leaks.rs"]
mod leaks;
#[path = "drop_in_sops/scripts.rs"]
mod scripts;

use std::process::Command;

use nixseal_testkit::{Workdir, keys, peers};

/// Our `sops`, to be run in `work`.
fn ours(work: &Workdir) -> Command {
    let mut command = work.command(env!("CARGO_BIN_EXE_nixseal"));
    command.arg("sops");
    with_key(command, work)
}

/// The real `sops`, to be run in `work`.
fn real(work: &Workdir) -> Command {
    with_key(work.command(peers::sops()), work)
}

fn with_key(mut command: Command, work: &Workdir) -> Command {
    command.env("SOPS_AGE_KEY_FILE", work.join("key.txt"));
    command
}

/// A folder with a key, and a rule that encrypts to it.
fn folder() -> Workdir {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key.txt").recipient;
    work.write(
        ".sops.yaml",
        format!("creation_rules:\n  - age: {recipient}\n"),
    );
    work
}
