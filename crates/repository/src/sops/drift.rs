//! How a SOPS file differs from its rule. `sops` compares the keys alone, and only when asked.

use nixseal_age::keyring::Interaction;
use nixseal_age::parse_recipient;
use nixseal_base::env::Environment;
use nixseal_document::Format;
use nixseal_sops::config::Encryption;
use nixseal_sops::key_groups::Owners;
use nixseal_sops::{KeyId, KeyKind, Metadata, Selector};

/// What has to change for a file to fit its rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SopsDrift {
    /// Keys that the rule has and the file has not.
    pub added: Vec<KeyId>,
    /// Keys that the file has and the rule has not.
    pub removed: Vec<KeyId>,
    /// The same keys stand in other groups.
    pub regrouped: bool,
    /// The threshold of the file and that of the rule.
    pub threshold: Option<(u32, u32)>,
    /// How the file chooses the values to encrypt, and how the rule does.
    pub selector: Option<(Selector, Selector)>,
    /// Whether the rule wants values in clear outside of the MAC, where the file differs.
    pub mac_only_encrypted: Option<bool>,
}

impl SopsDrift {
    /// Whether the file fits its rule.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether other people can open the file than the rule says.
    pub fn is_about_keys(&self) -> bool {
        let Self { added, removed, .. } = self;
        !added.is_empty() || !removed.is_empty() || self.regrouped || self.threshold.is_some()
    }

    /// The same in few words: `+ host - old, selector`.
    pub fn summary(&self, owners: &Owners) -> String {
        let mut words = Vec::new();
        let named = |sign: &str, ids: &[KeyId]| -> Vec<String> {
            let one = |id| format!("{sign} {}", owner_label(owners, id));
            ids.iter().map(one).collect()
        };
        let mut keys = named("+", &self.added);
        keys.extend(named("-", &self.removed));
        if !keys.is_empty() {
            words.push(keys.join(" "));
        }
        if self.regrouped {
            words.push("key groups".to_owned());
        }
        if let Some((old, new)) = self.threshold {
            words.push(format!("threshold {old} instead of {new}"));
        }
        if let Some((old, new)) = &self.selector {
            words.push(format!(
                "{} instead of {}",
                selector_text(old),
                selector_text(new)
            ));
        }
        if self.mac_only_encrypted.is_some() {
            words.push("mac_only_encrypted".to_owned());
        }
        words.join(", ")
    }
}

/// Compares a file of `format` with its rule.
pub fn drift(metadata: &Metadata, format: Format, wanted: &Encryption) -> SopsDrift {
    let has: Vec<Vec<&KeyId>> = metadata
        .groups
        .iter()
        .map(|group| group.iter().map(|key| &key.id).collect())
        .collect();
    let wants: Vec<Vec<&KeyId>> = wanted
        .groups
        .iter()
        .map(|group| group.iter().collect())
        .collect();
    let (all_has, all_wants) = (has.concat(), wants.concat());
    let added = missing(&all_wants, &all_has);
    let removed = missing(&all_has, &all_wants);
    let same_groups = has.len() == wants.len()
        && has
            .iter()
            .zip(&wants)
            .all(|(has, wants)| missing(has, wants).is_empty() && missing(wants, has).is_empty());
    let threshold = (
        effective(metadata.shamir_threshold, has.len()),
        effective(wanted.shamir_threshold, wants.len()),
    );
    // A binary file is encrypted as a whole, whatever its metadata say.
    let structured = format != Format::Binary;
    let selector = || {
        let wants = wanted
            .selector
            .clone()
            .unwrap_or_else(Selector::default_suffix);
        let differs = metadata.selector != wants;
        differs.then(|| (metadata.selector.clone(), wants))
    };
    let wants_mac = wanted.mac_only_encrypted;
    SopsDrift {
        regrouped: added.is_empty() && removed.is_empty() && !same_groups,
        added,
        removed,
        threshold: Some(threshold).filter(|(has, wants)| has != wants),
        selector: structured.then(selector).flatten(),
        mac_only_encrypted: (structured && wants_mac != metadata.mac_only_encrypted)
            .then_some(wants_mac),
    }
}

/// How many groups must take part; 0 where there is but one.
pub(super) fn effective(threshold: u32, groups: usize) -> u32 {
    match (groups, threshold) {
        (0 | 1, _) => 0,
        (groups, 0) => u32::try_from(groups).unwrap_or(u32::MAX),
        (_, threshold) => threshold,
    }
}

