//! The only writer of files, and careful reading.
//!
//! A file is replaced only by a complete, synced one: the new content is
//! written beside the old (as a file without a name where the system can do
//! that, so that a kill leaves nothing), synced, and renamed over it. Mode,
//! owner and symlinks are kept. [`Batch`] does that for many files at once and
//! replaces all of them or none; [`Output`] for one stream of any length. A file
//! that was read first is replaced only while it is still that [`Version`].

mod batch;
mod folder;
mod output;
mod sibling;
mod version;

pub use batch::{Batch, Creation, replace};
pub use folder::{Folder, FolderLock, Kind, Ownership, Status};
pub use output::Output;
pub use sibling::sweep;
pub use version::Version;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::secret::SecretBytes;

/// What failed, on which path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} '{}': {cause}", path.display())]
pub struct FsError {
    /// A verb and its object, such as `write` or `set the owner of`.
    pub action: &'static str,
    /// The path as the user knows it.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub cause: io::Error,
}

impl FsError {
    pub(crate) fn new(action: &'static str, path: &Path, cause: impl Into<io::Error>) -> Self {
        Self {
            action,
            path: path.to_owned(),
            cause: cause.into(),
        }
    }

    /// Whether the path, or a folder on the way to it, is not there.
    pub fn is_not_found(&self) -> bool {
        self.cause.kind() == io::ErrorKind::NotFound
    }
}

/// Reads a whole file that may hold a secret.
///
/// # Errors
/// When it cannot be read or is longer than `limit` bytes.
pub fn read_secret(path: &Path, limit: usize) -> Result<SecretBytes, FsError> {
    let file = open(path)?;
    let expected = file.metadata().map_or(0, |data| data.len());
    let expected = usize::try_from(expected).unwrap_or(0);
    SecretBytes::read_expecting(file, expected, limit)
        .map_err(|cause| FsError::new("read", path, cause))
}

/// Reads a whole file without secrets in it, such as ciphertext or rules.
///
/// # Errors
/// When it cannot be read or is longer than `limit` bytes.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FsError> {
    let file = open(path)?;
    let expected = file.metadata().map_or(0, |data| data.len());
    read_all(path, file, expected, limit)
}

/// The same where only a regular file will do: nobody waits for the other end of a pipe.
///
/// # Errors
/// As [`read`], and for anything that is not a regular file.
pub fn read_regular(path: &Path, limit: usize) -> Result<Vec<u8>, FsError> {
    read_version(path, limit).map(|(bytes, _)| bytes)
}

/// The same, and which version of the file it is.
///
/// # Errors
/// As [`read_regular`].
pub fn read_version(path: &Path, limit: usize) -> Result<(Vec<u8>, Version), FsError> {
    use rustix::fs::{Mode, OFlags};
    let failed = |cause: io::Error| FsError::new("open", path, cause);
    // For a regular file, not to block means nothing.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file =
        rustix::fs::open(path, flags, Mode::empty()).map_err(|cause| failed(cause.into()))?;
    let file = File::from(file);
    // Before it is read: a change meanwhile must not go unseen.
    let data = file.metadata().map_err(failed)?;
    let kind = data.file_type();
    if kind.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    if !kind.is_file() {
        let reason = "it is not a regular file";
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, reason)));
    }
    let bytes = read_all(path, file, data.len(), limit)?;
    Ok((bytes, Version::of_open(&data)))
}

fn read_all(path: &Path, file: File, expected: u64, limit: usize) -> Result<Vec<u8>, FsError> {
    use std::io::Read as _;
    let too_long = || {
        let reason = format!("more than {limit} bytes long");
        let cause = io::Error::new(io::ErrorKind::FileTooLarge, reason);
        FsError::new("read", path, cause)
    };
    let expected = usize::try_from(expected).map_err(|_| too_long())?;
    if expected > limit {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(expected);
    file.take((limit as u64).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| FsError::new("read", path, cause))?;
    match bytes.len() > limit {
        true => Err(too_long()),
        false => Ok(bytes),
    }
}

/// Reads a whole text file without secrets in it.
///
/// # Errors
/// When it cannot be read, is longer than `limit` bytes or not UTF-8.
pub fn read_text(path: &Path, limit: usize) -> Result<String, FsError> {
    text(path, read(path, limit)?)
}

/// The same where only a regular file will do.
///
/// # Errors
/// As [`read_text`] and [`read_regular`].
pub fn read_regular_text(path: &Path, limit: usize) -> Result<String, FsError> {
    text(path, read_regular(path, limit)?)
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, FsError> {
    String::from_utf8(bytes).map_err(|_| {
        let cause = io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
        FsError::new("read", path, cause)
    })
}

/// Opens a file for reading; directories are refused at once.
///
/// # Errors
/// When it is not there, not readable or a directory.
pub fn open(path: &Path) -> Result<File, FsError> {
    let file = File::open(path).map_err(|cause| FsError::new("open", path, cause))?;
    match file.metadata() {
        Ok(data) if data.is_dir() => Err(FsError::new(
            "open",
            path,
            io::Error::from(io::ErrorKind::IsADirectory),
        )),
        _ => Ok(file),
    }
}

/// Follows symlinks at the end of `path` to the file that writing must
/// replace; that file itself need not exist.
pub(crate) fn final_target(path: &Path) -> io::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&target) {
            Ok(link) => target = parent_of(&target).join(link),
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// The folder of `path`, `.` for a bare name.
pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => Path::new("/"),
    }
}
