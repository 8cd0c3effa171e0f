//! The rules file and the files it names, as agenix and ragenix find them.
//!
//! agenix takes FILE literally, as a key of the rules and as a path from the
//! current folder; ragenix takes it as a path that must be that of a rule, seen
//! from the folder of the rules. Both readings work under both names; where
//! they differ, the name that was called decides, with a warning.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use nixseal_base::diag::Diagnostic;
use nixseal_base::env::RULES;
use nixseal_nix::rules::is_about_a_key;
use nixseal_repository::locate::{LocateError, rules_file};
use nixseal_repository::lock::{Lock, LockError};
use nixseal_repository::{Preference, Repository, Rule, Secret};

use crate::commands::Session;
use crate::failure::{Exit, Failure};

/// Where both tools look for rules.
pub(in crate::personalities) const DEFAULT: &str = "./secrets.nix";

/// A rules file.
pub(in crate::personalities) struct Place {
    /// Where it is.
    pub(in crate::personalities) path: PathBuf,
    /// How messages call it: as it was named.
    pub(in crate::personalities) shown: String,
    /// Which reading of file names goes first.
    preference: Preference,
}

impl Place {
    /// `named` (an option), else `RULES`, else `./secrets.nix`, else the nearest
    /// above `file` or the current folder. Rules that were found above are those
    /// of a whole folder: names in them are then taken from there.
    pub(in crate::personalities) fn find(
        session: &Session<'_>,
        named: Option<&Path>,
        file: Option<&Path>,
        own: Preference,
    ) -> Result<Self, LocateError> {
        let environment = &session.context.environment;
        let here = || {
            session
                .current
                .join(DEFAULT)
                .is_file()
                .then(|| PathBuf::from(DEFAULT))
        };
        let named = named
            .map(Path::to_owned)
            .or_else(|| environment.path(&RULES))
            .or_else(here);
        let path = rules_file(named.as_deref(), environment, file, &session.current)?;
        // Without the dots of `./secrets.nix` in the middle.
        let path: PathBuf = path.components().collect();
        Ok(match named {
            Some(named) => Self {
                path,
                shown: named.display().to_string(),
                preference: own,
            },
            None => Self {
                shown: path.display().to_string(),
                path,
                preference: Preference::RulesFolder,
            },
        })
    }
}

/// The rules, the lock and the files.
pub(in crate::personalities) struct Folder {
    pub(in crate::personalities) repository: Repository,
    /// The lock, where there is one: it is kept true, but not begun.
    pub(in crate::personalities) lock: Option<Lock>,
    /// How messages call the rules file.
    pub(in crate::personalities) shown: String,
    preference: Preference,
    /// The rules without keys (`None`), and those that do not evaluate.
    useless: BTreeMap<String, Option<Diagnostic>>,
}

/// The secret that a file name means.
pub(in crate::personalities) struct Found<'a> {
    pub(in crate::personalities) secret: &'a Secret,
    /// The file to write.
    pub(in crate::personalities) path: PathBuf,
}

impl Found<'_> {
    /// The file to read: the one beside the rules where there is none here.
    pub(in crate::personalities) fn existing(&self) -> PathBuf {
        if self.path.exists() || !self.secret.path.exists() {
            self.path.clone()
        } else {
            self.secret.path.clone()
        }
    }

    /// Warns when the rules have a file of that name elsewhere.
    pub(in crate::personalities) fn warn_of_other_file(&self, session: &Session<'_>) {
        if self.path != self.secret.path && self.secret.path.exists() {
            session.context.ui.warn(format!(
                "'{}' is used; beside the rules there is also '{}'",
                self.path.display(),
                self.secret.path.display()
            ));
        }
    }
}

