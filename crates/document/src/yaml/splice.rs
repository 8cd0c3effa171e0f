//! The splice writer for YAML.
//!
//! Changed scalars are written where they stand: plain or quoted as needed, quoted between flow
//! brackets, as a literal block when they have several lines. New members of block maps and lists
//! are whole lines behind their neighbour, in the canonical style with the file's own step of
//! indentation. An alias stays as long as what it stands for does; else its expansion is written
//! in its place.

mod block;
mod flow;
mod place;

use std::collections::{BTreeMap, HashSet};

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use super::compose::{Content, Graph, Id, YamlNode};
use super::emit;
use super::read_text;
use super::token::{Style, slice};
use crate::document::Document;
use crate::error::SpliceError;
use crate::number;
use crate::splice::{Edits, place as text_place};
use crate::tree::{Comment, Entry, Item, Map, Node, Origin, Value};

/// Writes the changes; `blocks` allows text of several lines to be written as a literal block.
pub(crate) fn splice(
    source: &str,
    document: &Document,
    blocks: bool,
) -> Result<SecretBytes, SpliceError> {
    let (graph, originals) =
        read_text(source).map_err(|error| SpliceError::Unsafe(error.to_string()))?;
    if originals.len() != document.branches.len() {
        return Err(SpliceError::Unsafe(
            "the number of documents changes".to_owned(),
        ));
    }
    let mut splicer = Splicer {
        source,
        graph: &graph,
        step: step_of(&graph),
        line_break: if source.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        },
        blocks,
        kept_comments: BTreeMap::new(),
        spared: HashSet::new(),
        touched: BTreeMap::new(),
        aliases: Vec::new(),
        key_aliases: Vec::new(),
        edits: Edits::default(),
    };
    let mut original_comments = BTreeMap::new();
    for (original, present) in originals.iter().zip(&document.branches) {
        comments_of_map(original, &mut original_comments);
        comments_of_map(present, &mut splicer.kept_comments);
    }
    for ((original, present), yaml) in originals
        .iter()
        .zip(&document.branches)
        .zip(&graph.documents)
    {
        splicer.document(yaml.root, yaml.end, original, present)?;
    }
    splicer.aliases()?;
    splicer.comments(&original_comments)?;
    splicer.edits.apply(source.as_bytes())
}

