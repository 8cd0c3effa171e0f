//! The nodes of a YAML text and what belongs to each.

use std::ops::{Deref, DerefMut};

use nixseal_base::span::Span;

use crate::yaml::cursor::Mark;
use crate::yaml::token::{CommentLine, Style, Text};

/// Index of a node in its graph.
pub(in crate::yaml) type Id = u32;

/// All documents of a text.
#[derive(Default)]
pub(in crate::yaml) struct Graph {
    pub(in crate::yaml) nodes: Vec<YamlNode>,
    pub(in crate::yaml) documents: Vec<YamlDocument>,
}

pub(in crate::yaml) struct YamlDocument {
    pub(in crate::yaml) root: Id,
    pub(in crate::yaml) head: Vec<CommentLine>,
    pub(in crate::yaml) foot: Vec<CommentLine>,
    /// Where its content may end: before the next `---` or `...`, or the end of the text.
    pub(in crate::yaml) end: usize,
}

pub(in crate::yaml) struct YamlNode {
    pub(in crate::yaml) content: Content,
    /// The resolved long or local tag, if one is written.
    pub(in crate::yaml) tag: Option<Box<str>>,
    pub(in crate::yaml) anchored: bool,
    pub(in crate::yaml) comments: FewComments,
    /// From its tag or anchor, if any, to its end.
    pub(in crate::yaml) span: Span,
    /// Where its content begins, behind tag and anchor.
    pub(in crate::yaml) start: Mark,
    /// Whether it stands between flow brackets.
    pub(in crate::yaml) in_flow: bool,
}

pub(in crate::yaml) enum Content {
    Alias(Id),
    /// The offsets are those of the dashes in block style.
    List {
        children: Vec<Id>,
        flow: bool,
        dashes: Vec<usize>,
    },
    /// Keys and values in turn; the offsets are those behind the colons, if there are any.
    Map {
        children: Vec<Id>,
        flow: bool,
        colons: Vec<Option<usize>>,
    },
    Scalar(Text, Style),
}

#[derive(Default)]
pub(in crate::yaml) struct NodeComments {
    pub(in crate::yaml) head: Vec<CommentLine>,
    pub(in crate::yaml) line: Vec<CommentLine>,
    pub(in crate::yaml) foot: Vec<CommentLine>,
}

/// The comments of a node: most nodes have none, and files have many nodes.
#[derive(Default)]
pub(in crate::yaml) struct FewComments(Option<Box<NodeComments>>);

static NO_COMMENTS: NodeComments = NodeComments {
    head: Vec::new(),
    line: Vec::new(),
    foot: Vec::new(),
};

impl From<NodeComments> for FewComments {
    fn from(comments: NodeComments) -> Self {
        let none = [&comments.head, &comments.line, &comments.foot];
        let none = none.into_iter().all(Vec::is_empty);
        Self((!none).then(|| Box::new(comments)))
    }
}

impl FewComments {
    /// Puts those of the end of a flow collection in the place of what came before; the head stays.
    pub(in crate::yaml) fn end(&mut self, last: NodeComments) {
        if self.0.is_some() || !(last.line.is_empty() && last.foot.is_empty()) {
            self.line = last.line;
            self.foot = last.foot;
        }
    }
}

impl Deref for FewComments {
    type Target = NodeComments;

    fn deref(&self) -> &NodeComments {
        self.0.as_deref().unwrap_or(&NO_COMMENTS)
    }
}

impl DerefMut for FewComments {
    fn deref_mut(&mut self) -> &mut NodeComments {
        self.0.get_or_insert_default()
    }
}