impl Folder {
    pub(in crate::personalities) fn new(
        session: &Session<'_>,
        place: Place,
        rules: Vec<Rule>,
    ) -> Result<Self, Failure> {
        let useless = rules.iter().filter_map(|rule| match &rule.keys {
            Ok(keys) if keys.is_empty() => Some((rule.name.clone(), None)),
            Ok(_) => None,
            Err(diagnostic) => Some((rule.name.clone(), Some(diagnostic.clone()))),
        });
        let useless = useless.collect();
        // Any file of that name that is not ours is none of our business.
        let lock = match Lock::read(&place.path) {
            Err(LockError::Foreign(_)) => Lock::empty(&place.path),
            lock => lock?,
        };
        Ok(Self {
            lock: lock.exists().then(|| lock.clone()),
            repository: Repository::new(&place.path, rules, lock, &session.asks),
            shown: place.shown,
            preference: place.preference,
            useless,
        })
    }

    /// Finds a file's rule. Nothing is said when there is none.
    pub(in crate::personalities) fn resolve(
        &self,
        session: &Session<'_>,
        file: &OsStr,
    ) -> Option<Found<'_>> {
        let found = self
            .repository
            .resolve(Path::new(file), &session.current, self.preference)?;
        if let Some(other) = found.other {
            session.context.ui.warn(format!(
                "'{}' fits two rules: '{}', which is used, and '{}'",
                file.to_string_lossy(),
                found.secret.name,
                other.name
            ));
        }
        Some(Found {
            secret: found.secret,
            path: found.path,
        })
    }

    /// Finds a file's rule, or says with agenix's words that there is none.
    pub(super) fn find(&self, session: &Session<'_>, file: &OsStr) -> Result<Found<'_>, Failure> {
        let found = self.find_any(session, file)?;
        self.usable(found)
    }

    /// Finds the rule of a file that is only read. agenix gives its keys to nobody then, so that
    /// it does not matter whether they are any.
    pub(super) fn find_to_read(
        &self,
        session: &Session<'_>,
        file: &OsStr,
    ) -> Result<Found<'_>, Failure> {
        let found = self.find_any(session, file)?;
        match self.useless.get(&found.secret.name) {
            Some(Some(diagnostic)) if is_about_a_key(diagnostic) => Ok(found),
            _ => self.usable(found),
        }
    }

    fn usable<'f>(&self, found: Found<'f>) -> Result<Found<'f>, Failure> {
        let Some(Some(diagnostic)) = self.useless.get(&found.secret.name) else {
            return Ok(found);
        };
        let mut diagnostic = diagnostic.clone();
        if is_about_a_key(&diagnostic) {
            diagnostic.message = format!("unknown recipient type: {}", diagnostic.message);
        }
        Err(Failure::of(diagnostic))
    }

    fn find_any(&self, session: &Session<'_>, file: &OsStr) -> Result<Found<'_>, Failure> {
        let found = self
            .resolve(session, file)
            .filter(|found| !self.has_no_keys(found.secret));
        found.ok_or_else(|| {
            self.say_no_rule(session, &file.to_string_lossy());
            silent()
        })
    }

    /// Whether a rule has an empty list of keys: none at all, for agenix.
    pub(super) fn has_no_keys(&self, secret: &Secret) -> bool {
        matches!(self.useless.get(&secret.name), Some(None))
    }

    /// All secrets, where agenix would look for each: a name is a path from the
    /// current folder.
    pub(in crate::personalities) fn all(&self, session: &Session<'_>) -> Vec<Found<'_>> {
        let path = |secret: &Secret| match self.preference {
            Preference::Literal => session.current.join(&secret.name),
            Preference::RulesFolder => secret.path.clone(),
        };
        let secrets = self.repository.secrets.iter();
        secrets
            .map(|secret| Found {
                secret,
                path: path(secret),
            })
            .collect()
    }

    /// Says with agenix's words that there is no rule.
    pub(super) fn say_no_rule(&self, session: &Session<'_>, file: &str) {
        session
            .context
            .ui
            .say(format!("There is no rule for {file} in {}.", self.shown));
    }
}

/// A failure that has been told already.
pub(in crate::personalities) fn silent() -> Failure {
    Failure {
        exit: Exit::Failed,
        diagnostics: Vec::new(),
    }
}
