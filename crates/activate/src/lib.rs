//! Secrets on a host: what a manifest lists is decrypted into memory-backed generations, and all
//! of it is switched to at once.
//!
//! Data flows one way: [`Manifest`] (what is wanted) → plan (which numbers, which paths) →
//! opened (every encrypted file once, in parallel) → a new generation → links → units. Nothing is
//! changed before everything is decrypted. [`activate`] does all that; [`check`] proves a manifest
//! without keys, [`own`] gives what is installed to its owners, [`status`] reads what the last run
//! left.

mod accounts;
mod activate;

mod changes;
mod check;
mod content;
mod credentials;
mod digest;
mod events;
mod generation;
mod keys;
mod links;
mod manifest;
mod mode;
mod mount;
mod open;
mod own;

mod plan;
mod report;
mod runtime_dir;
mod sops_nix;
mod state;
mod template;
mod tree;
mod units;

pub use accounts::{Accounts, AccountsFile};
pub use activate::{ActivateError, Options, activate};
pub use check::{Finding, check};
pub use events::Events;
pub use manifest::{
    Age, Credential, FIELDS, FileSystem, Identities, Item, ItemSource, Kind, Layout, Logging,
    Manifest, ManifestError, ManifestFormat, Policy, Principal, Secret, Sops, SshKey, Template,
    Tree, UnitsBy,
};
pub use mode::{ModeError, SymbolicMode};
pub use own::own;
pub use report::{Entry, Outcome, Report, Status, TreeReport, status};
pub use sops_nix::{CheckMode, Rim, check as check_sops_nix};
