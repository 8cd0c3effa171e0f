//! Files that the real `sops` reads what we write, and the other way round.

mod bench;
mod change;
mod config;
mod corpus;
mod cross;
#[path = "../../../document/tests/support/dump.rs"]
mod dump;
mod groups;
mod layout;
mod metadata;
mod openpgp;
mod random;
mod tampering;
