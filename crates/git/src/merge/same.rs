//! When two parts of trees say the same.

use std::collections::HashMap;

use nixseal_document::tree::{Comment, Entry, Item, List, Map, Node, Pair};

/// Same values of the same types and the same comments; the order of keys does not count.
pub(super) fn same(one: &Node, two: &Node) -> bool {
    match (one, two) {
        (Node::Scalar(one), Node::Scalar(two)) => one.value().same(two.value()),
        (Node::List(one), Node::List(two)) => same_list(one, two),
        (Node::Map(one), Node::Map(two)) => same_map(one, two),
        _ => false,
    }
}

fn same_list(one: &List, two: &List) -> bool {
    one.items.len() == two.items.len()
        && one
            .items
            .iter()
            .zip(&two.items)
            .all(|(one, two)| same_item(one, two))
}

pub(super) fn same_item(one: &Item, two: &Item) -> bool {
    match (one, two) {
        (Item::Comment(one), Item::Comment(two)) => one.text() == two.text(),
        (Item::Value(one), Item::Value(two)) => same(one, two),
        _ => false,
    }
}

pub(super) fn same_map(one: &Map, two: &Map) -> bool {
    if one.entries.len() != two.entries.len() {
        return false;
    }
    let (ones, twos) = (members(one), members(two));
    // Names that are there twice count in their order.
    let mut others: HashMap<&str, Vec<&Member<'_>>> = HashMap::new();
    for member in twos.iter().rev() {
        others.entry(member.name()).or_default().push(member);
    }
    ones.iter().all(|one| {
        let other = others.get_mut(one.name()).and_then(Vec::pop);
        other.is_some_and(|other| {
            same_comments(one.comments.iter().copied(), other.comments.iter().copied())
                && match (one.pair, other.pair) {
                    (Some(one), Some(two)) => same(&one.value, &two.value),
                    (None, None) => true,
                    _ => false,
                }
        })
    })
}

pub(super) fn same_comments<'a>(
    one: impl Iterator<Item = &'a Comment>,
    two: impl Iterator<Item = &'a Comment>,
) -> bool {
    one.map(Comment::text).eq(two.map(Comment::text))
}

struct Member<'a> {
    comments: Vec<&'a Comment>,
    pair: Option<&'a Pair>,
}

impl Member<'_> {
    /// No key is empty in a way that could be mixed up: comments at the end come last.
    fn name(&self) -> &str {
        self.pair.map_or("", |pair| pair.key.as_str())
    }
}

fn members(map: &Map) -> Vec<Member<'_>> {
    let (mut members, mut comments) = (Vec::new(), Vec::new());
    for entry in &map.entries {
        match entry {
            Entry::Comment(comment) => comments.push(comment),
            Entry::Pair(pair) => members.push(Member {
                comments: std::mem::take(&mut comments),
                pair: Some(pair),
            }),
        }
    }
    if !comments.is_empty() {
        members.push(Member {
            comments,
            pair: None,
        });
    }
    members
}
