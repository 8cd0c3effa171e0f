//! Reads everything below some paths, in parallel, and searches it.
//!
//! Symlinks are not followed: their targets are searched as text. Files are read into buffers and
//! not mapped: a file that shrinks while it is mapped ends the process with a signal. Only regular
//! files are opened; what vanishes meanwhile is no failure.

mod content;
mod folder;
mod hits;

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{FileType, Stat};

use crate::finding::{Finding, Place, Totals, Unread};
use crate::matcher::{Matcher, mask};
use crate::shapes::Shapes;
use hits::Hits;

/// What is looked for.
#[derive(Default)]
pub struct Search {
    /// Values of secrets.
    pub values: Option<Matcher>,
    /// What looks like a secret.
    pub shapes: Option<Shapes>,
}

/// Told while the work goes on, from several threads.
pub trait Watcher: Sync {
    /// A file was searched.
    fn file(&self, bytes: u64);
}

/// Tells nobody.
impl Watcher for () {
    fn file(&self, _: u64) {}
}

/// What a walk gives.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Sorted by path and place.
    pub findings: Vec<Finding>,
    /// Sorted by path.
    pub unread: Vec<Unread>,
    /// What was searched.
    pub totals: Totals,
}

impl Search {
    /// A path for people: what is looked for is `***` in it.
    pub fn shown(&self, path: &Path) -> PathBuf {
        PathBuf::from(OsString::from_vec(self.masked(path.as_os_str().as_bytes())))
    }

    /// A text for people.
    pub fn masked(&self, text: &[u8]) -> Vec<u8> {
        let text = match &self.values {
            Some(values) => values.masked(text),
            None => text.to_vec(),
        };
        let Some(shapes) = &self.shapes else {
            return text;
        };
        let mut found = Vec::new();
        shapes.search(&text, &mut found);
        mask(&text, found.iter().map(|found| (found.start, found.end)))
    }

    /// Searches everything at and below `roots`. A root that is a symlink is followed. Files in
    /// `skipped`, given as device and inode, are left out.
    pub fn walk(
        &self,
        roots: &[PathBuf],
        skipped: &HashSet<(u64, u64)>,
        watcher: &dyn Watcher,
    ) -> Outcome {
        let mut unread = Vec::new();
        let roots = outermost(roots, &mut unread);
        let walk = Walk {
            search: self,
            watcher,
            skipped,
            made_up: folder::made_up(),
            span: self.span(),
            findings: Mutex::default(),
            unread: Mutex::new(unread),
            seen: Mutex::default(),
            counters: Counters::default(),
            buffers: Mutex::default(),
        };
        rayon::scope(|scope| {
            for root in roots {
                let walk = &walk;
                scope.spawn(move |scope| walk.root(scope, &root));
            }
        });
        walk.finish()
    }

    /// Most bytes of anything that is looked for.
    fn span(&self) -> usize {
        let values = self.values.as_ref().map_or(0, Matcher::longest);
        values.max(self.shapes.as_ref().map_or(0, |_| Shapes::LONGEST)) + 1
    }
}

/// Real paths without those that lie below another one.
fn outermost(roots: &[PathBuf], unread: &mut Vec<Unread>) -> Vec<PathBuf> {
    let mut real = Vec::new();
    for root in roots {
        match root.canonicalize() {
            Ok(path) => real.push(path),
            Err(cause) => unread.push(Unread {
                path: root.clone(),
                cause,
            }),
        }
    }
    real.sort();
    real.dedup_by(|later, earlier| later.starts_with(earlier));
    real
}

/// One run.
struct Walk<'a> {
    search: &'a Search,
    watcher: &'a dyn Watcher,
    skipped: &'a HashSet<(u64, u64)>,
    /// Folders that are none of files.
    made_up: HashSet<PathBuf>,
    /// Bytes that two pieces of a file have in common.
    span: usize,
    findings: Mutex<Vec<Finding>>,
    unread: Mutex<Vec<Unread>>,
    /// Files with several names.
    seen: Mutex<HashSet<(u64, u64)>>,
    counters: Counters,
    buffers: Mutex<Vec<content::Buffer>>,
}

#[derive(Default)]
struct Counters {
    files: AtomicU64,
    bytes: AtomicU64,
    folders: AtomicU64,
    links: AtomicU64,
    special: AtomicU64,
    again: AtomicU64,
    vanished: AtomicU64,
}

/// The number of the device that a file is on.
#[cfg(target_os = "macos")]
fn device(stat: &Stat) -> u64 {
    u64::from(stat.st_dev.unsigned_abs())
}

#[cfg(not(target_os = "macos"))]
fn device(stat: &Stat) -> u64 {
    stat.st_dev
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Walk<'a> {
    fn root<'s>(&'s self, scope: &rayon::Scope<'s>, root: &Path) {
        let stat = match rustix::fs::lstat(root) {
            Ok(stat) => stat,
            Err(cause) => return self.failed(root, cause),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let name = root.file_name().unwrap_or_default();
                self.text(name.as_bytes(), Place::Name, || root.to_owned());
                self.top(scope, root);
            }
            FileType::RegularFile => {
                let folder = root.parent().unwrap_or(root);
                let name = root.file_name().unwrap_or_default();
                self.single(scope, folder, name.as_bytes());
            }
            _ => add(&self.counters.special, 1),
        }
    }

    /// Notes why something could not be read; what is gone is only counted.
    fn failed(&self, path: &Path, cause: impl Into<io::Error>) {
        let cause = cause.into();
        if cause.kind() == io::ErrorKind::NotFound {
            return add(&self.counters.vanished, 1);
        }
        let path = path.to_owned();
        locked(&self.unread).push(Unread { path, cause });
    }

    /// Whether a file is left out: one of the secrets themselves, or searched under another name.
    fn is_done(&self, stat: &Stat) -> bool {
        let id = (device(stat), stat.st_ino);
        if self.skipped.contains(&id) {
            return true;
        }
        #[allow(
            clippy::useless_conversion,
            reason = "the types differ between systems"
        )]
        let again = u64::from(stat.st_nlink) > 1 && !locked(&self.seen).insert(id);
        if again {
            add(&self.counters.again, 1);
        }
        again
    }

    /// Searches a name or a target.
    fn text(&self, text: &[u8], place: Place, path: impl FnOnce() -> PathBuf) {
        let mut hits = Hits::default();
        hits.search(self.search, text, &mut content::Scratch::default());
        if !hits.is_empty() {
            let path: Arc<Path> = Arc::from(path());
            locked(&self.findings).extend(hits.findings(self.search, &path, |_| place));
        }
    }

    fn finish(self) -> Outcome {
        let findings = self.findings.into_inner();
        let mut findings = findings.unwrap_or_else(PoisonError::into_inner);
        findings.sort();
        let findings = hits::merged(findings);
        let unread = self.unread.into_inner();
        let mut unread = unread.unwrap_or_else(PoisonError::into_inner);
        unread.sort_by(|one, other| one.path.cmp(&other.path));
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters {
            files,
            bytes,
            folders,
            links,
            special,
            again,
            vanished,
        } = &self.counters;
        Outcome {
            findings,
            unread,
            totals: Totals {
                files: count(files),
                bytes: count(bytes),
                folders: count(folders),
                links: count(links),
                special: count(special),
                again: count(again),
                vanished: count(vanished),
            },
        }
    }
}
