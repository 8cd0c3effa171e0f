//! A folder in memory that only this user can enter, for plaintext that an
//! editor must see as a file.
//!
//! It lives on tmpfs or ramfs, never on a disk, and a small watching process
//! removes it when this one ends, however it ends: it waits for the end of a
//! pipe whose other end dies with us.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::env::{Environment, NIXSEAL_ALLOW_DISK, TMPDIR, XDG_RUNTIME_DIR};

/// The name (`argv[0]`) under which the binary is its own watcher.
pub const WATCHER: &str = "nixseal-watcher";

/// Why there is no private folder.
#[derive(Debug, thiserror::Error)]
pub enum PrivateDirError {
    /// No candidate is in memory.
    #[error(
        "no folder in memory for the plaintext (tried {tried}); \
         set NIXSEAL_ALLOW_DISK=1 to let it touch the disk"
    )]
    NoMemory {
        /// The candidates, comma-separated.
        tried: String,
    },
    /// The folder or its watcher could not be made.
    #[error("cannot make a private folder in '{}': {cause}", parent.display())]
    Failed {
        /// Where it was tried.
        parent: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
}

/// The folder; removed with everything in it on drop or death.
pub struct PrivateDir {
    path: PathBuf,
    watcher: Child,
}

impl PrivateDir {
    /// Makes a folder (mode 0700) in the first candidate that is in memory:
    /// `$XDG_RUNTIME_DIR`, `/run/user/<uid>`, `$TMPDIR`, `/dev/shm`, `/run`, `/tmp`.
    /// `program` is the binary that can be called as [`WATCHER`].
    ///
    /// # Errors
    /// When none is in memory and `NIXSEAL_ALLOW_DISK` is not `1`, or the
    /// system refuses.
    pub fn create(environment: &Environment, program: &Path) -> Result<Self, PrivateDirError> {
        let candidates = candidates(environment);
        let allow_disk = environment.text(&NIXSEAL_ALLOW_DISK) == Some("1");
        let usable = |parent: &&PathBuf| {
            use rustix::fs::{Access, access};
            (allow_disk || is_in_memory(parent)) && access(*parent, Access::WRITE_OK).is_ok()
        };
        let Some(parent) = candidates.iter().find(usable) else {
            let tried: Vec<_> = candidates
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            return Err(PrivateDirError::NoMemory {
                tried: tried.join(", "),
            });
        };
        Self::create_in(parent, program).map_err(|cause| PrivateDirError::Failed {
            parent: parent.clone(),
            cause,
        })
    }

    fn create_in(parent: &Path, program: &Path) -> io::Result<Self> {
        let mut tag = [0; 8];
        getrandom::fill(&mut tag).map_err(io::Error::other)?;
        let tag: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = parent.join(format!("nixseal-{tag}"));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        let watcher = Command::new(program)
            .arg0(WATCHER)
            .arg(&path)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Signals from the terminal must not end the watcher first.
            .process_group(0)
            .spawn();
        match watcher {
            Ok(watcher) => Ok(Self { path, watcher }),
            Err(cause) => {
                let _ = std::fs::remove_dir(&path);
                Err(cause)
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the folder outlive this process: it goes when everybody who holds what this gives has
    /// ended. Whatever is written there is thrown away, so that it can be a child's output.
    pub fn hand_over(mut self) -> Option<ChildStdin> {
        let held = self.watcher.stdin.take();
        std::mem::forget(self);
        held
    }

    /// Puts a file (mode 0600) into it.
    ///
    /// # Errors
    /// When the name exists or there is no room.
    pub fn write(&self, name: &OsStr, content: &[u8]) -> io::Result<PathBuf> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.path.join(name);
        let mut file = std::fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(content)?;
        Ok(path)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// The watcher's whole work: waits until standard input ends, then removes
/// `folder`. Only folders of the shape that [`PrivateDir`] makes are removed.
///
/// # Errors
/// When `folder` is none of ours or cannot be removed.
pub fn watch(folder: &Path) -> io::Result<()> {
    let ours = folder
        .file_name()
        .and_then(OsStr::to_str)
        .is_some_and(|name| {
            name.strip_prefix("nixseal-").is_some_and(|tag| {
                tag.len() == 16 && tag.bytes().all(|byte| byte.is_ascii_hexdigit())
            })
        });
    if !ours {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a private folder",
        ));
    }
    let mut rest = [0; 64];
    let mut input = io::stdin().lock();
    while !matches!(input.read(&mut rest), Ok(0)) {}
    match std::fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

fn candidates(environment: &Environment) -> Vec<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let mut candidates: Vec<PathBuf> = Vec::new();
    candidates.extend(environment.path(&XDG_RUNTIME_DIR));
    candidates.push(format!("/run/user/{user}").into());
    candidates.extend(environment.path(&TMPDIR));
    candidates.extend(["/dev/shm", "/run", "/tmp"].map(PathBuf::from));
    candidates.dedup();
    candidates
}

/// Whether a folder is on a file system that lives in memory.
#[cfg(target_os = "linux")]
pub fn is_in_memory(folder: &Path) -> bool {
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    #[allow(
        clippy::unnecessary_cast,
        reason = "the field has another type on other targets"
    )]
    rustix::fs::statfs(folder)
        .is_ok_and(|data| matches!(data.f_type as u64 & 0xffff_ffff, TMPFS | RAMFS))
}

/// Whether a folder is on a file system that lives in memory: elsewhere than
/// on Linux that cannot be told.
#[cfg(not(target_os = "linux"))]
pub fn is_in_memory(_folder: &Path) -> bool {
    false
}
