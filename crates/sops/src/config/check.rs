//! What is odd in a configuration file though `sops` takes it.

use std::sync::Arc;

use nixseal_base::diag::{Diagnostic, Source};
use nixseal_document::tree::{Map, Node, Pair};

use super::Config;
use super::anchors::{Anchors, anchor_at};
use super::reader::{MERGE, span_of};

const TOP: &[&str] = &["creation_rules", "destination_rules", "stores"];
const RULE: &[&str] = &[
    "age",
    "aws_profile",
    "azure_keyvault",
    "encrypted_comment_regex",
    "encrypted_regex",
    "encrypted_suffix",
    "gcp_kms",
    "hc_vault_transit_uri",
    "hckms",
    "key_groups",
    "kms",
    "mac_only_encrypted",
    "path_regex",
    "pgp",
    "shamir_threshold",
    "unencrypted_comment_regex",
    "unencrypted_regex",
    "unencrypted_suffix",
];
const GROUP: &[&str] = &[
    "age",
    "azure_keyvault",
    "gcp_kms",
    "hc_vault",
    "hckms",
    "kms",
    "merge",
    "pgp",
];
const DESTINATION: &[&str] = &[
    "gcs_bucket",
    "gcs_prefix",
    "omit_extensions",
    "path_regex",
    "recreation_rule",
    "s3_bucket",
    "s3_prefix",
    "vault_address",
    "vault_kv_mount_name",
    "vault_kv_version",
    "vault_path",
];
const STORES: &[&str] = &["dotenv", "ini", "json", "json_binary", "yaml"];

/// Expressions that match every path.
const EVERYTHING: &[&str] = &["", ".", ".*", ".+", "^", "$", "^.*$", "^.+$", "^.*", ".*$"];

/// Fills the diagnostics of a configuration that was read.
pub(super) fn check(root: &Map, config: &mut Config) {
    let source = Arc::clone(&config.source);
    let mut checker = Checker {
        source: &source,
        found: Vec::new(),
    };
    checker.keys(root);
    checker.anchors(root);
    checker.rules(config);
    let mut found = checker.found;
    found.sort_by_key(|one| one.place.as_ref().map_or(0, |(_, span)| span.start));
    found.dedup();
    config.diagnostics = found;
}

