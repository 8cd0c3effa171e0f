//! Whether a file is encrypted to exactly whom its rule names, told without
//! any private key.
//!
//! The lock knows for sure. Without an entry that fits the file, the header
//! tells what it can: SSH stanzas carry a tag of their key, native ones only
//! their kind.

use std::collections::{BTreeMap, BTreeSet};

use nixseal_age::Stanza;

use crate::lock::RecipientId;

/// A recipient of a rule, as much as comparing needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its form in the lock.
    pub id: RecipientId,
    /// What people call it: its names in the rules, else a short form of the key.
    pub label: String,
    /// How its stanza can be told.
    pub mark: Mark,
}

/// What a recipient's stanza shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Kind and the tag of the key: `ssh-ed25519`, `ssh-rsa`.
    Tagged {
        /// First argument of the stanza.
        kind: &'static str,
        /// Second argument.
        tag: String,
    },
    /// Only the kind: `X25519`, `mlkem768x25519`.
    Anonymous(&'static str),
    /// Whatever its plugin writes.
    Opaque,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// Exactly the wanted recipients.
    None,
    /// Others than wanted.
    Changed {
        /// Wanted, but not among the file's recipients.
        added: Vec<String>,
        /// Among the file's recipients, but not wanted.
        removed: Vec<String>,
    },
    /// The header does not tell and the lock does not know.
    Unknown,
}

