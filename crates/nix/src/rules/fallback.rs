//! Asking Nix itself, once for the whole file.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use nixseal_base::diag::Diagnostic;
use nixseal_base::env::{Environment, HOME, NIX_PATH};
use nixseal_base::process;
use serde_json::Value;

use super::names::Names;
use super::read::{Keys, Native, Pool, not_a_key};
use super::render::quote;
use super::{BrokenRule, Rule, RulesError};

/// Makes of every entry what is needed of it, or null where that throws.
const READ: &str = "builtins.mapAttrs (name: rule: let \
    read = { keys = rule.publicKeys; armor = rule.armor or null; }; \
    tried = builtins.tryEval (builtins.deepSeq read read); \
    in if tried.success then tried.value else null)";

/// Evaluates what is unsupported here, with the flags that agenix uses.
pub(super) fn ask(
    program: &Path,
    path: &Path,
    environment: &Environment,
    native: &Native,
) -> Result<(Vec<Rule>, Vec<BrokenRule>), RulesError> {
    let failed = |message: String| RulesError::Program(Box::new(Diagnostic::error(message)));
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let Some(file) = absolute.to_str().map(quote) else {
        return Err(failed(format!(
            "the path '{}' is not UTF-8",
            path.display()
        )));
    };
    let expression = match native.unsupported_entries() {
        None => format!("{READ} (import {file})"),
        Some(names) => {
            let wanted: String = names
                .iter()
                .map(|name| format!("{} = 0; ", quote(name)))
                .collect();
            format!("{READ} (builtins.intersectAttrs {{ {wanted}}} (import {file}))")
        }
    };
    let mut command = process::command(program);
    command
        .args(["--json", "--eval", "--strict", "-E"])
        .arg(expression);
    for variable in [&HOME, &NIX_PATH] {
        match environment.raw(variable) {
            Some(value) => command.env(variable.name, value),
            None => command.env_remove(variable.name),
        };
    }
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("cannot run '{}': {error}", program.display())))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let name = program
            .file_name()
            .unwrap_or(OsStr::new("nix-instantiate"))
            .display();
        return Err(failed(format!(
            "{name} failed on '{}': {}",
            path.display(),
            words.trim()
        )));
    }
    match serde_json::from_slice(&output.stdout) {
        Ok(Value::Object(entries)) => Ok(read_all(entries, &native.names)),
        _ => Err(failed(format!(
            "'{}' printed no JSON set",
            program.display()
        ))),
    }
}

fn read_all(
    entries: serde_json::Map<String, Value>,
    names: &Names,
) -> (Vec<Rule>, Vec<BrokenRule>) {
    let (mut rules, mut broken, mut pool) = (Vec::new(), Vec::new(), Pool::default());

    for (name, entry) in entries {
        match read_entry(&name, &entry, &mut pool) {
            Ok((keys, armor)) => {
                let public_keys = keys.into_keys();
                rules.push(Rule {
                    name,
                    public_keys,
                    armor,
                    place: None,
                });
            }
            Err(diagnostic) => {
                let error = RulesError::Shape(Box::new(diagnostic));
                broken.push(BrokenRule {
                    name,
                    error,
                    place: None,
                });
            }
        }
    }
    names.put_into(&mut rules);
    rules.sort_by(|left, right| left.name.cmp(&right.name));
    broken.sort_by(|left, right| left.name.cmp(&right.name));
    (rules, broken)
}

fn read_entry(
    name: &str,
    entry: &Value,
    pool: &mut Pool,
) -> Result<(Keys, Option<bool>), Diagnostic> {
    if entry.is_null() {
        let message = format!("the rule '{name}' throws an error or fails an assertion");
        return Err(Diagnostic::error(message));
    }
    let items: Vec<&Value> = match entry.get("keys") {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(Value::Object(items)) => items.values().collect(),
        other => {
            let kind = other.map_or("nothing", kind);
            let message = format!("publicKeys of '{name}' has to be a list, it is {kind}");
            return Err(Diagnostic::error(message));
        }
    };
    let mut keys = Keys::default();
    for item in items {
        match item {
            Value::String(text) => keys.add(text, pool),
            other => {
                let (message, hint) = not_a_key(name, kind(other)).unwrap_or_else(|| {
                    (
                        format!("publicKeys of '{name}' has a set"),
                        "write the key as a string",
                    )
                });
                return Err(Diagnostic::error(message).hint(hint));
            }
        }
    }
    match entry.get("armor") {
        None | Some(Value::Null) => Ok((keys, None)),
        Some(Value::Bool(armor)) => Ok((keys, Some(*armor))),
        Some(other) => {
            let kind = kind(other);
            let message = format!("armor of '{name}' has to be true or false, it is {kind}");
            Err(Diagnostic::error(message))
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a set",
    }
}
