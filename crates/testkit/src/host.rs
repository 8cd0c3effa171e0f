//! A machine for one test, without one: own `/run`, `/etc` and `/srv`, own users
//! and groups, own mounts. Only what is run in it sees them; all is gone with it.
//!
//! It needs root, since only root may mount and give files away.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::fs::{Mode, OFlags, ResolveFlags};

use crate::Workdir;
use crate::peers;

/// The users of the machine: name, number.
pub const USERS: [(&str, u32); 6] = [
    ("root", 0),
    ("app", 1000),
    ("web", 1001),
    ("someuser", 1002),
    ("mallory", 1003),
    ("nobody", 65534),
];

/// The groups of the machine: name, number.
pub const GROUPS: [(&str, u32); 7] = [
    ("root", 0),
    ("keys", 96),
    ("app", 1000),
    ("web", 1001),
    ("somegroup", 1002),
    ("mallory", 1003),
    ("nogroup", 65534),
];

/// A private view of this machine.
pub struct Host {
    work: Workdir,
    /// A process that waits in the namespace until its input ends.
    holder: Child,
}

/// How a program ended in a [`Host`], and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; 128 and the signal's number when it was killed.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let killed = output.status.signal().map(|signal| 128 + signal);
        Self {
            code: output.status.code().or(killed).unwrap_or(255),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Checks the exit code.
    ///
    /// # Panics
    /// When it is another one, with all that was printed.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "the exit code is another\nstdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
}

/// What is done in a namespace of its own before a test begins. `$1` is the
/// folder of the test.
const PREPARE: &str = r#"set -e
mount --make-rprivate /
cp -p /etc/ld.so.cache "$1/etc/" 2>/dev/null || true
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=0755 tmpfs /srv
mount -t tmpfs -o mode=0755 tmpfs /etc
cp -R "$1/etc/." /etc/
mkdir -p /etc/ssh /run/nixos
echo ready
exec cat >/dev/null"#;

const SYSTEMCTL: &str = include_str!("host/systemctl.sh");

