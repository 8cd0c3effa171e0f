//! From an evaluated set to rules, entry by entry.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use nixseal_base::diag::Diagnostic;

use super::names::{self, Names};
use super::{BrokenRule, Evaluator, PublicKey, Rule, Rules, RulesError};
use crate::eval::{At, Fault, FaultKind, Machine, NixError, ThunkId, Value};

/// What the built-in evaluator made of a file.
pub(super) struct Native {
    result: Result<(Vec<Rule>, Vec<BrokenRule>), RulesError>,
    /// Also filled as far as possible where the evaluation failed.
    pub(super) names: Names,
    pub(super) traces: Vec<String>,
}

impl Native {
    /// What is unsupported, in the whole file or in any entry.
    pub(super) fn reason_to_ask_nix(&self) -> Option<Diagnostic> {
        let errors: Vec<&RulesError> = match &self.result {
            Err(error) => vec![error],
            Ok((_, broken)) => broken.iter().map(|rule| &rule.error).collect(),
        };
        errors.into_iter().find_map(|error| match error {
            RulesError::Nix(NixError::Unsupported(diagnostic) | NixError::Syntax(diagnostic)) => {
                Some((**diagnostic).clone())
            }
            _ => None,
        })
    }

    /// Whether there is something to go on with although Nix could not help.
    pub(super) fn is_usable(&self) -> bool {
        matches!(
            self.result,
            Ok(_) | Err(RulesError::Nix(NixError::Syntax(_)))
        )
    }

    /// The entries that only Nix can tell; all of them where the file as a whole
    /// did not evaluate.
    pub(super) fn unsupported_entries(&self) -> Option<Vec<&str>> {
        let (_, broken) = self.result.as_ref().ok()?;
        let unsupported = broken.iter().filter(|rule| is_unsupported(rule));
        Some(unsupported.map(|rule| rule.name.as_str()).collect())
    }

    /// The rules with what Nix found put in place of what is unsupported.
    pub(super) fn completed(
        self,
        path: &Path,
        found: (Vec<Rule>, Vec<BrokenRule>),
        evaluator: Evaluator,
    ) -> Result<Rules, RulesError> {
        let (mut entries, mut broken) = self.result.unwrap_or_default();
        let mut places: HashMap<_, _> = broken
            .extract_if(.., |rule| is_unsupported(rule))
            .map(|rule| (rule.name, rule.place))
            .collect();
        let mut place = |name: &str| places.remove(name).flatten();
        entries.extend(found.0.into_iter().map(|rule| Rule {
            place: place(&rule.name),
            ..rule
        }));
        broken.extend(found.1.into_iter().map(|rule| BrokenRule {
            place: place(&rule.name),
            ..rule
        }));
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        broken.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Rules {
            path: path.to_owned(),
            entries,
            broken,
            evaluator,
            traces: self.traces,
        })
    }

    /// Adds a hint to everything that is unsupported.
    pub(super) fn with_hint(mut self, hint: &str) -> Self {
        let add = |error: &mut RulesError| {
            if let RulesError::Nix(NixError::Unsupported(diagnostic)) = error {
                diagnostic.hints.push(hint.to_owned());
            }
        };
        match &mut self.result {
            Err(error) => add(error),
            Ok((_, broken)) => broken.iter_mut().for_each(|rule| add(&mut rule.error)),
        }
        self
    }

    pub(super) fn into_rules(self, path: &Path) -> Result<Rules, RulesError> {
        let (entries, broken) = self.result?;
        let (path, traces) = (path.to_owned(), self.traces);
        Ok(Rules {
            path,
            entries,
            broken,
            evaluator: Evaluator::Native,
            traces,
        })
    }
}

fn is_unsupported(rule: &BrokenRule) -> bool {
    matches!(rule.error, RulesError::Nix(NixError::Unsupported(_)))
}

/// Evaluates the file and reads every entry of it.
pub(super) fn evaluate(machine: &mut Machine<'_>, path: &Path) -> Native {
    let absolute = machine.start_at(path);
    let mut result = machine
        .import(&absolute)
        .map_err(|fault| RulesError::from(machine.report(&fault)))
        .and_then(|value| read_all(machine, &value, path));
    let names = names::collect(machine, &absolute);
    if let Ok((entries, _)) = &mut result {
        names.put_into(entries);
    }
    Native {
        result,
        names,
        traces: std::mem::take(&mut machine.traces),
    }
}

fn read_all(
    machine: &mut Machine<'_>,
    value: &Value,
    path: &Path,
) -> Result<(Vec<Rule>, Vec<BrokenRule>), RulesError> {
    let Value::Attrs(attrs) = value else {
        let (path, kind) = (path.display(), value.kind());
        let message = format!("'{path}' has to be a set of rules, it is {kind}");
        let hint = "it begins with `{` or `let`, see the manual of agenix";
        return Err(RulesError::Shape(Box::new(
            Diagnostic::error(message).hint(hint),
        )));
    };
    let sorted = machine
        .sorted(attrs)
        .map_err(|fault| machine.report(&fault))?;
    let (mut entries, mut broken) = (Vec::with_capacity(sorted.len()), Vec::new());
    let mut pool = Pool::default();
    for attr in sorted {
        let name = machine.symbols.show(attr.name);
        match read_entry(machine, &mut pool, &name, attr.value, attr.at) {
            Ok((public_keys, armor)) => {
                let place = machine.place(attr.at);
                entries.push(Rule {
                    name,
                    public_keys,
                    armor,
                    place,
                });
            }
            Err(fault) => {
                let fault = fault.or_at(attr.at).hint(format!("in the rule '{name}'"));
                let error = match (fault.kind, machine.report(&fault)) {
                    (FaultKind::Evaluation, NixError::Evaluation(diagnostic)) if fault.shape => {
                        RulesError::Shape(diagnostic)
                    }
                    (_, error) => RulesError::Nix(error),
                };
                broken.push(BrokenRule {
                    name,
                    error,
                    place: machine.place(attr.at),
                });
            }
        }
    }
    Ok((entries, broken))
}

