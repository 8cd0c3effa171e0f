//! A private folder for one test, removed at its end.

use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A fresh folder with short ways to fill it and look at it. Paths given to
/// its functions are relative to it; what fails panics with the path.
pub struct Workdir {
    folder: tempfile::TempDir,
    root: PathBuf,
}

/// What tells whether a file was written or replaced since: device and inode,
/// times of change (nanoseconds) and length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp([i128; 5]);

impl Workdir {
    /// Makes the folder, where the system keeps temporary files.
    #[expect(clippy::new_without_default, reason = "it makes something")]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("nixseal-test-")
            .tempdir()
            .expect("make a temporary folder");
        // Scripts compare paths that programs print, so no symlinks in it.
        let root = folder
            .path()
            .canonicalize()
            .expect("resolve a temporary folder");
        Self { folder, root }
    }

    /// Where it is, without symlinks.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Leaves the folder on the disk, to look at.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// The absolute path of something in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file, with the folders on the way to it.
    #[track_caller]
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        if let Some(parent) = path.parent() {
            must(fs::create_dir_all(parent), "make", parent);
        }
        must(fs::write(&path, content), "write", &path);
        path
    }

    /// Writes a file that only its owner may read, as `ssh` wants its keys.
    #[track_caller]
    pub fn write_private(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, content);
        self.set_mode(&path, 0o600);
        path
    }

    /// The content of a file.
    #[track_caller]
    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.join(name);
        must(fs::read(&path), "read", &path)
    }

    /// The content of a text file.
    #[track_caller]
    pub fn read_text(&self, name: impl AsRef<Path>) -> String {
        let path = self.join(name);
        must(fs::read_to_string(&path), "read", &path)
    }

    /// Makes a folder, with those on the way to it.
    #[track_caller]
    pub fn mkdir(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.join(name);
        must(fs::create_dir_all(&path), "make", &path);
        path
    }

    /// Makes `name` a symlink to `target`.
    #[track_caller]
    pub fn symlink(&self, target: impl AsRef<Path>, name: impl AsRef<Path>) -> PathBuf {
        let path = self.join(name);
        must(symlink(target, &path), "make", &path);
        path
    }

    /// Removes a file.
    #[track_caller]
    pub fn remove(&self, name: impl AsRef<Path>) {
        let path = self.join(name);
        must(fs::remove_file(&path), "remove", &path);
    }

    /// Whether there is something by that name, be it a dangling symlink.
    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.join(name).symlink_metadata().is_ok()
    }

    /// The permission bits of a file.
    #[track_caller]
    pub fn mode(&self, name: impl AsRef<Path>) -> u32 {
        let path = self.join(name);
        must(path.metadata(), "look at", &path).mode() & 0o7777
    }

    /// Sets the permission bits of a file.
    #[track_caller]
    pub fn set_mode(&self, name: impl AsRef<Path>, mode: u32) {
        let path = self.join(name);
        let permissions = Permissions::from_mode(mode);
        must(
            fs::set_permissions(&path, permissions),
            "set the mode of",
            &path,
        );
    }

    /// A file's stamp: it stays the same as long as nobody writes, replaces,
    /// chmods or touches the file.
    #[track_caller]
    pub fn stamp(&self, name: impl AsRef<Path>) -> Stamp {
        let path = self.join(name);
        let data = must(path.symlink_metadata(), "look at", &path);
        let nanoseconds =
            |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Stamp([
            i128::from(data.dev()),
            i128::from(data.ino()),
            nanoseconds(data.mtime(), data.mtime_nsec()),
            nanoseconds(data.ctime(), data.ctime_nsec()),
            i128::from(data.size()),
        ])
    }

    /// Moves a file's time of change one hour back, so that any rewriting
    /// shows even on a file system with coarse times.
    #[track_caller]
    pub fn age(&self, name: impl AsRef<Path>) {
        let path = self.join(name);
        let file = must(File::options().write(true).open(&path), "open", &path);
        let earlier = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        must(
            file.set_times(FileTimes::new().set_modified(earlier)),
            "set the time of",
            &path,
        );
    }

    /// The names of all files, symlinks and folders (with a `/` at the end)
    /// in it at any depth, sorted.
    #[track_caller]
    pub fn tree(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in must(fs::read_dir(&folder), "list", &folder) {
                let entry = must(entry, "list", &folder);
                let path = entry.path();
                let name = path.strip_prefix(&self.root).unwrap_or(&path).display();
                if must(entry.file_type(), "look at", &path).is_dir() {
                    names.push(format!("{name}/"));
                    folders.push(path);
                } else {
                    names.push(name.to_string());
                }
            }
        }
        names.sort();
        names
    }

    /// A command that runs in it, with it as home folder and otherwise only
    /// `PATH` of the environment: nothing of the user's own takes part.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(&self.root)
            .env_clear()
            .env("HOME", &self.root)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(std::process::Stdio::null());
        command
    }
}

/// Runs a command that must succeed.
///
/// # Panics
/// When it cannot be started or fails, with all that it printed.
#[track_caller]
pub fn succeed(command: &mut Command) -> Output {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?} ended with {}\nstdout: {}\nstderr: {}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    output
}

/// Runs a command that must fail by itself: not by a signal, nor by a panic.
///
/// # Panics
/// When it cannot be started, succeeds or crashes, with all that it printed.
#[track_caller]
pub fn fail(command: &mut Command) -> Output {
    let output = run(command);
    let failed = output
        .status
        .code()
        .is_some_and(|code| code != 0 && code != PANIC);
    assert!(
        failed,
        "{command:?} should have failed, but ended with {}\nstdout: {}\nstderr: {}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    output
}

/// The exit code of a Rust program that panicked: never a proper failure.
pub const PANIC: i32 = 101;

#[track_caller]
fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|cause| panic!("cannot start {command:?}: {cause}"))
}

#[track_caller]
fn must<T>(result: std::io::Result<T>, action: &str, path: &Path) -> T {
    result.unwrap_or_else(|cause| panic!("cannot {action} '{}': {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_show_replacing_and_touching() {
        let work = Workdir::new();
        work.write("a/b", "1");
        work.age("a/b");
        let stamp = work.stamp("a/b");
        assert_eq!(work.stamp("a/b"), stamp);
        work.write("a/b", "1");
        assert_ne!(work.stamp("a/b"), stamp);
        assert_eq!(work.tree(), ["a/", "a/b"]);
    }

    #[test]
    fn nothing_of_the_users_environment_is_passed_on() {
        let work = Workdir::new();
        let output = succeed(work.command("env").arg("-u").arg("PATH"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, format!("HOME={}\n", work.path().display()));
    }

    #[test]
    #[should_panic(expected = "should have failed")]
    fn a_panic_is_not_a_proper_failure() {
        let work = Workdir::new();
        fail(work.command("sh").args(["-c", "exit 101"]));
    }
}
