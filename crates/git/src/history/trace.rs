//! What one recipient can open, and ever could: what to give anew when its key is lost.
//!
//! Whoever could open a version of a file knows its values for good. Whether a value was given
//! anew since is told by its encrypted text where the data key stayed, else by its length alone:
//! equal values have equal lengths, and where the lengths are equal too, nobody knows.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use nixseal_repository::holders::Subject;

use super::content::{AgeContent, Content, SopsContent, SopsValue};
use super::{Past, Version, When};

/// How it is known that a version could be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The file was in clear: everybody could read it.
    Clear,
    /// The metadata of the SOPS file name the key.
    Metadata,
    /// The lock recorded the file with the key.
    Lock,
    /// An SSH stanza has the tag of the key.
    Stanza,
    /// The rule named the key, and the stanzas of the file do not tell whom they are for.
    Rule,
}

impl Evidence {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Metadata => "metadata",
            Self::Lock => "lock",
            Self::Stanza => "stanza",
            Self::Rule => "rule",
        }
    }
}

/// What to do about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The value that is there now could be read: give it anew.
    Rotate,
    /// It was encrypted anew since, and whether it is another value cannot be told: give it anew
    /// unless you know.
    Unknown,
    /// The file or the key is gone; where the value is still in use, give it anew.
    Gone,
    /// It is another value than those that could be read.
    Changed,
}

impl Verdict {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rotate => "rotate",
            Self::Unknown => "unknown",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }
}

/// From when until when a file could be opened; with breaks, perhaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The commit with the first version that could.
    pub since: When,
    /// The commit that ended it; none where it can be opened now.
    pub until: Option<When>,
}

/// One value of a SOPS file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueTrace {
    /// Its path in the file; empty for binary files.
    pub key: String,
    /// What to do.
    pub verdict: Verdict,
    /// When it was given anew, where that is what is known.
    pub changed: Option<When>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTrace {
    /// From the top of the work tree.
    pub path: PathBuf,
    /// `age` or `sops`.
    pub kind: &'static str,
    /// When it could be opened.
    pub span: Span,
    /// How that is known; the strongest kind over all versions.
    pub evidence: Evidence,
    /// Whether other key groups have to take part as well.
    pub shared: bool,
    /// What to do: the most urgent over all values.
    pub verdict: Verdict,
    /// Values of SOPS files that could be read once or can be.
    pub values: Vec<ValueTrace>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// By urgency, then by path.
    pub files: Vec<FileTrace>,
}

/// Follows `subject` through the history.
pub fn trace(past: &Past, subject: &Subject) -> Trace {
    let there = past.files.values().filter(|versions| {
        versions
            .last()
            .is_some_and(|version| version.content.is_some())
    });
    let there = there.flatten().filter_map(|version| version.content);
    let kept: HashSet<usize> = there.collect();
    let files = past.files.iter();
    let traces = files.filter_map(|(path, versions)| file(past, subject, &kept, path, versions));
    let mut files: Vec<FileTrace> = traces.collect();
    files.sort_by(|one, two| (one.verdict, &one.path).cmp(&(two.verdict, &two.path)));
    Trace { files }
}

/// `kept` are the contents, of all times, of files that are there now.
fn file(
    past: &Past,
    subject: &Subject,
    kept: &HashSet<usize>,
    path: &Path,
    versions: &[Version],
) -> Option<FileTrace> {
    let opened: Vec<Option<Opened>> = versions
        .iter()
        .map(|version| opens(past, subject, path, version))
        .collect();
    let first = opened.iter().position(Option::is_some)?;
    let last = opened.iter().rposition(Option::is_some)?;
    let until = versions.get(last + 1).map(|version| version.when);
    let now = versions.last()?;
    let last_content = versions.iter().rev().find_map(|version| version.content);
    // A file that was moved is followed under its new name.
    if now.content.is_none() && last_content.is_some_and(|content| kept.contains(&content)) {
        return None;
    }
    let known = versions.iter().zip(&opened);
    let known: Vec<&Content> = known
        .filter(|(_, opened)| opened.is_some())
        .filter_map(|(version, _)| past.content(version))
        .collect();
    let later = versions.get(last..).unwrap_or_default();
    let (verdict, values) = match past.content(now) {
        Some(Content::Sops(file)) => sops_verdicts(past, file, &known, later),
        Some(Content::Age(file)) => (age_verdict(file, &known, until.is_none()), Vec::new()),
        Some(_) => (Verdict::Rotate, Vec::new()),
        None => (Verdict::Gone, Vec::new()),
    };
    let kind = known.last().map_or("age", |content| match content {
        Content::Sops(_) => "sops",
        _ => "age",
    });
    let all = opened.iter().flatten();
    Some(FileTrace {
        path: path.to_owned(),
        kind,
        span: Span {
            since: versions.get(first)?.when,
            until,
        },
        evidence: all.clone().map(|one| one.evidence).min()?,
        shared: all.clone().all(|one| one.shared),
        verdict,
        values,
    })
}

