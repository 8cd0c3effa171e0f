//! Secrets in git: three sides of a file merged by what they say, differences that people can
//! read, a check of what is about to be committed, and what the history tells.
//!
//! Merging and rendering are pure; [`setup`], [`staged`] and [`history`] run `git`.

mod command;
pub mod files;
pub mod history;
pub mod merge;
pub mod setup;
pub mod staged;
pub mod textconv;

pub use command::{Git, GitError};
