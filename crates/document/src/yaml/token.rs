//! What the scanner hands to the composer.

use std::ops::Range;

use nixseal_base::secret::SecretText;
use nixseal_base::span::Span;

use super::cursor::Mark;

/// A lexical unit of YAML.
pub(super) struct Token {
    pub(super) kind: Kind,
    /// For an end of a block: the place up to which comments belong inside.
    pub(super) start: Mark,
    /// Offset of its end.
    pub(super) end: usize,
}

pub(super) enum Kind {
    Alias,
    Anchor,
    BlockEnd,
    BlockEntry,
    BlockMappingStart,
    BlockSequenceStart,
    DocumentEnd,
    DocumentStart,
    FlowEntry,
    FlowMappingEnd,
    FlowMappingStart,
    FlowSequenceEnd,
    FlowSequenceStart,
    Key,
    Scalar(Text, Style),
    StreamEnd,
    StreamStart,
    Tag { handle: String, suffix: String },
    TagDirective { handle: String, prefix: String },
    Value,
    VersionDirective { major: u8, minor: u8 },
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    DoubleQuoted,
    Folded,
    Literal,
    Plain,
    SingleQuoted,
}

/// The text of a scalar: part of the source where it stands there as it is.
pub(super) enum Text {
    Made(SecretText),
    Source(Span),
}

impl Text {
    pub(super) fn get<'a>(&'a self, source: &'a str) -> &'a str {
        match self {
            Self::Made(text) => text.expose(),
            Self::Source(span) => slice(source, span.start..span.end),
        }
    }
}

/// That part of the source; empty where a bound is no boundary, which spans of ours never are.
pub(super) fn slice(source: &str, range: Range<usize>) -> &str {
    source.get(range).unwrap_or("")
}

/// One line of a block of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommentLine {
    /// An empty line between two comments.
    Blank,
    /// From its `#` to the line's end.
    Text(Span),
}

/// Comments that the scanner found, to be handed to a token.
pub(super) struct Comments {
    /// The first token at or after this offset gets them.
    pub(super) anchor: usize,
    /// Where they begin; columns of blocks count from 1 here.
    pub(super) start: Mark,
    /// Where the white space before them began.
    pub(super) scan_start: usize,
    /// Where they end; 0 for a comment on a token's line.
    pub(super) end: usize,
    pub(super) place: Place,
    pub(super) lines: Vec<CommentLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Foot,
    Head,
    Line,
}