struct Splicer<'a> {
    source: &'a str,
    graph: &'a Graph,
    /// Columns of one level in this file.
    step: isize,
    line_break: &'static str,
    blocks: bool,
    /// Comments that stay, by where they begin.
    kept_comments: BTreeMap<usize, &'a Comment>,
    /// Comments that were written anew among lines taken out.
    spared: HashSet<usize>,
    /// What of the text is replaced or taken out so far: starts and ends.
    touched: BTreeMap<usize, usize>,
    /// Aliases met, with what stands in their place in the tree, and how much it was.
    aliases: Vec<(Id, Slot, &'a Node, usize)>,
    /// Aliases that stand for keys, with the keys.
    key_aliases: Vec<(Id, &'a str)>,
    edits: Edits,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Slot {
    /// Column of the block around it.
    column: isize,
    /// Offset behind its colon, in a block map.
    colon: Option<usize>,
    kind: SlotKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SlotKind {
    Flow,
    Item,
    Value,
}

type Splice = Result<(), SpliceError>;

impl<'a> Splicer<'a> {
    fn document(&mut self, root: Id, end: usize, original: &Map, present: &'a Map) -> Splice {
        let Some(node) = self.node(root) else {
            return Ok(());
        };
        match &node.content {
            Content::Map { .. } => self.map(root, original, present, None),
            // An empty document.
            _ if present.entries.iter().all(
                |entry| matches!(entry, Entry::Comment(comment) if comment.origin.is_some()),
            ) =>
            {
                Ok(())
            }
            _ => {
                let text = emit::emit_entries(&present.entries, 0, self.step)?;
                self.take_out(node.span);
                self.insert_lines(self.line_start(end), &text);
                Ok(())
            }
        }
    }

    /// A value that may have changed, where the node `id` stands in the text.
    fn value(&mut self, id: Id, original: &Node, present: &'a Node, slot: Slot) -> Splice {
        let Some(node) = self.node(id) else {
            return Ok(());
        };
        if let Content::Alias(_) = node.content {
            self.aliases.push((id, slot, present, size(original)));
            return Ok(());
        }
        let same_place = text_place(present.origin()) == Some(node.span.start);
        match (original, present) {
            (Node::Map(original), Node::Map(map)) if same_place => {
                self.map(id, original, map, Some((slot, present)))
            }
            (Node::List(original), Node::List(list)) if same_place => {
                self.list(id, original, list, slot, present)
            }
            (Node::Scalar(_), Node::Scalar(scalar)) if same_place => {
                if scalar.changed() {
                    self.put_text(node, scalar.value(), slot);
                }
                Ok(())
            }
            _ => self.replace(node, present, slot),
        }
    }

    fn put_text(&mut self, node: &YamlNode, value: &Value, slot: Slot) {
        let base = slot.column.max(0);
        let indent = self.block_indent(node).filter(|indent| *indent > base);
        let indent = indent.unwrap_or(base + self.step);
        // Empty lines that follow would become part of a text that keeps its last ones, and so
        // would a comment that is indented as much.
        let fits = |text: &Zeroizing<String>| {
            self.blocks
                && slot.kind != SlotKind::Flow
                && !text.ends_with("\n\n")
                && text.as_str() != "\n"
                && self.next_indent(node) < indent
        };
        match emit::block_text(value).filter(fits) {
            Some(text) => self.put_block(node, &text, indent, indent - base),
            None => {
                let text = match value {
                    Value::Float(value) => Zeroizing::new(number::kept(number::yaml(*value))),
                    value => emit::emit_scalar(value, slot.kind == SlotKind::Flow),
                };
                self.put_line(node, &text);
            }
        }
    }

    /// Puts a literal block where a scalar is: its header there, its lines below.
    fn put_block(&mut self, node: &YamlNode, text: &str, indent: isize, shift: isize) {
        let mut header = String::from("|");
        if text.starts_with([' ', '\n', '\u{2028}', '\u{2029}']) {
            header.push_str(&shift.to_string());
        }
        if !text.ends_with('\n') {
            header.push('-');
        }
        let mut lines = Zeroizing::new(String::new());
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            crate::wiped::push(&mut lines, self.line_break);
            if !line.is_empty() {
                crate::wiped::push(&mut lines, &" ".repeat(indent.unsigned_abs()));
                crate::wiped::push(&mut lines, line);
            }
        }
        self.put_line(node, &header);
        let end = match &node.content {
            Content::Scalar(_, Style::Literal | Style::Folded) => self.header_line_end(node),
            _ => self.content_end(self.end_of(node)),
        };
        self.edits.insert(end, lines.as_bytes());
    }

    /// Puts a text of one line where a node is. Its tag goes; its anchor stays.
    fn put_line(&mut self, node: &YamlNode, text: &str) {
        let start = node.start.offset;
        if node.tag.is_some() {
            let kept = match self.anchor_of(node) {
                Some(anchor) => format!("{anchor} "),
                None => String::new(),
            };
            self.touch(Span::new(node.span.start, start));
            self.edits
                .replace(Span::new(node.span.start, start), kept.as_bytes());
        }
        if let Content::Scalar(_, Style::Literal | Style::Folded) = node.content {
            let header_end = start + self.header_length(node);
            let line_end = self.header_line_end(node);
            self.put(Span::new(start, header_end), text);
            self.take_out(Span::new(line_end, self.end_of(node).max(line_end)));
            return;
        }
        let end = self.end_of(node).max(start);
        if start == end {
            let before = slice(self.source, 0..start);
            let colon = if node.in_flow && !before.trim_end().ends_with([':', '[', ',']) {
                ":"
            } else {
                ""
            };
            let gap = if before.ends_with([' ', '\t', '\n', '[', '{']) && colon.is_empty() {
                ""
            } else {
                " "
            };
            let text = Zeroizing::new(format!("{colon}{gap}{text}"));
            return self.put(Span::new(start, start), &text);
        }
        self.put(Span::new(start, end), text);
    }

    fn put(&mut self, span: Span, text: &str) {
        self.touch(span);
        self.edits.replace(span, text.as_bytes());
        // Without a blank a comment would become part of the value.
        if slice(self.source, span.end..self.source.len()).starts_with('#') {
            self.edits.insert(span.end, b" ");
        }
    }

    /// Puts a value of another shape where a node is.
    fn replace(&mut self, node: &YamlNode, present: &Node, slot: Slot) -> Splice {
        if slot.kind == SlotKind::Flow {
            let text = flow::rendered(present);
            self.touch(node.span);
            self.edits.replace(
                Span::new(node.span.start, self.end_of(node)),
                text.as_bytes(),
            );
            return Ok(());
        }
        let own_lines = self.stands_below_colon(node, slot);
        match present {
            Node::Scalar(scalar) if !own_lines => {
                self.put_text(node, scalar.value(), slot);
                Ok(())
            }
            Node::Scalar(scalar) => {
                let text = emit::emit_scalar(scalar.value(), false);
                self.replace_lines(node, slot, &text, "")
            }
            _ if !block::has_members(present) => {
                let text = flow::rendered(present);
                if own_lines {
                    return self.replace_lines(node, slot, &text, "");
                }
                self.put_line(node, &text);
                Ok(())
            }
            _ if slot.kind == SlotKind::Value => {
                let lines = self.block_lines(present, slot.column + self.step)?;
                if own_lines {
                    return self.replace_lines(node, slot, "", &lines);
                }
                let end = self.content_end(self.end_of(node));
                self.remove_single(node);
                self.insert_lines(self.line_end(end), &lines);
                Ok(())
            }
            _ => {
                let lines = self.block_lines(present, slot.column + 2)?;
                let text = lines.trim_start_matches(' ');
                let text = text.strip_suffix('\n').unwrap_or(text);
                let text = Zeroizing::new(text.replace('\n', self.line_break));
                self.put_line(node, &text);
                Ok(())
            }
        }
    }

    /// Replaces a block map or list below its colon: `inline` behind the colon, `lines` below.
    fn replace_lines(&mut self, node: &YamlNode, slot: Slot, inline: &str, lines: &str) -> Splice {
        let Some(colon) = slot.colon else {
            return Err(SpliceError::Unsafe(
                "a value of another shape in this place".to_owned(),
            ));
        };
        if !inline.is_empty() {
            self.edits
                .insert(colon, Zeroizing::new(format!(" {inline}")).as_bytes());
        }
        let from = self.line_end(colon);
        let to = self.line_end(self.end_of(node));
        self.take_out_lines(from, to, slot.column);
        self.insert_lines(from, lines);
        Ok(())
    }

    /// Takes out a scalar or flow collection that stands behind its colon.
    fn remove_single(&mut self, node: &YamlNode) {
        if let Content::Scalar(_, Style::Literal | Style::Folded) = node.content {
            return self.put_line(node, "");
        }
        let before = slice(self.source, 0..node.span.start);
        let start = before.trim_end_matches([' ', '\t']).len();
        self.take_out(Span::new(start, self.end_of(node)));
    }

    /// Decides, in the order of the text, which aliases have to be written out.
    fn aliases(&mut self) -> Splice {
        let mut aliases = std::mem::take(&mut self.aliases);
        aliases.sort_by_key(|(id, ..)| self.node(*id).map_or(0, |node| node.span.start));
        for (id, slot, present, original_size) in aliases {
            let Some(node) = self.node(id) else { continue };
            let Content::Alias(target) = node.content else {
                continue;
            };
            let Some(target) = self.node(target) else {
                continue;
            };
            if self.changes(target) || size(present) != original_size || !unchanged_alias(present) {
                self.replace(node, present, slot)?;
            }
        }
        for (id, key) in std::mem::take(&mut self.key_aliases) {
            let Some(node) = self.node(id) else { continue };
            let Content::Alias(target) = node.content else {
                continue;
            };
            if self.node(target).is_some_and(|target| self.changes(target)) {
                self.put(node.span, &emit::emit_flow_key(key));
            }
        }
        Ok(())
    }

    /// Whether something in a node is replaced or taken out.
    fn changes(&self, node: &YamlNode) -> bool {
        let end = node.span.end.max(node.span.start + 1);
        self.touched.range(node.span.start..end).next().is_some() || self.covered(node.span)
    }

    /// Changes comments that stay, and takes out those that are gone.
    fn comments(&mut self, originals: &BTreeMap<usize, &Comment>) -> Splice {
        for (start, original) in originals {
            let Some(origin) = original.origin else {
                continue;
            };
            if self.spared.contains(start) {
                continue;
            }
            match self.kept_comments.get(start) {
                Some(comment) if comment.changed() => {
                    if comment.text().contains(&b'\n') {
                        return Err(SpliceError::Unsafe("a comment of several lines".to_owned()));
                    }
                    self.edits
                        .replace(Span::new(start + 1, origin.span.end), comment.text());
                }
                Some(_) => {}
                None => self.remove_comment(origin.span),
            }
        }
        Ok(())
    }

    fn remove_comment(&mut self, span: Span) {
        if self.covered(span) {
            return;
        }
        let line_start = self.line_start(span.start);
        let before = slice(self.source, line_start..span.start);
        if before.trim().is_empty() {
            self.edits
                .remove(Span::new(line_start, self.line_end(span.end)));
        } else {
            let start = line_start + before.trim_end().len();
            self.edits.remove(Span::new(start, span.end));
        }
    }

    fn touch(&mut self, span: Span) {
        let end = self.touched.entry(span.start).or_default();
        *end = span.end.max(*end);
    }

    /// Whether all of a span is replaced or taken out.
    fn covered(&self, span: Span) -> bool {
        let before = self.touched.range(..=span.start).next_back();
        before.is_some_and(|(_, end)| *end >= span.end)
    }

    fn node(&self, id: Id) -> Option<&'a YamlNode> {
        self.graph.nodes.get(id as usize)
    }
}

/// How many members a tree has at all levels, comments included.
fn size(node: &Node) -> usize {
    match node {
        Node::Scalar(_) => 1,
        Node::Map(map) => {
            let of = |entry: &Entry| match entry {
                Entry::Comment(_) => 1,
                Entry::Pair(pair) => 1 + size(&pair.value),
            };
            map.entries.iter().map(of).sum()
        }
        Node::List(list) => {
            let of = |item: &Item| match item {
                Item::Comment(_) => 1,
                Item::Value(node) => 1 + size(node),
            };
            list.items.iter().map(of).sum()
        }
    }
}

/// Whether everything in a tree is as it was read through an alias.
fn unchanged_alias(node: &Node) -> bool {
    let through = |origin: Option<Origin>| origin.is_some_and(|origin| origin.alias.is_some());
    match node {
        Node::Scalar(scalar) => through(scalar.origin) && !scalar.changed(),
        Node::Map(map) => {
            through(map.origin)
                && map.entries.iter().all(|entry| match entry {
                    Entry::Comment(comment) => !comment.changed(),
                    Entry::Pair(pair) => through(pair.origin) && unchanged_alias(&pair.value),
                })
        }
        Node::List(list) => {
            through(list.origin)
                && list.items.iter().all(|item| match item {
                    Item::Comment(comment) => !comment.changed(),
                    Item::Value(node) => unchanged_alias(node),
                })
        }
    }
}

/// Comments of the text itself, by where they begin.
fn comments_of_map<'t>(map: &'t Map, into: &mut BTreeMap<usize, &'t Comment>) {
    for entry in &map.entries {
        match entry {
            Entry::Comment(comment) => comment_of(comment, into),
            Entry::Pair(pair) => comments_of_node(&pair.value, into),
        }
    }
}

