//! Putting only the changes of a tree into the text it was read from.
//!
//! The original text is read once more; both trees are walked side by side and members are
//! matched by where they stand in the text. What is new, gone or changed becomes an edit of the
//! text. At the end the new text is read and compared with the tree: a result that would mean
//! something else is never given out.

use std::collections::HashMap;

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use crate::document::{Document, Source, parse};
use crate::error::SpliceError;
use crate::format::Format;
use crate::tree::{Comment, Entry, Item, Map, Node, Origin};
use crate::{dotenv, flat, ini, json, wiped, yaml};

impl Document {
    /// The original text with the changes of the tree: changed values and comments replaced where
    /// they stand, new members put in with the layout around them, missing ones taken out.
    ///
    /// Every other byte stays. Comments are matched by their place, so that moving members within
    /// the tree is the same as taking them out and putting them in.
    ///
    /// # Errors
    /// What the format cannot hold, and changes that cannot be made without reading back
    /// otherwise.
    pub fn splice(&self) -> Result<SecretBytes, SpliceError> {
        let edited = match &self.source {
            Source::Binary => {
                let bytes =
                    crate::document::emit(Format::Binary, &self.branches, &Default::default());
                return Ok(bytes?);
            }
            Source::Forgotten(_) => {
                let reason = "its text is no longer there";
                return Err(SpliceError::Unsafe(reason.to_owned()));
            }
            Source::Dotenv(bytes) => dotenv::splice::splice(bytes.expose(), self)?,
            Source::Ini { text } => ini::splice::splice(text.expose(), self)?,
            Source::Json { exact: false, .. } => {
                let reason = "the file holds bytes that are no UTF-8";
                return Err(SpliceError::Unsafe(reason.to_owned()));
            }
            Source::Json { text, .. } => json::splice::splice(text.expose(), self)?,
            Source::Yaml { text, encoding } => {
                return self
                    .splice_yaml(text.expose(), *encoding, true)
                    .or_else(|_| {
                        // A comment may stand so that it would become part of a block.
                        self.splice_yaml(text.expose(), *encoding, false)
                    });
            }
        };
        self.verify(&edited)?;
        Ok(edited)
    }

    fn splice_yaml(
        &self,
        text: &str,
        encoding: yaml::input::Encoding,
        blocks: bool,
    ) -> Result<SecretBytes, SpliceError> {
        let edited = yaml::splice::splice(text, self, blocks)?;
        let edited = yaml::input::encode_bytes(edited, encoding);
        self.verify(&edited)?;
        Ok(edited)
    }

    /// Reads a result back and compares.
    fn verify(&self, edited: &SecretBytes) -> Result<(), SpliceError> {
        let read = parse(self.format(), edited.expose()).map_err(|error| {
            SpliceError::Unsafe(format!("the result has a fault in line {error}"))
        })?;
        let unsafe_error = |what: &str| Err(SpliceError::Unsafe(what.to_owned()));
        if read.branches.len() != self.branches.len() {
            return unsafe_error("the number of documents would change");
        }
        let typed = !matches!(self.format(), Format::Dotenv | Format::Ini);
        let mut comments = (Comments::default(), Comments::default());
        for (one, two) in self.branches.iter().zip(&read.branches) {
            if !same_map(one, two, typed) {
                return unsafe_error("a value would read back otherwise");
            }
            comments.0.of_map(one);
            comments.1.of_map(two);
        }
        comments.0.found.sort_unstable();
        comments.1.found.sort_unstable();
        if comments.0.found != comments.1.found {
            return unsafe_error("a comment would be lost, change or belong to something else");
        }
        Ok(())
    }
}

/// Formats without types read back the text of a value only.
fn same_map(one: &Map, two: &Map, typed: bool) -> bool {
    let (mut ones, mut twos) = (one.pairs(), two.pairs());
    loop {
        match (ones.next(), twos.next()) {
            (None, None) => return true,
            (Some(one), Some(two)) if one.key == two.key && same(&one.value, &two.value, typed) => {
            }
            _ => return false,
        }
    }
}

fn same(one: &Node, two: &Node, typed: bool) -> bool {
    match (one, two) {
        (Node::Map(one), Node::Map(two)) => same_map(one, two, typed),
        (Node::List(one), Node::List(two)) => {
            one.values().count() == two.values().count()
                && one
                    .values()
                    .zip(two.values())
                    .all(|(one, two)| same(one, two, typed))
        }
        (Node::Scalar(one), Node::Scalar(two)) if typed => one.value().same(two.value()),
        (Node::Scalar(one), Node::Scalar(two)) => {
            flat::text(one.value()) == flat::text(two.value())
        }
        _ => false,
    }
}

/// Comments of a tree with the keys that lead to them: under these they are encrypted.
#[derive(Default)]
struct Comments<'a> {
    path: Vec<u8>,
    found: Vec<(Vec<u8>, &'a [u8])>,
}

impl<'a> Comments<'a> {
    fn of_map(&mut self, map: &'a Map) {
        for entry in &map.entries {
            match entry {
                Entry::Comment(comment) => self.found.push((self.path.clone(), comment.text())),
                Entry::Pair(pair) => {
                    let length = self.path.len();
                    self.path.extend_from_slice(pair.key.as_bytes());
                    self.path.push(0);
                    self.of_node(&pair.value);
                    self.path.truncate(length);
                }
            }
        }
    }

