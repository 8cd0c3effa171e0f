//! Members between flow brackets.

use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::{Slot, SlotKind, Splice, Splicer};
use crate::splice::{Change, align, place};
use crate::tree::{List, Map, Node};
use crate::wiped;
use crate::yaml::compose::{Id, YamlNode};
use crate::yaml::emit;

/// A value on one line, for between brackets; comments in it are left out.
pub(super) fn rendered(node: &Node) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    match node {
        Node::Scalar(scalar) => return emit::emit_scalar(scalar.value(), true),
        Node::Map(map) => {
            wiped::push(&mut text, "{");
            for (index, pair) in map.pairs().enumerate() {
                wiped::push(&mut text, if index > 0 { ", " } else { "" });
                wiped::push(&mut text, &member(Some(&pair.key), &pair.value));
            }
            wiped::push(&mut text, "}");
        }
        Node::List(list) => {
            wiped::push(&mut text, "[");
            for (index, node) in list.values().enumerate() {
                wiped::push(&mut text, if index > 0 { ", " } else { "" });
                wiped::push(&mut text, &rendered(node));
            }
            wiped::push(&mut text, "]");
        }
    }
    text
}

fn member(key: Option<&str>, node: &Node) -> Zeroizing<String> {
    let value = rendered(node);
    match key {
        Some(key) => Zeroizing::new(format!("{}: {}", *emit::emit_flow_key(key), *value)),
        None => value,
    }
}

/// A member of either kind of collection.
struct Member<'t> {
    key: Option<&'t str>,
    place: Option<usize>,
    node: &'t Node,
}

fn of_map(map: &Map) -> Vec<Member<'_>> {
    let pairs = map.pairs();
    pairs
        .map(|pair| Member {
            key: Some(&pair.key),
            place: place(pair.origin),
            node: &pair.value,
        })
        .collect()
}

fn of_list(list: &List) -> Vec<Member<'_>> {
    list.values()
        .map(|node| Member {
            key: None,
            place: place(node.origin()),
            node,
        })
        .collect()
}

fn places(members: &[Member<'_>]) -> Vec<Option<usize>> {
    members.iter().map(|member| member.place).collect()
}

impl<'a> Splicer<'a> {
    pub(super) fn flow_map(
        &mut self,
        node: &YamlNode,
        children: &[Id],
        original: &Map,
        present: &'a Map,
    ) -> Splice {
        let pairs = children.chunks_exact(2);
        let ids: Vec<(Id, Id)> = pairs
            .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
            .collect();
        self.flow(node, &ids, &of_map(original), &of_map(present), ('{', '}'))
    }

    pub(super) fn flow_list(
        &mut self,
        node: &YamlNode,
        children: &[Id],
        original: &List,
        present: &'a List,
    ) -> Splice {
        let ids: Vec<(Id, Id)> = children.iter().map(|id| (*id, *id)).collect();
        self.flow(
            node,
            &ids,
            &of_list(original),
            &of_list(present),
            ('[', ']'),
        )
    }

    fn flow(
        &mut self,
        node: &YamlNode,
        ids: &[(Id, Id)],
        originals: &[Member<'_>],
        presents: &[Member<'a>],
        brackets: (char, char),
    ) -> Splice {
        let changes = align(&places(originals), &places(presents));
        let kept = |change: &Change| matches!(change, Change::Kept(..));
        if !changes.is_empty() && !changes.iter().any(kept) {
            return self.refill_flow(node, presents, brackets);
        }
        let spans: Vec<Span> = ids.iter().map(|ids| self.member_span(*ids)).collect();
        let mut before: Option<usize> = None;
        for change in changes {
            match change {
                Change::Kept(old, new) => {
                    if let (Some(one), Some(two), Some((first, id))) =
                        (originals.get(old), presents.get(new), ids.get(old))
                    {
                        if let Some(key) = two.key {
                            self.note_key_alias(Some(first), key);
                        }
                        let slot = Slot {
                            column: 0,
                            colon: None,
                            kind: SlotKind::Flow,
                        };
                        self.value(*id, one.node, two.node, slot)?;
                    }
                    before = spans.get(old).map(|span| span.end);
                }
                Change::Removed(index) => {
                    let Some(own) = spans.get(index) else {
                        continue;
                    };
                    let previous = index.checked_sub(1).and_then(|index| spans.get(index));
                    let span = match (before, previous, spans.get(index + 1)) {
                        (Some(_), Some(previous), _) => Span::new(previous.end, own.end),
                        (_, _, Some(next)) => Span::new(own.start, next.start),
                        _ => *own,
                    };
                    self.take_out(span);
                }
                Change::Inserted(index) => {
                    let Some(new) = presents.get(index) else {
                        continue;
                    };
                    let text = member(new.key, new.node);
                    if let Some(end) = before {
                        self.edits
                            .insert(end, Zeroizing::new(format!(", {}", *text)).as_bytes());
                    } else if let Some(first) = spans.first() {
                        let text = Zeroizing::new(format!("{}, ", *text));
                        self.edits.insert(first.start, text.as_bytes());
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes a collection anew when nothing in it stays.
    fn refill_flow(
        &mut self,
        node: &YamlNode,
        members: &[Member<'_>],
        brackets: (char, char),
    ) -> Splice {
        let mut text = Zeroizing::new(String::from(brackets.0));
        for (index, one) in members.iter().enumerate() {
            wiped::push(&mut text, if index > 0 { ", " } else { "" });
            wiped::push(&mut text, &member(one.key, one.node));
        }
        wiped::push(&mut text, brackets.1.encode_utf8(&mut [0; 4]));
        self.put(Span::new(node.start.offset, self.end_of(node)), &text);
        Ok(())
    }

    fn member_span(&self, (first, last): (Id, Id)) -> Span {
        let start = self.node(first).map_or(0, |node| node.span.start);
        let end = |id| self.node(id).map_or(start, |node| self.end_of(node));
        Span::new(start, end(first).max(end(last)))
    }
}
