//! For tests only: the real tools we compare with, private work folders,
//! commands on a terminal, command scripts, keys made by the real tools, a
//! search for leaked plaintext and ways to make things fail.
//!
//! Everything here panics with a full explanation when something is not as a
//! test needs it: a test that cannot run has failed.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make and break files on purpose, in folders of their own"
)]

pub mod documents;
pub mod faults;
pub mod gnupg;
pub mod host;
pub mod keys;
pub mod leaks;
pub mod oracle;
pub mod peers;
pub mod pty;
pub mod random;
pub mod reference;
pub mod script;
pub mod workdir;

pub use host::Host;
pub use random::Random;
pub use workdir::Workdir;
