//! The graph of nodes to the tree of SOPS: aliases followed, scalars resolved, comments placed.
//!
//! Comments go where SOPS's YAML store puts them: those of a key before its pair, its foot behind
//! it; those of a list or map first and last inside it.

use std::collections::{HashMap, HashSet};

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;

use super::compose::{Content, Graph, Id, YamlDocument, YamlNode};
use super::resolve::{Fault, resolve};
use super::scanner::DEPTH_LIMIT;
use super::token::{CommentLine, Style, slice};
use crate::error::{ParseError, ParseErrorKind};
use crate::tree::{Comment, Entry, Item, List, Map, Node, Origin, Pair, Scalar, Value};

/// Builds one tree for each document.
///
/// # Errors
/// What SOPS refuses: keys that are no strings, numbers past 64 bits, values that do not fit their
/// tags, doubled keys in the first document, a top that is no map, aliases without end.
pub(super) fn build(source: &str, graph: &Graph) -> Result<Vec<Map>, ParseError> {
    let mut builder = Builder {
        source,
        graph,
        first_document: true,
        open_aliases: HashSet::new(),
        alias: None,
        depth: 0,
        visited: 0,
        visited_by_alias: 0,
    };
    let mut branches = Vec::with_capacity(graph.documents.len());
    for document in &graph.documents {
        branches.push(builder.document(document)?);
        builder.first_document = false;
    }
    Ok(branches)
}

struct Builder<'a> {
    source: &'a str,
    graph: &'a Graph,
    /// Only there does SOPS look for doubled keys.
    first_document: bool,
    open_aliases: HashSet<Id>,
    /// The outermost alias that is being followed.
    alias: Option<Id>,
    depth: usize,
    visited: u64,
    visited_by_alias: u64,
}

type Build<T> = Result<T, ParseError>;

impl<'a> Builder<'a> {
    fn document(&mut self, document: &YamlDocument) -> Build<Map> {
        let root = self.node_at(document.root)?;
        let mut map = match &root.content {
            Content::Map { children, .. } => {
                let mut map = Map {
                    entries: Vec::new(),
                    origin: self.origin(document.root, root),
                };
                self.comments(&document.head, false, &mut map.entries, Entry::Comment);
                self.map_entries(root, children, true, &mut map.entries)?;
                map
            }
            Content::Scalar(text, style) => {
                let tag = root.tag.as_deref();
                let value = resolve(tag, text.get(self.source), *style == Style::Plain);
                if !matches!(value, Ok(Value::Null)) {
                    let reason = "the file holds a single value: a map ('key: value') is needed";
                    return Err(self.error(root.span, reason));
                }
                let mut map = Map {
                    entries: Vec::new(),
                    origin: self.origin(document.root, root),
                };
                self.comments(&document.head, false, &mut map.entries, Entry::Comment);
                self.comments(&root.comments.head, false, &mut map.entries, Entry::Comment);
                self.comments(&root.comments.line, false, &mut map.entries, Entry::Comment);
                map
            }
            _ => {
                let reason = "a list stands at the top of the file, but SOPS needs a map \
                              ('key: value'): put the list under a key";
                return Err(self.error(root.span, reason));
            }
        };
        self.comments(&document.foot, false, &mut map.entries, Entry::Comment);
        Ok(map)
    }

    /// The value of a node; `own_comments` says whether its comments belong inside of it.
    fn node(&mut self, id: Id, own_comments: bool) -> Build<Node> {
        let node = self.node_at(id)?;
        self.count(node.span)?;
        match &node.content {
            Content::Alias(target) => self.follow(id, *target, node.span),
            Content::Scalar(text, style) => {
                let plain = *style == Style::Plain;
                let value = resolve(node.tag.as_deref(), text.get(self.source), plain);
                let value = value.map_err(|fault| self.fault(node.span, fault))?;
                let scalar = match self.origin(id, node) {
                    Some(origin) => Scalar::read(value, origin),
                    None => Scalar::new(value),
                };
                Ok(Node::Scalar(scalar))
            }
            Content::Map { children, .. } => {
                let mut map = Map {
                    entries: Vec::new(),
                    origin: self.origin(id, node),
                };
                self.enter(node.span)?;
                self.map_entries(node, children, own_comments, &mut map.entries)?;
                self.depth -= 1;
                Ok(Node::Map(map))
            }
            Content::List { children, .. } => {
                let mut list = List {
                    items: Vec::new(),
                    origin: self.origin(id, node),
                };
                self.enter(node.span)?;
                self.list_items(node, children, own_comments, &mut list.items)?;
                self.depth -= 1;
                Ok(Node::List(list))
            }
        }
    }

