//! Members of block maps and lists: whole lines.

use std::ops::Range;

use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::{Slot, SlotKind, Splice, Splicer};
use crate::error::{EmitError, SpliceError};
use crate::splice::{Change, align, entry_places, place};
use crate::tree::{Comment, Entry, Item, List, Map, Node};
use crate::yaml::compose::{Content, Id, YamlNode};
use crate::yaml::emit;
use crate::yaml::token::slice;

/// Whether a value is a map or list that is written as lines.
pub(super) fn has_members(node: &Node) -> bool {
    match node {
        Node::Map(map) => map.pairs().next().is_some(),
        Node::List(list) => list.values().next().is_some(),
        Node::Scalar(_) => false,
    }
}

/// One original member: where it and its value stand.
#[derive(Clone, Copy)]
struct Place {
    /// Its key or dash.
    start: usize,
    /// Behind its last line.
    after: usize,
}

/// The members of a block collection, before and after.
struct Members {
    column: isize,
    /// Where the original members stand, comments included.
    places: Vec<Option<Place>>,
    /// Which of the original members are no comments.
    valued: Vec<bool>,
    changes: Vec<Change>,
}

impl Members {
    /// Whether any pair or value stays.
    fn any_kept(&self) -> bool {
        let valued = |old: usize| self.valued.get(old).copied().unwrap_or(false);
        self.changes
            .iter()
            .any(|change| matches!(change, Change::Kept(old, _) if valued(*old)))
    }
}