/// How a version can be opened.
struct Opened {
    evidence: Evidence,
    shared: bool,
}

fn opens(past: &Past, subject: &Subject, path: &Path, version: &Version) -> Option<Opened> {
    let alone = |evidence| Opened {
        evidence,
        shared: false,
    };
    match past.content(version)? {
        Content::Clear => Some(alone(Evidence::Clear)),
        Content::Other => None,
        Content::Age(file) => opens_age(past, subject, path, version, file).map(alone),
        Content::Sops(file) => {
            let own = file
                .keys
                .iter()
                .filter(|one| subject.keys.contains(&one.id));
            let groups: BTreeSet<usize> = own.map(|one| one.group).collect();
            let needed = match (file.groups, file.threshold) {
                (0 | 1, _) => 1,
                (groups, 0) => groups,
                (_, threshold) => threshold as usize,
            };
            (!groups.is_empty()).then_some(Opened {
                evidence: Evidence::Metadata,
                shared: groups.len() < needed,
            })
        }
    }
}

fn opens_age(
    past: &Past,
    subject: &Subject,
    path: &Path,
    version: &Version,
    file: &AgeContent,
) -> Option<Evidence> {
    if let Some(recorded) = past.recorded.get(&file.digest) {
        let own = recorded.iter().any(|id| subject.keys.contains(id));
        return own.then_some(Evidence::Lock);
    }
    if !file.tags.is_disjoint(&subject.tags) {
        return Some(Evidence::Stanza);
    }
    // SSH keys that wrote no stanza are not among the recipients, whatever a rule said.
    let ssh = |kind: &str| matches!(kind, "ssh-ed25519" | "ssh-rsa");
    let native = subject.stanzas.iter().filter(|kind| !ssh(kind));
    let possible =
        subject.has_plugin || native.into_iter().any(|kind| file.stanzas.contains(*kind));
    let keys = subject.keys.iter();
    let keys = keys.filter(|id| !ssh(id.as_str().split(':').next().unwrap_or_default()));
    let keys = keys.cloned().collect();
    (possible && past.rules.name_any(version.rules, path, &keys)).then_some(Evidence::Rule)
}

fn age_verdict(now: &AgeContent, known: &[&Content], is_open: bool) -> Verdict {
    let same_length = known.iter().any(|content| match content {
        Content::Age(file) => file.length == now.length,
        // The length of what was in clear says the same, but that is too fine a hope.
        _ => true,
    });
    match (is_open, same_length) {
        (true, _) => Verdict::Rotate,
        (false, true) => Verdict::Unknown,
        (false, false) => Verdict::Changed,
    }
}

/// Every value that could be read, and the most urgent of them.
fn sops_verdicts(
    past: &Past,
    now: &SopsContent,
    known: &[&Content],
    later: &[Version],
) -> (Verdict, Vec<ValueTrace>) {
    let known: Vec<&SopsContent> = known
        .iter()
        .filter_map(|content| match content {
            Content::Sops(file) => Some(file),
            _ => None,
        })
        .collect();
    let paths: BTreeSet<&str> = known
        .iter()
        .flat_map(|file| file.values.iter().map(|value| value.path.as_str()))
        .collect();
    let one = |path: &&str| {
        let Some(value) = now.value(path) else {
            return ValueTrace {
                key: (*path).to_owned(),
                verdict: Verdict::Gone,
                changed: None,
            };
        };
        let (verdict, changed) = value_verdict(past, value, &known, later);
        ValueTrace {
            key: now.key(value).unwrap_or_default(),
            verdict,
            changed,
        }
    };
    let values: Vec<ValueTrace> = paths.iter().map(one).collect();
    let verdict = values.iter().map(|value| value.verdict).min();
    (verdict.unwrap_or(Verdict::Changed), values)
}

fn value_verdict(
    past: &Past,
    now: &SopsValue,
    known: &[&SopsContent],
    later: &[Version],
) -> (Verdict, Option<When>) {
    let seen = || known.iter().filter_map(|file| file.value(&now.path));
    if seen().any(|value| value.print == now.print) {
        return (Verdict::Rotate, None);
    }
    // From the last version that could be opened on: given anew under the same data key?
    let mut changed = None;
    let mut before: Option<&SopsContent> = None;
    for version in later {
        let Some(Content::Sops(file)) = past.content(version) else {
            continue;
        };
        if let Some(before) = before
            && let (Some(old), Some(new)) = (before.value(&now.path), file.value(&now.path))
            && old.print != new.print
            && file.has_key_of(before)
        {
            changed = Some(version.when);
        }
        before = Some(file);
    }
    if changed.is_some() {
        return (Verdict::Changed, changed);
    }
    let shapes: HashSet<_> = seen().map(|value| value.shape).collect();
    match shapes.contains(&now.shape) {
        true => (Verdict::Unknown, None),
        false => (Verdict::Changed, None),
    }
}