    fn map_entries(
        &mut self,
        node: &YamlNode,
        children: &[Id],
        own_comments: bool,
        entries: &mut Vec<Entry>,
    ) -> Build<()> {
        if own_comments {
            self.comments(&node.comments.head, false, entries, Entry::Comment);
            self.comments(&node.comments.line, false, entries, Entry::Comment);
        }
        if self.first_document && self.alias.is_none() {
            self.refuse_doubled_keys(children)?;
        }
        entries.reserve_exact(children.len() / 2);
        for pair in children.chunks_exact(2) {
            let &[key_id, value_id] = pair else { continue };
            let (key, value) = (self.node_at(key_id)?, self.node_at(value_id)?);
            self.comments(&key.comments.head, false, entries, Entry::Comment);
            self.comments(&key.comments.line, false, entries, Entry::Comment);
            let single = matches!(value.content, Content::Scalar(..) | Content::Alias(_));
            if single {
                self.comments(&value.comments.head, false, entries, Entry::Comment);
                self.comments(&value.comments.line, true, entries, Entry::Comment);
            }
            let name = self.key(key_id)?;
            let tree_value = self.node(value_id, !single)?;
            let origin = self.origin(key_id, key);
            entries.push(Entry::Pair(Pair {
                key: name,
                value: tree_value,
                origin,
            }));
            if single {
                self.comments(&value.comments.foot, false, entries, Entry::Comment);
            }
            self.comments(&key.comments.foot, false, entries, Entry::Comment);
        }
        if own_comments {
            self.comments(&node.comments.foot, false, entries, Entry::Comment);
        }
        Ok(())
    }

    fn list_items(
        &mut self,
        node: &YamlNode,
        children: &[Id],
        own_comments: bool,
        items: &mut Vec<Item>,
    ) -> Build<()> {
        if own_comments {
            self.comments(&node.comments.head, false, items, Item::Comment);
            self.comments(&node.comments.line, false, items, Item::Comment);
        }
        items.reserve_exact(children.len());
        for &child_id in children {
            let child = self.node_at(child_id)?;
            self.comments(&child.comments.head, false, items, Item::Comment);
            self.comments(&child.comments.line, true, items, Item::Comment);
            items.push(Item::Value(self.node(child_id, false)?));
            self.comments(&child.comments.foot, false, items, Item::Comment);
        }
        if own_comments {
            self.comments(&node.comments.foot, false, items, Item::Comment);
        }
        Ok(())
    }

    fn key(&mut self, id: Id) -> Build<String> {
        let mut node = self.node_at(id)?;
        let span = node.span;
        if let Content::Alias(target) = node.content {
            node = self.node_at(target)?;
        }
        self.count(span)?;
        let non_string = |kind: &str| {
            let reason = format!("the key is a {kind}, but only strings can be keys: quote it");
            ParseError::new(self.source, span, reason).of_kind(ParseErrorKind::NonStringKey)
        };
        match &node.content {
            Content::Scalar(text, style) => {
                let plain = *style == Style::Plain;
                match resolve(node.tag.as_deref(), text.get(self.source), plain) {
                    Ok(value) => match value.as_str() {
                        Some(name) => Ok(name.to_owned()),
                        None => Err(non_string(value.type_name())),
                    },
                    Err(Fault::Range) => Err(non_string("number")),
                    Err(fault) => Err(self.fault(span, fault)),
                }
            }
            Content::Map { .. } => Err(non_string("map")),
            Content::List { .. } => Err(non_string("list")),
            Content::Alias(_) => Err(non_string("alias")),
        }
    }

