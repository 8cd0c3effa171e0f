//! Arguments of `nixseal check`.

use std::path::PathBuf;

use clap::Args;

use super::RulesArgs;

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  nixseal check                         the whole repository; needs no key
  nixseal check hosts secrets/db.age    only what is found in these
  nixseal check --fix                   mend the lock, modes and .gitignore first
  nixseal check --manifest result.json  also whether the host can open its secrets
  nixseal check --sarif > check.sarif   for code scanning

It finds rules that cannot be used, files that are missing, in clear or encrypted to others than
their rules say, files without a rule, declared secrets without a file, and all that `nixseal
lint` finds. Exit code 3 if anything is found.";

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    /// Manifest of a host: its secrets must be encrypted to one of its hostPublicKeys.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Vec<PathBuf>,
    /// First mend what needs no key: entries of the lock, modes, lines of .gitignore. Never rekeys.
    #[arg(long)]
    pub(crate) fix: bool,
    /// Print the findings as JSON.
    #[arg(long, conflicts_with = "sarif")]
    pub(crate) json: bool,
    /// Print the findings as SARIF 2.1.0.
    #[arg(long)]
    pub(crate) sarif: bool,
    /// Report only what is found in these files or folders.
    pub(crate) paths: Vec<PathBuf>,
}
