//! The lock file: which recipients each `.age` file was encrypted to.
//!
//! X25519 and post-quantum stanzas do not say whom they are for, so whether a
//! file still fits its rule cannot be read from the file. The lock stands
//! beside the rules (`secrets.nix` → `secrets.lock`) and holds one line a
//! secret, sorted, so that branches merge line by line:
//!
//! ```text
//! "wifi.age" sha256:<base64 of the file's digest> age1…,ssh-ed25519:AAAA…
//! ```
//!
//! An entry counts only while the digest is that of the file, so a file may have
//! several: a merge that git could not finish leaves those of both branches, with
//! marks around them. There is no secret in it: recipients are public and digests
//! are of ciphertext.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use nixseal_base::fs::{self, FsError};
use sha2::{Digest as _, Sha256};

/// What the first line begins with; without it a file of that name is not ours.
const BEGIN: &str = "# nixseal lock 1";
/// The first line as it is written.
const HEADER: &str = "# nixseal lock 1: recipients of each file, for `nixseal rekey`; no secrets";
/// Largest lock that is read, in bytes.
const LIMIT: usize = 256 * 1024 * 1024;
/// Longest recipient that stands in the lock as it is; longer ones (RSA,
/// post-quantum) by their SHA-256.
const LONGEST: usize = 120;

/// SHA-256 of a file as it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileDigest([u8; 32]);

impl FileDigest {
    /// That of `ciphertext`.
    pub fn of(ciphertext: &[u8]) -> Self {
        Self(Sha256::digest(ciphertext).into())
    }
}

/// One recipient as the lock writes it: a form that is equal exactly for equal
/// recipients.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientId(Arc<str>);

impl RecipientId {
    /// That of a recipient in its canonical text, without a comment.
    pub fn of(canonical: &str) -> Self {
        let mut words = canonical.split_ascii_whitespace();
        let text = match (words.next(), words.next()) {
            (Some(kind), Some(key)) if kind.len() + key.len() >= LONGEST => {
                format!("{kind}:SHA256:{}", digest_text(key))
            }
            (Some(kind), Some(key)) => format!("{kind}:{key}"),
            (Some(key), None) if key.len() > LONGEST => {
                let kind = key.split_once('1').map_or("key", |(kind, _)| kind);
                format!("{kind}:SHA256:{}", digest_text(key))
            }
            _ => canonical.trim().to_owned(),
        };
        Self(text.into())
    }

    /// As it stands in the lock.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn digest_text(key: &str) -> String {
    STANDARD_NO_PAD.encode(Sha256::digest(key))
}

/// What is known of one file.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Digest of the file that this is true of.
    pub digest: FileDigest,
    /// Whom it was encrypted to.
    pub recipients: BTreeSet<RecipientId>,
}

/// The lock of one rules file.
#[derive(Clone)]
pub struct Lock {
    path: PathBuf,
    entries: BTreeMap<String, Vec<Entry>>,
    /// The text on disk, to see whether writing is needed at all.
    text: Option<String>,
    /// Whether the entries differ from what was read.
    changed: bool,
    /// Whether it holds marks of a merge.
    unmerged: bool,
}