impl<'a> Splicer<'a> {
    /// `slot` is none for the top of a document.
    pub(super) fn map(
        &mut self,
        id: Id,
        original: &Map,
        present: &'a Map,
        slot: Option<(Slot, &'a Node)>,
    ) -> Splice {
        let Some(node) = self.node(id) else {
            return Ok(());
        };
        let Content::Map {
            children,
            flow,
            colons,
        } = &node.content
        else {
            return Ok(());
        };
        if *flow {
            return self.flow_map(node, children, original, present);
        }
        let members = Members {
            column: isize::try_from(node.start.column).unwrap_or(0),
            places: self.map_places(original, children),
            valued: original
                .entries
                .iter()
                .map(|entry| matches!(entry, Entry::Pair(_)))
                .collect(),
            changes: align(&entry_places(original), &entry_places(present)),
        };
        if !members.any_kept() {
            return match slot {
                Some((slot, whole)) => self.replace(node, whole, slot),
                None => self.refill_document(node, present),
            };
        }
        let (column, step) = (members.column, self.step);
        let lines = |range: Range<usize>| {
            emit::emit_entries(present.entries.get(range).unwrap_or(&[]), column, step)
        };
        self.members(
            &members,
            node.span.start,
            lines,
            |splicer, old, new, number| {
                let (Some(Entry::Pair(one)), Some(Entry::Pair(two)), Some(value)) = (
                    original.entries.get(old),
                    present.entries.get(new),
                    children.get(number * 2 + 1),
                ) else {
                    return Ok(());
                };
                splicer.note_key_alias(children.get(number * 2), &two.key);
                let colon = colons.get(number).copied().flatten();
                let slot = Slot {
                    column,
                    colon,
                    kind: SlotKind::Value,
                };
                splicer.value(*value, &one.value, &two.value, slot)
            },
        )
    }

    pub(super) fn list(
        &mut self,
        id: Id,
        original: &List,
        present: &'a List,
        slot: Slot,
        whole: &'a Node,
    ) -> Splice {
        let Some(node) = self.node(id) else {
            return Ok(());
        };
        let Content::List {
            children,
            flow,
            dashes,
        } = &node.content
        else {
            return Ok(());
        };
        if *flow {
            return self.flow_list(node, children, original, present);
        }
        let members = Members {
            column: isize::try_from(node.start.column).unwrap_or(0),
            places: self.list_places(original, children, dashes),
            valued: original
                .items
                .iter()
                .map(|item| matches!(item, Item::Value(_)))
                .collect(),
            changes: align(&item_places(original), &item_places(present)),
        };
        if !members.any_kept() {
            return self.replace(node, whole, slot);
        }
        let (column, step) = (members.column, self.step);
        let lines = |range: Range<usize>| {
            emit::emit_items(present.items.get(range).unwrap_or(&[]), column, step)
        };
        self.members(
            &members,
            node.span.start,
            lines,
            |splicer, old, new, number| {
                let (one, two, child) = match (
                    original.items.get(old),
                    present.items.get(new),
                    children.get(number),
                ) {
                    (Some(Item::Value(one)), Some(Item::Value(two)), Some(child)) => {
                        (one, two, child)
                    }
                    (_, Some(Item::Comment(comment)), Some(child)) => {
                        return splicer.comment_out(dashes.get(number), *child, comment);
                    }
                    _ => return Ok(()),
                };
                let slot = Slot {
                    column,
                    colon: None,
                    kind: SlotKind::Item,
                };
                splicer.value(*child, one, two, slot)
            },
        )
    }

    /// Carries out the changes of a collection: `keep` looks into a pair or value that stays, given
    /// its old and new place and its number without the comments; `lines` writes new ones.
    fn members(
        &mut self,
        members: &Members,
        start: usize,
        lines: impl Fn(Range<usize>) -> Result<Zeroizing<String>, EmitError>,
        mut keep: impl FnMut(&mut Self, usize, usize, usize) -> Splice,
    ) -> Splice {
        // Where new lines go; before the first member until one has been passed.
        let starts = members.places.iter().flatten().map(|place| place.start);
        let mut at = starts.min().unwrap_or(start);
        let mut first = true;
        let mut number = 0;
        let mut changes = members.changes.iter().peekable();
        while let Some(change) = changes.next() {
            let old = match *change {
                Change::Inserted(new) => {
                    let mut end = new + 1;
                    while changes
                        .next_if(|next| matches!(next, Change::Inserted(_)))
                        .is_some()
                    {
                        end += 1;
                    }
                    self.insert_members(at, first, &lines(new..end)?, members.column);
                    continue;
                }
                Change::Kept(old, _) | Change::Removed(old) => old,
            };
            let place = members.places.get(old).copied().flatten();
            if members.valued.get(old).copied().unwrap_or(false) {
                match (change, place) {
                    (Change::Kept(_, new), _) => keep(self, old, *new, number)?,
                    (_, Some(place)) => {
                        let rest = members.places.get(old + 1..).unwrap_or(&[]);
                        let next = rest.iter().flatten().find(|next| next.start > place.start);
                        self.remove_member(place, next.copied(), members.column)?;
                    }
                    _ => {}
                }
                number += 1;
            }
            if let Some(place) = place {
                at = place.after.max(at);
                first = false;
            }
        }
        Ok(())
    }

    /// Writes a comment where an element stands that has become one.
    fn comment_out(&mut self, dash: Option<&usize>, child: Id, comment: &Comment) -> Splice {
        let (Some(dash), Some(node)) = (dash, self.node(child)) else {
            return Ok(());
        };
        if comment.text().contains(&b'\n') {
            return Err(SpliceError::Unsafe("a comment of several lines".to_owned()));
        }
        let span = Span::new(*dash, self.end_of(node));
        self.take_out(span);
        self.edits.insert(span.end, b"#");
        self.edits.insert(span.end, comment.text());
        Ok(())
    }

    /// A key that is an alias is written out when what it stands for changes.
    pub(super) fn note_key_alias(&mut self, id: Option<&Id>, key: &'a str) {
        if let Some(id) = id
            && self
                .node(*id)
                .is_some_and(|node| matches!(node.content, Content::Alias(_)))
        {
            self.key_aliases.push((*id, key));
        }
    }

    /// The lines of a map or list at a column.
    pub(super) fn block_lines(
        &self,
        node: &Node,
        column: isize,
    ) -> Result<Zeroizing<String>, EmitError> {
        match node {
            Node::Map(map) => emit::emit_entries(&map.entries, column, self.step),
            Node::List(list) => emit::emit_items(&list.items, column, self.step),
            Node::Scalar(_) => Ok(Zeroizing::default()),
        }
    }

    /// Puts members in; before the first one, whose dash or bracket may share its line, they push
    /// it down.
    fn insert_members(&mut self, at: usize, first: bool, lines: &str, column: isize) {
        if !first {
            return self.insert_lines(at, lines);
        }
        if self.begins_line(at) {
            return self.insert_lines(self.line_start(at), lines);
        }
        let indent = " ".repeat(column.max(0).unsigned_abs());
        let text = lines.strip_prefix(indent.as_str()).unwrap_or(lines);
        let text = Zeroizing::new(format!("{text}{indent}").replace('\n', self.line_break));
        self.edits.insert(at, text.as_bytes());
    }

    fn remove_member(&mut self, place: Place, next: Option<Place>, column: isize) -> Splice {
        if self.begins_line(place.start) {
            self.take_out_lines(self.line_start(place.start), place.after, column);
            return Ok(());
        }
        // The first member shares its line with a dash: the next one moves up.
        match next {
            Some(next) => {
                let next_start = next.start;
                self.take_out(Span::new(place.start, next_start));
                Ok(())
            }
            None => Err(SpliceError::Unsafe(
                "nothing stays of a list entry".to_owned(),
            )),
        }
    }

    /// Writes the top of a document anew when no pair of it stays.
    fn refill_document(&mut self, node: &YamlNode, present: &Map) -> Splice {
        let start = self.line_start(node.start.offset);
        let fresh: Vec<&Entry> = present.entries.iter().filter(is_new).collect();
        let lines = if fresh.iter().any(|entry| matches!(entry, Entry::Pair(_))) {
            emit::emit_entries(&present.entries, 0, self.step)?
        } else {
            Zeroizing::new("{}\n".to_owned())
        };
        if !self.begins_line(node.start.offset) {
            return Err(SpliceError::Unsafe(
                "nothing stays of the document".to_owned(),
            ));
        }
        self.take_out_lines(start, self.after(node), 0);
        self.insert_lines(start, &lines);
        Ok(())
    }

    fn map_places(&self, map: &Map, children: &[Id]) -> Vec<Option<Place>> {
        let mut pairs = children.chunks_exact(2);
        let place_of = |entry: &Entry| match entry {
            Entry::Comment(comment) => self.comment_place(comment),
            Entry::Pair(_) => {
                let pair = pairs.next()?;
                let (key, value) = (self.node(*pair.first()?)?, self.node(*pair.get(1)?)?);
                Some(Place {
                    start: self.key_start(key.span.start),
                    after: self.after(value).max(self.line_end(self.end_of(key))),
                })
            }
        };
        map.entries.iter().map(place_of).collect()
    }

    fn list_places(&self, list: &List, children: &[Id], dashes: &[usize]) -> Vec<Option<Place>> {
        let mut values = children.iter().zip(dashes);
        let place_of = |item: &Item| match item {
            Item::Comment(comment) => self.comment_place(comment),
            Item::Value(_) => {
                let (child, dash) = values.next()?;
                let after = self.after(self.node(*child)?).max(self.line_end(*dash));
                Some(Place {
                    start: *dash,
                    after,
                })
            }
        };
        list.items.iter().map(place_of).collect()
    }

    fn comment_place(&self, comment: &Comment) -> Option<Place> {
        let start = place(comment.origin)?;
        Some(Place {
            start,
            after: self.line_end(start),
        })
    }

    /// Where a key begins, with its `? ` if it has one.
    fn key_start(&self, offset: usize) -> usize {
        let before = slice(self.source, self.line_start(offset)..offset);
        let trimmed = before.trim_end();
        if trimmed.ends_with('?') && !before.is_empty() {
            return self.line_start(offset) + trimmed.len() - 1;
        }
        offset
    }
}

fn is_new(entry: &&Entry) -> bool {
    match entry {
        Entry::Comment(comment) => comment.origin.is_none(),
        Entry::Pair(pair) => pair.origin.is_none(),
    }
}

fn item_places(list: &List) -> Vec<Option<usize>> {
    let place_of = |item: &Item| match item {
        Item::Comment(comment) => place(comment.origin),
        Item::Value(node) => place(node.origin()),
    };
    list.items.iter().map(place_of).collect()
}
