//! `nixseal convert` as typed.

use std::path::PathBuf;

use clap::Args;

use super::{IdentityArgs, RulesArgs};

pub(super) const EXAMPLES: &str = "\
Examples:
  nixseal convert app.env app.yaml                   a SOPS file in another format
  nixseal convert secrets/*.age secrets/all.yaml     .age files as the values of one SOPS file
  nixseal convert secrets/all.yaml secrets/          a SOPS file as one .age file a value
  nixseal convert --dry-run --remove x.age x.yaml    say what would be written and removed

Who can open the secrets stays the same: .age files must have the same recipients to become one
file, and rules are written for what is new, into .sops.yaml or a new secrets.nix. What cannot be
carried is refused, with its key. Originals stay unless --remove is given.";

#[derive(Args, Debug)]
pub(crate) struct Convert {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Format of the new SOPS file: binary, dotenv, ini, json or yaml; else by its name.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<String>,
    /// Remove the originals afterwards.
    #[arg(long)]
    pub(crate) remove: bool,
    /// Show what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// One SOPS file, or .age files; then the new file, or a folder for .age files.
    #[arg(required = true, num_args = 2.., value_names = ["SOURCE", "TARGET"])]
    pub(crate) files: Vec<PathBuf>,
}
