//! `nixseal activate`.

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  nixseal activate MANIFEST             install what it lists
  nixseal activate --check MANIFEST     prove it without keys: exit 3 and every fault at once
  nixseal activate --dry-run MANIFEST   say what would change
  nixseal activate --status MANIFEST    what the last run did

The NixOS modules write the manifest and run this; docs/reference/manifest.md describes it. A
manifest of sops-nix is taken as well. Secrets that fail keep their previous value, the others are
installed, and the exit code is 1.";

/// Arguments of `activate`.
#[derive(Args, Debug)]
pub(crate) struct Activate {
    /// Check the manifest and its files without keys and without installing; exits 3 on faults.
    #[arg(long, group = "mode")]
    pub(crate) check: bool,
    /// Say what would be installed, changed and removed, and do nothing.
    #[arg(long, group = "mode")]
    pub(crate) dry_run: bool,
    /// Set owners and groups of what is installed, once users exist, and nothing else.
    #[arg(long, group = "mode")]
    pub(crate) own: bool,
    /// Show what the last run installed, kept or could not install; exits 3 if something failed.
    #[arg(long, group = "mode")]
    pub(crate) status: bool,
    /// Look up no users: everything belongs to root until a run with --own.
    #[arg(long, conflicts_with_all = ["own", "status"])]
    pub(crate) ignore_passwd: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// The manifest.
    pub(crate) manifest: PathBuf,
}
