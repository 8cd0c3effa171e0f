//! The place of a tree: its mount, its lock, and what the last run left in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nixseal_base::fs::{Folder, FolderLock, FsError, Kind};

use crate::manifest::{FileSystem, Manifest, Tree};
use crate::mount::MemoryFileSystems;
use crate::state::State;

/// Where work goes on, for root only, beside the generations.
const PRIVATE: &str = ".nixseal";

/// The mode of the folders of generations.
pub(crate) const GENERATION_MODE: u32 = 0o751;

/// A tree's place, locked.
pub(crate) struct Site {
    /// Where generations are.
    pub(crate) mount_point: Folder,
    /// For root only.
    pub(crate) private: Folder,
    pub(crate) previous: Previous,
    pub(crate) state: State,
    _locks: Vec<FolderLock>,
}

/// The generation that is live.
#[derive(Default)]
pub(crate) struct Previous {
    /// Its number; 0 where none is.
    pub(crate) number: u64,
    pub(crate) folder: Option<Folder>,
    /// Whether the link to it can be followed, whatever it leads to.
    pub(crate) is_live: bool,
}

impl Site {
    /// Makes, mounts and locks the place.
    pub(crate) fn open(
        manifest: &Manifest,
        tree: &Tree,
        systems: &dyn MemoryFileSystems,
    ) -> Result<Self, String> {
        let text = |error: FsError| error.to_string();
        let mounting = |reason: String| format!("failed to mount filesystem for secrets: {reason}");
        let path = &tree.mount_point;
        loop {
            let mut locks = Vec::new();
            let outer = Folder::create(path, GENERATION_MODE);
            let outer = outer.map_err(|error| mounting(text(error)))?;
            let wanted = tree.file_system;
            let mounted = wanted == FileSystem::None
                || systems.is_mounted(&outer, wanted).map_err(mounting)?;
            let mount_point = match mounted {
                true => outer,
                false => {
                    // Two runs at boot: the second waits here and finds the mount of the first.
                    locks.push(outer.lock().map_err(text)?);
                    if !is_same(&outer, &Folder::open(path).map_err(text)?)? {
                        continue;
                    }
                    systems
                        .mount(&outer, wanted, tree.layout)
                        .map_err(mounting)?;
                    Folder::open(path).map_err(|error| mounting(text(error)))?
                }
            };
            let private = mount_point.make(PRIVATE, 0o700).map_err(text)?;
            check_private(manifest, &private)?;
            locks.push(private.lock().map_err(text)?);
            if !is_same(&mount_point, &Folder::open(path).map_err(text)?)? {
                continue;
            }
            let previous = Previous::find(manifest, tree, &mount_point)?;
            let state = State::read(&private, previous.number);
            return Ok(Self {
                mount_point,
                private,
                previous,
                state,
                _locks: locks,
            });
        }
    }

    /// The place as it is, for looking only; nothing is made.
    pub(crate) fn look(manifest: &Manifest, tree: &Tree) -> Result<Option<Self>, String> {
        let Ok(mount_point) = Folder::open(&tree.mount_point) else {
            return Ok(None);
        };
        let Ok(private) = mount_point.child(PRIVATE) else {
            return Ok(None);
        };
        let locks = vec![private.lock().map_err(|error| error.to_string())?];
        let previous = Previous::find(manifest, tree, &mount_point)?;
        let state = State::read(&private, previous.number);
        Ok(Some(Self {
            mount_point,
            private,
            previous,
            state,
            _locks: locks,
        }))
    }

    /// The numbers of all generations that are there.
    pub(crate) fn generations(&self) -> Result<Vec<u64>, FsError> {
        let names = self.mount_point.names()?;
        Ok(names.iter().filter_map(number).collect())
    }
}

/// A name that is a number, as generations have it.
fn number(name: &OsString) -> Option<u64> {
    let name = name.to_str()?;
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| name.parse().ok()).flatten()
}

/// Somebody else's folder of that name would be his to read.
fn check_private(manifest: &Manifest, private: &Folder) -> Result<(), String> {
    let status = private.own_status().map_err(|error| error.to_string())?;
    let owner = match manifest.user_mode {
        true => rustix::process::geteuid().as_raw(),
        false => 0,
    };
    if status.owner.uid == owner && status.mode & 0o077 == 0 {
        return Ok(());
    }
    if status.owner.uid == owner {
        let set = private.set_mode(0o700);
        return set.map_err(|error| error.to_string());
    }
    Err(format!(
        "'{}' belongs to user {}, and not to user {owner}: remove it",
        private.path().display(),
        status.owner.uid
    ))
}

fn is_same(left: &Folder, right: &Folder) -> Result<bool, String> {
    let identity = |folder: &Folder| -> Result<(u64, u64), String> {
        let status = folder.own_status().map_err(|error| error.to_string())?;
        Ok((status.device, status.inode))
    };
    Ok(identity(left)? == identity(right)?)
}

impl Previous {
    fn find(manifest: &Manifest, tree: &Tree, mount_point: &Folder) -> Result<Self, String> {
        let Ok((parent, name)) = Folder::of(&tree.link, None) else {
            return Ok(Self::default());
        };
        let target = parent.link_target(&name);
        let Some(target) = target.map_err(|error| error.to_string())? else {
            return Ok(Self::default());
        };
        let number = match manifest.is_exact() {
            true => exact_number(&target, &tree.mount_point)?,
            false => own_number(&target, &tree.mount_point).unwrap_or(0),
        };
        let ours = own_number(&target, &tree.mount_point);
        let folder = match ours {
            Some(number) => mount_point.child(number.to_string()).ok(),
            None => Folder::open(&target).ok(),
        };
        Ok(Self {
            number,
            is_live: folder.is_some(),
            folder,
        })
    }
}

/// The number of a generation of ours.
fn own_number(target: &Path, mount_point: &Path) -> Option<u64> {
    let name = target.strip_prefix(mount_point).ok()?;
    number(&name.as_os_str().to_owned())
}

/// As sops-install-secrets finds it.
fn exact_number(target: &Path, mount_point: &Path) -> Result<u64, String> {
    let shown = target.to_string_lossy();
    if !shown.starts_with(&*mount_point.to_string_lossy()) {
        return Ok(0);
    }
    let base = target.file_name().unwrap_or_default().to_string_lossy();
    base.parse().map_err(|_| {
        let quoted = format!("{base:?}");
        format!(
            "failed to prepare new secrets directory: cannot parse {base} of {shown} as a number: \
             strconv.ParseUint: parsing {quoted}: invalid syntax"
        )
    })
}

/// The folder of a file below another, and the file's name; nothing where it is not there.
pub(crate) fn find(root: &Folder, relative: &Path) -> Option<(Folder, OsString)> {
    let name = relative.file_name()?;
    let mut folder = root.child(".").ok()?;
    for part in relative.parent()?.components() {
        folder = folder.child(part.as_os_str()).ok()?;
    }
    Some((folder, name.to_owned()))
}

/// All files below a folder, links among them.
pub(crate) fn files(root: &Folder) -> Result<Vec<PathBuf>, FsError> {
    let mut found = Vec::new();
    collect(root, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(folder: &Folder, at: &Path, found: &mut Vec<PathBuf>) -> Result<(), FsError> {
    for name in folder.names()? {
        let path = at.join(&name);
        match folder.status(&name)? {
            Some(status) if status.kind == Kind::Folder => {
                collect(&folder.child(&name)?, &path, found)?;
            }
            Some(_) => found.push(path),
            None => {}
        }
    }
    Ok(())
}
