//! The rules of agenix and ragenix: `secrets.nix`, an attribute set from file
//! names to `{ publicKeys = [ … ]; armor = true; }`.
//!
//! The file is evaluated once, inside of this process. As with agenix, entries
//! are lazy: a mistake in one of them breaks that one only. Where the evaluator
//! meets something that it does not support, Nix itself is asked, once for all
//! entries, if it is installed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_base::diag::{Diagnostic, Source};
use nixseal_base::env::Environment;
use nixseal_base::span::Span;

use crate::eval::{NixError, PastFiles, with_files, with_machine};

mod fallback;
mod names;
mod read;
mod render;

pub use read::is_about_a_key;
pub use render::{NewRecipient, NewRule, render};

/// A rules file, evaluated.
#[derive(Debug)]
pub struct Rules {
    /// The file, as the caller named it.
    pub path: PathBuf,
    /// The entries that could be read, in the order of their names by bytes, as
    /// Nix lists attributes.
    pub entries: Vec<Rule>,
    /// The entries that could not, in the same order.
    pub broken: Vec<BrokenRule>,
    /// Who evaluated the file.
    pub evaluator: Evaluator,
    /// What `builtins.trace` and `builtins.warn` said.
    pub traces: Vec<String>,
}

/// One entry of a rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The attribute's name, which names the file.
    pub name: String,
    /// Who may read it, in the order of the file and each once. agenix takes an
    /// empty list for no rule at all.
    pub public_keys: Vec<PublicKey>,
    /// Whether the file shall be armored, where the entry says so.
    pub armor: Option<bool>,
    /// Where the entry stands; unknown where Nix evaluated the file.
    pub place: Option<(Arc<Source>, Span)>,
}

/// An entry that could not be evaluated or is not what it has to be.
#[derive(Clone, Debug)]
pub struct BrokenRule {
    /// The attribute's name.
    pub name: String,
    /// Why.
    pub error: RulesError,
    /// Where the entry stands.
    pub place: Option<(Arc<Source>, Span)>,
}

/// A recipient as the rules file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// One line, without spaces around it.
    pub text: Arc<str>,
    /// What the rules file and those it imports call it, best first: variables
    /// such as `alice`, then paths such as `users.alice`.
    pub names: Arc<[String]>,
}

/// Who evaluated a rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluator {
    /// The one in this process.
    Native,
    /// `nix-instantiate`, because the one in this process could not.
    NixInstantiate {
        /// What it could not do, and where.
        reason: Diagnostic,
    },
}

/// Why a rules file or one entry of it cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RulesError {
    /// It does not evaluate.
    #[error(transparent)]
    Nix(#[from] NixError),
    /// It evaluates to something that is no rule.
    #[error("{0}")]
    Shape(Box<Diagnostic>),
    /// Nix was asked and failed; its own words are the message.
    #[error("{0}")]
    Program(Box<Diagnostic>),
}

impl RulesError {
    /// What is wrong, where, and what to do.
    pub fn diagnostic(&self) -> &Diagnostic {
        match self {
            Self::Nix(error) => error.diagnostic(),
            Self::Shape(diagnostic) | Self::Program(diagnostic) => diagnostic,
        }
    }
}

/// Evaluates the rules file at `path`, a Nix file or a folder with a
/// `default.nix`. `nix` is the program `nix-instantiate`, where there is one: it
/// is run at most once, and only for what the built-in evaluator cannot do.
///
/// Keys are split into lines as agenix does it, so that `builtins.readFile` of a
/// file of keys works; spaces around them, empty lines and lines that start with
/// `#` are left out.
///
/// # Errors
/// When the file as a whole cannot be read, parsed or evaluated, or is no set.
/// Mistakes in single entries are in [`Rules::broken`].
pub fn load(
    path: &Path,
    environment: &Environment,
    nix: Option<&Path>,
) -> Result<Rules, RulesError> {
    let native = with_machine(environment, |machine| Ok(read::evaluate(machine, path)))?;
    let Some(reason) = native.reason_to_ask_nix() else {
        return native.into_rules(path);
    };
    let Some(program) = nix else {
        return native
            .with_hint("install Nix, so that this part can be left to it")
            .into_rules(path);
    };
    match fallback::ask(program, path, environment, &native) {
        Ok(found) => native.completed(path, found, Evaluator::NixInstantiate { reason }),
        // Entries that need no Nix are usable all the same, and what the parser
        // here says about a mistake has a place.
        Err(error) if native.is_usable() => native.with_hint(&error.to_string()).into_rules(path),
        Err(error) => Err(error),
    }
}

/// Evaluates the rules file at `path` as it was, reading `files` instead of the disk. Nix is not
/// asked: entries that need it are among the broken ones.
///
/// # Errors
/// As [`load`].
pub fn load_past(
    path: &Path,
    environment: &Environment,
    files: &dyn PastFiles,
) -> Result<Rules, RulesError> {
    let work = |machine: &mut crate::eval::Machine<'_>| Ok(read::evaluate(machine, path));
    with_files(environment, Some(files), work)?.into_rules(path)
}

impl Rules {
    /// The entry of that name, or why it cannot be used; `None` where there is
    /// no such entry.
    pub fn get(&self, name: &str) -> Option<Result<&Rule, &RulesError>> {
        if let Ok(index) = self
            .entries
            .binary_search_by(|rule| rule.name.as_str().cmp(name))
        {
            return self.entries.get(index).map(Ok);
        }
        self.broken
            .iter()
            .find(|rule| rule.name == name)
            .map(|rule| Err(&rule.error))
    }

    /// All names, those of broken entries as well, in order.
    pub fn names(&self) -> Vec<&str> {
        let good = self.entries.iter().map(|rule| rule.name.as_str());
        let mut names: Vec<_> = good
            .chain(self.broken.iter().map(|rule| rule.name.as_str()))
            .collect();
        names.sort_unstable();
        names
    }

    /// All entries, for work that must not leave any of them out.
    ///
    /// # Errors
    /// That of the first broken entry.
    pub fn all(&self) -> Result<&[Rule], &RulesError> {
        match self.broken.first() {
            None => Ok(&self.entries),
            Some(rule) => Err(&rule.error),
        }
    }
}
