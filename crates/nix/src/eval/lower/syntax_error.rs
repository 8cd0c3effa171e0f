//! What the parser complains about, in words.

use nixseal_base::span::Span;
use rnix::{ParseError, SyntaxKind, TextRange};

/// The error that comes first in the text: its place, message and hint.
pub(crate) fn first_error(
    errors: &[ParseError],
    text: &str,
) -> Option<(Span, String, Option<&'static str>)> {
    let error = errors.iter().min_by_key(|error| start(error, text))?;
    if let Some((span, message)) = unclosed(error, start(error, text), text) {
        return Some((span, message.to_owned(), None));
    }
    let (span, message) = describe(error, text);
    let in_brackets = message.ends_with("expected an expression")
        && text
            .get(..span.start)
            .is_some_and(|before| !before.trim_end().ends_with('='));
    let hint = match text.get(span.start..span.end) {
        Some(",") => Some("elements of a list stand side by side, bindings end with `;`"),
        Some(";") if in_brackets => Some("perhaps a bracket is not closed before it"),
        Some("“" | "”" | "„" | "‘" | "’") => Some("strings are quoted with \" or ''"),
        _ => None,
    };
    Some((span, message, hint))
}

fn start(error: &ParseError, text: &str) -> usize {
    describe(error, text).0.start
}

fn describe(error: &ParseError, text: &str) -> (Span, String) {
    let end = text.trim_end().len();
    let end = Span::new(end, end);
    match error {
        ParseError::Unexpected(range) | ParseError::UnexpectedExtra(range) => {
            let span = first_token(*range, text);
            (span, format!("unexpected {}", quote(text, span)))
        }
        ParseError::UnexpectedWanted(_, range, wanted) => {
            let span = first_token(*range, text);
            let found = quote(text, span);
            (
                span,
                format!("unexpected {found}, expected {}", list(wanted)),
            )
        }
        ParseError::UnexpectedDoubleBind(range) => (
            first_token(*range, text),
            "a pattern can be bound to one name only".to_owned(),
        ),
        ParseError::UnexpectedEOF => (end, "unexpected end of file".to_owned()),
        ParseError::UnexpectedEOFWanted(wanted) => (
            end,
            format!("unexpected end of file, expected {}", list(wanted)),
        ),
        ParseError::DuplicatedArgs(range, name) => (
            first_token(*range, text),
            format!("duplicate formal function argument '{name}'"),
        ),
        _ => (end, "the text nests too deeply".to_owned()),
    }
}

/// The error node may go on for long; only its first token is at fault.
fn first_token(range: TextRange, text: &str) -> Span {
    let (start, end) = (usize::from(range.start()), usize::from(range.end()));
    let rest = text.get(start..end).unwrap_or_default();
    let length = rnix::tokenize(rest)
        .next()
        .map_or(0, |(_, token)| token.len());
    Span::new(start, start + length)
}

fn quote(text: &str, span: Span) -> String {
    let token = text.get(span.start..span.end).unwrap_or_default();
    match token.lines().next() {
        Some(line) if !line.is_empty() => format!("`{}`", shorten(line)),
        _ => "end of file".to_owned(),
    }
}

fn shorten(line: &str) -> String {
    let mut short: String = line.chars().take(40).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// A string or comment that never ends swallows the rest of the file; what is
/// at fault is where it starts.
fn unclosed(error: &ParseError, start: usize, text: &str) -> Option<(Span, &'static str)> {
    let in_string = match error {
        ParseError::UnexpectedWanted(_, _, wanted) | ParseError::UnexpectedEOFWanted(wanted) => {
            wanted.contains(&SyntaxKind::TOKEN_STRING_END)
        }
        _ => false,
    };
    let (mut offset, mut open) = (0, Vec::new());
    for (kind, token) in rnix::tokenize(text) {
        let span = Span::new(offset, offset + token.len());
        offset = span.end;
        match kind {
            SyntaxKind::TOKEN_STRING_START => open.push(span),
            SyntaxKind::TOKEN_STRING_END => {
                open.pop();
            }
            SyntaxKind::TOKEN_ERROR if token.starts_with("/*") && span.start <= start => {
                return Some((span, "this comment is never closed with `*/`"));
            }
            _ => {}
        }
    }
    let first = open.first().filter(|_| in_string)?;
    Some((*first, "this string is never closed"))
}

fn list(wanted: &[SyntaxKind]) -> String {
    if wanted.contains(&SyntaxKind::TOKEN_REC) {
        return "an expression".to_owned();
    }
    let mut words: Vec<_> = wanted.iter().map(|kind| word(*kind)).collect();
    words.dedup();
    let last = words.pop().unwrap_or("something else");
    if words.is_empty() {
        last.to_owned()
    } else {
        format!("{} or {last}", words.join(", "))
    }
}

fn word(kind: SyntaxKind) -> &'static str {
    match kind {
        SyntaxKind::TOKEN_ASSIGN => "`=`",
        SyntaxKind::TOKEN_COLON => "`:`",
        SyntaxKind::TOKEN_COMMA => "`,`",
        SyntaxKind::TOKEN_ELLIPSIS => "`...`",
        SyntaxKind::TOKEN_ELSE => "`else`",
        SyntaxKind::TOKEN_IDENT | SyntaxKind::TOKEN_OR | SyntaxKind::TOKEN_CUR_POS => "a name",
        SyntaxKind::TOKEN_IN => "`in`",
        SyntaxKind::TOKEN_INTERPOL_END | SyntaxKind::TOKEN_R_BRACE => "`}`",
        SyntaxKind::TOKEN_INTERPOL_START => "`${`",
        SyntaxKind::TOKEN_L_BRACE => "`{`",
        SyntaxKind::TOKEN_L_BRACK => "`[`",
        SyntaxKind::TOKEN_L_PAREN => "`(`",
        SyntaxKind::TOKEN_R_BRACK => "`]`",
        SyntaxKind::TOKEN_R_PAREN => "`)`",
        SyntaxKind::TOKEN_REC => "`rec`",
        SyntaxKind::TOKEN_SEMICOLON => "`;`",
        SyntaxKind::TOKEN_STRING_CONTENT => "text",
        SyntaxKind::TOKEN_STRING_END => "the end of the string",
        SyntaxKind::TOKEN_STRING_START => "a string",
        SyntaxKind::TOKEN_THEN => "`then`",
        _ => "something else",
    }
}
