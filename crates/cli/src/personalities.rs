//! The names of other tools that this binary answers to, each with its own
//! arguments, wording and exit codes.
//!
//! A personality is chosen by the name of the program (a link to the binary) or
//! by the first argument: `agenix -r` and `nixseal agenix -r` are the same.

mod age;
mod age_keygen;
mod agenix;
mod go_flags;
mod go_text;
mod ragenix;
mod sops;
mod sops_install_secrets;
mod ssh_to_age;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::context::Context;

/// A tool that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Personality {
    Age,
    AgeKeygen,
    Agenix,
    Ragenix,
    Sops,
    SopsInstallSecrets,
    SshToAge,
}

impl Personality {
    /// All of them, by name.
    pub(crate) const ALL: [(&str, Self); 7] = [
        ("age", Self::Age),
        ("age-keygen", Self::AgeKeygen),
        ("agenix", Self::Agenix),
        ("ragenix", Self::Ragenix),
        ("sops", Self::Sops),
        ("sops-install-secrets", Self::SopsInstallSecrets),
        ("ssh-to-age", Self::SshToAge),
    ];

    /// The one called for; takes its name off `arguments` where it stands there.
    pub(crate) fn of(program: &OsStr, arguments: &mut Vec<OsString>) -> Option<Self> {
        let named = |name: &OsStr| Self::ALL.iter().find(|(other, _)| name == *other);
        if let Some((_, personality)) = Path::new(program).file_name().and_then(named) {
            return Some(*personality);
        }
        let (_, personality) = arguments.first().and_then(|first| named(first))?;
        arguments.remove(0);
        Some(*personality)
    }

    /// Runs it, called as `program`; gives the exit code.
    pub(crate) fn run(self, context: &Context, program: &OsStr, arguments: &[OsString]) -> u8 {
        match self {
            Self::Age => age::run(context, arguments),
            Self::AgeKeygen => age_keygen::run(context, arguments),
            Self::Agenix => agenix::run(context, arguments),
            Self::Ragenix => ragenix::run(context, arguments),
            Self::Sops => sops::run(context, arguments),
            Self::SopsInstallSecrets => sops_install_secrets::run(context, program, arguments),
            Self::SshToAge => ssh_to_age::run(context, arguments),
        }
    }
}
