//! The splice writer for dotenv files.

use nixseal_base::secret::SecretBytes;
use nixseal_base::span::Span;

use super::{encoded, line, read};
use crate::document::Document;
use crate::error::SpliceError;
use crate::splice::{Change, Edits, align, entry_places};
use crate::tree::{Entry, Node};

pub(crate) fn splice(source: &[u8], document: &Document) -> Result<SecretBytes, SpliceError> {
    let original = read(source).map_err(|error| SpliceError::Unsafe(error.to_string()))?;
    let [present] = document.branches.as_slice() else {
        return Err(SpliceError::Unsafe("there is not one document".to_owned()));
    };
    let mut edits = Edits::default();
    // Where a new line goes: behind the last line that stays.
    let mut line_start = 0;
    for change in align(&entry_places(&original), &entry_places(present)) {
        match change {
            Change::Kept(old, new) => {
                if let (Some(old), Some(new)) =
                    (original.entries.get(old), present.entries.get(new))
                {
                    keep(old, new, &mut edits)?;
                }
                line_start = line_end(source, original.entries.get(old));
            }
            Change::Removed(old) => {
                let entry = original.entries.get(old);
                edits.remove(Span::new(start(entry), line_end(source, entry)));
            }
            Change::Inserted(new) => {
                let Some(entry) = present.entries.get(new) else {
                    continue;
                };
                let text = line(entry)?;
                let before = line_start
                    .checked_sub(1)
                    .and_then(|index| source.get(index));
                if before.is_some_and(|byte| *byte != b'\n') {
                    edits.insert(line_start, b"\n");
                    let text = text.strip_suffix(b"\n").unwrap_or(&text);
                    edits.insert(line_start, text);
                } else {
                    edits.insert(line_start, &text);
                }
            }
        }
    }
    edits.apply(source)
}

fn keep(original: &Entry, present: &Entry, edits: &mut Edits) -> Result<(), SpliceError> {
    match (original, present) {
        (Entry::Comment(old), Entry::Comment(new)) if new.changed() => {
            if let Some(origin) = old.origin {
                let text = line(present)?;
                edits.replace(origin.span, text.strip_suffix(b"\n").unwrap_or(&text));
            }
        }
        (Entry::Pair(old), Entry::Pair(new)) => match (old.value.origin(), &new.value) {
            (Some(origin), Node::Scalar(scalar)) if scalar.changed() => {
                edits.replace(origin.span, &encoded(scalar.value()));
            }
            (_, Node::Scalar(_)) => {}
            // Refuses what is no single value.
            _ => drop(line(present)?),
        },
        _ => {}
    }
    Ok(())
}

fn start(entry: Option<&Entry>) -> usize {
    match entry {
        Some(Entry::Comment(comment)) => comment.origin.map_or(0, |origin| origin.span.start),
        Some(Entry::Pair(pair)) => pair.origin.map_or(0, |origin| origin.span.start),
        None => 0,
    }
}

/// Behind the break of the entry's line.
fn line_end(source: &[u8], entry: Option<&Entry>) -> usize {
    let from = start(entry);
    let rest = source.get(from..).unwrap_or(&[]);
    let length = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(rest.len(), |index| index + 1);
    from + length
}
