//! The nodes of a YAML text and what belongs to each.

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
    pub(in crate::yaml) tag: Option<String>,
    pub(in crate::yaml) anchored: bool,
    pub(in crate::yaml) comments: NodeComments,
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
