//! A folder of secrets: its rules, its files and its lock.
//!
//! Data flows one way: [`locate`] finds the rules, [`Repository`] joins them
//! with the lock, [`rekey::plan`] compares files with rules, [`rekey::apply`]
//! and [`edit`] change files through one batch. SOPS files are in [`sops`].

pub mod drift;
pub mod edit;
pub mod generate;
pub mod holders;
pub mod locate;
pub mod lock;
pub mod loose;
pub mod matrix;
pub mod rekey;
mod repository;
mod secret;
pub mod sops;

pub use repository::{Preference, Repository, Resolved, Rule, RuleKey};
pub use secret::{EncryptedFile, FILE_LIMIT, FileState, Reader, Secret};
