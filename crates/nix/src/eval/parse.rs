//! Nix text to a tree: the lexer, and a parser by recursive descent.
//!
//! Written after the grammar of Nix itself, with its oddities: `-a/b` is a path,
//! `a:b` is a URI, `x ? a ? b` chains, `a or` is a call. It is four times as fast
//! as going through a lossless tree, and it bounds how deep a text may nest, on
//! which all recursion here and later depends.

mod bindings;
mod lexer;
mod parser;
mod token;
mod tree;
mod words;

use nixseal_base::span::Span;

pub(crate) use parser::{parse, parse_with_comments};
pub use tree::{Attr, AttrName, Entry, Formal, Node, Parameter, Part, Tree};

/// Why a text is not Nix.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) hint: Option<&'static str>,
    /// Whether it is Nix for all we know, and only nests too deeply.
    pub(crate) deep: bool,
}

impl SyntaxError {
    fn new(span: Span, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            span,
            message: message.into(),
            hint: None,
            deep: false,
        })
    }
}

type Result<T> = std::result::Result<T, Box<SyntaxError>>;
