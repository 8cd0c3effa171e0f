//! Tokens to a graph of nodes with their comments.
//!
//! The grammar is YAML 1.1's. Which node gets the comments that the scanner gathered follows
//! go-yaml v3: comments are handed over when a token is looked at, and taken by the next scalar,
//! alias, flow collection or end of a block map.

mod block;
mod flow;
mod graph;

use std::collections::{HashMap, VecDeque};

use nixseal_base::span::Span;

use super::cursor::Mark;
use super::scanner::Scanned;
use super::token::{CommentLine, Comments, Kind, Place, Style, Text, Token};
use crate::error::ParseError;

use graph::FewComments;
pub(super) use graph::{Content, Graph, Id, NodeComments, YamlDocument, YamlNode};

/// Composes all documents.
///
/// # Errors
/// The first fault, of the scanner or of the grammar.
pub(super) fn compose(source: &str, scanned: Scanned) -> Result<Graph, ParseError> {
    let mut graph = Graph::default();
    // A value and its key have four tokens.
    graph.nodes.reserve(scanned.tokens.len() / 2);
    let mut composer = Composer {
        source,
        tokens: scanned.tokens.into(),
        comments: scanned.comments.into(),
        error: scanned.error,
        pending: NodeComments::default(),
        stem: Vec::new(),
        anchors: HashMap::new(),
        tag_handles: Vec::new(),
        flow_depth: 0,
        last_end: 0,
        graph,
    };
    composer.stream()?;
    Ok(composer.graph)
}

struct Composer<'a> {
    source: &'a str,
    tokens: VecDeque<Token>,
    comments: VecDeque<Comments>,
    error: Option<ParseError>,
    /// Comments of tokens looked at that no node has taken yet.
    pending: NodeComments,
    /// Comments before a list entry that holds a map or list: they head it as a whole.
    stem: Vec<CommentLine>,
    anchors: HashMap<String, Id>,
    tag_handles: Vec<(String, String)>,
    flow_depth: usize,
    /// End of the last token that stands in the text.
    last_end: usize,
    graph: Graph,
}

/// What may be written before a node's content.
#[derive(Default)]
struct Properties {
    tag: Option<String>,
    anchor: Option<String>,
    start: Option<Mark>,
    end: usize,
}

type Compose<T = ()> = Result<T, ParseError>;

