//! A text, and its lines as they may be shown: with every secret masked.

use std::cell::Cell;

use aho_corasick::{AhoCorasick, MatchKind};
use nixseal_base::span::{Position, Span};

use crate::finding::Place;

/// What stands for a secret.
const MASK: &str = "********";
/// Secrets shorter than this are masked only where they stand, not wherever their text comes again.
const SHORTEST: usize = 4;
/// How much of a line is kept before a place, and how much from it on, in bytes.
const AROUND: usize = 400;

/// A text with the places of its lines.
pub struct Text<'t> {
    /// The text itself.
    pub text: &'t str,
    /// Where lines begin.
    lines: Vec<usize>,
    /// Where the last position was: columns of a long line are counted once.
    last: Cell<(usize, Position)>,
}

impl<'t> Text<'t> {
    /// Looks for the lines of a text.
    pub fn new(text: &'t str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        Self {
            text,
            lines: std::iter::once(0).chain(ends).collect(),
            last: Cell::new((0, Position { line: 1, column: 1 })),
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
        let (start, end) = self.bounds(number);
        self.text.get(start..end).unwrap_or_default()
    }

    /// Where a line begins and ends, its end not counted.
    fn bounds(&self, number: usize) -> (usize, usize) {
        let whole = self.text.len();
        let start = self.lines.get(number).copied().unwrap_or(whole);
        let end = self.lines.get(number + 1).copied().unwrap_or(whole);
        let line = self.text.get(start..end).unwrap_or_default();
        (start, start + line.trim_end_matches(['\n', '\r']).len())
    }

    fn position(&self, offset: usize) -> Position {
        let number = self.line_of(offset);
        let (from, known) = self.last.get();
        let (from, column) = match known.line == number + 1 && from <= offset {
            true => (from, known.column),
            false => (self.lines.get(number).copied().unwrap_or_default(), 1),
        };
        let position = Position {
            line: number + 1,
            column: column + count(self.text, from, offset),
        };
        self.last.set((offset, position));
        position
    }

    /// Every place where one of `secrets` stands, or its text comes again; in order, and none
    /// overlaps another.
    pub fn hidden(&self, secrets: &[Span]) -> Vec<Span> {
        let value = |span: &Span| {
            self.text
                .get(span.start..span.end)
                .unwrap_or_default()
                .trim()
        };
        let mut values: Vec<&str> = secrets.iter().map(value).collect();
        values.retain(|value| value.len() >= SHORTEST);
        values.sort_unstable();
        values.dedup();
        let mut hidden = secrets.to_vec();
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&values);
        match search {
            Ok(search) if !values.is_empty() => {
                let again = search.find_iter(self.text);
                hidden.extend(again.map(|found| Span::new(found.start(), found.end())));
            }
            Ok(_) => {}
            // Too many: then nothing is shown at all.
            Err(_) => hidden.push(Span::new(0, self.text.len())),
        }
        hidden.sort_unstable();
        hidden.dedup_by(|later, earlier| {
            let overlaps = later.start <= earlier.end;
            if overlaps {
                earlier.end = earlier.end.max(later.end);
            }
            overlaps
        });
        hidden
    }

    /// The place of `span`, what is shown of its line masked; `hidden` is what [`Self::hidden`]
    /// gave.
    pub fn place(&self, span: Span, hidden: &[Span]) -> Place {
        let (line_start, line_end) = self.bounds(self.line_of(span.start));
        let start = self.boundary(span.start.saturating_sub(AROUND).max(line_start));
        let end = self.boundary((span.start + AROUND).min(line_end));
        let (mut line, mut from, mut to) = (String::new(), None, None);
        let mut shown = 0;
        let mut at = start;
        let first = hidden.partition_point(|one| one.end <= start);
        let ranges = hidden.iter().skip(first).take_while(|one| one.start < end);
        let edges = ranges.map(|one| (one.start.max(start), one.end.min(end)));
        for (begin, done) in edges.chain(std::iter::once((end, end))) {
            // What stands in clear, then the mask.
            let mark = |offset: usize| {
                (at <= offset && offset <= begin).then(|| shown + count(self.text, at, offset))
            };
            from = from.or_else(|| mark(span.start));
            to = to.or_else(|| mark(span.end));
            line.push_str(self.text.get(at..begin).unwrap_or_default());
            shown += count(self.text, at, begin);
            if begin < done {
                from = from.or((span.start < done).then_some(shown));
                line.push_str(MASK);
                shown += MASK.len();
                to = to.or((span.end < done).then_some(shown));
            }
            at = done;
        }
        let from = from.unwrap_or(shown);
        let to = to.unwrap_or(shown);
        Place {
            start: self.position(span.start),
            end: self.position(span.end),
            width: to.saturating_sub(from).max(1),
            from,
            line,
        }
    }

    /// The next place between two characters.
    fn boundary(&self, mut offset: usize) -> usize {
        while !self.text.is_char_boundary(offset) {
            offset += 1;
        }
        offset
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
        let hidden = source.hidden(&[Span::new(start + 1, start + 8)]);
        let place = source.place(Span::new(start, start + 9), &hidden);
        assert_eq!(place.line, "çb = \"********\"; # ********");
        assert_eq!((place.start.line, place.start.column), (2, 6));
        assert_eq!((place.from, place.width), (5, 10));
        let inner = source.place(Span::new(start + 1, start + 8), &hidden);
        assert_eq!((inner.from, inner.width), (6, 8));
    }

    #[test]
    fn secrets_of_many_lines_are_masked_to_the_end_of_theirs() {
        let text = "k = ''BEGIN\nbody''; x";
        let source = Text::new(text);
        let hidden = source.hidden(&[Span::new(6, 16)]);
        let place = source.place(Span::new(4, 18), &hidden);
        assert_eq!(place.line, "k = ''********");
        assert_eq!((place.from, place.width, place.end.line), (4, 10, 2));
        let behind = source.place(Span::new(20, 21), &hidden);
        assert_eq!((behind.line.as_str(), behind.from), ("********''; x", 12));
    }

    #[test]
    fn of_a_long_line_only_what_is_around_the_place_is_kept() {
        let text = format!("{}é\"secret\"{}", "a".repeat(5000), "b".repeat(5000));
        let source = Text::new(&text);
        let start = 5002;
        let hidden = source.hidden(&[Span::new(start + 1, start + 7)]);
        let place = source.place(Span::new(start, start + 8), &hidden);
        assert!(place.line.len() < 900 && place.line.contains("é\"********\"bbb"));
        assert_eq!(place.line.chars().nth(place.from), Some('"'));
        assert_eq!((place.width, place.start.column), (10, 5002));
    }
}
