//! Which commit changed which file: one run of `git log`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::command::{Git, GitError};

/// What begins the line of a commit: no path and no record does.
const COMMIT: u8 = 1;

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: String,
    /// When its author made it, in seconds since 1970.
    pub time: i64,
}

/// A file that a commit wrote or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Place of the commit in [`Log::commits`].
    pub(super) commit: usize,
    /// From the top of the work tree.
    pub(super) path: PathBuf,
    /// The new content; none where the file is gone, or a link or a submodule now.
    pub(super) blob: Option<Arc<str>>,
}

/// The history of the commit that is checked out: every commit behind its parents.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) commits: Vec<Commit>,
    pub(super) changes: Vec<Change>,
}

/// Reads it; a repository without commits has an empty one.
pub(super) fn read(git: &Git) -> Result<Log, GitError> {
    if !git.succeeds(&["rev-parse", "--verify", "--quiet", "HEAD"])? {
        return Ok(Log::default());
    }
    let output = git.run(
        &[
            "log",
            "--topo-order",
            "--reverse",
            "--raw",
            // Of a merge, what neither side had.
            "-c",
            "-z",
            "--no-renames",
            "--no-relative",
            "--no-abbrev",
            "--no-color",
            "--no-show-signature",
            "--format=tformat:%x01%H %at",
        ],
        b"",
    )?;
    parse(output.expose()).ok_or(GitError::Answer("log"))
}

/// What is at the commit that is checked out: paths with their contents.
pub(super) fn tree(git: &Git) -> Result<Vec<(PathBuf, Arc<str>)>, GitError> {
    let output = git.run(&["ls-tree", "-r", "-z", "--full-tree", "HEAD"], b"")?;
    let records = output.expose().split(|byte| *byte == 0);
    let record = |record: &[u8]| {
        let tab = record.iter().position(|byte| *byte == b'\t')?;
        let (head, path) = (record.get(..tab)?, record.get(tab + 1..)?);
        let head = std::str::from_utf8(head).ok()?;
        let mut words = head.split(' ');
        let (mode, _, id) = (words.next()?, words.next()?, words.next()?);
        mode.starts_with("100").then(|| (path_of(path), id.into()))
    };
    Ok(records.filter_map(record).collect())
}

/// What differs from that in the work tree, files that git does not know included.
pub(super) fn dirty(git: &Git) -> Result<Vec<PathBuf>, GitError> {
    let arguments = [
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--ignore-submodules=all",
    ];
    let output = git.run(&arguments, b"")?;
    let records = output.expose().split(|byte| *byte == 0);
    Ok(records
        .filter_map(|one| one.get(3..))
        .map(path_of)
        .collect())
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

fn parse(output: &[u8]) -> Option<Log> {
    let mut log = Log::default();
    let mut fields = output.split(|byte| *byte == 0);
    while let Some(field) = fields.next() {
        let field = field.strip_prefix(b"\n").unwrap_or(field);
        match field.first() {
            None => {}
            Some(&COMMIT) => {
                let text = std::str::from_utf8(field.get(1..)?).ok()?;
                let (id, time) = text.trim_end().split_once(' ')?;
                log.commits.push(Commit {
                    id: id.to_owned(),
                    time: time.parse().ok()?,
                });
            }
            Some(b':') => log.changes.push(Change {
                commit: log.commits.len().checked_sub(1)?,
                blob: result(field)?,
                path: path_of(fields.next()?),
            }),
            Some(_) => return None,
        }
    }
    Some(log)
}

/// The new content in a record: as many colons as parents, the modes of these and of the result,
/// their ids in the same order, and letters.
fn result(record: &[u8]) -> Option<Option<Arc<str>>> {
    let text = std::str::from_utf8(record).ok()?;
    let rest = text.trim_start_matches(':');
    let parents = text.len() - rest.len();
    let mut words = rest.split(' ');
    let mode = words.nth(parents)?;
    let id = words.nth(parents)?;
    Some(mode.starts_with("100").then(|| id.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_merges_and_odd_names_are_read() {
        let output = b"\x01aa 10\0\n:000000 100644 0000 d004 A\0a\0\x01bb 20\0\n\
                       :100644 100644 d004 0075 M\0a\0:100644 000000 b478 0000 D\0s\nx\0\
                       \x01cc -5\0\0::100644 100644 100644 0075 0cfb b862 MM\0a\0\
                       \x01dd 30\0\n:100644 120000 d004 1111 T\0link\0";
        let log = parse(output).unwrap();
        let times: Vec<i64> = log.commits.iter().map(|commit| commit.time).collect();
        assert_eq!(times, [10, 20, -5, 30]);
        let changes: Vec<(usize, &str, Option<&str>)> = log
            .changes
            .iter()
            .map(|one| (one.commit, one.path.to_str().unwrap(), one.blob.as_deref()))
            .collect();
        let expected = [
            (0, "a", Some("d004")),
            (1, "a", Some("0075")),
            (1, "s\nx", None),
            (2, "a", Some("b862")),
            (3, "link", None),
        ];
        assert_eq!(changes, expected);
        assert!(parse(b"nonsense\0").is_none());
        assert!(parse(b":000000 100644 0000 d004 A\0a\0").is_none());
    }
}
