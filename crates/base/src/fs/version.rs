//! Changes of files that were read before: no other change gets lost on the way.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::fs::FlockOperation;

/// How often, and how long between, a folder is asked for that somebody else has locked.
const ATTEMPTS: u32 = 500;
const BETWEEN: Duration = Duration::from_millis(10);

/// Which version of a file was read; none where there was no file. Symlinks are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Option<(u64, u64, u64, i64, i64)>);

impl Version {
    /// That of what is at `path` now. Take it before the file is read.
    pub fn of(path: &Path) -> Self {
        std::fs::metadata(path).map_or(Self(None), |data| Self::of_open(&data))
    }

    /// That of the open file that has these data.
    pub(super) fn of_open(data: &Metadata) -> Self {
        let (device, file) = (data.dev(), data.ino());
        Self(Some((
            device,
            file,
            data.len(),
            data.mtime(),
            data.mtime_nsec(),
        )))
    }
}

/// Locks on folders, in their order so that no two wait for each other, held as long as this lives.
///
/// Where a file system has no locks, or somebody keeps one for seconds, the work goes on without:
/// whoever runs the program below a lock of the folder must not wait for ever.
pub(super) struct Locks {
    _folders: Vec<File>,
}

impl Locks {
    pub(super) fn on(folders: &BTreeSet<&Path>) -> Self {
        let locked = folders.iter().filter_map(|folder| lock(folder));
        Self {
            _folders: locked.collect(),
        }
    }
}

fn lock(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    for _ in 0..ATTEMPTS {
        match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Some(folder),
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(BETWEEN),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    None
}
