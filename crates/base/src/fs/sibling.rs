//! A new file beside the one it will replace.
//!
//! Where the file system has files without a name (`O_TMPFILE`), nothing is
//! seen of it until it is complete. Elsewhere it is a hidden sibling that its
//! writer holds locked, so that [`sweep`] can tell a leftover of a killed run
//! from one in use.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FlockOperation, Gid, Mode, OFlags, Uid};

use super::folder::raw_mode;
use super::{Creation, FsError, final_target, parent_of};

/// Marks our siblings: `.<name>.nixseal-<16 hex digits>`.
const MARK: &[u8] = b".nixseal-";
const TAG_DIGITS: usize = 16;

/// An open, not yet visible replacement for one path.
pub(super) struct Sibling {
    pub(super) file: File,
    /// The path as the user named it.
    pub(super) path: PathBuf,
    /// Where symlinks lead.
    target: PathBuf,
    /// The name it has meanwhile, where it needs one.
    name: Option<PathBuf>,
}

impl Sibling {
    /// Opens a replacement for `path` with the mode and owner of the file that
    /// is there, else `mode` less the umask.
    pub(super) fn create(path: &Path, mode: u32) -> Result<Self, FsError> {
        let failed = |cause: io::Error| FsError::new("write", path, cause);
        let target = final_target(path).map_err(failed)?;
        let old = match std::fs::symlink_metadata(&target) {
            Ok(old) if old.is_dir() => return Err(failed(rustix::io::Errno::ISDIR.into())),
            Ok(old) if !old.is_file() => {
                return Err(failed(io::Error::other("it is not a regular file")));
            }
            Ok(old) => Some(old),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(failed(cause)),
        };
        let sibling = Self::open(path, target, mode).map_err(failed)?;
        if let Some(old) = old {
            sibling.take_after(&old).map_err(failed)?;
        }
        Ok(sibling)
    }

    fn open(path: &Path, target: PathBuf, mode: u32) -> io::Result<Self> {
        let mode = raw_mode(mode);
        #[cfg(target_os = "linux")]
        {
            let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
            if let Ok(file) = rustix::fs::open(parent_of(&target), flags, mode) {
                return Ok(Self {
                    file: file.into(),
                    path: path.to_owned(),
                    target,
                    name: None,
                });
            }
        }
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let name = sibling_name(&target)?;
        let file = File::from(rustix::fs::open(&name, flags, mode)?);
        let sibling = Self {
            file,
            path: path.to_owned(),
            target,
            name: Some(name),
        };
        rustix::fs::flock(&sibling.file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(sibling)
    }

    /// Takes over owner, group and mode, in that order, since a change of
    /// owner clears bits of the mode. Where the owner may not be given away,
    /// the file is ours from now on, as after an editor's save.
    fn take_after(&self, old: &std::fs::Metadata) -> io::Result<()> {
        let new = self.file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            let group = Some(Gid::from_raw(old.gid()));
            let owner = Some(Uid::from_raw(old.uid()));
            if rustix::fs::fchown(&self.file, owner, group).is_err() {
                let _ = rustix::fs::fchown(&self.file, None, group);
            }
        }
        if new.mode() & 0o7777 != old.mode() & 0o7777 {
            rustix::fs::fchmod(&self.file, raw_mode(old.mode()))?;
        }
        Ok(())
    }

    /// Puts it in the place of its target. The caller has synced it.
    pub(super) fn replace_target(&mut self) -> Result<(), FsError> {
        self.rename_over()
            .map_err(|cause| FsError::new("replace", &self.path, cause))
    }

    /// Puts it where nothing is yet. The caller has synced it.
    pub(super) fn take_place(&mut self) -> Result<(), FsError> {
        let linked = match &self.name {
            None => self.link(&self.target),
            // Its other name goes when it is dropped.
            Some(name) => std::fs::hard_link(name, &self.target),
        };
        linked.map_err(|cause| FsError::new("write", &self.path, cause))
    }

    /// Gives a name to a file without one.
    fn link(&self, name: &Path) -> io::Result<()> {
        let source = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        rustix::fs::linkat(CWD, source, CWD, name, AtFlags::SYMLINK_FOLLOW)?;
        Ok(())
    }

    fn rename_over(&mut self) -> io::Result<()> {
        if self.name.is_none() {
            let name = sibling_name(&self.target)?;
            self.link(&name)?;
            self.name = Some(name);
        }
        if let Some(name) = &self.name {
            rustix::fs::rename(name, &self.target)?;
        }
        self.name = None;
        Ok(())
    }

    /// The folder whose entry changes.
    pub(super) fn folder(&self) -> &Path {
        parent_of(&self.target)
    }

    /// The file that is replaced, symlinks followed.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }
}

impl Drop for Sibling {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = std::fs::remove_file(name);
        }
    }
}

/// Makes the folders that are missing on the way to `path`.
pub(super) fn create_parents(path: &Path, creation: Creation) -> Result<(), FsError> {
    let parent = parent_of(path);
    if parent.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(if creation.is_private() { 0o700 } else { 0o777 })
        .create(parent)
        .map_err(|cause| FsError::new("create the folder", parent, cause))
}

/// Syncs a folder, so that the names in it survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), FsError> {
    let synced = File::open(folder).and_then(|opened| opened.sync_all());
    match synced {
        // Some file systems cannot sync a folder and need not.
        Err(cause) if cause.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other.map_err(|cause| FsError::new("sync the folder", folder, cause)),
    }
}

/// Removes what killed runs left in `folder`: our siblings that no process
/// holds locked. Returns their paths.
///
/// # Errors
/// When the folder cannot be listed; a file that cannot be removed is left.
pub fn sweep(folder: &Path) -> Result<Vec<PathBuf>, FsError> {
    let failed = |cause| FsError::new("list", folder, cause);
    let mut swept = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !is_sibling_name(&entry.file_name()) {
            continue;
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let path = entry.path();
        let Ok(file) = rustix::fs::open(&path, flags, Mode::empty()) else {
            continue;
        };
        let free = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        if free && std::fs::remove_file(&path).is_ok() {
            swept.push(path);
        }
    }
    Ok(swept)
}

fn sibling_name(target: &Path) -> io::Result<PathBuf> {
    let mut tag = [0; TAG_DIGITS / 2];
    getrandom::fill(&mut tag).map_err(io::Error::other)?;
    let mut name = OsString::from(".");
    let base = target.file_name().unwrap_or_else(|| OsStr::new("file"));
    // Names have at most 255 bytes: a long one is cut, it only has to be unique.
    name.push(OsStr::from_bytes(&base.as_bytes()[..base.len().min(200)]));
    name.push(OsStr::from_bytes(MARK));
    name.push(
        tag.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
    );
    Ok(parent_of(target).join(name))
}

fn is_sibling_name(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let Some(tag_start) = name.len().checked_sub(TAG_DIGITS) else {
        return false;
    };
    let (front, tag) = name.split_at(tag_start);
    front.starts_with(b".") && front.ends_with(MARK) && tag.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_swept() {
        let name = sibling_name(Path::new("/x/wifi.age")).unwrap();
        assert!(is_sibling_name(name.file_name().unwrap()));
        for other in [
            ".wifi.age.nixseal-",
            "wifi.age",
            ".nixseal-012345678901234g",
            "",
        ] {
            assert!(!is_sibling_name(OsStr::new(other)), "{other}");
        }
    }
}
