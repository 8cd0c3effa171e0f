//! The command line as typed.

mod activate;
mod convert;
mod exec;
mod git;
mod secret;
mod tree;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::activate::Activate;
pub(crate) use self::convert::Convert;
pub(crate) use self::exec::Exec;
pub(crate) use self::git::{Git, GitMerge, GitSetup, GitTextconv};
pub(crate) use self::secret::{Edit, Generator, Set, Show, Type, Unset};
pub(crate) use self::tree::Rotate;

const EXAMPLES: &str = "\
Examples:
  nixseal init                          write secrets.nix for your own key and this host
  nixseal init --sops                   the same as .sops.yaml, for SOPS files
  nixseal edit secrets/wifi.age         create or edit a secret in your editor
  nixseal show secrets/wifi.age         print it
  nixseal set secrets/db.age --generate password
  nixseal rekey --check                 exit 3 if a file does not fit its rule
  nixseal rekey                         bring every file in line with the rules
  nixseal status                        who can read what

Also under other names: a link called agenix, ragenix, sops, age, age-keygen,
sops-install-secrets or ssh-to-age, or `nixseal sops …`, behaves as that tool.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check found something.";

/// Secrets for NixOS that never reach the store.
#[derive(Debug, Parser)]
#[command(name = "nixseal", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create or edit a secret in your editor; plaintext stays in memory.
    #[command(after_help = secret::EDIT_EXAMPLES)]
    Edit(Edit),
    /// Print a secret, or one value of a SOPS file.
    #[command(visible_alias = "cat", after_help = secret::SHOW_EXAMPLES)]
    Show(Show),
    /// Give a secret, or one value of a SOPS file, a value from standard input or a generator.
    #[command(after_help = secret::SET_EXAMPLES)]
    Set(Set),
    /// Take one value out of a SOPS file.
    Unset(Unset),
    /// Bring files in line with their rules; only what changed is rewritten.
    #[command(after_help = REKEY_EXAMPLES)]
    Rekey(Rekey),
    /// Give files new data keys: every value is encrypted anew.
    #[command(after_help = tree::ROTATE_EXAMPLES)]
    Rotate(Rotate),
    /// Show who can read what, whether you can, and what has drifted.
    Status(Status),
    /// Turn SOPS files into other formats, and .age files into SOPS files and back.
    #[command(after_help = convert::EXAMPLES)]
    Convert(Convert),
    /// Run a command with secrets in its environment or in files in memory.
    #[command(after_help = exec::EXAMPLES)]
    Exec(Exec),
    /// Install the secrets of a manifest on this host.
    #[command(after_help = activate::EXAMPLES)]
    Activate(Activate),
    /// Encrypt any file to given recipients.
    Encrypt(Encrypt),
    /// Decrypt any age file.
    Decrypt(Decrypt),
    /// Make and convert keys.
    #[command(subcommand)]
    Key(Key),
    /// Write a first secrets.nix, or .sops.yaml, for your key and this host's.
    Init(Init),
    /// Print the rules as they are understood.
    Rules(RulesCommand),
    /// Print the completion script of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command into a folder.
    Man {
        /// Folder for the pages.
        folder: Option<PathBuf>,
    },
    /// Merge, compare and check encrypted files in git.
    #[command(subcommand)]
    Git(Git),
    /// Walk through the whole flow in a temporary folder.
    Tour(Tour),
}

const REKEY_EXAMPLES: &str = "\
Examples:
  nixseal rekey                    every file whose recipients differ from its rule
  nixseal rekey secrets/wifi.age   only this one; a folder: all in it
  nixseal rekey --check            change nothing, need no key, exit 3 on drift
  nixseal rekey --dry-run          show what would be done

The rules of .age files are in secrets.nix, those of SOPS files in .sops.yaml; where there are both,
one run does both, and all files are replaced or none. A SOPS file gets the keys, key groups,
threshold and choice of values of its creation rule, and a new data key when somebody leaves. The
check also tells what is wrong or odd in .sops.yaml, and which files are in clear.";

/// Where the rules are.
#[derive(Args, Debug)]
pub(crate) struct RulesArgs {
    /// Rules file (secrets.nix or .sops.yaml); else RULES or SOPS_CONFIG, else found upwards from
    /// the file and from here.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) rules: Option<PathBuf>,
}

