//! How old values are.
//!
//! An encrypted value gets another text whenever it is given anew, so the first commit with its
//! text is when it became what it is. But a new data key, or a rekey of an `.age` file, changes
//! every text as well: then, where the length stayed the same, the value may be older.

use std::path::PathBuf;

use super::content::{AgeContent, Content, SopsContent, SopsValue};
use super::{Past, Version, When};

/// The age of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// The file, from the top of the work tree.
    pub path: PathBuf,
    /// Which value of a SOPS file; none for `.age` files and binary ones.
    pub key: Option<String>,
    /// When its encrypted text became what it is; none for what is not committed.
    pub changed: When,
    /// Since when the value may be the same: earlier where it was only encrypted anew, perhaps.
    pub oldest: When,
}

impl Age {
    /// Whether the value may be older than its text.
    pub fn may_be_older(&self) -> bool {
        self.changed != self.oldest
    }
}

/// The ages of all values that are there now, by file and key.
pub fn ages(past: &Past) -> Vec<Age> {
    let mut ages = Vec::new();
    for (path, versions) in &past.files {
        let Some(now) = versions.last() else {
            continue;
        };
        match past.content(now) {
            Some(Content::Age(file)) => {
                let changed = now.content.and_then(|index| first(past, index));
                ages.push(Age {
                    path: path.clone(),
                    key: None,
                    changed,
                    oldest: oldest_file(past, versions, file).unwrap_or(changed),
                });
            }
            Some(Content::Sops(file)) => {
                for value in &file.values {
                    let changed = past.first_value.get(&value.print).copied().flatten();
                    let oldest = oldest_value(past, versions, file, value);
                    ages.push(Age {
                        path: path.clone(),
                        key: file.key(value),
                        changed,
                        oldest,
                    });
                }
            }
            _ => {}
        }
    }
    ages
}

impl SopsContent {
    /// What a value is called; a binary file is one value without a name.
    pub(super) fn key(&self, value: &SopsValue) -> Option<String> {
        let binary = self.format == nixseal_document::Format::Binary;
        (!binary).then(|| value.path.clone())
    }
}

fn first(past: &Past, content: usize) -> When {
    past.first_content.get(content).copied().flatten()
}

/// When the file last had another length.
fn oldest_file(past: &Past, versions: &[Version], now: &AgeContent) -> Option<When> {
    let same = versions
        .iter()
        .rev()
        .take_while(|version| match past.content(version) {
            Some(Content::Age(file)) => file.length == now.length,
            _ => false,
        });
    let oldest = same.last()?;
    Some(first(past, oldest.content?))
}

fn oldest_value(past: &Past, versions: &[Version], now: &SopsContent, value: &SopsValue) -> When {
    let (mut file, mut value) = (now, value);
    for version in versions.iter().rev().skip(1) {
        let Some(Content::Sops(before)) = past.content(version) else {
            break;
        };
        let Some(old) = before.value(&value.path) else {
            break;
        };
        let same = old.print == value.print;
        let perhaps = || old.shape == value.shape && !file.has_key_of(before);
        if !same && !perhaps() {
            break;
        }
        (file, value) = (before, old);
    }
    past.first_value.get(&value.print).copied().flatten()
}