/// Why a lock cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] FsError),
    /// The file of that name was written by something else.
    #[error("'{}' is not a lock file of nixseal; move it away or name the rules differently", .0.display())]
    Foreign(PathBuf),
    /// A line is damaged.
    #[error("'{}', line {line}: {reason}; remove the line and run `nixseal rekey`", path.display())]
    Damaged {
        /// The lock.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Lock {
    /// Where the lock of a rules file is.
    pub fn path_of(rules: &Path) -> PathBuf {
        rules.with_extension("lock")
    }

    /// Reads the lock of a rules file; a missing one is empty.
    ///
    /// # Errors
    /// When it is unreadable, not ours, or damaged.
    pub fn read(rules: &Path) -> Result<Self, LockError> {
        let path = Self::path_of(rules);
        let text = match fs::read_text(&path, LIMIT) {
            Ok(text) => text,
            Err(error) if error.is_not_found() => return Ok(Self::empty(rules)),
            Err(error) => return Err(error.into()),
        };
        let unmerged = text.lines().any(is_mark);
        let first = text.lines().find(|line| !is_mark(line));
        if !text.is_empty() && !first.is_some_and(|line| line.starts_with(BEGIN)) {
            return Err(LockError::Foreign(path));
        }
        let mut entries: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for (index, line) in lines(&text) {
            let (name, entry) = parse_line(line).map_err(|reason| LockError::Damaged {
                path: path.clone(),
                line: index + 1,
                reason,
            })?;
            entries.entry(name).or_default().push(entry);
        }
        Ok(Self {
            path,
            entries,
            text: Some(text),
            changed: unmerged,
            unmerged,
        })
    }

    /// That of a rules file without one.
    pub fn empty(rules: &Path) -> Self {
        Self {
            path: Self::path_of(rules),
            entries: BTreeMap::new(),
            text: None,
            changed: false,
            unmerged: false,
        }
    }

    /// Whether there is a lock on disk.
    pub fn exists(&self) -> bool {
        self.text.is_some()
    }

    /// Whether it holds the marks of a merge; the next time that it is written they go.
    pub fn is_unmerged(&self) -> bool {
        self.unmerged
    }

    /// Its own path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The recipients of the file `name`, if its content is still `digest`.
    pub fn recipients(&self, name: &str, digest: &FileDigest) -> Option<&BTreeSet<RecipientId>> {
        let mut entries = self.entries.get(name)?.iter();
        let entry = entries.find(|entry| entry.digest == *digest)?;
        Some(&entry.recipients)
    }

    /// Records what a file was encrypted to.
    pub fn record(&mut self, name: &str, entry: Entry) {
        if self.entries.get(name).map(Vec::as_slice) != Some(std::slice::from_ref(&entry)) {
            self.entries.insert(name.to_owned(), vec![entry]);
            self.changed = true;
        }
    }

    /// Forgets files that are not in the rules any more.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|name, _| keep(name));
        self.changed |= self.entries.len() != before;
    }

    /// The text to write, where it differs from what is on disk.
    pub fn changed_text(&self) -> Option<String> {
        if !self.changed {
            return None;
        }
        let mut text = format!("{HEADER}\n");
        let entries = self.entries.iter();
        for (name, entry) in entries.flat_map(|(name, all)| all.iter().map(move |one| (name, one)))
        {
            let digest = STANDARD_NO_PAD.encode(entry.digest.0);
            let recipients: Vec<&str> = entry.recipients.iter().map(RecipientId::as_str).collect();
            let _ = writeln!(
                text,
                "{} sha256:{digest} {}",
                quote(name),
                recipients.join(",")
            );
        }
        (self.text.as_ref() != Some(&text)).then_some(text)
    }
}

/// The entries of a lock of the past, by the digests of the files that they are about. What is
/// damaged, or no lock, says nothing.
pub fn past_entries(text: &str) -> impl Iterator<Item = Entry> {
    let ours = text.starts_with(BEGIN);
    let lines = lines(text).filter(move |_| ours);
    lines.filter_map(|(_, line)| Some(parse_line(line).ok()?.1))
}

/// Lines with entries, numbered from 0.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && !is_mark(line))
}

/// The marks that git puts around what two branches say differently.
fn is_mark(line: &str) -> bool {
    let marks = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];
    marks.iter().any(|mark| line.starts_with(mark))
}

fn parse_line(line: &str) -> Result<(String, Entry), &'static str> {
    let (name, rest) = unquote(line).ok_or("it does not start with a quoted file name")?;
    let (digest, recipients) = rest
        .trim_start()
        .split_once(' ')
        .ok_or("digest and recipients are missing")?;
    let digest = digest
        .strip_prefix("sha256:")
        .ok_or("the digest is not sha256")?;
    let digest = STANDARD_NO_PAD
        .decode(digest)
        .map_err(|_| "the digest is not base64")?;
    let digest = digest
        .try_into()
        .map_err(|_| "the digest is not 32 bytes long")?;
    let recipients = recipients
        .split(',')
        .filter(|id| !id.is_empty())
        .map(|id| RecipientId(id.into()))
        .collect();
    Ok((
        name,
        Entry {
            digest: FileDigest(digest),
            recipients,
        },
    ))
}

