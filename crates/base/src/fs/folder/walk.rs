//! From the root to a folder, step by step.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Folder, raw_mode};
use crate::fs::FsError;

/// As many links as the system itself follows.
const MOST_LINKS: usize = 40;

/// Folders on the way need to be passed, not listed.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PASS: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PASS: OFlags = OFlags::RDONLY;

/// Walks to `path`; with a mode, missing folders are made with exactly that mode.
pub(super) fn walk(path: &Path, create: Option<u32>) -> Result<Folder, FsError> {
    let failed = |cause: io::Error| FsError::new("open", path, cause);
    if !path.is_absolute() {
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "it is not an absolute path");
        return Err(failed(cause));
    }
    let mut walker = Walker::at_root().map_err(failed)?;
    walker.steps = steps(path);
    while let Some(step) = walker.steps.pop() {
        walker
            .step(&step, create)
            .map_err(|cause| FsError::new("open", &walker.shown(&step), cause))?;
    }
    walker.finish(path).map_err(failed)
}

struct Walker {
    at: OwnedFd,
    /// Who has the folder that was reached.
    owner: u32,
    /// What is still to be walked, the next last.
    steps: Vec<OsString>,
    links: usize,
    passed: PathBuf,
    /// While the link of a user is followed.
    bound: Option<Bound>,
}

/// A link of an ordinary user leads only to what is his.
#[derive(Clone, Copy)]
struct Bound {
    user: u32,
    /// How many steps are left when the link's own are done.
    until: usize,
}

impl Walker {
    fn at_root() -> io::Result<Self> {
        let flags = PASS | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let at = rustix::fs::open("/", flags, Mode::empty())?;
        let owner = rustix::fs::fstat(&at)?.st_uid;
        Ok(Self {
            at,
            owner,
            steps: Vec::new(),
            links: 0,
            passed: PathBuf::from("/"),
            bound: None,
        })
    }

    fn shown(&self, step: &OsStr) -> PathBuf {
        self.passed.join(step)
    }

    fn step(&mut self, step: &OsStr, create: Option<u32>) -> io::Result<()> {
        self.bound = self.bound.filter(|bound| self.steps.len() >= bound.until);
        let flags = PASS | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = |walker: &Self| rustix::fs::openat(&walker.at, step, flags, Mode::empty());
        let opened = match (open(self), create) {
            (Err(Errno::NOENT), Some(mode)) => {
                self.make(step, mode)?;
                open(self)
            }
            (other, _) => other,
        };
        match opened {
            Ok(next) => {
                let owner = rustix::fs::fstat(&next)?.st_uid;
                self.check(owner)?;
                self.owner = owner;
                self.at = next;
                self.passed.push(step);
                Ok(())
            }
            Err(Errno::NOTDIR | Errno::LOOP) => self.follow(step),
            Err(cause) => Err(cause.into()),
        }
    }

    fn make(&self, step: &OsStr, mode: u32) -> io::Result<()> {
        match rustix::fs::mkdirat(&self.at, step, Mode::RWXU) {
            Ok(()) => {}
            // Somebody else was faster.
            Err(Errno::EXIST) => return Ok(()),
            Err(cause) => return Err(cause.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = rustix::fs::openat(&self.at, step, flags, Mode::empty())?;
        Ok(rustix::fs::fchmod(made, raw_mode(mode))?)
    }

    /// Puts the steps of a link before those that are left.
    fn follow(&mut self, step: &OsStr) -> io::Result<()> {
        let stat = rustix::fs::statat(&self.at, step, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Err(Errno::NOTDIR.into());
        }
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        match (is_trusted(self.owner), is_trusted(stat.st_uid)) {
            (true, true) => {}
            // A link that was carried into somebody's folder.
            (false, true) => return Err(foreign(self.owner)),
            (_, false) => {
                let (user, until) = (stat.st_uid, self.steps.len());
                self.bound = self.bound.or(Some(Bound { user, until }));
                self.check(self.owner)?;
                self.check(user)?;
            }
        }
        let target = rustix::fs::readlinkat(&self.at, step, Vec::new())?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        if target.is_absolute() {
            let root = Self::at_root()?;
            self.check(root.owner)?;
            self.owner = root.owner;
            self.at = root.at;
            self.passed = root.passed;
        }
        self.steps.extend(steps(&target));
        Ok(())
    }

    /// Refuses what is not of the user whose link is followed.
    fn check(&self, owner: u32) -> io::Result<()> {
        match self.bound {
            Some(bound) if bound.user != owner => Err(foreign(bound.user)),
            _ => Ok(()),
        }
    }

    /// The folder that was reached, for reading.
    fn finish(self, path: &Path) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = match rustix::fs::openat(&self.at, ".", flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            // Names in it can be used all the same.
            Err(Errno::ACCESS) => self.at,
            Err(cause) => return Err(cause.into()),
        };
        Ok(Folder {
            descriptor,
            path: path.to_owned(),
        })
    }
}

fn is_trusted(user: u32) -> bool {
    user == 0 || user == rustix::process::geteuid().as_raw()
}

fn foreign(user: u32) -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "it is a link in the hands of user {user} and leads to what is not his;              such links are not followed"
        ),
    )
}

/// The steps of a path, the first last.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let mut steps: Vec<OsString> = steps.collect();
    steps.reverse();
    steps
}
