//! All patterns as one search that looks at few places of a text.
//!
//! A pattern of `m` bytes holds `m - w + 1` windows of `w` bytes. When only every `s`-th place of a
//! text is looked at, with `s = m - w + 1` for the shortest pattern, each occurrence still has one
//! of the pattern's windows at such a place. So for each pattern one window is noted for each
//! remainder of `s`, the rarest of those that it has. The text is read `s` bytes at a time: the
//! window there is hashed, a bitmap tells nearly always that it is no pattern's, and a table of the
//! windows themselves tells the rest. The longer the shortest pattern, the faster the search; how
//! many patterns there are matters little.

mod sieve;
mod table;
mod verify;

use crate::pattern::{Pattern, Patterns};
use table::Table;

/// Widest window, in bytes: what is loaded at once.
const WIDEST: usize = 8;

/// Where a pattern stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Number of the pattern in [`Matcher::pattern`].
    pub pattern: usize,
}

/// A search for all patterns of a run.
pub struct Matcher {
    patterns: Patterns,
    geometry: Geometry,
    table: Table,
}

/// Which places of a text are looked at, and how much there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Geometry {
    /// Bytes of a window.
    window: usize,
    /// Bytes from one place to the next.
    stride: usize,
    /// The bits of a window in eight bytes.
    mask: u64,
}

impl Geometry {
    /// For patterns of which the shortest has so many bytes.
    fn for_shortest(shortest: usize) -> Self {
        // A short window leaves room for a stride, but is found by chance more often.
        let window = match shortest {
            0..=4 => shortest.max(1),
            5..=9 => 5,
            10..=14 => 6,
            _ => WIDEST,
        };
        let widest = shortest.max(window) - window + 1;
        let stride = sieve::STRIDES.into_iter().rfind(|stride| *stride <= widest);
        Self {
            window,
            stride: stride.unwrap_or(1),
            mask: u64::MAX >> (64 - 8 * window),
        }
    }

    fn load(self, bytes: &[u8]) -> u64 {
        let mut window = [0; WIDEST];
        for (to, from) in window.iter_mut().zip(bytes) {
            *to = *from;
        }
        u64::from_le_bytes(window) & self.mask
    }
}

impl Matcher {
    /// Prepares the search.
    pub fn new(patterns: Patterns) -> Self {
        let lengths = patterns.all.iter().map(|pattern| pattern.bytes.len());
        let geometry = Geometry::for_shortest(lengths.min().unwrap_or(WIDEST));
        let table = Table::new(&patterns.all, geometry);
        Self {
            patterns,
            geometry,
            table,
        }
    }

    /// The patterns.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// The pattern of an occurrence.
    ///
    /// # Panics
    /// When the number is not one of an occurrence.
    pub fn pattern(&self, number: usize) -> &Pattern {
        &self.patterns.all[number]
    }

    /// Most bytes from the begin of an occurrence to its end, line breaks included.
    pub fn longest(&self) -> usize {
        let lengths = self.patterns.all.iter().map(verify::most_bytes);
        lengths.max().unwrap_or(0)
    }

    /// Adds every occurrence in `text`, each once, sorted by its begin.
    pub fn search(&self, text: &[u8], found: &mut Vec<Occurrence>) {
        if self.patterns.is_empty() {
            return;
        }
        let begin = found.len();
        let Geometry { stride, mask, .. } = self.geometry;
        let bitmap = self.table.bitmap();
        let mut place = sieve::sieve(bitmap, (stride, mask), text, &mut |place| {
            let window = text.get(place..).map(|rest| self.geometry.load(rest));
            self.confirm(text, place, window.unwrap_or(0), found);
        });
        while let Some(rest) = text.get(place..) {
            if rest.len() < self.geometry.window {
                break;
            }
            let window = self.geometry.load(rest);
            if self.table.may_hold(window) {
                self.confirm(text, place, window, found);
            }
            place += stride;
        }
        if let Some(new) = found.get_mut(begin..) {
            new.sort_unstable();
        }
        found.dedup();
    }

