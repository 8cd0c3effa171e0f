//! Comparing the files of a tree with their rules. Needs no key and changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nixseal_base::diag::{Diagnostic, Severity};
use nixseal_base::fs;
use nixseal_document::{Format, parse};
use nixseal_sops::config::{CreationRule, Encryption};
use nixseal_sops::{KeyId, Selector, selects};
use rayon::prelude::*;

use super::discover::{Content, Covered, Tree};
use super::{SopsDrift, SopsError, SopsFile, SopsRules, drift, named_format};
use crate::secret::FILE_LIMIT;

/// Expressions that match every path: they do not say that a file is a secret.
const EVERYTHING: &[&str] = &["", ".", ".*", ".+", "^", "$", "^.*$", "^.+$", "^.*", ".*$"];

/// A file of SOPS and what its rule wants of it.
#[derive(Debug)]
pub struct Item {
    /// Its absolute path.
    pub path: PathBuf,
    /// The rules that govern it.
    pub rules: Arc<SopsRules>,
    /// The file itself.
    pub file: Box<SopsFile>,
    /// How it differs.
    pub drift: SopsDrift,
    rule: usize,
}

impl Item {
    /// What its rule says.
    pub fn wanted(&self) -> Option<&Encryption> {
        let rules = self.rules.config.creation_rules.as_deref()?;
        rules.get(self.rule)?.encryption().ok()
    }

    /// The key groups that its rule wants, each key once.
    pub fn groups(&self) -> Vec<Vec<KeyId>> {
        let groups = self.wanted().map_or(&[][..], |wanted| &wanted.groups);
        let unique = |group: &Vec<KeyId>| {
            let mut unique: Vec<KeyId> = Vec::with_capacity(group.len());
            for id in group {
                if !unique.contains(id) {
                    unique.push(id.clone());
                }
            }
            unique
        };
        groups.iter().map(unique).collect()
    }

    /// How many groups must take part, as its rule says; 0 for all, and where there is but one.
    pub fn threshold(&self) -> u32 {
        let wanted = self.wanted().filter(|wanted| wanted.groups.len() > 1);
        wanted.map_or(0, |wanted| wanted.shamir_threshold)
    }
}

/// A whole tree compared.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files of SOPS, sorted by path.
    pub items: Vec<Item>,
    /// Files in clear of which the rules say that they hold secrets.
    pub clear: Vec<PathBuf>,
    /// Files that cannot be worked on, and why.
    pub bad: Vec<(PathBuf, SopsError)>,
    /// Rules that cannot be used.
    pub broken: Vec<Diagnostic>,
    /// What is odd in the rules, as warnings.
    pub odd: Vec<Diagnostic>,
    /// Rules that no file of the tree has, as warnings.
    pub unused: Vec<Diagnostic>,
}

/// Compares every file of `tree` with its rule.
pub fn plan(tree: Tree) -> Plan {
    let mut plan = Plan {
        unused: unused(&tree),
        broken: tree.broken,
        odd: tree.odd,
        ..Plan::default()
    };
    for rules in &tree.configs {
        let (broken, odd): (Vec<_>, Vec<_>) = rules
            .config
            .diagnostics()
            .iter()
            .cloned()
            .partition(|one| one.severity == Severity::Error);
        plan.odd.extend(odd);
        // An expression or a key that is wrong is told once, also where it has stopped a file.
        for one in broken {
            if !plan.broken.contains(&one) {
                plan.broken.push(one);
            }
        }
    }
    let compared: Vec<Compared> = tree.files.into_par_iter().map(compare).collect();
    for one in compared {
        match one {
            Compared::Item(item) => plan.items.push(*item),
            Compared::Clear(path) => plan.clear.push(path),
            Compared::Bad(path, error) => plan.bad.push((path, error)),
            Compared::Nothing => {}
        }
    }
    plan
}

enum Compared {
    Item(Box<Item>),
    Clear(PathBuf),
    Bad(PathBuf, SopsError),
    Nothing,
}

fn compare(covered: Covered) -> Compared {
    let Covered {
        path,
        config: rules,
        rule,
        content,
    } = covered;
    let creation = rules.config.creation_rules.as_deref();
    let creation = creation.and_then(|all| all.get(rule));
    match content {
        Content::Encrypted(file) => {
            let wanted = creation.and_then(|rule| rule.encryption().ok());
            let Some(wanted) = wanted else {
                // What is wrong with the rule is among the findings of its file.
                return Compared::Nothing;
            };
            let drift = drift(file.metadata(), file.format(), wanted);
            Compared::Item(Box::new(Item {
                path,
                rules,
                file,
                drift,
                rule,
            }))
        }
        Content::Damaged(error) => Compared::Bad(path, error),
        Content::Clear if creation.is_some_and(|rule| is_secret(&path, rule)) => {
            Compared::Clear(path)
        }
        Content::Clear | Content::Other => Compared::Nothing,
    }
}

/// Whether a rule says that a file in clear holds secrets: it must be for some paths only, and
/// choose at least one value of the file.
fn is_secret(path: &Path, rule: &CreationRule) -> bool {
    let regex = rule.path_regex.as_deref().unwrap_or_default();
    if EVERYTHING.contains(&regex) {
        return false;
    }
    let format = named_format(path);
    let selector = rule
        .encryption()
        .ok()
        .and_then(|rule| rule.selector.clone());
    let selector = selector.filter(|_| format != Format::Binary);
    let Some(selector) = selector else {
        return true;
    };
    choice(path, format, &selector).unwrap_or(true)
}

/// Whether a selector chooses anything in a file; none where that cannot be told.
fn choice(path: &Path, format: Format, selector: &Selector) -> Option<bool> {
    let bytes = fs::read_secret(path, FILE_LIMIT).ok()?;
    let mut document = parse(format, bytes.expose()).ok()?;
    selects(&mut document.branches, selector).ok()
}

fn unused(tree: &Tree) -> Vec<Diagnostic> {
    let one = |(rules, rule): (&SopsRules, &CreationRule)| {
        let message = match &rule.path_regex {
            Some(regex) => format!("no file here matches '{regex}'"),
            None => "no file here has this rule".to_owned(),
        };
        Diagnostic::warning(message).at(rules.config.source(), rule.span)
    };
    tree.unused_rules().map(one).collect()
}
