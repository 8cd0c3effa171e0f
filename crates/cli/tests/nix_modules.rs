//! The Nix modules: evaluated with the real Nix over stand-ins for NixOS, nix-darwin and home-manager, and what they
//! generate, run with the real program.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make and break files on purpose, in folders of their own"
)]

#[path = "nix_modules/agenix.rs"]
mod agenix;
#[path = "nix_modules/docs.rs"]
mod docs;
#[path = "nix_modules/evaluation.rs"]
mod evaluation;
#[path = "nix_modules/flake.rs"]
mod flake;
#[path = "nix_modules/helpers.rs"]
mod helpers;
#[path = "nix_modules/machine.rs"]
mod machine;
#[path = "nix_modules/manifests.rs"]
mod manifests;
#[path = "nix_modules/nix.rs"]
mod nix;
#[path = "nix_modules/refused.rs"]
mod refused;
#[path = "nix_modules/sops_nix.rs"]
mod sops_nix;
#[path = "nix_modules/sops_nix_elsewhere.rs"]
mod sops_nix_elsewhere;
#[path = "nix_modules/store_scan.rs"]
mod store_scan;
#[path = "nix_modules/together.rs"]
mod together;