impl Composer<'_> {
    fn stream(&mut self) -> Compose {
        self.pop();
        let mut first = true;
        loop {
            if !first {
                while matches!(self.peek()?.kind, Kind::DocumentEnd) {
                    self.pop();
                }
            }
            if matches!(self.peek()?.kind, Kind::StreamEnd) {
                return Ok(());
            }
            self.document(first)?;
            first = false;
        }
    }

    fn document(&mut self, first: bool) -> Compose {
        let explicit = matches!(
            self.peek()?.kind,
            Kind::VersionDirective { .. } | Kind::TagDirective { .. } | Kind::DocumentStart
        );
        let mut head = Vec::new();
        self.tag_handles.clear();
        if explicit {
            self.directives()?;
            let token = self.peek()?;
            if !matches!(token.kind, Kind::DocumentStart) {
                let mark = token.start;
                return Err(self.error(mark, "expected '---' after the directives"));
            }
            self.pop();
        } else if first {
            head = self.split_document_head();
        } else {
            let mark = self.peek()?.start;
            return Err(self.error(mark, "expected '---' or the end of the file here"));
        }
        let token = self.peek()?;
        let mark = token.start;
        let root = if explicit && ends_document(&token.kind) {
            self.empty_scalar(mark.offset, mark)
        } else {
            self.node(true, false)?
        };
        let token = self.peek()?;
        let end = token.start.offset;
        if matches!(token.kind, Kind::DocumentEnd) {
            self.pop();
        }
        let comments = std::mem::take(&mut self.pending);
        self.stem.clear();
        let foot = if comments.foot.is_empty() {
            comments.head
        } else {
            comments.foot
        };
        self.graph.documents.push(YamlDocument {
            root,
            head,
            foot,
            end,
        });
        Ok(())
    }

    /// The comments of a file's beginning up to the last empty line head the document, the rest
    /// its first content.
    fn split_document_head(&mut self) -> Vec<CommentLine> {
        let lines = &mut self.pending.head;
        match lines.iter().rposition(|line| *line == CommentLine::Blank) {
            None => Vec::new(),
            Some(index) => {
                let rest = lines.split_off(index + 1);
                let mut head = std::mem::replace(lines, rest);
                head.pop();
                head
            }
        }
    }

    fn directives(&mut self) -> Compose {
        let mut version_seen = false;
        loop {
            let token = self.peek()?;
            let mark = token.start;
            match &token.kind {
                Kind::VersionDirective { major, minor } => {
                    if (*major, *minor) != (1, 1) {
                        let reason = "only %YAML 1.1 is supported; remove the directive";
                        return Err(self.error(mark, reason));
                    }
                    if version_seen {
                        return Err(self.error(mark, "a second %YAML directive"));
                    }
                    version_seen = true;
                }
                Kind::TagDirective { handle, prefix } => {
                    let (handle, prefix) = (handle.clone(), prefix.clone());
                    if self.tag_handles.iter().any(|(known, _)| *known == handle) {
                        return Err(self.error(mark, "a second %TAG directive for that handle"));
                    }
                    self.tag_handles.push((handle, prefix));
                }
                _ => return Ok(()),
            }
            self.pop();
        }
    }

    fn node(&mut self, block: bool, indentless: bool) -> Compose<Id> {
        if let Kind::Alias = self.peek()?.kind {
            return self.alias();
        }
        let properties = self.properties()?;
        let token = self.peek()?;
        let mark = token.start;
        match token.kind {
            Kind::BlockEntry if indentless => self.block_list(properties, false),
            Kind::Scalar(..) => self.scalar(properties),
            Kind::FlowSequenceStart => self.flow_list(properties),
            Kind::FlowMappingStart => self.flow_map(properties),
            Kind::BlockSequenceStart if block => self.block_list(properties, true),
            Kind::BlockMappingStart if block => self.block_map(properties),
            _ => match properties.start {
                Some(start) => {
                    let text = Text::Source(Span::new(properties.end, properties.end));
                    let content = Content::Scalar(text, Style::Plain);
                    let mut place = start;
                    place.offset = properties.end;
                    let end = properties.end;
                    self.add(content, properties, NodeComments::default(), place, end)
                }
                None => Err(self.error(mark, "expected a value here")),
            },
        }
    }

    fn properties(&mut self) -> Compose<Properties> {
        let mut properties = Properties::default();
        loop {
            let token = self.peek()?;
            let (start, end) = (token.start, token.end);
            match &token.kind {
                Kind::Anchor if properties.anchor.is_none() => {
                    let name = self
                        .source
                        .get(start.offset + 1..end)
                        .unwrap_or("")
                        .to_owned();
                    properties.anchor = Some(name);
                }
                Kind::Tag { handle, suffix } if properties.tag.is_none() => {
                    let (handle, suffix) = (handle.clone(), suffix.clone());
                    properties.tag = Some(self.resolve_tag(&handle, &suffix, start)?);
                }
                _ => return Ok(properties),
            }
            properties.start.get_or_insert(start);
            properties.end = end;
            self.pop();
        }
    }

    fn resolve_tag(&self, handle: &str, suffix: &str, mark: Mark) -> Compose<String> {
        let declared = self.tag_handles.iter().find(|(known, _)| known == handle);
        let prefix = match (declared, handle) {
            (Some((_, prefix)), _) => prefix.as_str(),
            (None, "") => "",
            (None, "!") => "!",
            (None, "!!") => "tag:yaml.org,2002:",
            (None, _) => {
                let reason = format!("the tag handle '{handle}' is not declared by a %TAG line");
                return Err(self.error(mark, &reason));
            }
        };
        Ok(format!("{prefix}{suffix}"))
    }

    fn alias(&mut self) -> Compose<Id> {
        let token = self.peek()?;
        let (start, end) = (token.start, token.end);
        let name = self.source.get(start.offset + 1..end).unwrap_or("");
        let Some(target) = self.anchors.get(name).copied() else {
            let reason = format!("there is no anchor '&{name}' before this alias");
            return Err(self.error(start, &reason));
        };
        let comments = std::mem::take(&mut self.pending);
        self.stem.clear();
        self.pop();
        self.add(
            Content::Alias(target),
            Properties::default(),
            comments,
            start,
            end,
        )
    }

    fn scalar(&mut self, properties: Properties) -> Compose<Id> {
        let comments = std::mem::take(&mut self.pending);
        self.stem.clear();
        match self.pop() {
            Some(Token {
                kind: Kind::Scalar(text, style),
                start,
                end,
            }) => self.add(
                Content::Scalar(text, style),
                properties,
                comments,
                start,
                end,
            ),
            _ => Err(self.error(Mark::default(), "expected a scalar")),
        }
    }

    /// In a block map the foot of a key is that of the pair before it.
    fn move_foot_back(&mut self, key: Id, before: Option<Id>) {
        if let Some(before) = before
            && let Some(node) = self.graph.nodes.get_mut(key as usize)
            && !node.comments.foot.is_empty()
        {
            let foot = std::mem::take(&mut node.comments.foot);
            self.give_foot(before, foot);
        }
    }

    /// The foot of a value is that of its key, unless the key has one.
    fn move_foot_to_key(&mut self, key: Id, value: Id) {
        let has_foot = |id: Id| {
            self.graph
                .nodes
                .get(id as usize)
                .is_some_and(|node| !node.comments.foot.is_empty())
        };
        if !has_foot(key)
            && has_foot(value)
            && let Some(node) = self.graph.nodes.get_mut(value as usize)
        {
            let foot = std::mem::take(&mut node.comments.foot);
            self.give_foot(key, foot);
        }
    }

    fn give_foot(&mut self, id: Id, foot: Vec<CommentLine>) {
        if !foot.is_empty()
            && let Some(node) = self.graph.nodes.get_mut(id as usize)
        {
            node.comments.foot = foot;
        }
    }

    fn empty_scalar(&mut self, offset: usize, mark: Mark) -> Id {
        let content = Content::Scalar(Text::Source(Span::new(offset, offset)), Style::Plain);
        let start = Mark { offset, ..mark };
        let node = YamlNode {
            content,
            tag: None,
            anchored: false,
            comments: FewComments::default(),
            span: Span::new(offset, offset),
            start,
            in_flow: self.flow_depth > 0,
        };
        self.graph.nodes.push(node);
        u32::try_from(self.graph.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn add(
        &mut self,
        content: Content,
        properties: Properties,
        comments: NodeComments,
        start: Mark,
        end: usize,
    ) -> Compose<Id> {
        let Ok(id) = u32::try_from(self.graph.nodes.len()) else {
            return Err(self.error(start, "too many values"));
        };
        let from = properties.start.unwrap_or(start).offset;
        let anchored = properties.anchor.is_some();
        if let Some(name) = properties.anchor {
            self.anchors.insert(name, id);
        }
        self.graph.nodes.push(YamlNode {
            content,
            tag: properties
                .tag
                .filter(|tag| !tag.is_empty() && tag != "!")
                .map(String::into_boxed_str),
            anchored,
            comments: comments.into(),
            span: Span::new(from, end.max(from)),
            start,
            in_flow: self.flow_depth > 0,
        });
        Ok(id)
    }

    fn content_mut(&mut self, id: Id) -> Option<&mut Content> {
        self.graph
            .nodes
            .get_mut(id as usize)
            .map(|node| &mut node.content)
    }

    fn push_child(&mut self, parent: Id, child: Id) {
        if let Some(Content::Map { children, .. } | Content::List { children, .. }) =
            self.content_mut(parent)
        {
            children.push(child);
        }
    }

    /// Sets the end of a collection: its bracket's, or that of the last text inside.
    fn finish(&mut self, id: Id, end: Option<usize>) {
        let end = end.unwrap_or(self.last_end);
        if let Some(node) = self.graph.nodes.get_mut(id as usize) {
            node.span.end = end.max(node.span.start);
        }
    }

    /// The coming token, with its comments handed over.
    fn peek(&mut self) -> Compose<&Token> {
        let Some(token) = self.tokens.front() else {
            let fallback = || ParseError::new(self.source, Span::default(), "unexpected end");
            return Err(self.error.take().unwrap_or_else(fallback));
        };
        while let Some(comments) = self.comments.front() {
            let kept_for_later =
                comments.place == Place::Head && matches!(token.kind, Kind::BlockEnd);
            if token.start.offset < comments.anchor || kept_for_later {
                break;
            }
            let target = match comments.place {
                Place::Foot => &mut self.pending.foot,
                Place::Head => &mut self.pending.head,
                Place::Line => &mut self.pending.line,
            };
            target.extend_from_slice(&comments.lines);
            self.comments.pop_front();
        }
        Ok(token)
    }

    fn pop(&mut self) -> Option<Token> {
        let token = self.tokens.pop_front()?;
        let stands_in_text = !matches!(token.kind, Kind::BlockEnd | Kind::StreamEnd);
        if stands_in_text {
            self.last_end = self.last_end.max(token.end);
        }
        Some(token)
    }

    fn error(&self, mark: Mark, reason: &str) -> ParseError {
        let end = (mark.offset + 1).min(self.source.len());
        ParseError::new(self.source, Span::new(mark.offset, end), reason)
    }
}

fn ends_document(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::VersionDirective { .. }
            | Kind::TagDirective { .. }
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd
    )
}
