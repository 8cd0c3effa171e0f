//! A finding as text, with the line it points at.

use std::fmt::Write as _;

use nixseal_base::diag::{Diagnostic, Source};
use nixseal_base::span::{Span, position};

/// Longest part of a source line that is shown, in characters.
const WIDTH: usize = 100;

/// Renders `diagnostic` after the word that names its severity.
///
/// ```text
/// error: undefined variable 'hots'
///   --> secrets.nix:5:38
///    |
///  5 |   "wifi.age".publicKeys = [ user hots ];
///    |                                  ^^^^
/// hint: …
/// ```
pub(super) fn render(word: &str, diagnostic: &Diagnostic, hint_word: &str) -> String {
    let mut text = format!("{word} {}", lines(&diagnostic.message));
    if let Some((source, span)) = &diagnostic.place {
        excerpt(&mut text, source, *span);
    }
    for hint in &diagnostic.hints {
        let _ = write!(text, "\n{hint_word} {}", lines(hint));
    }
    text
}

fn excerpt(text: &mut String, source: &Source, span: Span) {
    let at = position(&source.text, span.start);
    let _ = write!(
        text,
        "\n  --> {}:{}:{}",
        super::table::plain(&source.path.display().to_string()),
        at.line,
        at.column
    );
    let Some(line) = source.text.lines().nth(at.line - 1) else {
        return;
    };
    let end = position(&source.text, span.end.max(span.start));
    let wanted = if end.line == at.line {
        end.column.saturating_sub(at.column)
    } else {
        usize::MAX
    };
    quote(text, at.line, &masked(line), at.column - 1, wanted);
}

/// A line with its number, and marks under `wanted` characters behind the first `from`.
pub(super) fn quote(text: &mut String, number: usize, line: &str, from: usize, wanted: usize) {
    // A long line is cut so that the place stays in sight.
    let skipped = from.saturating_sub(WIDTH / 2);
    let shown: String = line.chars().skip(skipped).take(WIDTH).map(plain).collect();
    let left = shown.chars().count().saturating_sub(from - skipped).max(1);
    let number = number.to_string();
    let margin = " ".repeat(number.len());
    let indent = " ".repeat(from - skipped);
    let marks = "^".repeat(wanted.clamp(1, left));
    let _ = write!(
        text,
        "\n {margin} |\n {number} | {shown}\n {margin} | {indent}{marks}"
    );
}

/// A private key that stands where it should not is not shown once more. Every
/// character stays one, so that marks stay under their places.
fn masked(line: &str) -> String {
    const BEFORE: &str = "age-secret-key-";
    // Bytes keep their places in ASCII lower case.
    let lower = line.to_ascii_lowercase();
    let mut shown = String::with_capacity(line.len());
    let mut done = 0;
    for (begin, _) in lower.match_indices(BEFORE) {
        let begin = begin + BEFORE.len();
        let (Some(before), Some(rest)) = (line.get(done..begin), line.get(begin..)) else {
            continue;
        };
        let end = |next: char| !next.is_ascii_alphanumeric() && next != '-';
        let length = rest.find(end).unwrap_or(rest.len());
        shown.push_str(before);
        shown.push_str(&"*".repeat(length));
        done = begin + length;
    }
    shown.push_str(line.get(done..).unwrap_or_default());
    shown
}

/// Names of files in a message must not steer the terminal; lines are kept.
fn lines(text: &str) -> String {
    let keep = |one: char| matches!(one, '\n' | '\t');
    text.chars()
        .map(|one| if keep(one) { one } else { plain(one) })
        .collect()
}

/// Control characters would move the marks, or the terminal.
fn plain(character: char) -> char {
    if character.is_control() {
        ' '
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn rendered(text: &str, start: usize, end: usize) -> String {
        let source = Arc::new(Source {
            path: "a.nix".into(),
            text: text.to_owned(),
        });
        let diagnostic = Diagnostic::error("wrong")
            .at(&source, Span::new(start, end))
            .hint("do better");
        render("error:", &diagnostic, "hint:")
    }

    #[test]
    fn the_mark_stands_under_the_place() {
        assert_eq!(
            rendered("one\n\ttwo three\n", 9, 14),
            "error: wrong\n  --> a.nix:2:6\n   |\n 2 |  two three\n   |      ^^^^^\nhint: do better"
        );
    }

    #[test]
    fn a_span_over_lines_marks_the_first() {
        assert!(rendered("let\nx\n", 0, 5).contains("| ^^^\n"));
    }

    #[test]
    fn the_end_of_the_file_is_a_place() {
        assert!(rendered("x", 1, 1).contains("1:2\n   |\n 1 | x\n   |  ^"));
        assert!(rendered("", 0, 0).contains("a.nix:1:1"));
    }

    #[test]
    fn private_keys_are_not_shown() {
        assert_eq!(
            masked("[ \"AGE-SECRET-KEY-1QX\" \"age-secret-key-pq-1a\" é ]"),
            "[ \"AGE-SECRET-KEY-***\" \"age-secret-key-*****\" é ]"
        );
        assert_eq!(masked("age1x"), "age1x");
        let text = rendered("x = AGE-SECRET-KEY-1ABC;\n", 4, 23);
        assert!(text.contains("x = AGE-SECRET-KEY-****;"), "{text}");
    }

    #[test]
    fn long_lines_are_cut() {
        let line = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        assert!(
            rendered(&line, 500, 501)
                .lines()
                .all(|line| line.chars().count() < 120)
        );
    }
}