type Entry = (Vec<PublicKey>, Option<bool>);

fn read_entry(
    machine: &mut Machine<'_>,
    pool: &mut Pool,
    name: &str,
    id: ThunkId,
    at: At,
) -> crate::eval::Result<Entry> {
    let attrs = match machine.force(id)? {
        Value::Attrs(attrs) => attrs,
        other => {
            let message = format!("the rule '{name}' has to be a set, it is {}", other.kind());
            return Err(Fault::shape(message).hint("write { publicKeys = [ … ]; }"));
        }
    };
    let keys = machine.symbols.intern(b"publicKeys");
    let Some(keys_id) = machine.lookup(&attrs, keys)? else {
        return Err(Fault::shape(format!("the rule '{name}' has no publicKeys")));
    };
    let keys_at = attrs.get(keys).map_or(at, |attr| attr.at);
    let public_keys =
        read_keys(machine, pool, name, keys_id).map_err(|fault| fault.or_at(keys_at))?;
    let armor = machine.symbols.intern(b"armor");
    let armor = match machine.lookup(&attrs, armor)? {
        None => None,
        Some(id) => match machine.force(id)? {
            Value::Bool(armor) => Some(armor),
            other => {
                let message = format!("armor has to be true or false, it is {}", other.kind());
                let at = attrs.get(armor).map_or(at, |attr| attr.at);
                return Err(Fault::shape(message).or_at(at));
            }
        },
    };
    Ok((public_keys, armor))
}

fn read_keys(
    machine: &mut Machine<'_>,
    pool: &mut Pool,
    name: &str,
    id: ThunkId,
) -> crate::eval::Result<Vec<PublicKey>> {
    let items: Vec<ThunkId> = match machine.force(id)? {
        Value::List(items) => items.to_vec(),
        // agenix takes the values of a set as well.
        Value::Attrs(attrs) => machine
            .sorted(&attrs)?
            .iter()
            .map(|attr| attr.value)
            .collect(),
        other => {
            let message = format!("publicKeys has to be a list, it is {}", other.kind());
            return Err(Fault::shape(message).hint(match other {
                Value::String(_) => "put brackets around the key: [ key ]",
                _ => "write [ key … ]",
            }));
        }
    };
    let mut keys = Keys::default();
    for item in items {
        let at = machine.peek_delayed(item).map(|expression| expression.at);
        let text = read_key(machine, name, item).map_err(|fault| match at {
            Some(at) => fault.or_at(at),
            None => fault,
        })?;
        keys.add(&text, pool);
    }
    Ok(keys.into_keys())
}

fn read_key(machine: &mut Machine<'_>, name: &str, id: ThunkId) -> crate::eval::Result<String> {
    let value = machine.force(id)?;
    if let Some((message, hint)) = not_a_key(name, value.kind()) {
        return Err(Fault::shape(message).hint(hint));
    }
    let text = machine.coerce_thunk(id)?;
    String::from_utf8(text.to_vec())
        .map_err(|_| Fault::shape(format!("a key of '{name}' is not UTF-8 text")))
}

/// How what is said about an element of `publicKeys` that is no string ends.
const NO_KEY: &str = "where a key has to be";

/// Whether a rule was refused because an element of its `publicKeys` is no string.
pub fn is_about_a_key(refused: &Diagnostic) -> bool {
    refused.message.ends_with(NO_KEY)
}

/// What to say about an element of `publicKeys` that is no string.
pub(super) fn not_a_key(name: &str, kind: &str) -> Option<(String, &'static str)> {
    let hint = match kind {
        "a string" | "a set" => return None,
        "a list" => "join lists with `++` or `builtins.concatLists`",
        "a path" => "read the key with `builtins.readFile`",
        "a function" | "a built-in function" => "put parentheses around a call",
        _ => "write the key as a string",
    };
    Some((format!("publicKeys of '{name}' has {kind} {NO_KEY}"), hint))
}

/// Collects the lines of keys, each once.
#[derive(Default)]
pub(super) struct Keys {
    keys: Vec<PublicKey>,
    seen: HashSet<Arc<str>>,
}

impl Keys {
    pub(super) fn add(&mut self, text: &str, pool: &mut Pool) {
        for line in lines(text) {
            let text = pool.shared(line);
            if self.seen.insert(Arc::clone(&text)) {
                self.keys.push(PublicKey {
                    text,
                    names: Arc::default(),
                });
            }
        }
    }

    pub(super) fn into_keys(self) -> Vec<PublicKey> {
        self.keys
    }
}

/// Texts of keys, each in memory once however many rules have it.
#[derive(Default)]
pub(super) struct Pool(HashSet<Arc<str>>);

impl Pool {
    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.0.get(text) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = text.into();
        self.0.insert(Arc::clone(&shared));
        shared
    }
}

/// The keys of a text: one a line, but for empty lines and comments.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}