    /// Refuses keys that occur twice, by their text as go-yaml compares them.
    fn refuse_doubled_keys(&self, children: &[Id]) -> Build<()> {
        let mut seen = HashMap::with_capacity(children.len() / 2);
        for &id in children.iter().step_by(2) {
            let node = self.node_at(id)?;
            let (is_alias, text) = match &node.content {
                Content::Scalar(text, _) => (false, text.get(self.source)),
                Content::Alias(_) => (true, slice(self.source, node.span.start..node.span.end)),
                Content::List { .. } | Content::Map { .. } => continue,
            };
            if let Some(first) = seen.insert((is_alias, text), node.span) {
                let line = nixseal_base::span::position(self.source, first.start).line;
                let reason =
                    format!("the key '{text}' stands twice in this map, first in line {line}");
                return Err(self.error(node.span, reason));
            }
        }
        Ok(())
    }

    fn follow(&mut self, id: Id, target: Id, span: Span) -> Build<Node> {
        if !self.open_aliases.insert(target) {
            return Err(self.error(span, "the alias stands inside of what it stands for"));
        }
        let outermost = self.alias.is_none();
        if outermost {
            self.alias = Some(id);
        }
        let mut node = self.node(target, true)?;
        if outermost {
            self.alias = None;
            // The whole of it stands where the alias does.
            let origin = Some(Origin {
                id,
                alias: Some(id),
                span,
            });
            match &mut node {
                Node::List(list) => list.origin = origin,
                Node::Map(map) => map.origin = origin,
                Node::Scalar(scalar) => scalar.origin = origin,
            }
        }
        self.open_aliases.remove(&target);
        Ok(node)
    }

    /// Adds one tree comment for each line.
    fn comments<T>(
        &self,
        lines: &[CommentLine],
        inline: bool,
        into: &mut Vec<T>,
        wrap: fn(Comment) -> T,
    ) {
        for line in lines {
            if let CommentLine::Text(span) = line {
                let text = slice(self.source, span.start + 1..span.end).as_bytes();
                let origin = Origin {
                    id: u32::MAX,
                    alias: self.alias,
                    span: *span,
                };
                into.push(wrap(Comment::read(
                    SecretBytes::copy_of(text),
                    inline,
                    origin,
                )));
            }
        }
    }

    fn origin(&self, id: Id, node: &YamlNode) -> Option<Origin> {
        Some(Origin {
            id,
            alias: self.alias,
            span: node.span,
        })
    }

    fn enter(&mut self, span: Span) -> Build<()> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            let reason = format!("more than {DEPTH_LIMIT} levels of nesting through aliases");
            return Err(self.error(span, reason).of_kind(ParseErrorKind::TooLarge));
        }
        Ok(())
    }

    /// Stops when aliases multiply the document, by the limits of go-yaml: up to 99 % of 400,000
    /// values may come from aliases, down to 10 % of four million.
    fn count(&mut self, span: Span) -> Build<()> {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        self.visited += 1;
        self.visited_by_alias += u64::from(self.alias.is_some());
        let (all, by_alias) = (self.visited as f64, self.visited_by_alias as f64);
        let allowed = 0.99 - 0.89 * ((all.clamp(LOW, HIGH) - LOW) / (HIGH - LOW));
        if self.visited_by_alias > 100 && self.visited > 1000 && by_alias / all > allowed {
            let reason = "aliases multiply this document beyond all measure";
            return Err(self.error(span, reason).of_kind(ParseErrorKind::TooLarge));
        }
        Ok(())
    }

    fn node_at(&self, id: Id) -> Build<&'a YamlNode> {
        let node = self.graph.nodes.get(id as usize);
        node.ok_or_else(|| self.error(Span::default(), "the document is damaged"))
    }

    fn fault(&self, span: Span, fault: Fault) -> ParseError {
        match fault {
            Fault::Tag(reason) => self.error(span, reason),
            Fault::Range => {
                let reason = "the number does not fit into 64 bits with a sign: put it in quotes";
                self.error(span, reason)
                    .of_kind(ParseErrorKind::NumberRange)
            }
        }
    }

    fn error(&self, span: Span, reason: impl Into<String>) -> ParseError {
        ParseError::new(self.source, span, reason)
    }
}
