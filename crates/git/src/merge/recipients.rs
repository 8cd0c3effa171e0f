//! Metadata of three sides into one: recipients by who joined and who left, settings as wholes.

use nixseal_sops::{KeyId, Metadata};

/// What the merged file says about its encryption.
pub(super) struct Merged {
    /// Key groups in the order of our side.
    pub(super) groups: Vec<Vec<KeyId>>,
    /// How many of them are needed.
    pub(super) threshold: u32,
    /// Settings that both sides changed in different ways; ours stay.
    pub(super) disputed: Vec<&'static str>,
}

/// Merges recipients, and puts the settings of the other side into `ours` where only it changed
/// them.
pub(super) fn merge(ours: &mut Metadata, base: Option<&Metadata>, theirs: &Metadata) -> Merged {
    let mut disputed = Vec::new();
    let mut decide = |name, ours: bool, theirs: bool, same: bool| {
        if ours && theirs && !same {
            disputed.push(name);
        }
        theirs && !ours
    };
    let changed = |side: &Metadata| {
        base.map_or((true, true, true), |base| {
            (
                side.selector != base.selector,
                side.mac_only_encrypted != base.mac_only_encrypted,
                side.shamir_threshold != base.shamir_threshold,
            )
        })
    };
    let (mine, other) = (changed(ours), changed(theirs));
    if decide(
        "which values are encrypted",
        mine.0,
        other.0,
        ours.selector == theirs.selector,
    ) {
        ours.selector = theirs.selector.clone();
    }
    let same = ours.mac_only_encrypted == theirs.mac_only_encrypted;
    if decide("mac_only_encrypted", mine.1, other.1, same) {
        ours.mac_only_encrypted = theirs.mac_only_encrypted;
    }
    let same = ours.shamir_threshold == theirs.shamir_threshold;
    let take = decide("shamir_threshold", mine.2, other.2, same);
    let threshold = if take { theirs } else { &*ours }.shamir_threshold;
    let ids = |metadata: &Metadata| -> Vec<Vec<KeyId>> {
        let group = |group: &Vec<nixseal_sops::WrappedKey>| {
            group.iter().map(|key| key.id.clone()).collect()
        };
        metadata.groups.iter().map(group).collect()
    };
    let base = base.map(ids).unwrap_or_default();
    let merged = groups(ids(ours), &base, ids(theirs));
    if merged.is_none() {
        disputed.push("key_groups");
    }
    Merged {
        groups: merged.unwrap_or_else(|| ids(ours)),
        threshold,
        disputed,
    }
}

/// None when both sides changed how many groups there are.
fn groups(
    ours: Vec<Vec<KeyId>>,
    base: &[Vec<KeyId>],
    theirs: Vec<Vec<KeyId>>,
) -> Option<Vec<Vec<KeyId>>> {
    if ours == theirs || theirs == base {
        return Some(ours);
    }
    if ours == base {
        return Some(theirs);
    }
    let none = Vec::new();
    let same_shape = ours.len() == theirs.len() && (base.is_empty() || base.len() == ours.len());
    same_shape.then(|| {
        let group = |(number, (ours, theirs)): (usize, (Vec<KeyId>, Vec<KeyId>))| {
            group(ours, base.get(number).unwrap_or(&none), theirs)
        };
        ours.into_iter()
            .zip(theirs)
            .enumerate()
            .map(group)
            .collect()
    })
}

/// Whoever joined on either side is in; whoever left on either side is out.
fn group(ours: Vec<KeyId>, base: &[KeyId], theirs: Vec<KeyId>) -> Vec<KeyId> {
    let left = |id: &KeyId| base.contains(id) && !theirs.contains(id);
    let mut merged: Vec<KeyId> = ours.iter().filter(|id| !left(id)).cloned().collect();
    for id in &theirs {
        if !base.contains(id) && !merged.contains(id) {
            merged.push(id.clone());
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &str) -> Vec<KeyId> {
        names.split_whitespace().map(KeyId::age).collect()
    }

    #[test]
    fn who_joined_is_in_and_who_left_is_out() {
        for (ours, base, theirs, merged) in [
            ("a b", "a b", "a b", "a b"),
            ("a b c", "a b", "a b d", "a b c d"),
            ("a", "a b", "a b d", "a d"),
            ("a b c", "a b", "b", "b c"),
            ("b", "a b", "a", ""),
            ("a c", "", "a d", "a c d"),
        ] {
            assert_eq!(
                group(ids(ours), &ids(base), ids(theirs)),
                ids(merged),
                "{ours}|{base}|{theirs}"
            );
        }
    }

    #[test]
    fn groups_are_merged_one_by_one_while_their_number_stays() {
        let all = |groups: &[&str]| groups.iter().map(|group| ids(group)).collect::<Vec<_>>();
        let merged = groups(all(&["a", "b c"]), &all(&["a", "b"]), all(&["a d", "b"]));
        assert_eq!(merged, Some(all(&["a d", "b c"])));
        let merged = groups(all(&["a", "b"]), &all(&["a"]), all(&["a c"]));
        assert_eq!(merged, None);
        let merged = groups(all(&["a", "b"]), &all(&["a"]), all(&["a"]));
        assert_eq!(merged, Some(all(&["a", "b"])));
    }
}
