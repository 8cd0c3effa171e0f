//! `nixseal scan` as typed.

use std::path::PathBuf;

use clap::Args;

use super::{IdentityArgs, RulesArgs};

pub(super) const EXAMPLES: &str = "\
Examples:
  nixseal scan                                 the store, for all secrets of this repository
  nixseal scan --closure ./result              what a build needs when it runs
  nixseal scan --closure /run/current-system --live
      on a host: the running system, for the secrets that are installed there
  nixseal scan . --from token.age --from prod.yaml
      a folder, for the values of these files
  nixseal scan --shapes /etc                   tokens and private keys of any owner; needs no key

Values are looked for as they are, in base64 at all alignments, hex, percent encoding, UTF-16 and
the escapes of JSON, Nix, shells, systemd and XML: in contents, names and targets of links. No value
is ever shown. Short and usual values are listed as not searched for.

Exit codes: 0 nothing found, 3 something found, 1 something could not be read.
A secret of the rules that no key here opens is listed and is no failure; a file of --from is one.";

#[derive(Args, Debug)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Search everything that this path of the store needs when it runs; may be given several
    /// times.
    #[arg(long, value_name = "PATH")]
    pub(crate) closure: Vec<PathBuf>,
    /// Take values from this file instead of the rules: an .age or SOPS file, or a decrypted one;
    /// may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// Take the values that are installed on this host, in /run/agenix, /run/secrets and
    /// /run/secrets-for-users.
    #[arg(long)]
    pub(crate) live: bool,
    /// Take the values that this manifest of `nixseal activate` installed; may be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Vec<PathBuf>,
    /// Search for what looks like a token, a private key or a password hash; needs no key.
    #[arg(long)]
    pub(crate) shapes: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the result as SARIF 2.1.0.
    #[arg(long, conflicts_with = "json")]
    pub(crate) sarif: bool,
    /// Files and folders to search; /nix/store without any.
    pub(crate) paths: Vec<PathBuf>,
}
