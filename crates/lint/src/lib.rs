//! Finds secrets that Nix files would put into the store, which everybody can read.
//!
//! [`lint_text`] looks at one text: its tree, with places and comments and without evaluating
//! anything. [`run`](run::run) does so for many files, and looks at what else lies in the repository.
//! [`rule`] has what is looked for and why; [`sarif`] and [`json`] write findings for programs. No
//! finding ever holds a value.

mod allow;
mod beside;
mod files;
mod finding;
pub mod json;
mod lint;
pub mod options;
pub mod rule;
mod rules;
pub mod run;
pub mod sarif;
pub mod shapes;
mod source;
mod tree;
pub mod value;
mod walk;
pub mod words;

pub use files::{Nowhere, Surroundings};
pub use finding::{Finding, Place};
pub use lint::{Declaration, Report, lint_text, report};
pub use run::on_big_stack;
pub use source::Text;
