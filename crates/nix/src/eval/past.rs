//! Files as they were: an evaluation that reads a commit instead of the disk.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use super::machine::Machine;

/// Where an evaluation finds files that are not, or not as such, on the disk.
pub trait PastFiles: Sync {
    /// What was at an absolute path; `None` for paths that the disk is asked about, such as
    /// those of libraries.
    fn at(&self, path: &Path) -> Option<PastFile>;
}

/// What was at a path.
#[derive(Clone, Debug)]
pub enum PastFile {
    /// Nothing.
    Nothing,
    /// A file with its content.
    File(Vec<u8>),
    /// A folder with the names in it, and which of them are folders.
    Folder(Vec<(OsString, bool)>),
}

impl Machine<'_> {
    /// What was at a path, where the past is evaluated.
    pub(crate) fn past(&self, path: &Path) -> Option<PastFile> {
        self.files?.at(path)
    }

    /// Whether a path is a folder.
    pub(crate) fn is_folder(&self, path: &Path) -> bool {
        match self.past(path) {
            Some(file) => matches!(file, PastFile::Folder(_)),
            None => path.is_dir(),
        }
    }

    /// Whether a path is a file.
    pub(crate) fn is_file(&self, path: &Path) -> bool {
        match self.past(path) {
            Some(file) => matches!(file, PastFile::File(_)),
            None => path.is_file(),
        }
    }

    /// Whether there is anything at a path.
    pub(crate) fn is_there(&self, path: &Path) -> bool {
        match self.past(path) {
            Some(file) => !matches!(file, PastFile::Nothing),
            None => std::fs::symlink_metadata(path).is_ok(),
        }
    }
}

/// As the system says it of a file that is not there.
pub(crate) fn not_found() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}