fn comments_of_node<'t>(node: &'t Node, into: &mut BTreeMap<usize, &'t Comment>) {
    match node {
        Node::Map(map) => comments_of_map(map, into),
        Node::List(list) => {
            for item in &list.items {
                match item {
                    Item::Comment(comment) => comment_of(comment, into),
                    Item::Value(node) => comments_of_node(node, into),
                }
            }
        }
        Node::Scalar(_) => {}
    }
}

fn comment_of<'t>(comment: &'t Comment, into: &mut BTreeMap<usize, &'t Comment>) {
    if let Some(place) = text_place(comment.origin) {
        into.insert(place, comment);
    }
}

/// The file's own step of indentation: that of its first nested block, else 4.
fn step_of(graph: &Graph) -> isize {
    for node in &graph.nodes {
        let Content::Map {
            children,
            flow: false,
            ..
        } = &node.content
        else {
            continue;
        };
        for value in children.iter().skip(1).step_by(2) {
            let Some(value) = graph.nodes.get(*value as usize) else {
                continue;
            };
            let nested = matches!(
                value.content,
                Content::Map { flow: false, .. } | Content::List { flow: false, .. }
            );
            if nested && value.start.column > node.start.column {
                let step = value.start.column - node.start.column;
                return isize::try_from(step).unwrap_or(4).clamp(2, 9);
            }
        }
    }
    4
}
