//! Rules for what is new.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_age::recipients::ParsedRecipient;
use nixseal_base::fs::Creation;
use nixseal_document::tree::{Item, List, Map, Node};
use nixseal_document::{Format, parse};
use nixseal_nix::rules::{NewRecipient, NewRule, render};
use nixseal_repository::Repository;
use nixseal_repository::locate::rules_file;
use nixseal_repository::lock::{Lock, RecipientId};
use nixseal_repository::sops::SopsRules;
use nixseal_sops::KeyId;
use nixseal_sops::config::{CONFIG_FILE, Config};

use super::Conversion;
use crate::commands::target::failed;
use crate::failure::Failure;

impl Conversion<'_> {
    /// The creation rules around a file, where there are any.
    pub(super) fn rules_of(&self, path: &Path) -> Result<Option<SopsRules>, Failure> {
        let rules = self.session.sops_rules(&self.arguments.rules, path);
        rules.map_err(failed)
    }

    /// Adds a creation rule for a new file, to the rules around it or to new ones beside those
    /// in Nix.
    pub(super) fn add_rule(
        &mut self,
        rules: Option<&SopsRules>,
        path: &Path,
        names: &[(String, KeyId)],
        nix: &Path,
    ) -> Result<(), Failure> {
        let new = nix.parent().unwrap_or(Path::new("/")).join(CONFIG_FILE);
        let file = rules.map_or(new, |rules| rules.path.clone());
        let folder = file.parent().unwrap_or(Path::new("/"));
        let relative = path.strip_prefix(folder).unwrap_or(path);
        let regex = format!("^{}$", escaped(&relative.to_string_lossy()));
        let text = match rules {
            None => new_rules(&regex, names),
            Some(rules) => with_rule(&rules.config.source().text, &regex, names),
        };
        let fits = |text: &String| {
            let config = Config::parse(&file, text).ok()?;
            let rule = config
                .creation_rule(folder, path)
                .ok()??
                .encryption()
                .ok()?;
            let wanted: Vec<&KeyId> = names.iter().map(|(_, id)| id).collect();
            let [group] = rule.groups.as_slice() else {
                return None;
            };
            group.iter().eq(wanted).then_some(())
        };
        let Some(text) = text.filter(|text| fits(text).is_some()) else {
            let keys: Vec<String> = names.iter().map(|(_, id)| id.to_string()).collect();
            return Err(Failure::new(format!(
                "cannot add a rule for '{}' to '{}'",
                self.shown(path),
                self.shown(&file)
            ))
            .hint(format!(
                "add it yourself: {{ path_regex: '{regex}', age: [{}] }}",
                keys.join(", ")
            )));
        };
        self.batch.stage(&file, text.as_bytes(), Creation::PUBLIC)?;
        self.written.push(self.shown(&file));
        Ok(())
    }

    /// Rules in Nix for new `.age` files: the lock of those that are there, with the names of the
    /// files in them, or new ones beside the rules of the SOPS file.
    pub(super) fn nix_rules(
        &mut self,
        origin: &Path,
        paths: &[PathBuf],
        recipients: &[(Arc<ParsedRecipient>, String)],
        ids: &BTreeSet<RecipientId>,
    ) -> Result<(Lock, Vec<String>), Failure> {
        let explicit = self.arguments.rules.rules.as_deref();
        let explicit = explicit.filter(|path| path.extension().is_some_and(|end| end == "nix"));
        let environment = &self.session.context.environment;
        let first = paths.first().map(PathBuf::as_path);
        let current = &self.session.current;
        if let Ok(rules) = rules_file(explicit, environment, first, current) {
            let repository = self.session.repository_at(&rules)?;
            let names = known(&repository, paths, ids).map_err(|missing| {
                let text = new_nix(&rules, &missing, recipients);
                Failure::new(format!(
                    "'{}' has no rules with these recipients for the new files",
                    self.shown(&rules)
                ))
                .hint(format!("add what this file says, then try again:\n{text}"))
            })?;
            return Ok((repository.lock, names));
        }
        let sops = self.rules_of(origin)?;
        let folder = sops.as_ref().and_then(|rules| rules.path.parent());
        let rules = folder.unwrap_or(current).join("secrets.nix");
        let text = new_nix(&rules, paths, recipients);
        self.batch
            .stage(&rules, text.as_bytes(), Creation::PUBLIC)?;
        self.written.push(self.shown(&rules));
        let names = paths.iter().map(|path| name_in(&rules, path)).collect();
        Ok((Lock::empty(&rules), names))
    }
}

