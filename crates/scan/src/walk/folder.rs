//! Lists a folder and hands out what is in it.

use std::ffi::{CString, OsStr};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir};

use super::{Walk, add};
use crate::finding::Place;

/// Files that one task reads: enough that handing them out costs nothing.
const BATCH: usize = 64;
/// Bytes of a listing that the system gives at once.
const LISTING: usize = 64 * 1024;

/// A folder that is open.
pub(super) struct Folder {
    pub(super) handle: OwnedFd,
    pub(super) path: Arc<Path>,
}

impl Folder {
    pub(super) fn open(path: &Arc<Path>) -> rustix::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self {
            handle: rustix::fs::open(&**path, flags, Mode::empty())?,
            path: Arc::clone(path),
        })
    }

    pub(super) fn join(&self, name: &[u8]) -> PathBuf {
        self.path.join(OsStr::from_bytes(name))
    }
}

impl<'a> Walk<'a> {
    pub(super) fn folder<'s>(&'s self, scope: &rayon::Scope<'s>, path: &Arc<Path>) {
        let folder = match Folder::open(path) {
            Ok(folder) => Arc::new(folder),
            Err(cause) => return self.failed(path, cause),
        };
        add(&self.counters.folders, 1);
        if is_of_the_kernel(&folder) {
            return;
        }
        let mut space = vec![MaybeUninit::uninit(); LISTING];
        let mut batch: Vec<CString> = Vec::new();
        let mut listing = RawDir::new(&folder.handle, &mut space);
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
            match self.kind(&folder, name, entry.file_type()) {
                Some(FileType::Directory) => {
                    let path: Arc<Path> = Arc::from(folder.join(name.to_bytes()));
                    scope.spawn(move |scope| self.folder(scope, &path));
                }
                Some(FileType::RegularFile) => {
                    batch.push(name.to_owned());
                    if batch.len() == BATCH {
                        self.hand_out(scope, &folder, std::mem::take(&mut batch));
                    }
                }
                Some(FileType::Symlink) => self.link(&folder, name),
                Some(_) => add(&self.counters.special, 1),
                None => {}
            }
        }
        self.files(scope, &folder, &batch);
    }

    /// A file that was named.
    pub(super) fn single<'s>(&'s self, scope: &rayon::Scope<'s>, folder: &Path, name: &[u8]) {
        match (Folder::open(&Arc::from(folder)), CString::new(name)) {
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
    fn kind(&self, folder: &Folder, name: &std::ffi::CStr, told: FileType) -> Option<FileType> {
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

    fn link(&self, folder: &Folder, name: &std::ffi::CStr) {
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

/// Whether a folder holds what the kernel makes up: processes, devices, settings.
fn is_of_the_kernel(folder: &Folder) -> bool {
    // proc, sysfs, debugfs, tracefs, cgroup2, devpts, bpf, securityfs, configfs, selinux, pstore,
    // efivarfs, binfmt_misc, mqueue, fusectl; from linux/magic.h.
    const MADE_UP: [u64; 15] = [
        0x9fa0,
        0x6265_6572,
        0x6462_6720,
        0x7472_6163,
        0x6367_7270,
        0x1cd1,
        0xcafe_4a11,
        0x7363_6673,
        0x6265_6570,
        0xf97c_ff8c,
        0x6165_676c,
        0xde5e_81e4,
        0x4249_4e4d,
        0x1980_0202,
        0x6573_5543,
    ];
    #[allow(clippy::cast_sign_loss, reason = "the magic number is a bit pattern")]
    rustix::fs::fstatfs(&folder.handle).is_ok_and(|found| MADE_UP.contains(&(found.f_type as u64)))
}
