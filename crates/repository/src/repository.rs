//! The rules, the lock and the secrets they name, as one value.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::keyring::Interaction;
use nixseal_age::recipients::parse_recipient;
use nixseal_base::diag::{Diagnostic, Source};
use nixseal_base::span::Span;

use crate::locate::normalize;
use crate::lock::{Lock, RecipientId};
use crate::secret::{Reader, Secret};

/// A rule as it was evaluated.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Attribute name, exactly.
    pub name: String,
    /// Public keys in order, or why they could not be evaluated.
    pub keys: Result<Vec<RuleKey>, Diagnostic>,
    /// The attribute `armor`.
    pub armor: Option<bool>,
    /// Where the rule stands.
    pub place: Option<(Arc<Source>, Span)>,
}

/// A public key of a rule.
#[derive(Clone, Debug)]
pub struct RuleKey {
    /// As it is written.
    pub text: Arc<str>,
    /// Names that the rules file gives it.
    pub names: Arc<[String]>,
}

/// Everything that is known of a folder of secrets without opening one.
pub struct Repository {
    /// The rules file.
    pub rules: PathBuf,
    /// What the lock recorded.
    pub lock: Lock,
    /// Sorted by name.
    pub secrets: Vec<Secret>,
    /// What each recipient of any rule is called.
    pub known: BTreeMap<RecipientId, String>,
}

/// Which reading of a file name comes first where two rules fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// The rule whose name is literally what was typed; the file is then
    /// relative to the current directory (agenix).
    Literal,
    /// The rule whose path, from the folder of the rules, is the file (ragenix).
    RulesFolder,
}

/// The secret that a typed file name means.
#[derive(Debug)]
pub struct Resolved<'a> {
    /// The rule; its `path` may differ from `path`.
    pub secret: &'a Secret,
    /// The file to work on.
    pub path: PathBuf,
    /// Another rule that fits as well.
    pub other: Option<&'a Secret>,
}

impl Repository {
    /// Joins rules and lock. Unusable recipients are kept with their rule, so
    /// that other rules work.
    pub fn new(rules: &Path, entries: Vec<Rule>, lock: Lock, asks: &Arc<Interaction>) -> Self {
        let folder = rules.parent().unwrap_or(Path::new(""));
        let mut parser = Parser {
            asks,
            seen: HashMap::new(),
        };
        let mut secrets: Vec<Secret> = entries
            .into_iter()
            .map(|rule| Secret {
                path: normalize(&folder.join(&rule.name)),
                readers: rule
                    .keys
                    .and_then(|keys| parser.readers(&rule.name, &keys))
                    .map_err(|finding| placed(finding, rule.place.as_ref())),
                name: rule.name,
                armor: rule.armor,
            })
            .collect();
        secrets.sort_by(|left, right| left.name.cmp(&right.name));
        let readers = secrets
            .iter()
            .flat_map(|secret| secret.readers.iter().flatten());
        let known = readers
            .map(|reader| (reader.wanted.id.clone(), reader.label.clone()))
            .collect();
        Self {
            rules: rules.to_owned(),
            lock,
            secrets,
            known,
        }
    }

    /// Finds the secret that `typed` means in the folder `current`. Both the
    /// literal name of a rule and a path to its file are understood.
    pub fn resolve(
        &self,
        typed: &Path,
        current: &Path,
        preference: Preference,
    ) -> Option<Resolved<'_>> {
        let absolute = normalize(&current.join(typed));
        let literal = typed.to_str().and_then(|name| self.by_name(name));
        let placed = self
            .secrets
            .iter()
            .find(|secret| secret.path == absolute)
            .or_else(|| {
                // The same file by another way, for example through a symlink.
                let real = absolute.canonicalize().ok()?;
                self.secrets
                    .iter()
                    .find(|secret| secret.path.canonicalize().is_ok_and(|path| path == real))
            });
        let literal_path = |secret: &Secret| match preference {
            Preference::Literal => absolute.clone(),
            Preference::RulesFolder => secret.path.clone(),
        };
        let differs =
            |one: &Secret, two: Option<&Secret>| two.is_some_and(|two| two.name != one.name);
        match (preference, literal, placed) {
            (Preference::Literal, Some(secret), other)
            | (Preference::RulesFolder, Some(secret), other @ None) => Some(Resolved {
                path: literal_path(secret),
                other: other.filter(|_| differs(secret, other)),
                secret,
            }),
            (_, other, Some(secret)) => Some(Resolved {
                path: absolute,
                other: other.filter(|_| differs(secret, other)),
                secret,
            }),
            (_, None, None) => None,
        }
    }

    /// The secret of exactly this name.
    pub fn by_name(&self, name: &str) -> Option<&Secret> {
        self.secrets
            .binary_search_by(|secret| secret.name.as_str().cmp(name))
            .ok()
            .map(|index| &self.secrets[index])
    }

    /// Every rule that cannot be used, as findings.
    pub fn unusable(&self) -> Vec<Diagnostic> {
        self.secrets
            .iter()
            .filter_map(|secret| secret.readers.clone().err())
            .collect()
    }
}

/// Points a finding without a place of its own at its rule.
fn placed(finding: Diagnostic, place: Option<&(Arc<Source>, Span)>) -> Diagnostic {
    match (place, &finding.place) {
        (Some((source, span)), None) => finding.at(source, *span),
        _ => finding,
    }
}

/// Parses recipients; the same key in many rules once.
struct Parser<'a> {
    asks: &'a Arc<Interaction>,
    seen: HashMap<Arc<str>, Arc<Reader>>,
}

impl Parser<'_> {
    fn readers(&mut self, rule: &str, keys: &[RuleKey]) -> Result<Vec<Arc<Reader>>, Diagnostic> {
        if keys.is_empty() {
            return Err(
                Diagnostic::error(format!("the rule for '{rule}' names no recipients"))
                    .hint("list at least one public key in publicKeys"),
            );
        }
        keys.iter().map(|key| self.reader(rule, key)).collect()
    }

    fn reader(&mut self, rule: &str, key: &RuleKey) -> Result<Arc<Reader>, Diagnostic> {
        if let Some(seen) = self.seen.get(&key.text) {
            return Ok(Arc::clone(seen));
        }
        let recipient = parse_recipient(&key.text, self.asks).map_err(|error| {
            Diagnostic::error(format!("a recipient of '{rule}' cannot be used: {error}"))
        })?;
        let label = match key.names.is_empty() {
            true => recipient.label(),
            false => key.names.join(" = "),
        };
        let reader = Arc::new(Reader::new(Arc::new(recipient), label));
        self.seen.insert(Arc::clone(&key.text), Arc::clone(&reader));
        Ok(reader)
    }
}