/// What opens secrets.
#[derive(Args, Debug)]
pub(crate) struct IdentityArgs {
    /// Identity file: age keys or an SSH private key; `-` is standard input.
    /// Without any, keys are looked for where age, agenix and sops keep them.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
    /// A command that prints identities.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) identity_command: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Rekey {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Only compare; needs no key, changes nothing, exits 3 on drift.
    #[arg(long, conflicts_with_all = ["dry_run", "force"])]
    pub(crate) check: bool,
    /// Show what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Encrypt anew also what is in line.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only these secrets, or those in these folders.
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only these secrets.
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Encrypt {
    /// Recipient; may be given several times.
    #[arg(short, long, value_name = "RECIPIENT")]
    pub(crate) recipient: Vec<String>,
    /// File of recipients, one a line.
    #[arg(short = 'R', long, value_name = "FILE")]
    pub(crate) recipients_file: Vec<PathBuf>,
    /// Encrypt with a passphrase that is asked for.
    #[arg(short, long, conflicts_with_all = ["recipient", "recipients_file"])]
    pub(crate) passphrase: bool,
    /// Write text (PEM) instead of bytes.
    #[arg(short, long)]
    pub(crate) armor: bool,
    /// Where to write; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What to encrypt; standard input without it.
    pub(crate) input: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Decrypt {
    #[command(flatten)]
    pub(crate) identities: IdentityArgs,
    /// Where to write (mode 0600); standard output without it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What to decrypt; standard input without it.
    pub(crate) input: Option<PathBuf>,
}

/// Keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a new key; its public half goes to standard error.
    New {
        /// Which kind.
        #[arg(long, value_name = "KIND", default_value = "age")]
        kind: KeyKind,
        /// Protect it with a passphrase that is asked for.
        #[arg(long)]
        passphrase: bool,
        /// Comment of an SSH key.
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
        /// Where to write (mode 0600, never over an existing file); an SSH key
        /// also gets its `.pub` there. Standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the recipients of identities: age key files or SSH keys.
    Public {
        /// Identity files; standard input without any.
        files: Vec<PathBuf>,
    },
    /// Turn an SSH key into an age key (ed25519): a public one into a recipient,
    /// a private one into an identity; or into an OpenPGP key (RSA).
    FromSsh {
        /// Where to write (mode 0600); standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Turn a private key into an identity instead of a recipient.
        #[arg(long)]
        private: bool,
        /// Turn a private RSA key into an OpenPGP key, as ssh-to-pgp does: print
        /// its public half, or with --private the private one; the fingerprint
        /// goes to standard error.
        #[arg(long)]
        pgp: bool,
        /// An SSH key, public or private; standard input without it.
        file: Option<PathBuf>,
    },
}

/// Kinds of keys that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyKind {
    /// An age identity (`age1…`).
    Age,
    /// A post-quantum age identity (`age1pq1…`).
    AgePq,
    /// An OpenSSH ed25519 key.
    SshEd25519,
}

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Recipient as NAME=KEY; the key may also be a file.
    #[arg(short, long, value_name = "NAME=KEY")]
    pub(crate) recipient: Vec<String>,
    /// A secret to list; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Vec<String>,
    /// Write a .sops.yaml, for SOPS files, instead.
    #[arg(long)]
    pub(crate) sops: bool,
    /// Keep SSH keys as they are; else .sops.yaml gets what ssh-to-age makes of ed25519 keys,
    /// which is what hosts with sops-nix look for.
    #[arg(long, requires = "sops")]
    pub(crate) keep_ssh: bool,
    /// Where to write the rules; else secrets.nix, or .sops.yaml.
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct RulesCommand {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the value of the file as JSON and nothing more, just as
    /// `nix-instantiate --eval --strict --json` does, without Nix.
    #[arg(long, conflicts_with = "json")]
    pub(crate) value: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Tour {
    /// Wait for the enter key after each step.
    #[arg(long)]
    pub(crate) pause: bool,
    /// Keep the folder and say where it is.
    #[arg(long)]
    pub(crate) keep: bool,
}
