//! What every other crate stands on, without knowledge of any secret format:
//! secret bytes, the only writer of files, spans and diagnostics, the table of
//! environment variables, prompts and child processes.

pub mod clock;
pub mod diag;
pub mod editor;
pub mod env;
pub mod fs;
pub mod memory_file;
pub mod private_dir;
pub mod process;
pub mod prompt;
pub mod secret;
pub mod span;
