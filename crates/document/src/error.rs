//! What can be wrong with a document, and where.

use nixseal_base::span::{Position, Span, position};

use crate::format::Format;

/// Why a text could not be read as a document of its format.
///
/// Shown as `line:column: reason`; the reason never quotes values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {reason}", position.line, position.column)]
pub struct ParseError {
    /// What sort of fault it is.
    pub kind: ParseErrorKind,
    /// The fault in a sentence, with what to do where that is not plain.
    pub reason: String,
    /// The text at fault.
    pub span: Span,
    /// Line and column of its beginning, from 1.
    pub position: Position,
}

/// Sorts of faults that callers tell apart: `sops` has different exit codes for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// A key that is not a string: `sops` reads it, and fails when it walks the tree.
    NonStringKey,
    /// A whole number outside of 64 bits with sign: as above.
    NumberRange,
    /// Not the syntax, or not the shape, of the format.
    Syntax,
    /// More nesting or repetition by aliases than we allow.
    TooLarge,
}

impl ParseError {
    pub(crate) fn new(source: &str, span: Span, reason: impl Into<String>) -> Self {
        let position = position(source, span.start);
        Self {
            kind: ParseErrorKind::Syntax,
            reason: reason.into(),
            span,
            position,
        }
    }

    pub(crate) fn of_kind(mut self, kind: ParseErrorKind) -> Self {
        self.kind = kind;
        self
    }
}

/// Why a tree cannot be written in a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// Flat formats have no maps or lists below their level.
    #[error("the {format} format cannot hold the map or list under '{key}'")]
    Nested {
        /// Target format.
        format: Format,
        /// Key at fault.
        key: String,
    },
    /// INI has sections at the top.
    #[error("the ini format needs sections at the top, but '{0}' is a single value")]
    NotASection(String),
    /// JSON has no infinities.
    #[error("json cannot hold the infinite or undefined number under '{0}'")]
    NotFinite(String),
    /// Binary files are one string under `data`.
    #[error("a binary file needs one string under the key 'data'")]
    NotBinary,
    /// Only YAML has several documents.
    #[error("the {0} format holds exactly one document")]
    Documents(Format),
    /// A key that the format would read back otherwise.
    #[error("the {format} format cannot hold the key '{key}'")]
    Key {
        /// Target format.
        format: Format,
        /// Key at fault.
        key: String,
    },
    /// A value that the format would read back otherwise.
    #[error("the {format} format cannot hold the value under '{key}': {reason}")]
    Value {
        /// Target format.
        format: Format,
        /// Key at fault.
        key: String,
        /// What is in the way.
        reason: &'static str,
    },
    /// Indentation that the format does not take.
    #[error("an indentation of {0} is not possible")]
    Indent(i64),
}

/// Why changes could not be put into the original text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// The changed tree cannot be written in this format at all.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The changed text would not read back as the changed tree.
    #[error(
        "the change cannot be made inside the text of the file without risk ({0}); \
         write the whole file anew instead"
    )]
    Unsafe(String),
}