impl Host {
    /// A machine with [`USERS`], [`GROUPS`], an empty `/etc/ssh` and `/run/nixos`.
    ///
    /// # Panics
    /// When not run by root, or where namespaces cannot be made.
    #[expect(clippy::new_without_default, reason = "it makes something")]
    #[track_caller]
    pub fn new() -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "only root can mount file systems and give files away: run this test as root"
        );
        let work = Workdir::new();
        work.mkdir("bin");
        // Users of the machine must get to what a test puts here.
        work.set_mode(".", 0o755);
        let mut passwd = String::new();
        for (name, number) in USERS {
            let _ = writeln!(
                passwd,
                "{name}:x:{number}:{number}:{name}:/srv/{name}:/bin/sh"
            );
        }
        let mut group = String::new();
        for (name, number) in GROUPS {
            let _ = writeln!(group, "{name}:x:{number}:");
        }
        work.write("etc/passwd", passwd);
        work.write("etc/group", group);
        work.write("etc/nsswitch.conf", "passwd: files\ngroup: files\n");
        let mut holder = Command::new(peers::program("unshare"))
            .args(["--mount", "sh", "-c", PREPARE, "sh"])
            .arg(work.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start unshare");
        let mut answer = String::new();
        if let Some(output) = holder.stdout.take() {
            let _ = BufReader::new(output).read_line(&mut answer);
        }
        assert_eq!(answer, "ready\n", "cannot make a machine for this test");
        Self { work, holder }
    }

    /// A folder that the machine sees at the same path. `bin` in it comes first
    /// on the machine's `PATH`.
    pub fn work(&self) -> &Workdir {
        &self.work
    }

    /// Makes a program known by a name: an entry in the first folder of `PATH`.
    #[track_caller]
    pub fn program(&self, name: &str, path: impl AsRef<Path>) {
        self.work.symlink(path, Path::new("bin").join(name));
    }

    /// Puts a `systemctl` first on `PATH` that notes its arguments, a call a
    /// line, in `/run/systemctl.log`. It knows the units in
    /// `/run/systemctl.units`, where that is there.
    #[track_caller]
    pub fn record_systemctl(&self) {
        let path = self.work.write("bin/systemctl", SYSTEMCTL);
        self.work.set_mode(path, 0o755);
    }

    /// A command run by root in the machine, in `/`, with umask 022 and only
    /// `PATH` and `HOME` of an environment.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        self.command_as("root", program)
    }

    /// The same, run by another user of the machine; its groups are only its own.
    #[track_caller]
    pub fn command_as(&self, user: &str, program: impl AsRef<Path>) -> Command {
        self.command_with("022", user, program)
    }

    /// The same with another umask.
    #[track_caller]
    pub fn command_with(&self, umask: &str, user: &str, program: impl AsRef<Path>) -> Command {
        let number = number_of(&USERS, user).to_string();
        let group = number_of(&USERS, user).to_string();
        let holder = self.holder.id().to_string();
        let mut command = Command::new(peers::program("nsenter"));
        command.args(["-t", &holder, "-m", "--"]);
        command.arg("setpriv").args(["--reuid", &number, "--regid"]);
        command.args([&group, "--clear-groups", "--"]);
        let script = format!("umask {umask}; cd / && exec \"$@\"");
        command.args(["sh", "-c", &script, "sh"]);
        command
            .arg(program.as_ref())
            .current_dir("/")
            .env_clear()
            .env("HOME", "/var/empty")
            .env("PATH", self.path())
            .stdin(Stdio::null());
        command
    }

    /// `PATH` in the machine: its own programs, then those of the system.
    fn path(&self) -> String {
        let own = self.work.join("bin");
        let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        format!("{}:{system}", own.display())
    }

    /// Runs a shell script in the machine, which must succeed; gives what it
    /// printed.
    #[track_caller]
    pub fn shell(&self, script: &str) -> String {
        let output = self.command("sh").args(["-ec", script]).output();
        let ended = Ended::from(output.expect("start a shell in the machine"));
        ended.with_code(0).stdout
    }

    /// Writes a file by its absolute path in the machine, owned by root, with
    /// the folders on the way to it.
    #[track_caller]
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>, mode: u32) {
        let outside = self.outside(path);
        if let Some(parent) = outside.parent() {
            fs::create_dir_all(parent).expect("make a folder of the machine");
        }
        fs::write(&outside, content).unwrap_or_else(|cause| panic!("cannot write {path}: {cause}"));
        fs::set_permissions(&outside, fs::Permissions::from_mode(mode)).expect("set a mode");
    }

    /// Makes a folder of a user's in the machine.
    #[track_caller]
    pub fn folder(&self, path: &str, user: &str, mode: u32) {
        let outside = self.outside(path);
        fs::create_dir_all(&outside).unwrap_or_else(|cause| panic!("cannot make {path}: {cause}"));
        fs::set_permissions(&outside, fs::Permissions::from_mode(mode)).expect("set a mode");
        let number = Some(number_of(&USERS, user));
        chown(&outside, number, number).expect("give a folder away");
    }

    /// Makes a symlink in the machine.
    #[track_caller]
    pub fn link(&self, target: &str, path: &str) {
        symlink(target, self.outside(path))
            .unwrap_or_else(|cause| panic!("cannot link {path}: {cause}"));
    }

    /// The content of a file in the machine, as seen there: symlinks lead to
    /// places of the machine.
    #[track_caller]
    pub fn read(&self, path: &str) -> Vec<u8> {
        self.try_read(path)
            .unwrap_or_else(|cause| panic!("cannot read {path}: {cause}"))
    }

    /// The content of a text file in the machine.
    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).expect("a text file")
    }

    /// Whether a path leads to something in the machine.
    pub fn exists(&self, path: &str) -> bool {
        self.open(path, OFlags::PATH).is_ok()
    }

    /// The content of a file in the machine, if it can be read.
    ///
    /// # Errors
    /// As the system says.
    pub fn try_read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let mut content = Vec::new();
        File::from(self.open(path, OFlags::RDONLY)?).read_to_end(&mut content)?;
        Ok(content)
    }

    fn open(&self, path: &str, flags: OFlags) -> std::io::Result<OwnedFd> {
        let root = File::open(self.outside("/"))?;
        let flags = flags | OFlags::CLOEXEC;
        let opened = rustix::fs::openat2(&root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?;
        Ok(opened)
    }

    /// Where a symlink of the machine leads.
    #[track_caller]
    pub fn target(&self, path: &str) -> String {
        let target = fs::read_link(self.outside(path));
        let target = target.unwrap_or_else(|cause| panic!("{path} is no link: {cause}"));
        target.display().to_string()
    }

    /// Inode and time of change of a file, which stay as long as nobody writes
    /// or replaces it.
    #[track_caller]
    pub fn stamp(&self, path: &str) -> (u64, i64, i64) {
        let file = File::from(
            self.open(path, OFlags::RDONLY)
                .unwrap_or_else(|cause| panic!("cannot open {path}: {cause}")),
        );
        let data = file.metadata().expect("look at a file");
        (data.ino(), data.mtime(), data.mtime_nsec())
    }

    /// Mode and owner of one thing, as in [`Host::tree`].
    #[track_caller]
    pub fn access(&self, path: &str) -> String {
        let file = File::from(
            self.open(path, OFlags::PATH)
                .unwrap_or_else(|cause| panic!("cannot open {path}: {cause}")),
        );
        let data = file.metadata().expect("look at a file");
        let owner = name_of(&USERS, data.uid());
        let group = name_of(&GROUPS, data.gid());
        format!("{:04o} {owner}:{group}", data.mode() & 0o7777)
    }

    /// Everything at and below some paths, sorted, as `MODE OWNER:GROUP PATH`,
    /// folders with a `/` at the end, and links as `link OWNER:GROUP PATH ->
    /// TARGET`. What is not there gives nothing.
    #[track_caller]
    pub fn tree(&self, paths: &[&str]) -> Vec<String> {
        let mut lines = Vec::new();
        for path in paths {
            self.list(path, &mut lines);
        }
        lines.sort_by_key(|(path, _)| path.clone());
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn list(&self, path: &str, lines: &mut Vec<(String, String)>) {
        let outside = self.outside(path);
        let Ok(data) = outside.symlink_metadata() else {
            return;
        };
        let owner = name_of(&USERS, data.uid());
        let group = name_of(&GROUPS, data.gid());
        let line = if data.is_symlink() {
            let target = self.target(path);
            format!("link {owner}:{group} {path} -> {target}")
        } else {
            let mode = data.mode() & 0o7777;
            let end = if data.is_dir() { "/" } else { "" };
            format!("{mode:04o} {owner}:{group} {path}{end}")
        };
        lines.push((path.to_owned(), line));
        if data.is_dir() {
            for entry in fs::read_dir(&outside).expect("list a folder of the machine") {
                let name = entry.expect("list a folder of the machine").file_name();
                self.list(&format!("{path}/{}", name.to_string_lossy()), lines);
            }
        }
    }

    /// The mounts below `/run` and `/srv`, as `PLACE KIND OPTIONS`.
    pub fn mounts(&self) -> Vec<String> {
        let text = fs::read_to_string(format!("/proc/{}/mounts", self.holder.id()));
        let text = text.expect("read the mounts of the machine");
        let fields = |line: &str| {
            let mut words = line.split(' ').skip(1);
            let place = words.next()?;
            let below = place.starts_with("/run/") || place.starts_with("/srv/");
            let line = [place, words.next()?, words.next()?].join(" ");
            below.then_some(line)
        };
        text.lines().filter_map(fields).collect()
    }

    /// Where something of the machine is for the test itself. A symlink there
    /// leads out of the machine.
    pub fn outside(&self, path: &str) -> PathBuf {
        Path::new("/proc")
            .join(self.holder.id().to_string())
            .join("root")
            .join(path.trim_start_matches('/'))
    }
}

/// The mounts go with the last process in the namespace.
impl Drop for Host {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

#[track_caller]
fn number_of(all: &[(&str, u32)], name: &str) -> u32 {
    let found = all.iter().find(|(known, _)| *known == name);
    found
        .unwrap_or_else(|| panic!("the machine has no '{name}'"))
        .1
}

fn name_of(all: &[(&str, u32)], number: u32) -> String {
    let found = all.iter().find(|(_, known)| *known == number);
    found.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_users_and_places_of_its_own() {
        let host = Host::new();
        assert_eq!(
            host.shell("id -un 1000; getent group keys"),
            "app\nkeys:x:96:\n"
        );
        host.put("/run/a/b", "text", 0o640);
        host.link("/run/a", "/run/there");
        assert_eq!(host.text("/run/there/b"), "text");
        assert_eq!(
            host.tree(&["/run/a", "/run/there", "/run/nothing"]),
            [
                "0755 root:root /run/a/",
                "0640 root:root /run/a/b",
                "link root:root /run/there -> /run/a",
            ]
        );
        assert!(!Path::new("/run/a/b").exists(), "it is on the real machine");
        host.shell("mkdir /run/m; mount -t ramfs -o nosuid none /run/m");
        assert_eq!(host.mounts(), ["/run/m ramfs rw,nosuid,relatime"]);
    }

    #[test]
    fn users_of_a_machine_are_held_to_modes() {
        let host = Host::new();
        host.put("/run/secret", "text", 0o400);
        let read = |user| {
            let output = host.command_as(user, "cat").arg("/run/secret").output();
            Ended::from(output.expect("start cat")).code
        };
        assert_eq!(read("root"), 0);
        assert_eq!(read("mallory"), 1);
    }
}
