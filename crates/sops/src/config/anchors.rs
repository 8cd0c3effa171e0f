//! Anchors of the configuration file: people name their keys by them.

use std::collections::{BTreeMap, BTreeSet};

use nixseal_base::span::Span;
use nixseal_document::tree::{Map, Node};

use super::reader::span_of;

/// The anchors of a file, and which of them are used.
pub(super) struct Anchors<'a> {
    text: &'a str,
    defined: BTreeMap<Span, &'a str>,
    used: BTreeSet<&'a str>,
}

impl<'a> Anchors<'a> {
    pub(super) fn collect(root: &Map, text: &'a str) -> Self {
        let mut anchors = Self {
            text,
            defined: BTreeMap::new(),
            used: BTreeSet::new(),
        };
        let mut waiting: Vec<&Node> = root.pairs().map(|pair| &pair.value).collect();
        while let Some(node) = waiting.pop() {
            let span = span_of(node);
            if let Some(name) = alias_at(text, span) {
                // What it stands for is looked at where it is defined.
                anchors.used.insert(name);
                continue;
            }
            // A list of anchors has one of its own as a heading only.
            let inner = text.get(span.start + 1..span.end).unwrap_or_default();
            let heading = node.as_scalar().is_none() && inner.contains('&');
            if let Some(name) = anchor_at(text, span.start).filter(|_| !heading) {
                anchors.defined.insert(span, name);
            }
            match node {
                Node::List(list) => waiting.extend(list.values()),
                Node::Map(map) => waiting.extend(map.pairs().map(|pair| &pair.value)),
                Node::Scalar(_) => {}
            }
        }
        anchors
    }

    /// The name of the value at that place, which may be an alias of it.
    pub(super) fn name(&self, span: Span) -> Option<&'a str> {
        alias_at(self.text, span).or_else(|| anchor_at(self.text, span.start))
    }

    /// Anchors that no alias names.
    pub(super) fn unused(&self) -> impl Iterator<Item = (Span, &'a str)> {
        let defined = self.defined.iter().map(|(span, name)| (*span, *name));
        defined.filter(|(_, name)| !self.used.contains(name))
    }
}

/// The name behind the star, where an alias stands. Plain values cannot begin with one.
pub(super) fn alias_at(text: &str, span: Span) -> Option<&str> {
    text.get(span.start..span.end)?.strip_prefix('*')
}

/// The name of an anchor that begins a value or stands before it, perhaps with a tag between.
pub(super) fn anchor_at(text: &str, start: usize) -> Option<&str> {
    let end = |c: char| c.is_whitespace() || "[]{},".contains(c);
    let after = text.get(start..)?;
    if let Some(name) = after
        .strip_prefix('&')
        .and_then(|after| after.split(end).next())
    {
        return (!name.is_empty()).then_some(name);
    }
    let mut before = text.get(..start)?.trim_end();
    loop {
        let from = before.rfind(end);
        let word = before.get(from.map_or(0, |at| at + 1)..)?;
        if let Some(name) = word.strip_prefix('&') {
            return (!name.is_empty()).then_some(name);
        }
        if !word.starts_with('!') {
            return None;
        }
        before = before.strip_suffix(word)?.trim_end();
    }
}