    fn of_node(&mut self, node: &'a Node) {
        match node {
            Node::Map(map) => self.of_map(map),
            Node::List(list) => {
                for item in &list.items {
                    match item {
                        Item::Comment(comment) => {
                            self.found.push((self.path.clone(), comment.text()));
                        }
                        Item::Value(node) => self.of_node(node),
                    }
                }
            }
            Node::Scalar(_) => {}
        }
    }
}

/// Replacements of ranges of a text.
#[derive(Default)]
pub(crate) struct Edits(Vec<(Span, Zeroizing<Vec<u8>>)>);

impl Edits {
    /// Puts `text` where `span` is now.
    pub(crate) fn replace(&mut self, span: Span, text: &[u8]) {
        self.0.push((span, Zeroizing::new(text.to_vec())));
    }

    /// Puts `text` in at `offset`; of several at one place, in the order of the calls.
    pub(crate) fn insert(&mut self, offset: usize, text: &[u8]) {
        self.replace(Span::new(offset, offset), text);
    }

    /// Takes out what is there.
    pub(crate) fn remove(&mut self, span: Span) {
        self.replace(span, b"");
    }

    /// The text with all replacements.
    ///
    /// # Errors
    /// When two of them overlap.
    pub(crate) fn apply(mut self, text: &[u8]) -> Result<SecretBytes, SpliceError> {
        self.0.sort_by_key(|(span, _)| (span.start, span.end));
        let length = text.len() + self.0.iter().map(|(_, new)| new.len()).sum::<usize>();
        let mut out = Zeroizing::new(Vec::with_capacity(length));
        let mut at = 0;
        for (span, new) in &self.0 {
            let before = text.get(at..span.start);
            let before =
                before.ok_or_else(|| SpliceError::Unsafe("two changes overlap".to_owned()))?;
            wiped::extend(&mut out, before);
            wiped::extend(&mut out, new);
            at = span.end;
        }
        wiped::extend(&mut out, text.get(at..).unwrap_or(&[]));
        Ok(SecretBytes::new(std::mem::take(&mut *out)))
    }
}

/// What became of the members of a map or list; numbers are their places among the original
/// members and among the present ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Inserted(usize),
    Kept(usize, usize),
    Removed(usize),
}

/// Matches present members to original ones by where these stand in the text.
pub(crate) fn align(originals: &[Option<usize>], present: &[Option<usize>]) -> Vec<Change> {
    let numbered = originals.iter().enumerate();
    let by_place: HashMap<usize, usize> = numbered
        .filter_map(|(index, place)| Some(((*place)?, index)))
        .collect();
    let mut changes = Vec::with_capacity(originals.len().max(present.len()));
    let mut next = 0;
    for (index, place) in present.iter().enumerate() {
        let found = place.and_then(|place| by_place.get(&place).copied());
        match found.filter(|original| *original >= next) {
            Some(original) => {
                changes.extend((next..original).map(Change::Removed));
                changes.push(Change::Kept(original, index));
                next = original + 1;
            }
            None => changes.push(Change::Inserted(index)),
        }
    }
    changes.extend((next..originals.len()).map(Change::Removed));
    changes
}

/// Where a part stands in the text itself; nothing inside of an alias does.
pub(crate) fn place(origin: Option<Origin>) -> Option<usize> {
    let stands = |origin: &Origin| origin.alias.is_none_or(|alias| alias == origin.id);
    origin.filter(stands).map(|origin| origin.span.start)
}

/// Places of a map's members.
pub(crate) fn entry_places(map: &Map) -> Vec<Option<usize>> {
    let entry_place = |entry: &Entry| match entry {
        Entry::Comment(Comment { origin, .. }) => place(*origin),
        Entry::Pair(pair) => place(pair.origin),
    };
    map.entries.iter().map(entry_place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_matched_by_place() {
        use Change::{Inserted, Kept, Removed};
        let originals = [Some(1), Some(5), Some(9)];
        let of = |present: &[Option<usize>]| align(&originals, present);
        assert_eq!(of(&originals), [Kept(0, 0), Kept(1, 1), Kept(2, 2)]);
        assert_eq!(
            of(&[Some(1), None, Some(9)]),
            [Kept(0, 0), Inserted(1), Removed(1), Kept(2, 2)]
        );
        assert_eq!(
            of(&[Some(9), Some(1)]),
            [Removed(0), Removed(1), Kept(2, 0), Inserted(1)]
        );
        assert_eq!(
            of(&[Some(7)]),
            [Inserted(0), Removed(0), Removed(1), Removed(2)]
        );
    }

    #[test]
    fn overlapping_edits_are_refused() {
        let mut edits = Edits::default();
        edits.replace(Span::new(0, 3), b"x");
        edits.insert(3, b"y");
        edits.insert(3, b"z");
        assert_eq!(edits.apply(b"abcd").unwrap().expose(), b"xyzd");
        let mut edits = Edits::default();
        edits.remove(Span::new(0, 3));
        edits.remove(Span::new(2, 4));
        assert!(edits.apply(b"abcd").is_err());
    }
}
