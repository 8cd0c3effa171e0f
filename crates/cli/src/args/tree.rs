//! Commands over many files.

use std::path::PathBuf;

use clap::Args;

use super::{IdentityArgs, RulesArgs};

pub(super) const ROTATE_EXAMPLES: &str = "\
Examples:
  nixseal rotate secrets/prod.yaml           a new data key, all values encrypted anew
  nixseal rotate secrets/*.yaml wifi.age     all of them or none

Who can open the files stays as it is: for that, see `nixseal rekey`. The .age files get the
recipients of their rules.";

#[derive(Args, Debug)]
pub(crate) struct Rotate {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// SOPS files and .age files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
}
