//! ragenix's command line.
//!
//! Options, their spelling and what excludes what are those of ragenix. Added
//! are `-d`, `--refuse-empty` and files for `-r`; an editor is not required,
//! since there is always one to fall back to.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgGroup, CommandFactory as _, Parser};

/// Edit and rekey age-encrypted secrets as ragenix does.
#[derive(Debug, Parser)]
#[command(
    name = "ragenix",
    version = concat!("0.1.0 (nixseal ", env!("CARGO_PKG_VERSION"), ")"),
    group(ArgGroup::new("action").args(["edit", "decrypt", "rekey", "schema"]).required(true)),
    max_term_width = 100
)]
pub(super) struct Arguments {
    /// Open FILE in the editor and encrypt what comes out
    #[arg(short, long, value_name = "FILE")]
    pub(super) edit: Option<PathBuf>,
    /// Print the content of FILE
    #[arg(short, long, value_name = "FILE")]
    pub(super) decrypt: Option<PathBuf>,
    /// Encrypt all secrets, or the FILES, anew to the recipients of their rules
    #[arg(short, long)]
    pub(super) rekey: bool,
    /// Private keys to try before the default ones
    #[arg(short, long, value_name = "PRIVATE_KEY", num_args = 1..)]
    pub(super) identity: Vec<PathBuf>,
    /// Print the rules that are used
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Print the JSON schema that rules have to conform to
    #[arg(short, long)]
    pub(super) schema: bool,
    /// Editor command; `-` reads the new content from standard input
    /// [env: EDITOR, then VISUAL, then vi]
    #[arg(long, value_name = "EDITOR")]
    pub(super) editor: Option<OsString>,
    /// Path of the rules file [env: RULES] [default: ./secrets.nix]
    #[arg(long, value_name = "RULES")]
    pub(super) rules: Option<PathBuf>,
    /// Never replace a secret by nothing
    #[arg(long)]
    pub(super) refuse_empty: bool,
    /// Secrets to rekey
    #[arg(value_name = "FILES")]
    pub(super) files: Vec<PathBuf>,
}

impl Arguments {
    /// The same arguments, if files stand only where they mean something.
    pub(super) fn checked(self) -> Result<Self, clap::Error> {
        match self.files.first() {
            Some(file) if !self.rekey => {
                let message = format!("unexpected argument '{}' found", file.display());
                let mut command = Self::command();
                Err(command.error(ErrorKind::UnknownArgument, message))
            }
            _ => Ok(self),
        }
    }
}
