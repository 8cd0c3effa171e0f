//! Lists of three sides into one.
//!
//! Items have no names. Where a side changed one run of items and the other side another, both
//! changes are made; where the lists are equally long, items at the same place are merged.

use std::ops::Range;

use nixseal_document::path::Step;
use nixseal_document::tree::{Item, List};

use super::same::same_item;
use super::tree::{Change, Merge, Subject, fresh as fresh_node, fresh_comment};

/// Merges `theirs` into `ours`.
pub(super) fn merge(merge: &mut Merge, ours: &mut List, base: &List, theirs: List) {
    let mine = Run::of(&base.items, &ours.items);
    let other = Run::of(&base.items, &theirs.items);
    if other.is_nothing() || Run::of(&ours.items, &theirs.items).is_nothing() {
        return;
    }
    if mine.is_nothing() || mine.is_apart_from(&other) {
        let shift = if other.old.start >= mine.old.end {
            ours.items.len().wrapping_sub(base.items.len())
        } else {
            0
        };
        let start = other.old.start.wrapping_add(shift);
        let end = other.old.end.wrapping_add(shift);
        let new = theirs
            .items
            .into_iter()
            .skip(other.new.start)
            .take(other.new.len());
        ours.items.splice(start..end, new.map(fresh_item));
        return;
    }
    let length = base.items.len();
    if ours.items.len() != length || theirs.items.len() != length {
        merge.conflict(Subject::Value {
            ours: Change::Changed,
            theirs: Change::Changed,
        });
        return;
    }
    let mut number = 0;
    for ((ours, base), theirs) in ours.items.iter_mut().zip(&base.items).zip(theirs.items) {
        match (ours, base, theirs) {
            (Item::Value(ours), Item::Value(base), Item::Value(theirs)) => {
                merge.at(Step::Index(number), |merge| {
                    merge.value(ours, Some(base), theirs);
                });
                number += 1;
            }
            (ours, base, theirs) => {
                number += usize::from(matches!(ours, Item::Value(_)));
                if same_item(ours, base) {
                    *ours = fresh_item(theirs);
                } else if !same_item(base, &theirs) && !same_item(ours, &theirs) {
                    merge.conflict(Subject::Comments);
                }
            }
        }
    }
}

/// The run of items that a side changed: from the first to the last one that differs.
struct Run {
    old: Range<usize>,
    new: Range<usize>,
}

impl Run {
    fn of(old: &[Item], new: &[Item]) -> Self {
        let same = |(old, new): &(&Item, &Item)| same_item(old, new);
        let start = old.iter().zip(new).take_while(same).count();
        let most = old.len().min(new.len()) - start;
        let ends = old.iter().rev().zip(new.iter().rev()).take(most);
        let end = ends.take_while(same).count();
        Self {
            old: start..old.len() - end,
            new: start..new.len() - end,
        }
    }

    fn is_nothing(&self) -> bool {
        self.old.is_empty() && self.new.is_empty()
    }

    /// Whether there is an unchanged item between the two, so that it is clear what comes first.
    fn is_apart_from(&self, other: &Self) -> bool {
        self.old.end < other.old.start || other.old.end < self.old.start
    }
}

fn fresh_item(item: Item) -> Item {
    match item {
        Item::Comment(comment) => Item::Comment(fresh_comment(&comment)),
        Item::Value(node) => Item::Value(fresh_node(node)),
    }
}

/// The same without places.
pub(super) fn fresh(list: List) -> List {
    List {
        items: list.items.into_iter().map(fresh_item).collect(),
        origin: None,
    }
}
