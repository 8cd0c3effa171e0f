//! Arguments of `nixseal git`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::IdentityArgs;

const SETUP_EXAMPLES: &str = "\
Examples:
  nixseal git setup                   for *.age and the SOPS files of this repository
  nixseal git setup 'secrets/*'       for these patterns, as in .gitattributes
  nixseal git setup --values          git diff shows values, not only that they changed
  nixseal git setup --undo            take all of it out again

Merging needs your key; masked differences and the check before a commit need none.
Each clone is set up by itself: git does not take settings from a repository.";

/// Encrypted files in git.
#[derive(Debug, Subcommand)]
pub(crate) enum Git {
    /// Make git merge encrypted files by their values, show them readably, and check commits.
    #[command(after_help = SETUP_EXAMPLES)]
    Setup(GitSetup),
    /// Check what is staged: nothing that rules cover may be in clear. Run by the hook.
    Check,
    /// Merge driver: merges three versions of a file into the second one. Run by git.
    Merge(GitMerge),
    /// Print an encrypted file with its secrets masked. Run by git diff.
    Textconv(GitTextconv),
}

#[derive(Args, Debug)]
pub(crate) struct GitSetup {
    /// Show values in differences on this machine; they are masked without it.
    #[arg(long)]
    pub(crate) values: bool,
    /// Do not install the check before commits.
    #[arg(long)]
    pub(crate) no_hook: bool,
    /// Take out settings, attributes and hook.
    #[arg(long, conflicts_with_all = ["values", "no_hook", "patterns"])]
    pub(crate) undo: bool,
    /// Which files are encrypted, as patterns of .gitattributes; found by the rules without any.
    pub(crate) patterns: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct GitMerge {
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// The common ancestor (%O).
    pub(crate) base: PathBuf,
    /// Our version, which becomes the result (%A).
    pub(crate) ours: PathBuf,
    /// The other version (%B).
    pub(crate) theirs: PathBuf,
    /// The file's path in the work tree (%P); that of our version without it.
    pub(crate) path: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct GitTextconv {
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Print the values; needs your key.
    #[arg(long)]
    pub(crate) values: bool,
    /// The file.
    pub(crate) file: PathBuf,
}