struct Checker<'a> {
    source: &'a Arc<Source>,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn keys(&mut self, root: &Map) {
        for pair in root
            .pairs()
            .filter(|pair| !TOP.contains(&pair.key.as_str()))
        {
            // Such keys hold anchors for use further down.
            let holder = contains_anchor(&pair.value, &self.source.text);
            if !holder || suggestion(&pair.key, TOP).is_some() {
                self.unknown(pair, TOP, "at the top");
            }
        }
        for rule in maps(root.get("creation_rules")) {
            self.rule(rule);
        }
        for rule in maps(root.get("destination_rules")) {
            self.known(rule, DESTINATION, "in a destination rule");
            if let Some(rule) = rule.get("recreation_rule").and_then(Node::as_map) {
                self.rule(rule);
            }
        }
        if let Some(stores) = root.get("stores").and_then(Node::as_map) {
            self.known(stores, STORES, "in 'stores'");
            for store in stores.pairs() {
                let flat = matches!(store.key.as_str(), "dotenv" | "ini");
                if let Some(map) = store.value.as_map() {
                    self.known(map, if flat { &[] } else { &["indent"] }, "in a store");
                }
            }
        }
    }

    fn rule(&mut self, rule: &Map) {
        self.known(rule, RULE, "in a creation rule");
        for group in maps(rule.get("key_groups")) {
            self.group(group, 0);
        }
    }

    fn group(&mut self, group: &Map, depth: usize) {
        self.known(group, GROUP, "in a key group");
        for (list, known) in [
            ("kms", &["arn", "aws_profile", "context", "role"][..]),
            ("gcp_kms", &["resource_id"]),
            ("hckms", &["key_id"]),
            ("azure_keyvault", &["key", "vaultUrl", "version"]),
        ] {
            for key in maps(group.get(list)) {
                self.known(key, known, &format!("in an entry of '{list}'"));
            }
        }
        for merged in maps(group.get("merge")).filter(|_| depth < 16) {
            self.group(merged, depth + 1);
        }
    }

    fn known(&mut self, map: &Map, known: &[&str], place: &str) {
        for pair in map.pairs() {
            if pair.key != MERGE && !known.contains(&pair.key.as_str()) {
                self.unknown(pair, known, place);
            }
        }
    }

    fn unknown(&mut self, pair: &Pair, known: &[&str], place: &str) {
        let message = format!("unknown key '{}' {place}: sops ignores it", pair.key);
        let mut warning = Diagnostic::warning(message);
        if let Some(origin) = pair.origin {
            warning = warning.at(self.source, origin.span);
        }
        if let Some(name) = suggestion(&pair.key, known) {
            warning = warning.hint(format!("did you mean '{name}'?"));
        }
        self.found.push(warning);
    }

    fn anchors(&mut self, root: &Map) {
        for (span, name) in Anchors::collect(root, &self.source.text).unused() {
            let message = format!("the anchor '{name}' is not used");
            self.found
                .push(Diagnostic::warning(message).at(self.source, span));
        }
    }

    fn rules(&mut self, config: &Config) {
        let mut earlier: Vec<&str> = Vec::new();
        let mut everything = false;
        for rule in config.creation_rules.iter().flatten() {
            self.found.extend(rule.errors().cloned());
            let regex = rule.path_regex.as_deref().unwrap_or_default();
            let mut warn = |message: String| {
                self.found
                    .push(Diagnostic::warning(message).at(self.source, rule.span));
            };
            if everything {
                warn("this rule is never reached: a rule before it matches every path".to_owned());
            } else if earlier.contains(&regex) {
                warn(format!(
                    "this rule is never reached: a rule before it has '{regex}' too"
                ));
            }
            everything |= EVERYTHING.contains(&regex);
            earlier.push(regex);
            let Ok(encryption) = rule.encryption() else {
                continue;
            };
            let groups = encryption.groups.len();
            if encryption.groups.iter().any(Vec::is_empty) {
                let which = if groups > 1 {
                    "a key group of this rule"
                } else {
                    "this rule"
                };
                warn(format!(
                    "{which} has no keys: nothing can be encrypted with it"
                ));
            }
            let threshold = encryption.shamir_threshold as usize;
            if groups > 1 && threshold != 0 && !(2..=groups).contains(&threshold) {
                warn(format!(
                    "a shamir_threshold of {threshold} is not possible with {groups} key groups"
                ));
            }
        }
        let rules = config.destination_rules.iter();
        for rule in rules.filter_map(|rule| rule.recreation_rule.as_ref()) {
            self.found.extend(rule.errors().cloned());
        }
    }
}

/// The maps of a list, if it is one.
fn maps(node: Option<&Node>) -> impl Iterator<Item = &Map> {
    node.and_then(Node::as_list)
        .into_iter()
        .flat_map(|list| list.values())
        .filter_map(Node::as_map)
}

fn contains_anchor(node: &Node, text: &str) -> bool {
    let span = span_of(node);
    let within = text
        .get(span.start..span.end)
        .is_some_and(|part| part.contains('&'));
    within || anchor_at(text, span.start).is_some()
}

/// A known name that differs by case, dashes or up to two letters.
fn suggestion<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
    let limit = if name.len() > 4 { 2 } else { 1 };
    let near = known
        .iter()
        .map(|other| (distance(&plain(name), &plain(other)), *other));
    near.filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, other)| other)
}

/// Letters to add, remove or change. Names are short.
fn distance(one: &str, two: &str) -> usize {
    if one.len().abs_diff(two.len()) > 2 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (index, left) in one.bytes().enumerate() {
        let mut diagonal = index;
        let mut last = index + 1;
        for (slot, right) in row.iter_mut().skip(1).zip(two.bytes()) {
            let above = *slot;
            last = (diagonal + usize::from(left != right))
                .min(above + 1)
                .min(last + 1);
            diagonal = above;
            *slot = last;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
