//! A look at the tokens before the parser runs: the parser and everything after
//! it recurse along the nesting of the text, so that is bounded first.

use nixseal_base::span::Span;
use rnix::SyntaxKind;

/// More than any written file needs; the stack of the evaluator has room for it.
const LIMIT: u32 = 10_000;

/// Why a text is not given to the parser.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It nests deeper than the limit.
    Depth(Span),
    /// It has a run of characters that the parser would look at again and again.
    Run(Span),
    /// A character that looks like a space and is none in Nix.
    Whitespace(Span, char),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    /// Root, parentheses, interpolations: everything may nest.
    Expression,
    /// Elements of a list stand side by side.
    List,
    /// `{ … }` and `let … in`, separated by semicolons or commas.
    Set,
    /// `with …;` and `assert …;`.
    Header,
}

/// Bounds how deep a parse of `text` can nest: every token of an open group
/// counts one, unless a separator shows that it is over.
pub(crate) fn check(text: &str) -> Result<(), Refusal> {
    check_runs(text)?;
    let plain = |byte: u8| byte.is_ascii_graphic() || b" \t\r\n".contains(&byte);
    if text.len() < LIMIT as usize && text.bytes().all(plain) {
        return Ok(());
    }
    let mut open: Vec<(Group, u32)> = vec![(Group::Expression, 0)];
    let mut total: u32 = 0;
    let mut offset = 0;
    for (kind, token) in rnix::tokenize(text) {
        let span = Span::new(offset, offset + token.len());
        offset = span.end;
        match kind {
            SyntaxKind::TOKEN_WHITESPACE => check_spaces(token, span.start)?,
            SyntaxKind::TOKEN_COMMENT => {}
            SyntaxKind::TOKEN_L_PAREN | SyntaxKind::TOKEN_INTERPOL_START => {
                enter(&mut open, &mut total, Group::Expression);
            }
            SyntaxKind::TOKEN_L_BRACK => enter(&mut open, &mut total, Group::List),
            SyntaxKind::TOKEN_L_BRACE | SyntaxKind::TOKEN_LET => {
                enter(&mut open, &mut total, Group::Set);
            }
            SyntaxKind::TOKEN_WITH | SyntaxKind::TOKEN_ASSERT => {
                enter(&mut open, &mut total, Group::Header);
            }
            SyntaxKind::TOKEN_R_PAREN | SyntaxKind::TOKEN_INTERPOL_END => {
                leave(&mut open, &mut total, Group::Expression);
            }
            SyntaxKind::TOKEN_R_BRACK => leave(&mut open, &mut total, Group::List),
            SyntaxKind::TOKEN_R_BRACE | SyntaxKind::TOKEN_IN => {
                leave(&mut open, &mut total, Group::Set);
            }
            SyntaxKind::TOKEN_SEMICOLON if group(&open) == Group::Header => {
                leave(&mut open, &mut total, Group::Header);
            }
            SyntaxKind::TOKEN_SEMICOLON | SyntaxKind::TOKEN_COMMA if group(&open) == Group::Set => {
                forget(&mut open, &mut total);
            }
            SyntaxKind::TOKEN_OR => count(&mut open, &mut total),
            _ if group(&open) != Group::List => count(&mut open, &mut total),
            _ => {}
        }
        if total > LIMIT {
            return Err(Refusal::Depth(span));
        }
    }
    Ok(())
}

fn group(open: &[(Group, u32)]) -> Group {
    open.last().map_or(Group::Expression, |(group, _)| *group)
}

fn count(open: &mut [(Group, u32)], total: &mut u32) {
    if let Some((_, count)) = open.last_mut() {
        *count += 1;
        *total += 1;
    }
}

fn forget(open: &mut [(Group, u32)], total: &mut u32) {
    if let Some((_, count)) = open.last_mut() {
        *total -= *count;
        *count = 0;
    }
}

fn enter(open: &mut Vec<(Group, u32)>, total: &mut u32, group: Group) {
    open.push((group, 1));
    *total += 1;
}

/// Closes the innermost group, where it is one of that kind; what stands behind
/// it nests around it.
fn leave(open: &mut Vec<(Group, u32)>, total: &mut u32, closes: Group) {
    if group(open) != closes || open.len() == 1 {
        count(open, total);
        return;
    }
    forget(open, total);
    open.pop();
    if group(open) != Group::List {
        count(open, total);
    }
}

/// The tokenizer looks for the end of a path at the start of every token, so a
/// run of characters that paths have costs half its length for each token in it.
fn check_runs(text: &str) -> Result<(), Refusal> {
    const STEPS: u64 = 1 << 28;
    let (mut start, mut steps) = (0, 0_u64);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'.' | b'+' | b'-' | b'/' => {}
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => continue,
            _ => {
                start = index + 1;
                continue;
            }
        }
        steps += (index - start) as u64;
        if steps > STEPS {
            return Err(Refusal::Run(Span::new(start, index)));
        }
    }
    Ok(())
}

fn check_spaces(token: &str, start: usize) -> Result<(), Refusal> {
    let odd = token
        .char_indices()
        .find(|(_, character)| !" \t\r\n".contains(*character));
    odd.map_or(Ok(()), |(index, character)| {
        let start = start + index;
        Err(Refusal::Whitespace(
            Span::new(start, start + character.len_utf8()),
            character,
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_is_not_deep() {
        assert_eq!(check(&"[ 1 2 3 ] ".repeat(1000)), Ok(()));
        assert_eq!(
            check(&format!("{{ {} }}", "a = let x = 1; in x; ".repeat(50_000))),
            Ok(())
        );
        assert_eq!(
            check(&format!("[ {} ]", "{ a = 1; } (f x) ".repeat(50_000))),
            Ok(())
        );
        assert_eq!(
            check(&format!("{{ {} ... }}: 1", "a ? 1, ".repeat(50_000))),
            Ok(())
        );
    }

    #[test]
    fn every_way_to_nest_is_bounded() {
        let ways = [
            "(",
            "[",
            "{ a = ",
            "x: ",
            "!",
            "- ",
            "let a = 1; in ",
            "with a; ",
            "a ++ ",
        ];
        let more = [
            "assert a; ",
            "if a then b else ",
            "\"${",
            "''${",
            "a.",
            "f ",
            "${",
            "{ a ? ",
            "[ ) ",
        ];
        for way in ways.into_iter().chain(more) {
            let refused = check(&way.repeat(20_000)).is_err();
            assert!(refused, "{way}");
        }
        assert!(check(&format!("[ {}", "a.b or ".repeat(20_000))).is_err());
    }

    #[test]
    fn spaces_that_are_none() {
        let refused = Err(Refusal::Whitespace(Span::new(2, 4), '\u{a0}'));
        assert_eq!(check("1 \u{a0}"), refused);
        assert_eq!(check("\"\u{a0}\" # \u{a0}"), Ok(()));
    }
}
