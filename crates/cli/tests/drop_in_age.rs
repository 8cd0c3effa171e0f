//! `age`, `age-keygen` and `ssh-to-age` by name: what their users and scripts
//! expect, and each deliberate difference.

#[path = "drop_in_age/scripts.rs"]
mod scripts;
