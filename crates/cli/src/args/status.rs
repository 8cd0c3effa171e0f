//! `nixseal status`.

use std::path::PathBuf;

use clap::Args;

use super::{IdentityArgs, RulesArgs};

pub(super) const EXAMPLES: &str = "\
Examples:
  nixseal status                        one line a file: its state, can I open it, who can
  nixseal status --matrix               who can read what: x yes, + after a rekey, - still, ? by rule
  nixseal status --recipient alice      what alice can open, ever could, and what to give anew
  nixseal status --age --older-than 1y  values that are older than a year, oldest first
  nixseal status --unused               rules without a file, files without a rule, unused secrets
  nixseal status --html status.html     all of it as one page; no values in it, nothing from elsewhere

No key is needed. --recipient and --age read the history of the commit that is checked out, all
sides of merges included. Whether a configuration uses a secret is told by the name of its file in
the text of .nix files.";

#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Print JSON instead of tables.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show files against recipients.
    #[arg(long)]
    pub(crate) matrix: bool,
    /// Show what one recipient can open, and ever could: a name in the rules, of now or of the
    /// past, a public key, or an OpenPGP fingerprint.
    #[arg(long, value_name = "NAME|KEY")]
    pub(crate) recipient: Option<String>,
    /// Show how old each value is, oldest first.
    #[arg(long)]
    pub(crate) age: bool,
    /// Only values that are, or may be, older: 180d, 26w, 2y.
    #[arg(long, value_name = "TIME", value_parser = days)]
    pub(crate) older_than: Option<u32>,
    /// Show rules without a file, files without a rule, and secrets that no .nix file names.
    #[arg(long)]
    pub(crate) unused: bool,
    /// Write all of it as one HTML page; `-` is standard output.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "files"])]
    pub(crate) html: Option<PathBuf>,
    /// Only these secrets, or for the views those in these folders.
    pub(crate) files: Vec<PathBuf>,
}

impl Status {
    /// Whether more is asked for than the state of files.
    pub(crate) fn has_views(&self) -> bool {
        self.matrix
            || self.unused
            || self.html.is_some()
            || self.recipient.is_some()
            || self.shows_age()
    }

    /// Whether ages are asked for.
    pub(crate) fn shows_age(&self) -> bool {
        self.age || self.older_than.is_some()
    }
}

/// A time such as `180d`, in days.
fn days(text: &str) -> Result<u32, String> {
    let units = [("d", 1), ("w", 7), ("y", 365)];
    let found = units.iter().find_map(|(unit, days)| {
        let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*days)
    });
    found.ok_or_else(|| "write a number and d, w or y, such as 180d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_weeks_or_years() {
        assert_eq!(days("180d"), Ok(180));
        assert_eq!(days("2w"), Ok(14));
        assert_eq!(days("1y"), Ok(365));
        for wrong in ["", "d", "180", "-1d", "1m", "99999999999d", "4000000000y"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }
}
