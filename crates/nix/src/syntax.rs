//! The tree of a Nix text as written, with places and comments; nothing is evaluated.

use nixseal_base::span::Span;

use crate::eval::parse::parse_with_comments;
use crate::eval::symbol::Symbols;

pub use crate::eval::parse::{Attr, AttrName, Entry, Formal, Node, Parameter, Part, Tree};
pub use crate::eval::{Operator, Symbol};

/// How deep a tree may be at most; whoever walks one recursively needs the stack for it.
pub const DEEPEST: usize = 10_000;

/// A text that was parsed.
pub struct Syntax {
    /// The whole expression.
    pub tree: Tree,
    /// Places of all comments, in order.
    pub comments: Vec<Span>,
    symbols: Symbols,
}

/// Why a text is not Nix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxFault {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
}

impl Syntax {
    /// Parses a whole text. This recurses as deep as the text nests, at most [`DEEPEST`] levels.
    ///
    /// # Errors
    /// When it is not Nix.
    pub fn parse(text: &str) -> Result<Self, SyntaxFault> {
        let mut symbols = Symbols::default();
        match parse_with_comments(text, &mut symbols) {
            Ok((tree, comments)) => Ok(Self {
                tree,
                comments,
                symbols,
            }),
            Err(error) => Err(SyntaxFault {
                span: error.span,
                message: error.message,
            }),
        }
    }

    /// The text of a name of this tree.
    pub fn name(&self, symbol: Symbol) -> &str {
        std::str::from_utf8(self.symbols.text(symbol)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(text: &str) -> Vec<&str> {
        let syntax = Syntax::parse(text).unwrap();
        let spans = syntax.comments.iter();
        spans.map(|span| &text[span.start..span.end]).collect()
    }

    #[test]
    fn comments_are_told_each_once_and_in_order() {
        let text = "# one\n{ # two\n  a, /* three */ b ? 1 # four\n}: /**/ a + # five\n b # six";
        assert_eq!(
            comments(text),
            [
                "# one",
                "# two",
                "/* three */",
                "# four",
                "/**/",
                "# five",
                "# six"
            ]
        );
    }

    #[test]
    fn strings_hold_no_comments() {
        let text = "[ \"# a\" ''/* b */ ${c # d\n}'' ./# e\nf ]";
        assert!(Syntax::parse(text).is_err(), "a path ends no name");
        let text = "[ \"# a\" ''/* b */ ${c # d\n}'' ]";
        assert_eq!(comments(text), ["# d"]);
    }

    #[test]
    fn mistakes_have_a_place() {
        let error = Syntax::parse("{ a = ; }").err().unwrap();
        assert_eq!(error.span, Span::new(6, 7));
    }
}
