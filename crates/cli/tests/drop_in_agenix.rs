//! `agenix` and `ragenix` by name: what their users, scripts and own tests
//! expect, and each deliberate difference.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests prepare files on purpose, in folders of their own, and say what they skip"
)]

#[path = "drop_in_agenix/differences.rs"]
mod differences;
#[path = "drop_in_agenix/home.rs"]
mod home;
#[path = "drop_in_agenix/leaks.rs"]
mod leaks;
#[path = "drop_in_agenix/prompts.rs"]
mod prompts;
#[path = "drop_in_agenix/ragenix.rs"]
mod ragenix;
#[path = "drop_in_agenix/ragenix_checks.rs"]
mod ragenix_checks;
#[path = "drop_in_agenix/ragenix_differences.rs"]
mod ragenix_differences;
#[path = "drop_in_agenix/scripts.rs"]
mod scripts;
#[path = "drop_in_agenix/upstream.rs"]
mod upstream;
