//! The splice writer for INI files.

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;

use super::emit::{comment_lines, pair_line, section, section_of, value_text};
use super::read::{CommentPieces, read};
use crate::document::Document;
use crate::error::SpliceError;
use crate::splice::{Change, Edits, align, entry_places, place};
use crate::tree::{Comment, Entry, Map, Pair};

pub(crate) fn splice(source: &str, document: &Document) -> Result<SecretBytes, SpliceError> {
    let (_, original, pieces) = read(SecretBytes::copy_of(source.as_bytes()))
        .map_err(|error| SpliceError::Unsafe(error.to_string()))?;
    let [present] = document.branches.as_slice() else {
        return Err(SpliceError::Unsafe("there is not one document".to_owned()));
    };
    let mut splicer = Splicer {
        source,
        pieces,
        edits: Edits::default(),
    };
    splicer.sections(&original, present)?;
    splicer.edits.apply(source.as_bytes())
}

struct Splicer<'a> {
    source: &'a str,
    pieces: CommentPieces,
    edits: Edits,
}

type Splice = Result<(), SpliceError>;

impl Splicer<'_> {
    fn sections(&mut self, original: &Map, present: &Map) -> Splice {
        // The section without a header may begin where the first header stands.
        let place_of = |pair: &Pair| {
            let start = place(pair.value.origin())?;
            Some(2 * start + usize::from(pair.origin.is_some()))
        };
        let places = |map: &Map| map.pairs().map(place_of).collect::<Vec<_>>();
        let (originals, presents): (Vec<&Pair>, Vec<&Pair>) =
            (original.pairs().collect(), present.pairs().collect());
        let mut at = 0;
        for change in align(&places(original), &places(present)) {
            match change {
                Change::Kept(old, new) => {
                    let (Some(old), Some(new)) = (originals.get(old), presents.get(new)) else {
                        continue;
                    };
                    at = self.section_end(old);
                    self.entries(section_of(old)?, section_of(new)?, old)?;
                }
                Change::Removed(old) => {
                    let Some(pair) = originals.get(old) else {
                        continue;
                    };
                    let start = self.line_start(section_start(pair));
                    self.edits.remove(Span::new(start, self.section_end(pair)));
                    for entry in &section_of(pair)?.entries {
                        if let Entry::Comment(comment) = entry {
                            self.remove_comment(
                                comment,
                                Some(Span::new(start, self.section_end(pair))),
                            );
                        }
                    }
                }
                Change::Inserted(new) => {
                    let Some(pair) = presents.get(new) else {
                        continue;
                    };
                    let text = section(&pair.key, section_of(pair)?)?;
                    let broken = self
                        .source
                        .get(..at)
                        .is_none_or(|before| before.is_empty() || before.ends_with('\n'));
                    if !broken {
                        self.edits.insert(at, b"\n");
                    }
                    if at > 0 {
                        self.edits.insert(at, b"\n");
                    }
                    self.edits.insert(at, text.as_bytes());
                }
            }
        }
        Ok(())
    }

    fn entries(&mut self, original: &Map, present: &Map, pair: &Pair) -> Splice {
        // A header has no lines of keys behind it yet.
        let mut at = match pair.origin {
            Some(origin) => self.line_end(origin.span.end),
            None => section_start(pair),
        };
        let mut removed = Vec::new();
        let changes = align(&entry_places(original), &entry_places(present));
        for change in &changes {
            if let Change::Removed(old) = change
                && let Some(Entry::Pair(pair)) = original.entries.get(*old)
            {
                let start = pair
                    .origin
                    .map_or(0, |origin| self.line_start(origin.span.start));
                removed.push(Span::new(start, self.pair_end(pair)));
            }
        }
        for span in &removed {
            self.edits.remove(*span);
        }
        for change in changes {
            match change {
                Change::Kept(old, new) => {
                    let (Some(old), Some(new)) =
                        (original.entries.get(old), present.entries.get(new))
                    else {
                        continue;
                    };
                    self.keep(old, new)?;
                    if let Entry::Pair(pair) = old {
                        at = self.pair_end(pair);
                    }
                }
                Change::Removed(old) => match original.entries.get(old) {
                    Some(Entry::Comment(comment)) => {
                        let inside = comment.origin.and_then(|origin| {
                            let holds = |span: &&Span| {
                                span.start <= origin.span.start && origin.span.end <= span.end
                            };
                            removed.iter().find(holds).copied()
                        });
                        self.remove_comment(comment, inside);
                    }
                    Some(Entry::Pair(pair)) => at = self.pair_end(pair),
                    None => {}
                },
                Change::Inserted(new) => {
                    let text = match present.entries.get(new) {
                        Some(Entry::Comment(comment)) => comment_lines(comment, false)?,
                        Some(Entry::Pair(pair)) => pair_line(pair, 0)?,
                        None => continue,
                    };
                    let before = self.source.get(..at).unwrap_or("");
                    if !before.is_empty() && !before.ends_with('\n') {
                        self.edits.insert(at, b"\n");
                    }
                    self.edits.insert(at, text.as_bytes());
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, original: &Entry, present: &Entry) -> Splice {
        match (original, present) {
            (Entry::Comment(old), Entry::Comment(new)) if new.changed() => {
                let pieces = old
                    .origin
                    .and_then(|origin| self.pieces.get(origin.id as usize))
                    .cloned();
                let text = comment_lines(new, false)?;
                for (index, piece) in pieces.unwrap_or_default().into_iter().enumerate() {
                    if index == 0 {
                        self.edits.replace(piece, text.trim_end().as_bytes());
                    } else {
                        self.remove_piece(piece, None);
                    }
                }
            }
            (Entry::Pair(old), Entry::Pair(new)) => {
                let changed = new.value.as_scalar().is_none_or(|scalar| scalar.changed());
                if let (Some(origin), true) = (old.value.origin(), changed) {
                    let text = value_text(new)?;
                    self.edits.replace(origin.span, text.as_bytes());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn remove_comment(&mut self, comment: &Comment, inside: Option<Span>) {
        let pieces = comment
            .origin
            .and_then(|origin| self.pieces.get(origin.id as usize))
            .cloned();
        for piece in pieces.unwrap_or_default() {
            self.remove_piece(piece, inside);
        }
    }

    /// Takes out one line of comment, with its line if it has one to itself.
    fn remove_piece(&mut self, piece: Span, inside: Option<Span>) {
        if inside.is_some_and(|span| span.start <= piece.start && piece.end <= span.end) {
            return;
        }
        let start = self.line_start(piece.start);
        let alone = self
            .source
            .get(start..piece.start)
            .is_none_or(|before| before.trim().is_empty());
        if alone {
            self.edits
                .remove(Span::new(start, self.line_end(piece.end)));
        } else {
            self.edits.remove(piece);
        }
    }

    fn section_end(&self, pair: &Pair) -> usize {
        let end = pair.value.origin().map_or(0, |origin| origin.span.end);
        // The DEFAULT section may be without a line of its own.
        if pair.origin.is_none() && end == section_start(pair) {
            end
        } else {
            self.line_end_before(end)
        }
    }

    /// Behind the last line of a pair.
    fn pair_end(&self, pair: &Pair) -> usize {
        let value_end = pair.value.origin().map_or(0, |origin| origin.span.end);
        let own_end = pair.origin.map_or(0, |origin| origin.span.end);
        self.line_end(value_end.max(own_end))
    }

    fn line_start(&self, offset: usize) -> usize {
        self.source
            .get(..offset)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |index| index + 1)
    }

    fn line_end(&self, offset: usize) -> usize {
        let rest = self.source.get(offset..).unwrap_or("");
        offset + rest.find('\n').map_or(rest.len(), |index| index + 1)
    }

    fn line_end_before(&self, end: usize) -> usize {
        let before = self.source.get(..end).unwrap_or("");
        if before.ends_with('\n') {
            end
        } else {
            self.line_end(end)
        }
    }
}

fn section_start(pair: &Pair) -> usize {
    pair.value.origin().map_or(0, |origin| origin.span.start)
}