    #[cold]
    fn confirm(&self, text: &[u8], place: usize, window: u64, found: &mut Vec<Occurrence>) {
        for entry in self.table.entries(window) {
            let number = entry.pattern as usize;
            let Some(pattern) = self.patterns.all.get(number) else {
                continue;
            };
            if let Some((start, end)) = verify::at(pattern, entry.offset as usize, text, place) {
                found.push(Occurrence {
                    start,
                    end,
                    pattern: number,
                });
            }
        }
    }

    /// `text` with every occurrence replaced by `***`: for names that are printed.
    pub fn masked(&self, text: &[u8]) -> Vec<u8> {
        let mut found = Vec::new();
        self.search(text, &mut found);
        mask(text, found.iter().map(|found| (found.start, found.end)))
    }
}

/// Replaces ranges, sorted by their begin, by `***`.
pub(crate) fn mask(text: &[u8], ranges: impl Iterator<Item = (usize, usize)>) -> Vec<u8> {
    let mut shown = Vec::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in ranges {
        if end <= done {
            continue;
        }
        if start >= done {
            shown.extend_from_slice(text.get(done..start).unwrap_or_default());
            shown.extend_from_slice(b"***");
        }
        done = end;
    }
    shown.extend_from_slice(text.get(done..).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests {
    use nixseal_base::secret::SecretBytes;

    use super::*;
    use crate::value::NamedValue;

    fn matcher(values: &[&str]) -> Matcher {
        let named = |value: &&str| NamedValue {
            name: (*value).to_owned(),
            value: SecretBytes::copy_of(value.as_bytes()),
            is_file: false,
        };
        Matcher::new(Patterns::new(values.iter().map(named)))
    }

    fn starts(matcher: &Matcher, text: &[u8]) -> Vec<usize> {
        let mut found = Vec::new();
        matcher.search(text, &mut found);
        found.iter().map(|found| found.start).collect()
    }

    #[test]
    fn every_place_of_a_text_is_searched() {
        for value in [
            "k8Jq-w2L",
            "k8Jq-w2Lx.",
            "k8Jq-w2Lx.Zt4",
            "k8Jq-w2Lx.Zt4+pQ9/sA0~uX3vB6nM5",
        ] {
            let matcher = matcher(&[value]);
            for before in 0..60 {
                for after in [0, 1, 7, 100] {
                    let text = [".".repeat(before), value.to_owned(), ".".repeat(after)].concat();
                    assert_eq!(starts(&matcher, text.as_bytes()), [before], "{text}");
                }
            }
        }
    }

    #[test]
    fn many_and_overlapping_occurrences_are_found() {
        let matcher = matcher(&["abXYabXYabZ1", "XYabZ1-qqqq"]);
        assert_eq!(
            starts(&matcher, b"abXYabXYabZ1-qqqq abXYabXYabZ1"),
            [0, 6, 18]
        );
        assert_eq!(starts(&matcher, b""), [0_usize; 0]);
        assert_eq!(starts(&matcher, b"abXYabXYabZ"), [0_usize; 0]);
    }

    #[test]
    fn the_stride_follows_the_shortest() {
        let stride = |shortest| {
            let geometry = Geometry::for_shortest(shortest);
            (geometry.window, geometry.stride)
        };
        assert_eq!(stride(8), (5, 4));
        assert_eq!(stride(10), (6, 5));
        assert_eq!(stride(16), (8, 8));
        assert_eq!(stride(100), (8, 24));
    }

    #[test]
    fn names_are_masked() {
        let matcher = matcher(&["k8Jq-w2Lx"]);
        assert_eq!(matcher.masked(b"/a/k8Jq-w2Lx.txt"), b"/a/***.txt");
        assert_eq!(matcher.masked(b"/a/b"), b"/a/b");
    }
}
