//! Manifests in, trees out, with files that the real `age` and `sops` wrote.

mod check;
mod home;
mod runs;
mod schema;
