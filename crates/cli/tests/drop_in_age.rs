//! `age`, `age-keygen` and `ssh-to-age` by name: what their users and scripts
//! expect, and each deliberate difference.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make files and look at the environment on purpose"
)]

#[path = "drop_in_age/interop.rs"]
mod interop;
#[path = "drop_in_age/leaks.rs"]
mod leaks;
#[path = "drop_in_age/scripts.rs"]
mod scripts;
#[path = "drop_in_age/streaming.rs"]
mod streaming;

use std::process::Command;

use nixseal_testkit::{Workdir, peers};

/// Our `name`, to be run in `work`.
fn ours(work: &Workdir, name: &str) -> Command {
    let mut command = work.command(env!("CARGO_BIN_EXE_nixseal"));
    command.arg(name);
    command
}

/// The real `name`, to be run in `work`.
fn real(work: &Workdir, name: &str) -> Command {
    work.command(peers::program(name))
}

/// So many bytes that look random and are the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| next()).collect();
    bytes.truncate(length);
    bytes
}
