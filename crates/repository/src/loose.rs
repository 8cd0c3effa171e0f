//! Secrets that something is missing for: a file without a rule, a rule without a file, a file
//! that no configuration names.
//!
//! Whether a configuration uses a secret is told by its text alone: the name of the file stands in
//! a `.nix` file other than the rules. A name that is put together while evaluating is not seen.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use memchr::memmem;
use nixseal_base::fs;
use nixseal_document::Format;
use rayon::prelude::*;

use crate::secret::FileState;
use crate::sops::discover::{Content, files};
use crate::sops::is_age_name;

/// Largest `.nix` file and largest SOPS file that is looked into, in bytes.
const LIMIT: usize = 4 * 1024 * 1024;

/// A secret as far as its rule goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// The file that the rule is for, absolute.
    pub path: PathBuf,
    /// Whether it is there.
    pub exists: bool,
}

/// Which rules were read; without them, nothing is known of the files that they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Those of `.age` files.
    pub age: bool,
    /// Those of SOPS files.
    pub sops: bool,
}

/// What was found; all paths are absolute and sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loose {
    /// Ruled, but there is no file.
    pub missing: Vec<PathBuf>,
    /// Encrypted files that no rule is for.
    pub orphaned: Vec<PathBuf>,
    /// Ruled files that no `.nix` file but the rules names.
    pub undeclared: Vec<PathBuf>,
    /// How many `.nix` files were searched.
    pub searched: usize,
}

/// Looks through the tree at `root` for what the rules in `rules` say nothing of, and for what no
/// configuration names.
pub fn look(root: &Path, ruled: &[Ruled], rules: &[PathBuf], sides: Sides) -> Loose {
    let all = files(root);
    let known: HashSet<&Path> = ruled.iter().map(|one| one.path.as_path()).collect();
    let is_rules = |path: &Path| {
        rules.iter().any(|rules| rules == path)
            || path.file_name() == Some(OsStr::new("secrets.nix"))
    };
    let nix: Vec<&PathBuf> = all
        .iter()
        .filter(|path| path.extension() == Some(OsStr::new("nix")) && !is_rules(path))
        .collect();
    let texts: Vec<Vec<u8>> = nix
        .par_iter()
        .filter_map(|path| fs::read_regular(path, LIMIT).ok())
        .collect();
    let words = words(&texts);
    let orphaned: BTreeSet<PathBuf> = all
        .par_iter()
        .filter(|path| !known.contains(path.as_path()))
        .filter(|path| is_secret(path, sides) && !has_other_rules(path, &all, rules))
        .cloned()
        .collect();
    let paths = |wanted: &dyn Fn(&Ruled) -> bool| -> Vec<PathBuf> {
        let chosen: BTreeSet<&PathBuf> = ruled
            .iter()
            .filter(|one| wanted(one))
            .map(|one| &one.path)
            .collect();
        chosen.into_iter().cloned().collect()
    };
    Loose {
        missing: paths(&|one| !one.exists),
        undeclared: paths(&|one| one.exists && !is_named(&one.path, &words, &texts)),
        orphaned: orphaned.into_iter().collect(),
        searched: nix.len(),
    }
}

/// Whether a file is encrypted, as its name and content say.
fn is_secret(path: &Path, sides: Sides) -> bool {
    if is_age_name(path) {
        return sides.age && matches!(FileState::read(path), FileState::Encrypted(_));
    }
    let named = Format::for_path(&path.to_string_lossy()) != Format::Binary;
    let small = path.metadata().is_ok_and(|data| data.len() <= LIMIT as u64);
    sides.sops && named && small && matches!(Content::read(path), Content::Encrypted(_))
}

/// Whether the nearest `secrets.nix` above a file is another than those that were read: then that
/// one tells. `all` is sorted.
fn has_other_rules(path: &Path, all: &[PathBuf], rules: &[PathBuf]) -> bool {
    let candidates = path
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("secrets.nix"));
    let nearest = candidates
        .into_iter()
        .find(|candidate| all.binary_search(candidate).is_ok());
    is_age_name(path) && nearest.is_some_and(|nearest| !rules.contains(&nearest))
}

/// Everything in some texts that can be a plain file name.
fn words(texts: &[Vec<u8>]) -> HashSet<&[u8]> {
    let split = |text: &'_ Vec<u8>| -> Vec<std::ops::Range<usize>> {
        let mut found = Vec::new();
        let mut start = 0;
        for (index, byte) in text.iter().enumerate() {
            if !is_plain(*byte) {
                if start < index {
                    found.push(start..index);
                }
                start = index + 1;
            }
        }
        if start < text.len() {
            found.push(start..text.len());
        }
        found
    };
    let ranges = texts.iter().map(|text| (text, split(text)));
    ranges
        .flat_map(|(text, ranges)| ranges.into_iter().filter_map(move |range| text.get(range)))
        .collect()
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte) || byte >= 0x80
}

/// Whether a text names the file.
fn is_named(path: &Path, words: &HashSet<&[u8]>, texts: &[Vec<u8>]) -> bool {
    let Some(name) = path.file_name().map(OsStr::as_bytes) else {
        return true;
    };
    match name.iter().all(|byte| is_plain(*byte)) {
        true => words.contains(name),
        false => texts.iter().any(|text| memmem::find(text, name).is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_longer_ones() {
        let texts = [b"file = ./secrets/wifi.age; x = \"my key.age\";".to_vec()];
        let words = words(&texts);
        for (name, expected) in [
            ("a/wifi.age", true),
            ("fi.age", false),
            ("my key.age", true),
            ("other.age", false),
        ] {
            assert_eq!(
                is_named(Path::new(name), &words, &texts),
                expected,
                "{name}"
            );
        }
    }
}