/// Quotes a file name so that it stays on one line.
fn quote(name: &str) -> String {
    let mut quoted = String::from("\"");
    for character in name.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Reads a quoted name; gives it and what follows.
fn unquote(line: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut characters = line.strip_prefix('"')?.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((name, &line[index + 2..])),
            '\\' => name.push(match characters.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                other => other,
            }),
            other => name.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(content: &[u8], recipients: &[&str]) -> Entry {
        Entry {
            digest: FileDigest::of(content),
            recipients: recipients
                .iter()
                .map(|text| RecipientId::of(text))
                .collect(),
        }
    }

    fn lock_with(text: Option<&str>) -> (tempfile::TempDir, Result<Lock, LockError>) {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("secrets.nix");
        if let Some(text) = text {
            let path = folder.path().join("secrets.lock");
            fs::replace(&path, text.as_bytes(), fs::Creation::PUBLIC).unwrap();
        }
        let lock = Lock::read(&rules);
        (folder, lock)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut lock = lock_with(None).1.unwrap();
        let names = ["b.age", "a b\"\\\n.age", "é.age", "-x.age"];
        for name in names {
            lock.record(
                name,
                entry(name.as_bytes(), &["age1abc", "ssh-ed25519 AAAA host"]),
            );
        }
        let text = lock.changed_text().unwrap();
        assert_eq!(text.lines().count(), 5);
        let (_folder, again) = lock_with(Some(&text));
        let again = again.unwrap();
        for name in names {
            let digest = FileDigest::of(name.as_bytes());
            let recipients = again.recipients(name, &digest).unwrap();
            assert_eq!(recipients.len(), 2);
            assert!(recipients.contains(&RecipientId::of("ssh-ed25519 AAAA")));
            assert_eq!(again.recipients(name, &FileDigest::of(b"other")), None);
        }
        assert_eq!(again.changed_text(), None);
    }

    #[test]
    fn long_recipients_stand_by_their_digest() {
        let long = format!("age1pq1{}", "q".repeat(2000));
        assert!(RecipientId::of(&long).as_str().starts_with("age:SHA256:"));
        assert!(
            RecipientId::of(&format!("ssh-rsa {}", "A".repeat(400)))
                .as_str()
                .len()
                < 60
        );
        assert_eq!(RecipientId::of("age1xyz").as_str(), "age1xyz");
        assert_ne!(RecipientId::of(&long), RecipientId::of(&format!("{long}q")));
    }

    #[test]
    fn damage_is_named_by_line() {
        for (text, expected) in [
            (
                "# nixseal lock 1\n\"a\" sha256:AAAA x\n",
                "line 2: the digest is not 32 bytes",
            ),
            (
                "# nixseal lock 1\n<<<< HEAD\n",
                "line 2: it does not start with a quoted",
            ),
            (
                "# nixseal lock 1\n\"a\n",
                "line 2: it does not start with a quoted",
            ),
            ("{}", "is not a lock file of nixseal"),
        ] {
            let error = lock_with(Some(text)).1.err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn of_an_unfinished_merge_both_sides_count() {
        let line = |name: &str, content: &[u8], recipients: &[&str]| {
            let mut lock = lock_with(None).1.unwrap();
            lock.record(name, entry(content, recipients));
            let text = lock.changed_text().unwrap();
            text.lines().nth(1).unwrap().to_owned()
        };
        let (ours, theirs) = (
            line("a", b"ours", &["age1x"]),
            line("a", b"theirs", &["age1y"]),
        );
        let other = line("b", b"b", &["age1z"]);
        let text = format!(
            "{HEADER}\n<<<<<<< HEAD\n{ours}\n||||||| base\n=======\n{theirs}\n>>>>>>> other\n{other}\n"
        );
        let (folder, lock) = lock_with(Some(&text));
        let mut lock = lock.unwrap();
        assert!(lock.is_unmerged());
        for (content, recipient) in [(b"ours".as_slice(), "age1x"), (b"theirs", "age1y")] {
            let found = lock.recipients("a", &FileDigest::of(content)).unwrap();
            assert!(found.contains(&RecipientId::of(recipient)));
        }
        let unmarked = format!("{HEADER}\n{ours}\n{theirs}\n{other}\n");
        assert_eq!(lock.changed_text().as_ref(), Some(&unmarked));
        lock.record("a", entry(b"theirs", &["age1y"]));
        let settled = format!("{HEADER}\n{theirs}\n{other}\n");
        assert_eq!(lock.changed_text().as_ref(), Some(&settled));
        // Where two branches each began a lock, the marks may stand first.
        let path = folder.path().join("secrets.lock");
        let text = format!("<<<<<<< HEAD\n{HEADER}\n{ours}\n=======\n{HEADER}\n>>>>>>> other\n");
        fs::replace(&path, text.as_bytes(), fs::Creation::PUBLIC).unwrap();
        let lock = Lock::read(&folder.path().join("secrets.nix")).unwrap();
        assert!(lock.recipients("a", &FileDigest::of(b"ours")).is_some());
    }

    #[test]
    fn nothing_known_writes_nothing() {
        assert_eq!(lock_with(None).1.unwrap().changed_text(), None);
    }
}
