//! `nixseal activate` and `sops-install-secrets` on machines of their own: a
//! manifest goes in, and everything that it leaves behind is looked at.
//!
//! What must be as with the originals is in cases that run against ours always,
//! and with the feature `originals` against the program that
//! `NIXSEAL_SOPS_INSTALL_SECRETS` names and the module that
//! `NIXSEAL_AGENIX_MODULE` names (with nixpkgs' `lib` in `NIXPKGS_LIB`).

#![allow(
    clippy::disallowed_methods,
    reason = "tests prepare files on purpose, in places of their own"
)]

/// A case for each installer: `ours` always, `original` with the feature.
macro_rules! parity {
    ($($(#[$meta:meta])* fn $name:ident($installer:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "not every case needs all")]
            use super::*;

            $(#[$meta])*
            fn case($installer: $crate::installer::Installer) $body

            #[test]
            fn ours() {
                case($crate::installer::Installer::Ours);
            }

            #[cfg(feature = "originals")]
            #[test]
            fn original() {
                case($crate::installer::Installer::Original);
            }
        }
    )*};
}

#[path = "activation/agenix.rs"]
mod agenix;
#[path = "activation/decryption.rs"]
mod decryption;
#[path = "activation/flags.rs"]
mod flags;
#[path = "activation/generations.rs"]
mod generations;
#[path = "activation/identities.rs"]
mod identities;
#[path = "activation/installer.rs"]
mod installer;
#[path = "activation/links.rs"]
mod links;
#[path = "activation/mounts.rs"]
mod mounts;
#[path = "activation/own/mod.rs"]
mod own;
#[path = "activation/scene.rs"]
mod scene;
#[path = "activation/templates.rs"]
mod templates;
#[path = "activation/units.rs"]
mod units;
#[path = "activation/upstream_sops.rs"]
mod upstream_sops;
#[path = "activation/user_mode.rs"]
mod user_mode;
#[path = "activation/validation.rs"]
mod validation;