/// Those of `all` that are not in `others`, each once.
pub(super) fn missing(all: &[&KeyId], others: &[&KeyId]) -> Vec<KeyId> {
    let mut found: Vec<KeyId> = Vec::new();
    for &id in all {
        let is = |other: &KeyId| same(id, other);
        if !others.iter().any(|other| is(other)) && !found.iter().any(is) {
            found.push(id.clone());
        }
    }
    found
}

/// The comment of an SSH key is no part of it.
fn same(one: &KeyId, two: &KeyId) -> bool {
    let key = |id: &KeyId| -> Option<Vec<String>> {
        let text = id.field("recipient");
        (id.kind() == KeyKind::Age && text.starts_with("ssh-")).then(|| {
            text.split_ascii_whitespace()
                .take(2)
                .map(str::to_owned)
                .collect()
        })
    };
    one == two || key(one).is_some_and(|one| Some(one) == key(two))
}

/// What to call a key: its owner's name, else a short form of the key.
pub fn owner_label(owners: &Owners, id: &KeyId) -> String {
    if let Some(name) = owners.of(id) {
        return name.to_owned();
    }
    let text = id.to_string();
    match id.kind() {
        KeyKind::Age => {
            let asks = Interaction::silent(Environment::default());
            parse_recipient(&text, &asks).map_or(text, |recipient| recipient.label())
        }
        KeyKind::Pgp => {
            let end = text.len().saturating_sub(16);
            format!("pgp {}", text.get(end..).unwrap_or(&text))
        }
        _ => text,
    }
}

fn selector_text(selector: &Selector) -> String {
    selector.field().map_or_else(
        || "everything".to_owned(),
        |(kind, text)| format!("{} '{text}'", kind.field()),
    )
}

#[cfg(test)]
mod tests {
    use nixseal_sops::{Moment, SelectorKind, WrappedKey};

    use super::*;

    fn metadata(groups: &[&[&str]]) -> Metadata {
        let key = |id: &&str| WrappedKey {
            id: KeyId::pgp(id),
            created_at: None,
            enc: String::new(),
        };
        let groups = groups.iter().map(|group| group.iter().map(key).collect());
        let moment = Moment::parse("2026-11-23T06:46:17Z").unwrap();
        Metadata::new(groups.collect(), Selector::default_suffix(), moment)
    }

    fn wanted(groups: &[&[&str]]) -> Encryption {
        let group = |group: &&[&str]| group.iter().map(|id| KeyId::pgp(id)).collect();
        Encryption {
            groups: groups.iter().map(group).collect(),
            shamir_threshold: 0,
            selector: None,
            mac_only_encrypted: false,
        }
    }

    fn summary(has: &[&[&str]], wants: &[&[&str]]) -> String {
        drift(&metadata(has), Format::Yaml, &wanted(wants)).summary(&Owners::default())
    }

    #[test]
    fn keys_and_groups_are_compared_without_their_order() {
        assert_eq!(summary(&[&["A", "B"]], &[&["B", "A"]]), "");
        assert_eq!(summary(&[&["A", "B"]], &[&["A", "C"]]), "+ pgp C - pgp B");
        assert_eq!(summary(&[&["A"], &["B"]], &[&["B"], &["A"]]), "key groups");
        assert_eq!(
            summary(&[&["A", "B"]], &[&["A"], &["B"]]),
            "key groups, threshold 0 instead of 2"
        );
    }

    #[test]
    fn what_sops_never_looks_at_counts() {
        let mut rule = wanted(&[&["A"]]);
        rule.selector = Some(Selector::new(SelectorKind::EncryptedRegex, "^p").unwrap());
        rule.mac_only_encrypted = true;
        let file = metadata(&[&["A"]]);
        let found = drift(&file, Format::Yaml, &rule);
        assert_eq!(
            found.summary(&Owners::default()),
            "unencrypted_suffix '_unencrypted' instead of encrypted_regex '^p', mac_only_encrypted"
        );
        assert!(!found.is_about_keys() && !found.is_none());
        assert!(drift(&file, Format::Binary, &rule).is_none());
    }

    #[test]
    fn the_comment_of_an_ssh_key_does_not_count() {
        let one = KeyId::age("ssh-ed25519 AAAA root@host");
        assert!(same(&one, &KeyId::age("ssh-ed25519 AAAA")));
        assert!(!same(&one, &KeyId::age("ssh-ed25519 BBBB root@host")));
    }
}