/// The names of the files in the rules, or the files that have no rule with these recipients.
fn known(
    repository: &Repository,
    paths: &[PathBuf],
    ids: &BTreeSet<RecipientId>,
) -> Result<Vec<String>, Vec<PathBuf>> {
    let mut names = Vec::with_capacity(paths.len());
    let mut missing = Vec::new();
    for path in paths {
        let secret = repository
            .secrets
            .iter()
            .find(|secret| secret.path == *path);
        let fits = secret.filter(|secret| {
            let readers = secret.readers.iter().flatten();
            let wanted: BTreeSet<&RecipientId> = readers.map(|reader| &reader.wanted.id).collect();
            wanted == ids.iter().collect()
        });
        match fits {
            Some(secret) => names.push(secret.name.clone()),
            None => missing.push(path.clone()),
        }
    }
    if missing.is_empty() {
        Ok(names)
    } else {
        Err(missing)
    }
}

fn new_nix(
    rules: &Path,
    paths: &[PathBuf],
    recipients: &[(Arc<ParsedRecipient>, String)],
) -> String {
    let keys: Vec<NewRecipient> = recipients
        .iter()
        .map(|(recipient, name)| NewRecipient {
            name: name.clone(),
            key: recipient.canonical().to_owned(),
        })
        .collect();
    let rule = |path: &PathBuf| NewRule {
        name: name_in(rules, path),
        recipients: (0..keys.len()).collect(),
    };
    render(&keys, &paths.iter().map(rule).collect::<Vec<_>>())
}

fn name_in(rules: &Path, path: &Path) -> String {
    let folder = rules.parent().unwrap_or(Path::new("/"));
    let name = path.strip_prefix(folder).unwrap_or(path);
    name.to_string_lossy().into_owned()
}

/// New creation rules, with an anchor for every key.
fn new_rules(regex: &str, names: &[(String, KeyId)]) -> Option<String> {
    let mut anchors: Vec<String> = Vec::with_capacity(names.len());
    for (label, _) in names {
        let base = anchor(label);
        let mut name = base.clone();
        let mut number = 1;
        while anchors.contains(&name) {
            number += 1;
            name = format!("{base}-{number}");
        }
        anchors.push(name);
    }
    let mut text = "keys:\n".to_owned();
    for (anchor, (_, id)) in anchors.iter().zip(names) {
        writeln!(text, "  - &{anchor} {}", quoted(&id.to_string())).ok()?;
    }
    writeln!(text, "creation_rules:\n  - path_regex: {}", quoted(regex)).ok()?;
    text.push_str("    key_groups:\n      - age:\n");
    for anchor in anchors {
        writeln!(text, "          - *{anchor}").ok()?;
    }
    Some(text)
}

fn anchor(label: &str) -> String {
    let letters: String = label
        .split(['@', ' '])
        .next()
        .unwrap_or_default()
        .chars()
        .map(
            |letter| match letter.is_ascii_alphanumeric() || letter == '_' {
                true => letter,
                false => '-',
            },
        )
        .collect();
    match letters.trim_matches('-') {
        "" => "key".to_owned(),
        name => name.to_owned(),
    }
}

/// A YAML string in single quotes, which need no escapes but for themselves.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The rules with one more at their end, in their own layout. None where that cannot be.
fn with_rule(text: &str, regex: &str, names: &[(String, KeyId)]) -> Option<String> {
    let mut document = parse(Format::Yaml, text.as_bytes()).ok()?;
    let mut rule = Map::default();
    rule.push("path_regex", Node::text(regex));
    let keys = names
        .iter()
        .map(|(_, id)| Item::Value(Node::text(&id.to_string())));
    rule.push(
        "age",
        Node::List(List {
            items: keys.collect(),
            origin: None,
        }),
    );
    let root = document.branches.first_mut()?;
    if root.get("creation_rules").is_none() {
        root.push("creation_rules", Node::List(List::default()));
    }
    match root.get_mut("creation_rules")? {
        Node::List(list) => list.items.push(Item::Value(Node::Map(rule))),
        _ => return None,
    }
    let spliced = document.splice().ok()?;
    spliced.as_text().map(str::to_owned)
}

/// A path as an expression that matches it only.
fn escaped(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for letter in path.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn a_rule_is_added_in_the_layout_of_the_others() {
        let text = "# mine\ncreation_rules:\n  # old\n  - path_regex: a\n    age: x\n";
        let names = [("me".to_owned(), KeyId::age(KEY))];
        let new = with_rule(text, "^b\\.yaml$", &names).unwrap();
        assert!(new.starts_with(text), "{new}");
        assert!(new.contains("path_regex: ^b\\.yaml$"), "{new}");
        let fresh = new_rules("^it's$", &names).unwrap();
        let config = Config::parse(Path::new(".sops.yaml"), &fresh).unwrap();
        assert_eq!(config.owners.of(&KeyId::age(KEY)), Some("me"));
        assert_eq!(config.diagnostics(), []);
        let rules = config.creation_rules.unwrap();
        assert_eq!(rules[0].path_regex.as_deref(), Some("^it's$"));
    }

    #[test]
    fn labels_become_anchors() {
        assert_eq!(anchor("alice@laptop"), "alice");
        assert_eq!(anchor("ünî"), "n");
        assert_eq!(anchor("--"), "key");
        assert_eq!(escaped("a.b/c+"), "a\\.b/c\\+");
    }
}
