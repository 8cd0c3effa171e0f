//! What syntax errors say.

use nixseal_base::span::Span;

use super::SyntaxError;
use super::lexer::Lexer;
use super::token::{Kind, Token};

/// The error for a token that cannot stand where it stands.
pub(super) fn unexpected(lexer: &Lexer<'_>, token: Token, wanted: &str) -> Box<SyntaxError> {
    let Token { kind, span } = token;
    let found = lexer.text.get(span.start..span.end).unwrap_or_default();
    let found = String::from_utf8_lossy(found);
    let mut error = match found.chars().next() {
        _ if kind == Kind::End => {
            // Not behind the blank lines at the end.
            let end = lexer.text.trim_ascii_end().len();
            let message = format!("unexpected end of file, expected {wanted}");
            SyntaxError::new(Span::new(end, end), message)
        }
        Some(first) if first.is_whitespace() => {
            let code = u32::from(first);
            SyntaxError::new(
                span,
                format!("the character U+{code:04X} is no space in Nix"),
            )
        }
        _ => {
            let shown: String = found.chars().take(40).collect();
            let more = if shown.len() < found.len() { "…" } else { "" };
            SyntaxError::new(
                span,
                format!("unexpected `{shown}{more}`, expected {wanted}"),
            )
        }
    };
    let before = lexer
        .text
        .get(..span.start)
        .unwrap_or_default()
        .trim_ascii_end();
    error.hint = match &*found {
        "," => Some("elements of a list stand side by side, bindings end with `;`"),
        ";" if wanted == EXPRESSION && !before.ends_with(b"=") => {
            Some("perhaps a bracket is not closed before it")
        }
        "“" | "”" | "„" | "‘" | "’" => Some("strings are quoted with \" or ''"),
        ":" if wanted == "`=`" => Some("bindings are written with `=`"),
        ":" => Some("a function needs parentheses around it here"),
        _ => None,
    };
    error
}

/// What is wanted where an expression has to be.
pub(super) const EXPRESSION: &str = "an expression";
