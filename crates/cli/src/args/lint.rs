//! Arguments of `nixseal lint`.

use std::path::PathBuf;

use clap::Args;

pub(super) const LINT_EXAMPLES: &str = "\
Examples:
  nixseal lint                        all files that git tracks or would add, from here on
  nixseal lint modules flake.nix      only these
  nixseal lint --rules                what is looked for, and why
  nixseal lint --sarif > lint.sarif   for code scanning

A finding that is meant: # nixseal: allow RULE REASON, behind it or on the line before.
Exit code 3 if anything is found; no value is ever printed.";

#[derive(Args, Debug)]
pub(crate) struct Lint {
    /// Print the findings as JSON.
    #[arg(long, conflicts_with = "sarif")]
    pub(crate) json: bool,
    /// Print the findings as SARIF 2.1.0.
    #[arg(long)]
    pub(crate) sarif: bool,
    /// Print all rules instead.
    #[arg(long, conflicts_with_all = ["json", "sarif", "paths"])]
    pub(crate) rules: bool,
    /// Files, or folders with all that is in them; the current folder without any.
    pub(crate) paths: Vec<PathBuf>,
}
