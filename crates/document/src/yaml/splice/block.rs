//! Members of block maps and lists: whole lines.

use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::{Slot, SlotKind, Splice, Splicer};
use crate::error::{EmitError, SpliceError};
use crate::splice::{Change, align, entry_places, place};
use crate::tree::{Entry, Item, List, Map, Node};
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
        let changes = align(&entry_places(original), &entry_places(present));
        let kept = |change: &Change| match change {
            Change::Kept(old, _) => matches!(original.entries.get(*old), Some(Entry::Pair(_))),
            _ => false,
        };
        if !changes.iter().any(kept) {
            return match slot {
                Some((slot, whole)) => self.replace(node, whole, slot),
                None => self.refill_document(node, present),
            };
        }
        let column = isize::try_from(node.start.column).unwrap_or(0);
        let places = self.map_places(original, children);
        let mut at = places
            .iter()
            .flatten()
            .next()
            .map_or(node.span.start, |place| place.start);
        let mut number = 0;
        let mut first = true;
        let mut index = 0;
        while let Some(change) = changes.get(index) {
            index += 1;
            match *change {
                Change::Kept(old, new) => {
                    if let (Some(Entry::Pair(one)), Some(Entry::Pair(two))) =
                        (original.entries.get(old), present.entries.get(new))
                    {
                        let colon = colons.get(number).copied().flatten();
                        self.note_key_alias(children.get(number * 2), &two.key);
                        let slot = Slot {
                            column,
                            colon,
                            kind: SlotKind::Value,
                        };
                        if let Some(value) = children.get(number * 2 + 1) {
                            self.value(*value, &one.value, &two.value, slot)?;
                        }
                        number += 1;
                    }
                    (at, first) = self.behind(places.get(old), at, first);
                }
                Change::Removed(old) => {
                    if let Some(Some(place)) = places.get(old)
                        && matches!(original.entries.get(old), Some(Entry::Pair(_)))
                    {
                        let next = places.get(old + 1..).unwrap_or(&[]).iter().flatten().next();
                        self.remove_member(*place, next.copied(), column)?;
                        number += 1;
                    }
                    (at, first) = self.behind(places.get(old), at, first);
                }
                Change::Inserted(new) => {
                    let mut end = new + 1;
                    while let Some(Change::Inserted(_)) = changes.get(index) {
                        index += 1;
                        end += 1;
                    }
                    let entries = present.entries.get(new..end).unwrap_or(&[]);
                    let lines = emit::emit_entries(entries, column, self.step)?;
                    self.insert_members(at, first, &lines, column);
                }
            }
        }
        Ok(())
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
        let changes = align(&item_places(original), &item_places(present));
        let kept = |change: &Change| match change {
            Change::Kept(old, _) => matches!(original.items.get(*old), Some(Item::Value(_))),
            _ => false,
        };
        if !changes.iter().any(kept) {
            return self.replace(node, whole, slot);
        }
        let column = isize::try_from(node.start.column).unwrap_or(0);
        let places = self.list_places(original, children, dashes);
        let mut at = places
            .iter()
            .flatten()
            .next()
            .map_or(node.span.start, |place| place.start);
        let mut first = true;
        let mut number = 0;
        let mut index = 0;
        while let Some(change) = changes.get(index) {
            index += 1;
            match *change {
                Change::Kept(old, new) => {
                    if let (Some(Item::Value(one)), Some(Item::Value(two))) =
                        (original.items.get(old), present.items.get(new))
                    {
                        let slot = Slot {
                            column,
                            colon: None,
                            kind: SlotKind::Item,
                        };
                        if let Some(child) = children.get(number) {
                            self.value(*child, one, two, slot)?;
                        }
                        number += 1;
                    }
                    (at, first) = self.behind(places.get(old), at, first);
                }
                Change::Removed(old) => {
                    if let Some(Some(place)) = places.get(old)
                        && matches!(original.items.get(old), Some(Item::Value(_)))
                    {
                        let next = places.get(old + 1..).unwrap_or(&[]).iter().flatten().next();
                        self.remove_member(*place, next.copied(), column)?;
                        number += 1;
                    }
                    (at, first) = self.behind(places.get(old), at, first);
                }
                Change::Inserted(new) => {
                    let mut end = new + 1;
                    while let Some(Change::Inserted(_)) = changes.get(index) {
                        index += 1;
                        end += 1;
                    }
                    let items = present.items.get(new..end).unwrap_or(&[]);
                    let lines = emit::emit_items(items, column, self.step)?;
                    self.insert_members(at, first, &lines, column);
                }
            }
        }
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

    /// Where new members go once a member has been passed.
    fn behind(&self, place: Option<&Option<Place>>, at: usize, first: bool) -> (usize, bool) {
        match place {
            Some(Some(place)) => (place.after.max(at), false),
            _ => (at, first),
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

    fn comment_place(&self, comment: &crate::tree::Comment) -> Option<Place> {
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
