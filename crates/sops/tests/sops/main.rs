//! Files that the real `sops` reads what we write, and the other way round.

mod bench;
mod change;
mod config;
mod corpus;
mod cross;
#[path = "../../../document/tests/support/dump.rs"]
mod dump;
mod every_byte;
mod groups;
mod halves;
mod layout;
#[path = "../../../document/tests/support/layout.rs"]
mod layout_of_texts;
mod metadata;
mod openpgp;
mod random;
mod tampering;
