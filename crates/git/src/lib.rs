//! Secrets in git: three sides of a file merged by what they say, differences that people can
//! read, and a check of what is about to be committed.
//!
//! Merging and rendering are pure; [`setup`] and [`staged`] run `git`.

mod command;
pub mod files;
pub mod merge;
pub mod setup;
pub mod staged;
pub mod textconv;

pub use command::{Git, GitError};
