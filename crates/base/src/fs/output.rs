//! One stream written to a path of any kind.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use rustix::io::Errno;

use super::sibling::{Sibling, create_parents, sync_folder};
use super::{Creation, FsError};

/// Where a stream goes. A regular or new file appears only with
/// [`Output::finish`]; a device, pipe or socket is written as the bytes come.
pub struct Output {
    path: PathBuf,
    kind: Kind,
    must_be_new: bool,
}

enum Kind {
    Replace(Sibling),
    Direct(File),
}

impl Output {
    /// Opens `path` for writing. A file that is read-only for the caller is left alone, although
    /// a new one could take its place: a program that writes over a file is refused too.
    ///
    /// # Errors
    /// When it is a folder or may not be written.
    pub fn create(path: &Path, creation: Creation) -> Result<Self, FsError> {
        let special = std::fs::metadata(path).is_ok_and(|data| {
            let kind = data.file_type();
            kind.is_char_device() || kind.is_fifo() || kind.is_block_device() || kind.is_socket()
        });
        let kind = if special {
            let opened = File::options().write(true).open(path);
            Kind::Direct(opened.map_err(|cause| FsError::new("write", path, cause))?)
        } else {
            refuse_read_only(path)?;
            if creation.parents {
                create_parents(path, creation)?;
            }
            Kind::Replace(Sibling::create(path, creation.mode)?)
        };
        Ok(Self {
            path: path.to_owned(),
            kind,
            must_be_new: false,
        })
    }

    /// Opens `path` for writing where nothing is yet, be it a dangling symlink.
    ///
    /// # Errors
    /// `AlreadyExists`, now or at [`Output::finish`]; else as [`Output::create`].
    pub fn create_new(path: &Path, creation: Creation) -> Result<Self, FsError> {
        if path.symlink_metadata().is_ok() {
            let cause = io::Error::from(Errno::EXIST);
            return Err(FsError::new("write", path, cause));
        }
        Self::create(path, creation).map(|output| Self {
            must_be_new: true,
            ..output
        })
    }

    /// Syncs what was written and puts it in place.
    ///
    /// # Errors
    /// When that fails; the old file is still there then.
    pub fn finish(self) -> Result<(), FsError> {
        match self.kind {
            Kind::Direct(_) => Ok(()),
            Kind::Replace(mut sibling) => {
                let synced = sibling.file.sync_all();
                synced.map_err(|cause| FsError::new("sync", &self.path, cause))?;
                if self.must_be_new {
                    sibling.take_place()?;
                } else {
                    sibling.replace_target()?;
                }
                sync_folder(sibling.folder())
            }
        }
    }

    fn file(&mut self) -> &mut File {
        match &mut self.kind {
            Kind::Replace(sibling) => &mut sibling.file,
            Kind::Direct(file) => file,
        }
    }
}

fn refuse_read_only(path: &Path) -> Result<(), FsError> {
    match rustix::fs::access(path, Access::WRITE_OK) {
        Err(errno @ (Errno::ACCESS | Errno::PERM | Errno::ROFS)) => {
            Err(FsError::new("write", path, errno))
        }
        _ => Ok(()),
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}
