//! Lists a folder and hands out what is in it.

use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr};
#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(not(target_os = "linux"))]
use rustix::fs::Dir;
#[cfg(target_os = "linux")]
use rustix::fs::RawDir;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};

use super::{Walk, add};
use crate::finding::Place;

/// Files that one task reads: enough that handing them out costs nothing.
const BATCH: usize = 64;
/// Bytes of a listing that the system gives at once.
#[cfg(target_os = "linux")]
const LISTING: usize = 64 * 1024;

/// A folder that is open.
pub(super) struct Folder {
    pub(super) handle: OwnedFd,
    pub(super) path: Arc<Path>,
}

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Folder {
    pub(super) fn open(path: &Path) -> rustix::io::Result<Self> {
        Ok(Self {
            handle: rustix::fs::open(path, FOLDER, Mode::empty())?,
            path: Arc::from(path),
        })
    }

    /// A folder in this one: however deep it is, its path need not be short enough for the system.
    fn inner(&self, name: &CStr) -> rustix::io::Result<Self> {
        Ok(Self {
            handle: rustix::fs::openat(&self.handle, name, FOLDER, Mode::empty())?,
            path: Arc::from(self.join(name.to_bytes())),
        })
    }

    pub(super) fn join(&self, name: &[u8]) -> PathBuf {
        self.path.join(OsStr::from_bytes(name))
    }
}

impl<'a> Walk<'a> {
    /// A folder that was named.
    pub(super) fn top<'s>(&'s self, scope: &rayon::Scope<'s>, path: &Path) {
        match Folder::open(path) {
            Ok(folder) => self.folder(scope, &Arc::new(folder)),
            Err(cause) => self.failed(path, cause),
        }
    }

    fn inner<'s>(&'s self, scope: &rayon::Scope<'s>, parent: Arc<Folder>, name: &CStr) {
        match parent.inner(name) {
            Ok(folder) => {
                // Not kept open while what is below is searched.
                drop(parent);
                self.folder(scope, &Arc::new(folder));
            }
            Err(cause) => self.failed(&parent.join(name.to_bytes()), cause),
        }
    }

    fn folder<'s>(&'s self, scope: &rayon::Scope<'s>, folder: &Arc<Folder>) {
        let path = &*folder.path;
        add(&self.counters.folders, 1);
        if self.made_up.contains(path) {
            return;
        }
        let mut batch: Vec<CString> = Vec::new();
        #[cfg(target_os = "linux")]
        let mut space = vec![MaybeUninit::uninit(); LISTING];
        #[cfg(target_os = "linux")]
        let mut listing = RawDir::new(&folder.handle, &mut space);
        #[cfg(not(target_os = "linux"))]
        let mut listing = match Dir::read_from(&folder.handle) {
            Ok(listing) => listing,
            Err(cause) => return self.failed(path, cause),
        };
        while let Some(entry) = listing.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(cause) => {
                    self.failed(path, cause);
                    break;
                }
            };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") || is_of_optimiser(path, name.to_bytes()) {
                continue;
            }
            self.text(name.to_bytes(), Place::Name, || {
                folder.join(name.to_bytes())
            });
            match self.kind(folder, name, entry.file_type()) {
                Some(FileType::Directory) => {
                    let (parent, name) = (Arc::clone(folder), name.to_owned());
                    scope.spawn(move |scope| self.inner(scope, parent, &name));
                }
                Some(FileType::RegularFile) => {
                    batch.push(name.to_owned());
                    if batch.len() == BATCH {
                        self.hand_out(scope, folder, std::mem::take(&mut batch));
                    }
                }
                Some(FileType::Symlink) => self.link(folder, name),
                Some(_) => add(&self.counters.special, 1),
                None => {}
            }
        }
        self.files(scope, folder, &batch);
    }

    /// A file that was named.
    pub(super) fn single<'s>(&'s self, scope: &rayon::Scope<'s>, folder: &Path, name: &[u8]) {
        match (Folder::open(folder), CString::new(name)) {
            (Ok(folder), Ok(name)) => {
                self.text(name.to_bytes(), Place::Name, || {
                    folder.join(name.to_bytes())
                });
                self.files(scope, &Arc::new(folder), &[name]);
            }
            (Err(cause), _) => self.failed(folder, cause),
            (_, Err(_)) => {}
        }
    }

    fn hand_out<'s>(&'s self, scope: &rayon::Scope<'s>, folder: &Arc<Folder>, names: Vec<CString>) {
        let folder = Arc::clone(folder);
        scope.spawn(move |scope| self.files(scope, &folder, &names));
    }

    /// What an entry is; some file systems do not tell in the listing.
    fn kind(&self, folder: &Folder, name: &CStr, told: FileType) -> Option<FileType> {
        if told != FileType::Unknown {
            return Some(told);
        }
        match rustix::fs::statat(&folder.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Some(FileType::from_raw_mode(stat.st_mode)),
            Err(cause) => {
                self.failed(&folder.join(name.to_bytes()), cause);
                None
            }
        }
    }

    fn link(&self, folder: &Folder, name: &CStr) {
        let path = || folder.join(name.to_bytes());
        match rustix::fs::readlinkat(&folder.handle, name, Vec::new()) {
            Ok(target) => {
                add(&self.counters.links, 1);
                self.text(target.as_bytes(), Place::Target, path);
            }
            Err(cause) => self.failed(&path(), cause),
        }
    }
}

/// Whether a name is that of Nix's own folder of hard links to files elsewhere in the store.
fn is_of_optimiser(folder: &Path, name: &[u8]) -> bool {
    name == b".links" && folder.ends_with("store")
}

/// Where the kernel shows what it makes up: processes, devices, settings.
pub(super) fn made_up() -> HashSet<PathBuf> {
    const KINDS: [&str; 16] = [
        "proc",
        "sysfs",
        "devtmpfs",
        "devpts",
        "debugfs",
        "tracefs",
        "cgroup",
        "cgroup2",
        "bpf",
        "securityfs",
        "configfs",
        "selinuxfs",
        "pstore",
        "efivarfs",
        "binfmt_misc",
        "fusectl",
    ];
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            let (place, kind) = (words.next()?, words.next()?);
            KINDS.contains(&kind).then(|| PathBuf::from(place))
        })
        .collect()
}
