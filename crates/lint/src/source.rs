//! A text, and its lines as they may be shown: with every secret masked.

use nixseal_base::span::{Position, Span};

use crate::finding::Place;

/// What stands for a secret.
const MASK: &str = "********";
/// Secrets shorter than this are masked only where they stand, not wherever their text comes again.
const SHORTEST: usize = 4;

/// A text with the places of its lines.
pub struct Text<'t> {
    /// The text itself.
    pub text: &'t str,
    /// Where lines begin.
    lines: Vec<usize>,
}

impl<'t> Text<'t> {
    /// Looks for the lines of a text.
    pub fn new(text: &'t str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        Self {
            text,
            lines: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The number of the line of a byte, from 0.
    pub fn line_of(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// The text of a line, from 0.
    pub fn line(&self, number: usize) -> &'t str {
        let start = self.lines.get(number).copied().unwrap_or(self.text.len());
        let end = self
            .lines
            .get(number + 1)
            .copied()
            .unwrap_or(self.text.len());
        self.text
            .get(start..end)
            .unwrap_or_default()
            .trim_end_matches(['\n', '\r'])
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.line_of(offset);
        let start = self.lines.get(line).copied().unwrap_or_default();
        let column = self
            .text
            .get(start..offset)
            .map_or(0, |before| before.chars().count());
        Position {
            line: line + 1,
            column: column + 1,
        }
    }

    /// The place of `span`, its line masked. `secrets` are in order and do not overlap.
    pub fn place(&self, span: Span, secrets: &[Span]) -> Place {
        let number = self.line_of(span.start);
        let start = self.lines.get(number).copied().unwrap_or_default();
        let line = self.line(number);
        let masked = Masked::new(line, start, secrets, self.text);
        let from = masked.column(span.start.saturating_sub(start));
        let to = masked.column(span.end.saturating_sub(start).min(line.len()));
        Place {
            start: self.position(span.start),
            end: self.position(span.end),
            width: to.saturating_sub(from).max(1),
            from,
            line: masked.line,
        }
    }
}

/// A masked line, and which of its bytes became which character.
struct Masked {
    line: String,
    /// Begin of each masked range of the original line, its end, and how many characters more or
    /// fewer there are behind it.
    ranges: Vec<(usize, usize)>,
    original: String,
}

impl Masked {
    fn new(line: &str, start: usize, secrets: &[Span], text: &str) -> Self {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        let end = start + line.len();
        for secret in secrets {
            if secret.start < end && secret.end > start {
                ranges.push((secret.start.max(start) - start, secret.end.min(end) - start));
            }
            // The same once more, for example in a comment.
            let value = text
                .get(secret.start..secret.end)
                .unwrap_or_default()
                .trim();
            if value.len() >= SHORTEST {
                ranges.extend(
                    line.match_indices(value)
                        .map(|(at, _)| (at, at + value.len())),
                );
            }
        }
        ranges.retain(|(from, to)| from < to);
        ranges.sort_unstable();
        ranges.dedup_by(|later, earlier| {
            let overlaps = later.0 <= earlier.1;
            if overlaps {
                earlier.1 = earlier.1.max(later.1);
            }
            overlaps
        });
        let mut masked = String::with_capacity(line.len());
        let mut done = 0;
        for (from, to) in &ranges {
            masked.push_str(line.get(done..*from).unwrap_or_default());
            masked.push_str(MASK);
            done = *to;
        }
        masked.push_str(line.get(done..).unwrap_or_default());
        Self {
            line: masked,
            ranges,
            original: line.to_owned(),
        }
    }

    /// The character of the masked line where byte `offset` of the original went.
    fn column(&self, offset: usize) -> usize {
        let (mut column, mut done) = (0, 0);
        for (from, to) in &self.ranges {
            if offset <= *from {
                break;
            }
            column += count(&self.original, done, *from) + MASK.len();
            done = *to;
            if offset <= *to {
                return column;
            }
        }
        column + count(&self.original, done, offset)
    }
}

fn count(text: &str, from: usize, to: usize) -> usize {
    text.get(from..to).map_or(0, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let text = "a = 1;\nçb = \"hunter2\"; # hunter2\nc";
        let source = Text::new(text);
        let start = text.find("\"hunter2").unwrap();
        let secret = Span::new(start + 1, start + 8);
        let place = source.place(Span::new(start, start + 9), &[secret]);
        assert_eq!(place.line, "çb = \"********\"; # ********");
        assert_eq!((place.start.line, place.start.column), (2, 6));
        assert_eq!((place.from, place.width), (5, 10));
    }

    #[test]
    fn secrets_of_many_lines_are_masked_to_the_end_of_theirs() {
        let text = "k = ''BEGIN\nbody''; x";
        let source = Text::new(text);
        let place = source.place(Span::new(4, 18), &[Span::new(6, 16)]);
        assert_eq!(place.line, "k = ''********");
        assert_eq!(place.end.line, 2);
        assert_eq!(
            source.place(Span::new(20, 21), &[Span::new(6, 16)]).line,
            "********''; x"
        );
    }
}
