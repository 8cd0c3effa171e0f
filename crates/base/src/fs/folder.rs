//! A folder held open, and what is done to the names in it.
//!
//! For privileged programs that write where others may write too: a path is walked step by step,
//! and every later step starts from the folder that was reached, whatever its name means by then.
//! Only links that root or this user made, in folders of theirs, may lead anywhere; the link of
//! another user leads only to what is his. No link at the end of a path is ever followed, and
//! names change by renaming only.

mod walk;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Gid, Mode, OFlags, RawMode, Stat, Uid};

use super::FsError;
use crate::secret::SecretBytes;

/// What ends the name of a file or link that will replace another.
const NEW: &str = ".nixseal-new";

/// Who has a file, and what he and others may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Number of the user.
    pub uid: u32,
    /// Number of the group.
    pub gid: u32,
}

/// What is known of a name in a folder; links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is.
    pub kind: Kind,
    /// The twelve bits of its mode.
    pub mode: u32,
    /// Whose it is.
    pub owner: Ownership,
    /// Number of the file in its file system.
    pub inode: u64,
    /// Number of the file system.
    pub device: u64,
}

/// Kinds of things in folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// Anything else.
    Other,
}

/// A folder held open.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens the folder at an absolute path, without stepping through foreign hands.
    ///
    /// # Errors
    /// When it is not there, no folder, or the way to it is not safe.
    pub fn open(path: &Path) -> Result<Self, FsError> {
        walk::walk(path, None)
    }

    /// As [`Self::open`]; makes what is missing on the way, with exactly that mode.
    ///
    /// # Errors
    /// As [`Self::open`], and when a folder cannot be made.
    pub fn create(path: &Path, mode: u32) -> Result<Self, FsError> {
        walk::walk(path, Some(mode))
    }

    /// The folder that holds the last name of `path`, and that name. With a mode, missing folders
    /// are made.
    ///
    /// # Errors
    /// As [`Self::open`]; for paths that end in no name.
    pub fn of(path: &Path, create: Option<u32>) -> Result<(Self, OsString), FsError> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            let cause = io::Error::new(io::ErrorKind::InvalidInput, "the path ends in no name");
            return Err(FsError::new("use", path, cause));
        };
        Ok((walk::walk(parent, create)?, name.to_owned()))
    }

    /// Where it was when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a name in it.
    pub fn path_of(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    fn failed(&self, action: &'static str, name: &OsStr, cause: impl Into<io::Error>) -> FsError {
        FsError::new(action, &self.path_of(name), cause)
    }

    /// A folder in this one; a link is refused.
    ///
    /// # Errors
    /// When it is not there or no folder.
    pub fn child(&self, name: impl AsRef<OsStr>) -> Result<Self, FsError> {
        let name = name.as_ref();
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.descriptor, name, flags, Mode::empty()) {
            Ok(descriptor) => Ok(Self {
                descriptor,
                path: self.path_of(name),
            }),
            Err(cause) => Err(self.failed("open", name, cause)),
        }
    }

    /// A folder in this one, made with exactly that mode where it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or something else has that name.
    pub fn make(&self, name: impl AsRef<OsStr>, mode: u32) -> Result<Self, FsError> {
        let name = name.as_ref();
        match rustix::fs::mkdirat(&self.descriptor, name, Mode::RWXU) {
            Ok(()) => {
                let made = self.child(name)?;
                made.set_mode(mode)?;
                Ok(made)
            }
            Err(rustix::io::Errno::EXIST) => self.child(name),
            Err(cause) => Err(self.failed("create the folder", name, cause)),
        }
    }

    /// Gives the folder itself another mode.
    ///
    /// # Errors
    /// When that is not permitted.
    pub fn set_mode(&self, mode: u32) -> Result<(), FsError> {
        rustix::fs::fchmod(&self.descriptor, raw_mode(mode))
            .map_err(|cause| FsError::new("set the mode of", &self.path, cause))
    }

    /// Gives the folder itself to somebody.
    ///
    /// # Errors
    /// When that is not permitted.
    pub fn set_owner(&self, owner: Ownership) -> Result<(), FsError> {
        rustix::fs::fchown(&self.descriptor, uid(owner), gid(owner))
            .map_err(|cause| FsError::new("set the owner of", &self.path, cause))
    }

    /// What is known of the folder itself.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn own_status(&self) -> Result<Status, FsError> {
        match rustix::fs::fstat(&self.descriptor) {
            Ok(stat) => Ok(status(&stat)),
            Err(cause) => Err(FsError::new("look at", &self.path, cause)),
        }
    }

    /// What is known of a name in it; nothing where there is none.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn status(&self, name: impl AsRef<OsStr>) -> Result<Option<Status>, FsError> {
        let name = name.as_ref();
        match rustix::fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(status(&stat))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(cause) => Err(self.failed("look at", name, cause)),
        }
    }

    /// Where a link leads; nothing where there is no link of that name.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn link_target(&self, name: impl AsRef<OsStr>) -> Result<Option<PathBuf>, FsError> {
        let name = name.as_ref();
        match rustix::fs::readlinkat(&self.descriptor, name, Vec::new()) {
            Ok(target) => Ok(Some(OsString::from_vec(target.into_bytes()).into())),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::INVAL) => Ok(None),
            Err(cause) => Err(self.failed("read the link", name, cause)),
        }
    }

    /// The names in it, in no order.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn names(&self) -> Result<Vec<OsString>, FsError> {
        let failed = |cause: rustix::io::Errno| FsError::new("list", &self.path, cause);
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        // Its own descriptor, so that the place in the list is too.
        let listed = rustix::fs::openat(&self.descriptor, ".", flags, Mode::empty());
        let mut names = Vec::new();
        for entry in Dir::read_from(listed.map_err(failed)?).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }

    /// The content and status of a regular file in it; a link is refused.
    ///
    /// # Errors
    /// When it is not there, no file, not readable or longer than `limit` bytes.
    pub fn read(
        &self,
        name: impl AsRef<OsStr>,
        limit: usize,
    ) -> Result<(SecretBytes, Status), FsError> {
        let name = name.as_ref();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let read = || -> io::Result<(SecretBytes, Status)> {
            let file = rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?;
            let stat = rustix::fs::fstat(&file)?;
            let status = status(&stat);
            if status.kind != Kind::File {
                return Err(io::Error::other("it is no regular file"));
            }
            let size = usize::try_from(stat.st_size).unwrap_or_default();
            let bytes = SecretBytes::read_expecting(File::from(file), size, limit)?;
            Ok((bytes, status))
        };
        read().map_err(|cause| self.failed("read", name, cause))
    }

    /// Writes a file of a name that nobody has yet. Nobody else can read it before it is whole
    /// and has its mode and owner.
    ///
    /// # Errors
    /// When the name is taken, there is no room, or the owner cannot be set.
    pub fn write(
        &self,
        name: impl AsRef<OsStr>,
        content: &[u8],
        mode: u32,
        owner: Option<Ownership>,
    ) -> Result<(), FsError> {
        let name = name.as_ref();
        let file = self.write_open(name, content, mode, owner);
        file.map(drop)
    }

    fn write_open(
        &self,
        name: &OsStr,
        content: &[u8],
        mode: u32,
        owner: Option<Ownership>,
    ) -> Result<File, FsError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let file = rustix::fs::openat(&self.descriptor, name, flags, private)
            .map_err(|cause| self.failed("create", name, cause))?;
        let mut file = File::from(file);
        file.write_all(content)
            .map_err(|cause| self.failed("write", name, cause))?;
        if let Some(owner) = owner {
            rustix::fs::fchown(&file, uid(owner), gid(owner))
                .map_err(|cause| self.failed("set the owner of", name, cause))?;
        }
        // After the owner: a change of owner takes bits away.
        rustix::fs::fchmod(&file, raw_mode(mode))
            .map_err(|cause| self.failed("set the mode of", name, cause))?;
        Ok(file)
    }

    /// Adds to the end of a file, which is made with exactly that mode where it is not there. In
    /// one piece, so that what others add at the same time stays whole.
    ///
    /// # Errors
    /// When it cannot be written; a link is refused.
    pub fn append(
        &self,
        name: impl AsRef<OsStr>,
        content: &[u8],
        mode: u32,
    ) -> Result<(), FsError> {
        let name = name.as_ref();
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let append = || -> io::Result<()> {
            let open =
                |flags| rustix::fs::openat(&self.descriptor, name, flags, Mode::RUSR | Mode::WUSR);
            let mut file = match open(flags | OFlags::CREATE | OFlags::EXCL) {
                Ok(made) => {
                    rustix::fs::fchmod(&made, raw_mode(mode))?;
                    File::from(made)
                }
                Err(rustix::io::Errno::EXIST) => File::from(open(flags)?),
                Err(cause) => return Err(cause.into()),
            };
            file.write_all(content)
        };
        append().map_err(|cause| self.failed("write", name, cause))
    }

    /// Puts a whole, synced file in the place of whatever has that name, folders excepted.
    ///
    /// # Errors
    /// As [`Self::write`]; what was there stays then.
    pub fn replace(
        &self,
        name: impl AsRef<OsStr>,
        content: &[u8],
        mode: u32,
        owner: Option<Ownership>,
    ) -> Result<(), FsError> {
        let name = name.as_ref();
        let new = self.clear_new(name)?;
        let done = self
            .write_open(&new, content, mode, owner)
            .and_then(|file| {
                let synced = file.sync_all();
                synced.map_err(|cause| self.failed("sync", name, cause))
            })
            .and_then(|()| self.rename(&new, self, name));
        if done.is_err() {
            let _ = self.remove(&new);
        }
        done
    }

    /// Puts a link in the place of whatever has that name, folders excepted.
    ///
    /// # Errors
    /// When it cannot be made or given to its owner; what was there stays then.
    pub fn replace_link(
        &self,
        name: impl AsRef<OsStr>,
        target: &Path,
        owner: Option<Ownership>,
    ) -> Result<(), FsError> {
        let name = name.as_ref();
        let new = self.clear_new(name)?;
        let made = rustix::fs::symlinkat(target, &self.descriptor, &new);
        made.map_err(|cause| self.failed("make the link", name, cause))?;
        let owned = match owner {
            Some(owner) => self.set_owner_of(&new, owner),
            None => Ok(()),
        };
        let done = owned.and_then(|()| self.rename(&new, self, name));
        if done.is_err() {
            let _ = self.remove(&new);
        }
        done
    }

    /// The name under which a replacement is made; what a killed run left there is removed.
    fn clear_new(&self, name: &OsStr) -> Result<OsString, FsError> {
        let new = new_name(name);
        self.remove(&new)?;
        Ok(new)
    }

    /// Gives a name in it, itself where it is a link, to somebody.
    ///
    /// # Errors
    /// When that is not permitted.
    pub fn set_owner_of(&self, name: impl AsRef<OsStr>, owner: Ownership) -> Result<(), FsError> {
        let name = name.as_ref();
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::chownat(&self.descriptor, name, uid(owner), gid(owner), flags)
            .map_err(|cause| self.failed("set the owner of", name, cause))
    }

    /// Gives a regular file in it to somebody; its mode stays.
    ///
    /// # Errors
    /// When that is not permitted, or it is no regular file.
    pub fn give(
        &self,
        name: impl AsRef<OsStr>,
        owner: Ownership,
        mode: u32,
    ) -> Result<(), FsError> {
        let name = name.as_ref();
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let give = || -> io::Result<()> {
            let file = rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?;
            if status(&rustix::fs::fstat(&file)?).kind != Kind::File {
                return Err(io::Error::other("it is no regular file"));
            }
            rustix::fs::fchown(&file, uid(owner), gid(owner))?;
            Ok(rustix::fs::fchmod(&file, raw_mode(mode))?)
        };
        give().map_err(|cause| self.failed("set the owner of", name, cause))
    }

    /// Gives a regular file of another folder a second name here.
    ///
    /// # Errors
    /// When the name is taken, or the folders are on different file systems.
    pub fn hard_link(
        &self,
        name: impl AsRef<OsStr>,
        from: &Self,
        from_name: impl AsRef<OsStr>,
    ) -> Result<(), FsError> {
        let (name, from_name) = (name.as_ref(), from_name.as_ref());
        let flags = AtFlags::empty();
        rustix::fs::linkat(&from.descriptor, from_name, &self.descriptor, name, flags)
            .map_err(|cause| self.failed("link", name, cause))
    }

    /// Moves a name to another folder of the same file system; what has that name there is
    /// replaced.
    ///
    /// # Errors
    /// When a folder is in the way.
    pub fn rename(
        &self,
        name: impl AsRef<OsStr>,
        to: &Self,
        to_name: impl AsRef<OsStr>,
    ) -> Result<(), FsError> {
        let (name, to_name) = (name.as_ref(), to_name.as_ref());
        rustix::fs::renameat(&self.descriptor, name, &to.descriptor, to_name)
            .map_err(|cause| to.failed("replace", to_name, cause))
    }

    /// Removes a name that is no folder; whether it was there.
    ///
    /// # Errors
    /// When it is a folder or may not be removed.
    pub fn remove(&self, name: impl AsRef<OsStr>) -> Result<bool, FsError> {
        let name = name.as_ref();
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(cause) => Err(self.failed("remove", name, cause)),
        }
    }

    /// Removes a name and, where it is a folder, all in it; whether it was there.
    ///
    /// # Errors
    /// When something may not be removed.
    pub fn remove_all(&self, name: impl AsRef<OsStr>) -> Result<bool, FsError> {
        let name = name.as_ref();
        match self.status(name)? {
            None => return Ok(false),
            Some(status) if status.kind != Kind::Folder => return self.remove(name),
            Some(_) => {}
        }
        let folder = self.child(name)?;
        for inner in folder.names()? {
            folder.remove_all(inner)?;
        }
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::NOENT) => Ok(false),
            Err(cause) => Err(self.failed("remove", name, cause)),
        }
    }

    /// Removes a folder in it if that is empty; whether it was.
    pub fn remove_empty(&self, name: impl AsRef<OsStr>) -> bool {
        rustix::fs::unlinkat(&self.descriptor, name.as_ref(), AtFlags::REMOVEDIR).is_ok()
    }

    /// Waits until nobody else has locked the folder, and locks it until this value is dropped.
    ///
    /// # Errors
    /// When the file system has no locks.
    pub fn lock(&self) -> Result<FolderLock, FsError> {
        let failed = |cause: rustix::io::Errno| FsError::new("lock", &self.path, cause);
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let own = rustix::fs::openat(&self.descriptor, ".", flags, Mode::empty());
        let own = own.map_err(failed)?;
        loop {
            match rustix::fs::flock(&own, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(FolderLock { _descriptor: own }),
                Err(rustix::io::Errno::INTR) => {}
                Err(cause) => return Err(failed(cause)),
            }
        }
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// A lock on a folder, held as long as this lives.
#[derive(Debug)]
pub struct FolderLock {
    _descriptor: OwnedFd,
}

fn new_name(name: &OsStr) -> OsString {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = name.as_bytes();
    // Names have at most 255 bytes.
    let kept = &bytes[..bytes.len().min(200)];
    let mut new = OsString::from(".");
    new.push(OsStr::from_bytes(kept));
    new.push(NEW);
    new
}

fn status(stat: &Stat) -> Status {
    let raw: RawMode = stat.st_mode;
    let kind = match FileType::from_raw_mode(raw) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    };
    Status {
        kind,
        mode: wide_mode(raw) & 0o7777,
        owner: Ownership {
            uid: stat.st_uid,
            gid: stat.st_gid,
        },
        inode: stat.st_ino,
        device: device(stat),
    }
}

// The types of these fields differ between systems.

#[cfg(target_os = "macos")]
fn wide_mode(mode: RawMode) -> u32 {
    u32::from(mode)
}

#[cfg(not(target_os = "macos"))]
fn wide_mode(mode: RawMode) -> u32 {
    mode
}

#[cfg(target_os = "macos")]
fn device(stat: &Stat) -> u64 {
    u64::from(stat.st_dev.unsigned_abs())
}

#[cfg(not(target_os = "macos"))]
fn device(stat: &Stat) -> u64 {
    stat.st_dev
}

/// Permission bits, in the type that this system has for them.
pub(super) fn raw_mode(mode: u32) -> Mode {
    // The mask makes it fit wherever the type is shorter.
    Mode::from_raw_mode((mode & 0o7777) as RawMode)
}

fn uid(owner: Ownership) -> Option<Uid> {
    Some(Uid::from_raw(owner.uid))
}

fn gid(owner: Ownership) -> Option<Gid> {
    Some(Gid::from_raw(owner.gid))
}
