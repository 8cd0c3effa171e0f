//! Arguments of the commands on single secrets.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "help texts speak of paths such as a.b[0]"
)]

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use nixseal_document::Format;

use super::{IdentityArgs, RulesArgs};

pub(super) const EDIT_EXAMPLES: &str = "\
Examples:
  nixseal edit secrets/wifi.age
  nixseal edit secrets/secrets.yaml         (a SOPS file, or a new one that .sops.yaml covers)
  EDITOR='code --wait' nixseal edit secrets/wifi.age
  nixseal edit -i ~/.ssh/work_ed25519 secrets/wifi.age";

pub(super) const SHOW_EXAMPLES: &str = "\
Examples:
  nixseal show secrets/wifi.age
  nixseal show secrets/secrets.yaml                     (with its comments and layout)
  nixseal show secrets/secrets.yaml --key db.users[0]   (one value, exactly its bytes)
  nixseal show secrets/secrets.yaml --json";

pub(super) const SET_EXAMPLES: &str = "\
Examples:
  printf %s \"$token\" | nixseal set secrets/token.age
  printf %s \"$token\" | nixseal set secrets/secrets.yaml db.token
  nixseal set secrets/secrets.yaml db.password --generate password
  echo '[1, 2]' | nixseal set secrets/secrets.yaml ports --json-value
  nixseal set secrets/db.age --generate password --length 40
  nixseal set secrets/wg.age --generate wireguard      (prints the public key)";

#[derive(Args, Debug)]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Editor command; else VISUAL, EDITOR, vi.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) editor: Option<String>,
    /// The secret: an age file, or a SOPS file.
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    /// Only the value at this path: a.b[0], or "key.with.dots".c.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) key: Option<String>,
    /// Print in this format (binary, dotenv, ini, json, yaml) instead of the file's own.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) output_format: Option<Format>,
    /// Print JSON, single values too: for scripts.
    #[arg(long, conflicts_with = "output_format")]
    pub(crate) json: bool,
    /// Format of the file, where its name and content do not tell.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input_format: Option<Format>,
    /// Print also what was changed without sops.
    #[arg(long)]
    pub(crate) ignore_mac: bool,
    /// The secret: an age file, or a SOPS file.
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Set {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Make the value instead of reading it.
    #[arg(long, value_name = "KIND")]
    pub(crate) generate: Option<Generator>,
    /// Length of a password in characters, of hex and base64 in bytes, of a
    /// passphrase in words.
    #[arg(long, value_name = "N", requires = "generate")]
    pub(crate) length: Option<usize>,
    /// Type of the value; else that of the value it replaces, else a string.
    #[arg(long = "type", value_name = "TYPE", requires = "key")]
    pub(crate) kind: Option<Type>,
    /// What comes in is JSON: a map, a list or a single value with its type.
    #[arg(long, requires = "key", conflicts_with_all = ["generate", "kind", "trim"])]
    pub(crate) json_value: bool,
    /// Do nothing when the file, or the value in it, exists.
    #[arg(long)]
    pub(crate) if_missing: bool,
    /// Take one line end off what comes in.
    #[arg(long, conflicts_with = "generate")]
    pub(crate) trim: bool,
    /// Let an empty value replace one that is not.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// The secret: an age file, or a SOPS file.
    pub(crate) file: PathBuf,
    /// The value in a SOPS file: a.b[0]; maps on the way are made.
    pub(crate) key: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Unset {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Do nothing when the value is not there.
    #[arg(long)]
    pub(crate) if_present: bool,
    /// The SOPS file.
    pub(crate) file: PathBuf,
    /// The value: a.b[0].
    pub(crate) key: String,
}

/// Types of single values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Type {
    /// True or false.
    Bool,
    /// A number with a fraction.
    Float,
    /// A whole number.
    Int,
    /// Text.
    String,
    /// A date, or a date and a time.
    Timestamp,
}

/// Kinds of values that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generator {
    /// Letters and digits.
    Password,
    /// Random bytes as hexadecimal digits.
    Hex,
    /// Random bytes as base64.
    Base64,
    /// Words.
    Passphrase,
    /// An OpenSSH private key; its public key is printed.
    SshEd25519,
    /// An age identity; its recipient is printed.
    Age,
    /// A WireGuard private key; its public key is printed.
    Wireguard,
}
