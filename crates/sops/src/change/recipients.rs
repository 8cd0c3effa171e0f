//! Who a file is encrypted to, and how that changes: key groups before and after.

use std::collections::HashSet;

use crate::metadata::{KeyGroup, KeyId, Metadata};

/// What becomes of one key group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Keys that stay, in their new order.
    pub kept: Vec<KeyId>,
    /// New keys.
    pub added: Vec<KeyId>,
    /// Keys that go.
    pub removed: Vec<KeyId>,
}

/// What becomes of the recipients of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientsChange {
    /// Group by group; those that only one side has have no keys on the other.
    pub groups: Vec<GroupChange>,
    /// The threshold of the file; 0 where it has none.
    pub old_threshold: u32,
    /// The threshold that it gets.
    pub new_threshold: u32,
}

impl RecipientsChange {
    /// Compares a file with the groups it should have, as `sops updatekeys` does: keys are the
    /// same if they are called the same, whatever their order, and the groups by number.
    /// `threshold` is the one to write; see [`kept_threshold`].
    pub fn of(metadata: &Metadata, groups: &[Vec<KeyId>], threshold: u32) -> Self {
        let none = (KeyGroup::new(), Vec::new());
        let count = metadata.groups.len().max(groups.len());
        let group = |index: usize| {
            let old = metadata.groups.get(index).unwrap_or(&none.0);
            let new = groups.get(index).unwrap_or(&none.1);
            GroupChange::between(old, new)
        };
        Self {
            groups: (0..count).map(group).collect(),
            old_threshold: metadata.shamir_threshold,
            new_threshold: threshold,
        }
    }

    /// Whether anything changes.
    pub fn is_needed(&self) -> bool {
        let changes = |group: &GroupChange| !(group.added.is_empty() && group.removed.is_empty());
        self.old_threshold != self.new_threshold || self.groups.iter().any(changes)
    }
}

impl GroupChange {
    fn between(old: &[crate::WrappedKey], new: &[KeyId]) -> Self {
        let names = |ids: &mut dyn Iterator<Item = &KeyId>| -> HashSet<String> {
            ids.map(KeyId::to_string).collect()
        };
        let old_names = names(&mut old.iter().map(|key| &key.id));
        let new_names = names(&mut new.iter());
        let (kept, added) = new
            .iter()
            .cloned()
            .partition(|id| old_names.contains(&id.to_string()));
        let removed = old.iter().map(|key| key.id.clone());
        Self {
            kept,
            added,
            removed: removed
                .filter(|id| !new_names.contains(&id.to_string()))
                .collect(),
        }
    }
}

/// The threshold that `sops updatekeys` writes: that of the file, as long as there are so many
/// groups. It ignores the one of the rule.
pub fn kept_threshold(metadata: &Metadata, groups: &[Vec<KeyId>]) -> u32 {
    let count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    metadata.shamir_threshold.min(count)
}

/// The groups of a file without what they wrap.
pub fn ids(groups: &[KeyGroup]) -> Vec<Vec<KeyId>> {
    let group = |group: &KeyGroup| group.iter().map(|key| key.id.clone()).collect();
    groups.iter().map(group).collect()
}

/// The groups of a file with keys added to the first one and others removed from all, as
/// `sops rotate` does by name. Keys that the first group has are not added again.
pub fn changed(groups: &[KeyGroup], add: &[KeyId], remove: &[KeyId]) -> Vec<Vec<KeyId>> {
    let mut groups = ids(groups);
    if let Some(first) = groups.first_mut() {
        for id in add {
            if !first.contains(id) {
                first.push(id.clone());
            }
        }
    }
    let gone: HashSet<String> = remove.iter().map(KeyId::to_string).collect();
    for group in &mut groups {
        group.retain(|id| !gone.contains(&id.to_string()));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moment, Selector, WrappedKey};

    fn metadata(groups: &[&[&str]], threshold: u32) -> Metadata {
        let key = |name: &&str| WrappedKey {
            id: KeyId::age(name),
            created_at: None,
            enc: "x".to_owned(),
        };
        let groups = groups.iter().map(|group| group.iter().map(key).collect());
        let moment = Moment::parse("2026-11-23T06:46:17Z").unwrap();
        let mut metadata = Metadata::new(groups.collect(), Selector::Everything, moment);
        metadata.shamir_threshold = threshold;
        metadata
    }

    fn named(groups: &[&[&str]]) -> Vec<Vec<KeyId>> {
        let group = |group: &&[&str]| group.iter().map(|name| KeyId::age(name)).collect();
        groups.iter().map(group).collect()
    }

    #[test]
    fn groups_are_compared_by_number() {
        let file = metadata(&[&["a", "b"], &["c"]], 2);
        let change = RecipientsChange::of(&file, &named(&[&["b", "a"], &["c"]]), 2);
        assert!(!change.is_needed(), "another order is no change");
        let change = RecipientsChange::of(&file, &named(&[&["b", "d"]]), 1);
        assert!(change.is_needed());
        let [first, second] = change.groups.as_slice() else {
            panic!("{change:?}");
        };
        let ids = |name: &str| vec![KeyId::age(name)];
        assert_eq!(
            (&first.kept, &first.added, &first.removed),
            (&ids("b"), &ids("d"), &ids("a"))
        );
        assert_eq!((second.kept.len(), &second.removed), (0, &ids("c")));
        assert!(RecipientsChange::of(&file, &named(&[&["a", "b"], &["c"]]), 1).is_needed());
    }

    #[test]
    fn the_threshold_stays_while_there_are_so_many_groups() {
        let file = metadata(&[&["a"], &["b"], &["c"]], 3);
        assert_eq!(kept_threshold(&file, &named(&[&["a"], &["b"]])), 2);
        assert_eq!(kept_threshold(&file, &named(&[&["a"][..]; 4])), 3);
        let file = metadata(&[&["a"]], 0);
        assert_eq!(kept_threshold(&file, &named(&[&["a"], &["b"]])), 0);
    }

    #[test]
    fn keys_are_added_to_the_first_group_and_removed_from_all() {
        let file = metadata(&[&["a", "b"], &["b"]], 0);
        let change = |add: &[&str], remove: &[&str]| {
            let of = |names: &[&str]| {
                names
                    .iter()
                    .map(|name| KeyId::age(name))
                    .collect::<Vec<_>>()
            };
            changed(&file.groups, &of(add), &of(remove))
        };
        assert_eq!(change(&["c", "a"], &[]), named(&[&["a", "b", "c"], &["b"]]));
        assert_eq!(change(&["c"], &["b", "z"]), named(&[&["a", "c"], &[]]));
    }
}
