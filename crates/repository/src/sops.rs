//! SOPS files: what a file is, its rules, its keys, and changing it as a whole.
//!
//! [`SopsRules`] are a `.sops.yaml` and where it was found, [`SopsKeys`] all keys of a run,
//! [`SopsFile`] a file that was read and parsed once. Everything is opened through those two,
//! so that each key is unlocked once however many files there are. [`discover`] finds the files
//! of a tree that rules are for, [`plan`](mod@plan) compares them, [`apply`] brings them in
//! line.

pub mod apply;
pub mod discover;
mod drift;
mod edit;
mod error;
mod file;
mod keys;
mod kind;
pub mod plan;
mod rules;
mod write;

pub use drift::{SopsDrift, drift, owner_label};
pub use edit::{SopsEditTools, SopsEdited, SopsSubject, edit};
pub use error::SopsError;
pub use file::{NewSopsFile, OpenSopsFile, SopsFile};
pub use keys::SopsKeys;
pub use kind::{Found, is_age_name, named_format};
pub use rules::SopsRules;
pub use write::Sealed;
