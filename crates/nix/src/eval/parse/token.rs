//! Tokens.

use nixseal_base::span::Span;

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// What a token is. Strings and paths begin with one; the parser reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Int,
    Float,
    Uri,
    /// A path, or its beginning where an interpolation follows.
    Path,
    SearchPath,
    Quote,
    TwoQuotes,
    Interpolation,
    Assert,
    Else,
    If,
    In,
    Inherit,
    Let,
    OrWord,
    Rec,
    Then,
    With,
    BraceOpen,
    BraceClose,
    BracketOpen,
    BracketClose,
    ParenOpen,
    ParenClose,
    Assign,
    At,
    Colon,
    Comma,
    Dot,
    Ellipsis,
    Question,
    Semicolon,
    And,
    Concat,
    Divide,
    Equal,
    Implies,
    Less,
    LessOrEqual,
    Minus,
    More,
    MoreOrEqual,
    Not,
    NotEqual,
    Or,
    PipeLeft,
    PipeRight,
    Plus,
    Times,
    Update,
    /// Nothing that Nix knows.
    Unknown,
    End,
}
