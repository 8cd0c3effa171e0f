//! Comments that go-yaml loses: behind an opening bracket, before the first key of a list entry
//! whose value has a comment too, and the like.
//!
//! A comment that is not in the tree would stay in clear in an encrypted file, and be missing from
//! a file written anew. So each is put where it stands, into the innermost map or list around it.

use std::collections::HashSet;
use std::iter::Peekable;
use std::vec::IntoIter;

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;

use super::compose::YamlDocument;
use super::token::slice;
use crate::tree::{Comment, Entry, Item, Map, Node, Origin};

/// Puts back the comments of `all` that are in none of the trees.
pub(super) fn restore(
    source: &str,
    all: Vec<Span>,
    documents: &[YamlDocument],
    branches: &mut [Map],
) {
    let mut found = HashSet::with_capacity(all.len());
    for branch in branches.iter() {
        note_map(branch, &mut found);
    }
    let mut lost: Vec<Span> = all
        .into_iter()
        .filter(|span| !found.contains(&span.start))
        .collect();
    if lost.is_empty() {
        return;
    }
    lost.sort_unstable();
    let mut restorer = Restorer {
        source,
        lost: lost.into_iter().peekable(),
    };
    let last = branches.len().saturating_sub(1);
    for (index, (branch, document)) in branches.iter_mut().zip(documents).enumerate() {
        let end = if index == last {
            source.len()
        } else {
            document.end
        };
        restorer.map(branch, end);
    }
}

struct Restorer<'a> {
    source: &'a str,
    lost: Peekable<IntoIter<Span>>,
}

impl Restorer<'_> {
    fn map(&mut self, map: &mut Map, end: usize) {
        let mut entries = Vec::with_capacity(map.entries.len() + 1);
        for mut entry in map.entries.drain(..) {
            if let Entry::Pair(pair) = &mut entry {
                let start = pair.origin.map_or(0, |origin| origin.span.start);
                self.comments_before(start, |comment| entries.push(Entry::Comment(comment)));
                self.inside(&mut pair.value);
            }
            entries.push(entry);
        }
        self.comments_before(end, |comment| entries.push(Entry::Comment(comment)));
        map.entries = entries;
    }

    /// Looks into a map or list that itself stands in the text.
    fn inside(&mut self, node: &mut Node) {
        let Some(origin) = node.origin().filter(|origin| origin.alias.is_none()) else {
            return;
        };
        match node {
            Node::Map(map) => self.map(map, origin.span.end),
            Node::List(list) => {
                let mut items = Vec::with_capacity(list.items.len() + 1);
                for mut item in list.items.drain(..) {
                    if let Item::Value(node) = &mut item {
                        let start = node.origin().map_or(0, |origin| origin.span.start);
                        self.comments_before(start, |comment| items.push(Item::Comment(comment)));
                        self.inside(node);
                    }
                    items.push(item);
                }
                let end = origin.span.end;
                self.comments_before(end, |comment| items.push(Item::Comment(comment)));
                list.items = items;
            }
            Node::Scalar(_) => {}
        }
    }

    fn comments_before(&mut self, end: usize, mut put: impl FnMut(Comment)) {
        while let Some(span) = self.lost.next_if(|span| span.start < end) {
            let text = slice(self.source, span.start + 1..span.end).as_bytes();
            let origin = Origin {
                id: u32::MAX,
                alias: None,
                span,
            };
            put(Comment::read(SecretBytes::copy_of(text), false, origin));
        }
    }
}

fn note_map(map: &Map, found: &mut HashSet<usize>) {
    for entry in &map.entries {
        match entry {
            Entry::Comment(comment) => note(comment, found),
            Entry::Pair(pair) => note_node(&pair.value, found),
        }
    }
}

fn note_node(node: &Node, found: &mut HashSet<usize>) {
    match node {
        Node::Map(map) => note_map(map, found),
        Node::List(list) => {
            for item in &list.items {
                match item {
                    Item::Comment(comment) => note(comment, found),
                    Item::Value(node) => note_node(node, found),
                }
            }
        }
        Node::Scalar(_) => {}
    }
}

fn note(comment: &Comment, found: &mut HashSet<usize>) {
    found.extend(comment.origin.map(|origin| origin.span.start));
}

#[cfg(test)]
mod tests {
    use crate::tree::Entry;
    use crate::{Format, parse};

    #[test]
    fn no_comment_is_lost() {
        for (text, places) in [
            ("a:\n  - # lost\n    b: 1 # kept\n", 2),
            ("a: [ # lost\n  1]\n", 1),
            ("a: { # lost\n  b: 1} # kept\n", 2),
            ("a: 1\n--- # one\nb: {} # two\n... # three\n", 3),
        ] {
            let document = parse(Format::Yaml, text.as_bytes()).unwrap();
            let shown = format!("{:?}", document.branches);
            assert_eq!(shown.matches("Comment {").count(), places, "{text}");
            assert_eq!(document.splice().unwrap().expose(), text.as_bytes());
        }
    }

    #[test]
    fn a_comment_between_documents_is_read_once() {
        let text = "a: 1\n# one\n---\n# two\nb: 1\n";
        let document = parse(Format::Yaml, text.as_bytes()).unwrap();
        let comments = document.branches.iter().flat_map(|map| &map.entries);
        assert_eq!(
            comments
                .filter(|entry| matches!(entry, Entry::Comment(_)))
                .count(),
            2
        );
    }
}
