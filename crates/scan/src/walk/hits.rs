//! What was found in one file, while it is read.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::Search;
use super::content::Scratch;
use crate::finding::{Finding, Place, Subject};
use crate::value::Part;

/// Most places of one subject that are kept apart in one file.
const MOST: usize = 4096;

/// One place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Hit {
    /// Number of the pattern.
    Value(usize),
    /// Number of the shape.
    Shape(usize),
}

/// All places of one file or segment.
#[derive(Default)]
pub(super) struct Hits(Vec<(u64, u64, Hit)>);

impl Hits {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Searches a whole text.
    pub(super) fn search(&mut self, search: &Search, text: &[u8], scratch: &mut Scratch) {
        self.piece(search, text, 0, 0, u64::MAX, true, scratch);
    }

    /// Searches a piece of a file that begins at `base` there. Its first `kept` bytes were the end
    /// of the piece before; what begins at `to` or after belongs to others.
    #[expect(
        clippy::too_many_arguments,
        reason = "all of them are one place in a file"
    )]
    pub(super) fn piece(
        &mut self,
        search: &Search,
        text: &[u8],
        base: u64,
        kept: usize,
        to: u64,
        is_last: bool,
        scratch: &mut Scratch,
    ) {
        if let Some(values) = &search.values {
            scratch.values.clear();
            values.search(text, &mut scratch.values);
            for found in scratch.values.iter().filter(|found| found.end > kept) {
                self.add(
                    base,
                    (found.start, found.end),
                    Hit::Value(found.pattern),
                    to,
                );
            }
        }
        if let Some(shapes) = &search.shapes {
            scratch.shapes.clear();
            shapes.search(text, &mut scratch.shapes);
            for found in &scratch.shapes {
                // What ends with the text may go on in the next piece, where it is found again.
                let is_whole = is_last || found.end < text.len();
                if is_whole && (kept == 0 || found.end >= kept) {
                    self.add(base, (found.start, found.end), Hit::Shape(found.kind), to);
                }
            }
        }
    }

    fn add(&mut self, base: u64, (start, end): (usize, usize), hit: Hit, to: u64) {
        let (start, end) = (base + start as u64, base + end as u64);
        if start < to && self.0.len() < MOST {
            self.0.push((start, end, hit));
        }
    }

    /// The same as findings.
    pub(super) fn findings(
        mut self,
        search: &Search,
        path: &Arc<Path>,
        place: impl Fn(u64) -> Place,
    ) -> Vec<Finding> {
        self.0.sort_unstable();
        self.0.dedup();
        let mut found = Vec::new();
        // Where the whole of a secret ends.
        let mut wholes: HashMap<usize, u64> = HashMap::new();
        for (start, end, hit) in self.0 {
            let subject = match hit {
                Hit::Shape(kind) => crate::shapes::subject(kind),
                Hit::Value(number) => {
                    let Some(values) = &search.values else {
                        continue;
                    };
                    let pattern = values.pattern(number);
                    let key = pattern.secret;
                    match pattern.part {
                        // Its lines are in the whole.
                        Part::Whole => {
                            wholes.insert(key, end);
                        }
                        _ if wholes.get(&key).is_some_and(|whole| end <= *whole) => continue,
                        _ => {}
                    }
                    let name = values.patterns().secrets.get(pattern.secret);
                    Subject::Secret {
                        name: name.cloned().unwrap_or_default(),
                        part: pattern.part.clone(),
                        encoding: pattern.encoding,
                    }
                }
            };
            found.push(Finding {
                path: Arc::clone(path),
                place: place(start),
                subject,
                count: 1,
            });
        }
        found
    }
}

/// One finding for each subject of a file: the first place, and how many there are. All lines of
/// a value are one subject.
pub(super) fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut begin = 0;
    for finding in findings {
        if merged
            .get(begin)
            .is_some_and(|first| first.path != finding.path)
        {
            begin = merged.len();
        }
        let of_file = merged.get_mut(begin..).unwrap_or_default();
        match of_file.iter_mut().find(|first| is_same(first, &finding)) {
            Some(first) => first.count += 1,
            None => merged.push(finding),
        }
    }
    merged
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    let kind = |finding: &Finding| std::mem::discriminant(&finding.place);
    let subject = match (&one.subject, &other.subject) {
        (
            Subject::Secret {
                name,
                part: Part::Line(_),
                encoding,
            },
            Subject::Secret {
                name: other_name,
                part: Part::Line(_),
                encoding: other_encoding,
            },
        ) => name == other_name && encoding == other_encoding,
        (one, other) => one == other,
    };
    subject && kind(one) == kind(other)
}