impl Drift {
    /// The difference in one line: `+alice, -bob`; empty where there is none.
    pub fn summary(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Unknown => "not in the lock, its recipients cannot be told".to_owned(),
            Self::Changed { added, removed } => {
                let added = added.iter().map(|name| format!("+{name}"));
                let removed = removed.iter().map(|name| format!("-{name}"));
                added.chain(removed).collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// Compares what is wanted with what the lock recorded of this very content,
/// or else with the stanzas. `known` names recipients that no longer are in
/// this rule.
pub fn compare(
    wanted: &[&Wanted],
    recorded: Option<&BTreeSet<RecipientId>>,
    stanzas: &[Stanza],
    known: &BTreeMap<RecipientId, String>,
) -> Drift {
    let (added, removed) = match recorded {
        Some(recorded) => against_record(wanted, recorded, known),
        None => against_stanzas(wanted, stanzas, known),
    };
    if !added.is_empty() || !removed.is_empty() {
        return Drift::Changed { added, removed };
    }
    let certain = wanted
        .iter()
        .all(|wanted| matches!(wanted.mark, Mark::Tagged { .. }))
        && stanzas
            .iter()
            .all(|stanza| is_tagged(stanza) || is_grease(stanza));
    if recorded.is_some() || certain {
        Drift::None
    } else {
        Drift::Unknown
    }
}

fn against_record(
    wanted: &[&Wanted],
    recorded: &BTreeSet<RecipientId>,
    known: &BTreeMap<RecipientId, String>,
) -> (Vec<String>, Vec<String>) {
    let ids: BTreeSet<&RecipientId> = wanted.iter().map(|wanted| &wanted.id).collect();
    let mut added: Vec<String> = wanted
        .iter()
        .filter(|wanted| !recorded.contains(&wanted.id))
        .map(|wanted| wanted.label.clone())
        .collect();
    added.dedup();
    let label = |id: &RecipientId| {
        known
            .get(id)
            .cloned()
            .unwrap_or_else(|| shorten(id.as_str()))
    };
    let mut removed: Vec<String> = recorded
        .iter()
        .filter(|id| !ids.contains(id))
        .map(label)
        .collect();
    removed.sort();
    (added, removed)
}

fn against_stanzas(
    wanted: &[&Wanted],
    stanzas: &[Stanza],
    known: &BTreeMap<RecipientId, String>,
) -> (Vec<String>, Vec<String>) {
    let mut added = Vec::new();
    let mut removed = Vec::new();
    let has = |kind: &str, tag: &str| {
        stanzas
            .iter()
            .any(|stanza| stanza.tag == kind && stanza.args.first().is_some_and(|arg| arg == tag))
    };
    for recipient in wanted {
        if let Mark::Tagged { kind, tag } = &recipient.mark
            && !has(kind, tag)
            && !added.contains(&recipient.label)
        {
            added.push(recipient.label.clone());
        }
    }
    for stanza in stanzas.iter().filter(|stanza| is_tagged(stanza)) {
        let tag = stanza.args.first().map_or("", String::as_str);
        let meant = |wanted: &&Wanted| matches!(&wanted.mark, Mark::Tagged { kind, tag: other } if *kind == stanza.tag && other == tag);
        if !wanted.iter().any(meant) {
            removed.push(name_by_tag(&stanza.tag, tag, known));
        }
    }
    for kind in ["X25519", "mlkem768x25519"] {
        let of_kind = |wanted: &&&Wanted| wanted.mark == Mark::Anonymous(kind);
        let all = wanted.iter().filter(of_kind).count();
        let distinct: BTreeSet<_> = wanted
            .iter()
            .filter(of_kind)
            .map(|wanted| &wanted.id)
            .collect();
        let found = stanzas.iter().filter(|stanza| stanza.tag == kind).count();
        if found > all.max(distinct.len()) {
            removed.push(format!("{} unnamed {kind} recipient(s)", found - all));
        } else if found < distinct.len() {
            added.push(format!(
                "{} of the {kind} recipients",
                distinct.len() - found
            ));
        }
    }
    (added, removed)
}

/// The name of an SSH recipient that is in other rules, told by its tag.
fn name_by_tag(kind: &str, tag: &str, known: &BTreeMap<RecipientId, String>) -> String {
    let named = known
        .iter()
        .find(|(id, _)| ssh_tag(id.as_str()).is_some_and(|known| known == (kind, tag.to_owned())));
    named.map_or_else(
        || format!("a {kind} key with the tag {tag}"),
        |(_, label)| label.clone(),
    )
}

/// Kind and tag of an SSH recipient that stands in full in its id.
fn ssh_tag(id: &str) -> Option<(&str, String)> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use sha2::{Digest as _, Sha256};
    let (kind, key) = id
        .split_once(':')
        .filter(|(kind, _)| kind.starts_with("ssh-"))?;
    let wire = STANDARD.decode(key).ok()?;
    Some((kind, STANDARD_NO_PAD.encode(&Sha256::digest(wire)[..4])))
}

fn is_tagged(stanza: &Stanza) -> bool {
    matches!(stanza.tag.as_str(), "ssh-ed25519" | "ssh-rsa")
}

/// Stanzas that mean nothing (age v1, "Recipient stanza": grease).
fn is_grease(stanza: &Stanza) -> bool {
    stanza.tag.ends_with("-grease")
}

/// A long key, cut for reading.
pub fn shorten(key: &str) -> String {
    const HEAD: usize = 24;
    match key.char_indices().nth(HEAD + 8) {
        None => key.to_owned(),
        Some(_) => {
            let head: String = key.chars().take(HEAD).collect();
            format!("{head}…")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn native(key: &str, label: &str) -> Wanted {
        Wanted {
            id: RecipientId::of(key),
            label: label.to_owned(),
            mark: Mark::Anonymous("X25519"),
        }
    }

    fn ssh(tag: &str, label: &str) -> Wanted {
        Wanted {
            id: RecipientId::of(&format!("ssh-ed25519 {label}")),
            label: label.to_owned(),
            mark: Mark::Tagged {
                kind: "ssh-ed25519",
                tag: tag.to_owned(),
            },
        }
    }

    fn stanza(kind: &str, arg: &str) -> Stanza {
        Stanza {
            tag: kind.to_owned(),
            args: vec![arg.to_owned()],
            body: Vec::new(),
        }
    }

    fn recorded(keys: &[&str]) -> BTreeSet<RecipientId> {
        keys.iter().map(|key| RecipientId::of(key)).collect()
    }

    fn changed(added: &[&str], removed: &[&str]) -> Drift {
        let own = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
        Drift::Changed {
            added: own(added),
            removed: own(removed),
        }
    }

    #[test]
    fn the_record_decides() {
        let wanted = [native("age1a", "alice"), native("age1b", "bob")];
        let known = BTreeMap::from([(RecipientId::of("age1c"), "carol".to_owned())]);
        let with = |keys| compare(&wanted.each_ref(), Some(&recorded(keys)), &[], &known);
        assert_eq!(with(&["age1a", "age1b"]), Drift::None);
        assert_eq!(with(&["age1a", "age1c"]), changed(&["bob"], &["carol"]));
        assert_eq!(with(&["age1a", "age1b", "age1d"]), changed(&[], &["age1d"]));
    }

    #[test]
    fn ssh_stanzas_tell_their_keys() {
        let wanted = [ssh("aaaa", "alice"), ssh("bbbb", "bob")];
        let with =
            |stanzas: &[Stanza]| compare(&wanted.each_ref(), None, stanzas, &BTreeMap::new());
        let (alice, bob) = (stanza("ssh-ed25519", "aaaa"), stanza("ssh-ed25519", "bbbb"));
        assert_eq!(with(&[bob.clone(), alice.clone()]), Drift::None);
        assert_eq!(
            with(&[alice.clone(), bob.clone(), stanza("x-grease", "")]),
            Drift::None
        );
        assert_eq!(
            with(&[alice.clone(), bob, stanza("other", "")]),
            Drift::Unknown
        );
        assert_eq!(
            with(&[alice, stanza("ssh-ed25519", "cccc")]),
            changed(&["bob"], &["a ssh-ed25519 key with the tag cccc"])
        );
    }

    #[test]
    fn a_removed_ssh_key_of_other_rules_is_named() {
        let known = BTreeMap::from([(RecipientId::of(ALICE), "alice".to_owned())]);
        let tag = ssh_tag(RecipientId::of(ALICE).as_str()).unwrap().1;
        let drift = compare(&[], None, &[stanza("ssh-ed25519", &tag)], &known);
        assert_eq!(drift, changed(&[], &["alice"]));
    }

    #[test]
    fn native_stanzas_only_count() {
        let wanted = [native("age1a", "alice"), native("age1b", "bob")];
        let with = |count| {
            compare(
                &wanted.each_ref(),
                None,
                &vec![stanza("X25519", "share"); count],
                &BTreeMap::new(),
            )
        };
        assert_eq!(with(2), Drift::Unknown);
        assert_eq!(with(1), changed(&["1 of the X25519 recipients"], &[]));
        assert_eq!(with(3), changed(&[], &["1 unnamed X25519 recipient(s)"]));
    }
}
