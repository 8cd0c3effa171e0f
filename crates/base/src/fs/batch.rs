//! Many files replaced together.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::FsError;
use super::sibling::{Sibling, create_parents, sync_folder};
use super::version::{Locks, Version};

/// From this many files on, one sync of the file system beats one of each.
#[cfg(target_os = "linux")]
const SYNC_TOGETHER: usize = 8;

/// How a file that does not exist yet is made.
#[derive(Clone, Copy, Debug)]
pub struct Creation {
    /// Mode, less the umask; an existing file keeps its own.
    pub mode: u32,
    /// Whether missing folders on the way are made.
    pub parents: bool,
}

impl Creation {
    /// For ciphertext and other files that everybody may read.
    pub const PUBLIC: Self = Self {
        mode: 0o666,
        parents: true,
    };
    /// For plaintext and private keys.
    pub const PRIVATE: Self = Self {
        mode: 0o600,
        parents: false,
    };

    /// Whether nobody but the owner may read it, nor enter folders made for it.
    pub(super) fn is_private(self) -> bool {
        self.mode & 0o077 == 0
    }
}

/// New contents of files, staged beside them; [`Batch::commit`] puts all of
/// them in place, dropping the batch none. Staging works from many threads.
#[derive(Default)]
pub struct Batch {
    staged: Mutex<Vec<Sibling>>,
    /// What was read, and must be there still.
    expected: Mutex<Vec<(PathBuf, Option<Version>)>>,
}

/// Puts `content` in the place of `path`, whole or not at all: a batch of one.
///
/// # Errors
/// As [`Batch::stage`] and [`Batch::commit`]; the file is as it was then.
pub fn replace(path: &Path, content: &[u8], creation: Creation) -> Result<(), FsError> {
    let batch = Batch::new();
    batch.stage(path, content, creation)?;
    batch.commit()
}

impl Batch {
    /// An empty batch. Each staged file stays open until the end, so the limit
    /// of open files is raised as far as it goes.
    pub fn new() -> Self {
        let limit = getrlimit(Resource::Nofile);
        if limit.current < limit.maximum || limit.maximum.is_none() {
            let _ = setrlimit(
                Resource::Nofile,
                Rlimit {
                    current: limit.maximum,
                    ..limit
                },
            );
        }
        Self::default()
    }

    /// Writes the new content of `path` beside it.
    ///
    /// # Errors
    /// When there is no room, no permission, or `path` is not a regular file;
    /// nothing has changed then.
    pub fn stage(&self, path: &Path, content: &[u8], creation: Creation) -> Result<(), FsError> {
        if creation.parents {
            create_parents(path, creation)?;
        }
        let mut sibling = Sibling::create(path, creation.mode)?;
        sibling
            .file
            .write_all(content)
            .map_err(|cause| FsError::new("write", path, cause))?;
        self.lock().push(sibling);
        Ok(())
    }

    /// As [`Batch::stage`] for a file that others may change at the same time: it is replaced only
    /// if it is still the version that was `read`, and whatever it is where nothing was.
    ///
    /// # Errors
    /// As [`Batch::stage`].
    pub fn stage_over(
        &self,
        read: Option<&Version>,
        path: &Path,
        content: &[u8],
        creation: Creation,
    ) -> Result<(), FsError> {
        self.stage(path, content, creation)?;
        let mut expected = self
            .expected
            .lock()
            .unwrap_or_else(|held| held.into_inner());
        expected.push((path.to_owned(), read.cloned()));
        Ok(())
    }

    /// Number of files staged.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nothing is staged.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Syncs what is staged and puts it in place, in order of path.
    ///
    /// # Errors
    /// When syncing fails, or a file is no more what was read, nothing has changed.
    /// When a replacement fails, those already made are undone.
    pub fn commit(self) -> Result<(), FsError> {
        let mut staged = self
            .staged
            .into_inner()
            .unwrap_or_else(|held| held.into_inner());
        staged.sort_by(|left, right| left.path.cmp(&right.path));
        sync(&staged)?;
        let expected = self
            .expected
            .into_inner()
            .unwrap_or_else(|held| held.into_inner());
        let folders: BTreeSet<PathBuf> = staged.iter().map(|one| one.folder().into()).collect();
        let folders: BTreeSet<&Path> = folders.iter().map(PathBuf::as_path).collect();
        let _locks = (!expected.is_empty()).then(|| Locks::on(&folders));
        still(&expected)?;
        let mut done: Vec<Undo> = Vec::with_capacity(staged.len());
        for sibling in &mut staged {
            let undo = Undo::of(sibling.target());
            if let Err(error) = sibling.replace_target() {
                for undo in done.into_iter().rev() {
                    undo.run();
                }
                return Err(error);
            }
            done.push(undo);
        }
        folders.into_iter().try_for_each(sync_folder)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Sibling>> {
        self.staged.lock().unwrap_or_else(|held| held.into_inner())
    }
}

/// Whether all files are what was read.
fn still(expected: &[(PathBuf, Option<Version>)]) -> Result<(), FsError> {
    let other = |(path, read): &&(PathBuf, Option<Version>)| {
        read.as_ref().is_some_and(|read| *read != Version::of(path))
    };
    expected.iter().find(other).map_or(Ok(()), |(path, _)| {
        let cause = std::io::Error::other("another program changed it meanwhile; run it again");
        Err(FsError::new("replace", path, cause))
    })
}

fn sync(staged: &[Sibling]) -> Result<(), FsError> {
    #[cfg(target_os = "linux")]
    if staged.len() >= SYNC_TOGETHER {
        return sync_file_systems(staged);
    }
    staged.iter().try_for_each(|sibling| {
        sibling
            .file
            .sync_all()
            .map_err(|cause| FsError::new("sync", &sibling.path, cause))
    })
}

#[cfg(target_os = "linux")]
fn sync_file_systems(staged: &[Sibling]) -> Result<(), FsError> {
    use std::os::unix::fs::MetadataExt as _;
    let mut devices = BTreeSet::new();
    for sibling in staged {
        let failed = |cause: std::io::Error| FsError::new("sync", &sibling.path, cause);
        if devices.insert(sibling.file.metadata().map_err(failed)?.dev()) {
            rustix::fs::syncfs(&sibling.file).map_err(|cause| failed(cause.into()))?;
        }
    }
    Ok(())
}

/// How to take back one replacement: the old file stays open, hence readable.
struct Undo {
    target: PathBuf,
    old: Option<File>,
}

impl Undo {
    fn of(target: &Path) -> Self {
        Self {
            target: target.to_owned(),
            old: File::open(target).ok(),
        }
    }

    /// Best effort: the error that led here is the one to report.
    fn run(self) {
        let Some(mut old) = self.old else {
            let _ = std::fs::remove_file(&self.target);
            return;
        };
        let mut restore = || -> Result<(), Box<dyn std::error::Error>> {
            let mut content = Vec::new();
            old.read_to_end(&mut content)?;
            let mut sibling = Sibling::create(&self.target, 0o600)?;
            sibling.file.write_all(&content)?;
            sibling.file.sync_all()?;
            Ok(sibling.replace_target()?)
        };
        let _ = restore();
    }
}
