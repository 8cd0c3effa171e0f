//! Ways to make things fail: a kill at any moment, a full disk, a folder that
//! cannot be written, a user without rights.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::Workdir;
use crate::peers;

/// Starts a command, kills it (SIGKILL) after `delay`, and waits for its end;
/// its children are left alone. It may have ended by itself before.
#[track_caller]
pub fn kill_after(command: &mut Command, delay: Duration) -> ExitStatus {
    let mut child = command
        .spawn()
        .unwrap_or_else(|cause| panic!("cannot start {command:?}: {cause}"));
    std::thread::sleep(delay);
    let _ = child.kill();
    child.wait().expect("wait for a killed command")
}

/// The command run by an ordinary user (`nobody`) where the test runs as root,
/// whom permission bits do not stop. Settings other than program, arguments,
/// folder and variables are not taken over, and nothing of the environment is.
#[track_caller]
pub fn without_root(command: &Command) -> Command {
    if !rustix::process::geteuid().is_root() {
        return prefixed(command, Path::new("env"), &[]);
    }
    let arguments = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    prefixed(command, &peers::program("setpriv"), &arguments)
}

/// A folder on a file system of its own, seen only by the commands that
/// [`Mount::command`] gives: nothing stays mounted, however the test ends. It
/// needs no root where the system lets users have namespaces of their own.
pub struct Mount {
    folder: Workdir,
    /// A process that waits in the namespace until its input ends.
    holder: Child,
}

impl Mount {
    /// An empty file system in memory with room for about `bytes` (whole pages).
    #[track_caller]
    pub fn small_disk(bytes: u64) -> Self {
        let mount = format!("mount -t tmpfs -o size={bytes},mode=0755 tmpfs \"$1\"");
        Self::make(Workdir::new(), &mount)
    }

    /// `folder` with all that is in it, where nothing can be changed.
    #[track_caller]
    pub fn read_only(folder: Workdir) -> Self {
        let mount = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"";
        Self::make(folder, mount)
    }

    #[track_caller]
    fn make(folder: Workdir, mount: &str) -> Self {
        let mut command = Command::new(peers::program("unshare"));
        let own_user = if rustix::process::geteuid().is_root() {
            "-m"
        } else {
            "-rm"
        };
        let mut holder = command
            .args([own_user, "sh", "-c"])
            .arg(format!("{mount} && echo ready && exec cat >/dev/null"))
            .arg("sh")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start unshare");
        let mut answer = String::new();
        if let Some(output) = holder.stdout.take() {
            let _ = BufReader::new(output).read_line(&mut answer);
        }
        assert_eq!(
            answer, "ready\n",
            "cannot mount a file system for this test"
        );
        Self { folder, holder }
    }

    /// Where it is for commands of [`Mount::command`].
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the test itself can see, read and write the same folder.
    pub fn outside(&self) -> PathBuf {
        let inside = self.path().strip_prefix("/").unwrap_or(self.path());
        Path::new("/proc")
            .join(self.holder.id().to_string())
            .join("root")
            .join(inside)
    }

    /// The same command where the file system is mounted; it runs in the mounted
    /// folder. Settings other than program, arguments and variables are not taken
    /// over, and nothing of the environment is.
    pub fn command(&self, command: &Command) -> Command {
        let holder = self.holder.id().to_string();
        let mut arguments = vec!["-t", &holder, "-m"];
        if !rustix::process::geteuid().is_root() {
            arguments.extend(["-U", "--preserve-credentials"]);
        }
        let folder = self.path().display().to_string();
        let script = "cd \"$1\" && shift && exec \"$@\"";
        arguments.extend(["--", "sh", "-c", script, "sh", &folder]);
        let mut inside = prefixed(command, &peers::program("nsenter"), &arguments);
        inside.current_dir("/");
        inside
    }
}

/// The mount goes with the last process in its namespace.
impl Drop for Mount {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// `program arguments… command…` with the command's folder and variables.
fn prefixed(command: &Command, program: &Path, arguments: &[&str]) -> Command {
    let mut whole = Command::new(program);
    whole
        .args(arguments)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            whole.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        whole.current_dir(folder);
    }
    whole
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;
    use crate::workdir::{fail, succeed};

    fn shell(work: &Workdir, script: &str) -> Command {
        let mut command = work.command("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_kill_hits_or_comes_too_late() {
        let work = Workdir::new();
        let killed = kill_after(
            &mut shell(&work, "exec sleep 1000"),
            Duration::from_millis(5),
        );
        assert_eq!(killed.signal(), Some(9));
    }

    #[test]
    fn a_small_disk_gets_full() {
        let disk = Mount::small_disk(64 * 1024);
        let work = Workdir::new();
        succeed(&mut disk.command(&shell(&work, "echo kept >small && pwd >where")));
        let output = fail(&mut disk.command(&shell(&work, "head -c 1000000 /dev/zero >large")));
        assert!(String::from_utf8_lossy(&output.stderr).contains("No space left"));
        assert_eq!(
            std::fs::read(disk.outside().join("small")).unwrap(),
            b"kept\n"
        );
        let place = std::fs::read_to_string(disk.outside().join("where")).unwrap();
        assert_eq!(Path::new(place.trim_end()), disk.path());
        assert!(
            !disk.path().join("small").exists(),
            "it is mounted for all to see"
        );
    }

    #[test]
    fn a_read_only_folder_stays_as_it_is() {
        let work = Workdir::new();
        work.write("file", "1");
        let command = shell(&work, "cat file && echo 2 >file");
        let mount = Mount::read_only(work);
        let output = fail(&mut mount.command(&command));
        assert_eq!(output.stdout, b"1");
        assert!(String::from_utf8_lossy(&output.stderr).contains("Read-only"));
    }

    #[test]
    fn an_ordinary_user_is_stopped_by_modes() {
        let work = Workdir::new();
        work.write_private("file", "1");
        work.set_mode(work.path(), 0o755);
        let output = succeed(&mut without_root(&shell(&work, "id -u")));
        assert_ne!(output.stdout, b"0\n");
        if rustix::process::geteuid().is_root() {
            fail(&mut without_root(&shell(&work, "cat file")));
        }
    }
}
