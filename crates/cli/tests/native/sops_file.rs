//! Single SOPS files under edit and set: leaks, passphrases, kills, full and read-only disks.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use nixseal_testkit::faults::{Mount, kill_after};
use nixseal_testkit::keys::{self, AgeKey, SshKind};
use nixseal_testkit::leaks::{Planted, Sighting, can_watch};
use nixseal_testkit::pty::Terminal;
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Workdir, peers};

use crate::repository::NIXSEAL;

const PASSPHRASE: &str = "correct horse";

/// A folder with a key, a rule and a file that `sops` encrypted.
struct Folder {
    work: Workdir,
    user: AgeKey,
}

impl Folder {
    fn new(content: &str) -> Self {
        let work = Workdir::new();
        let user = keys::age(&work, "user.txt");
        let folder = Self { work, user };
        folder.encrypt(&folder.user.recipient, content);
        folder
    }

    fn encrypt(&self, recipient: &str, content: &str) {
        self.work.write("plain.yaml", content);
        let mut sops = self.work.command(peers::sops());
        let output = succeed(sops.args(["encrypt", "--age", recipient, "plain.yaml"]));
        self.work.remove("plain.yaml");
        self.work.write("s.yaml", output.stdout);
    }

    fn nixseal(&self, arguments: &[&str]) -> Command {
        let mut command = self.work.command(NIXSEAL);
        command.args(arguments);
        command
    }

    fn edit(&self, editor: &str) -> Command {
        self.nixseal(&["edit", "-i", "user.txt", "--editor", editor, "s.yaml"])
    }

    /// What the real `sops` reads.
    fn decrypted(&self) -> String {
        let mut sops = self.work.command(peers::sops());
        sops.env("SOPS_AGE_KEY_FILE", self.work.join("user.txt"));
        let output = succeed(sops.args(["decrypt", "s.yaml"]));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn an_edit_keeps_everything_in_the_private_folder() {
    can_watch();
    let planted = Planted::new(501);
    let folder = Folder::new(&format!("a: {}\n", planted.word()));
    let editor = "sh -c 'cp \"$0\" \"$0~\"; cp \"$0\" \"$TMPDIR/swap\"; echo b: c >> \"$0\"'";
    let (output, found) = planted.watch(&folder.edit(editor));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !found.is_empty(),
        "the editor needs the plaintext in some file"
    );
    let leaks: Vec<_> = found.iter().filter(|one| !one.was_private()).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    assert_eq!(planted.search(folder.work.path()), []);
    assert!(folder.decrypted().ends_with("b: c\n"));
}

#[test]
fn a_text_that_is_no_document_is_not_shown() {
    can_watch();
    let planted = Planted::new(502);
    let folder = Folder::new("a: b\n");
    folder.work.write(
        "typed",
        format!("a: {{ {}\nb: {}: x\n", planted.word(), planted.word()),
    );
    let (output, _) = planted.watch(&folder.edit("sh -c 'cat typed > \"$0\"'"));
    assert!(!output.status.success());
    assert!(
        !planted.is_in(&output.stderr),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.work.remove("typed");
    assert_eq!(planted.search(folder.work.path()), []);
    let shown = folder
        .nixseal(&["show", "-i", "user.txt", "s.yaml.recovered"])
        .output()
        .unwrap();
    assert!(planted.is_in(&shown.stdout));
}

#[test]
fn set_and_show_write_to_no_file() {
    can_watch();
    let planted = Planted::new(503);
    let folder = Folder::new("a: b\n");
    folder.work.write("value", planted.word());
    let mut set = folder.work.command("/bin/sh");
    let script = "exec \"$0\" set -i user.txt s.yaml a <value";
    set.args(["-c", script, NIXSEAL]);
    let (output, found) = planted.watch(&set);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(found, []);
    folder.work.remove("value");
    assert_eq!(planted.search(folder.work.path()), []);
    let show = folder.nixseal(&["show", "-i", "user.txt", "s.yaml", "-k", "a"]);
    let (output, found) = planted.watch(&show);
    assert_eq!(output.stdout, planted.word().as_bytes());
    let pipe = |place: &Sighting| matches!(place, Sighting::Written(to) if to.starts_with("pipe:"));
    assert!(found.iter().all(pipe), "{found:?}");
}

#[test]
fn a_passphrase_is_asked_for_once() {
    let folder = Folder::new("a: b\n");
    let ssh = keys::ssh(
        &folder.work,
        ".ssh/id_ed25519",
        SshKind::Ed25519,
        Some(PASSPHRASE),
    );
    folder.encrypt(
        &format!("{},{}", folder.user.recipient, ssh.public.trim()),
        "a: b\n",
    );
    let arguments = ["edit", "--editor", "sh -c 'echo c: d >> \"$0\"'", "s.yaml"];
    let mut terminal = Terminal::start(folder.nixseal(&arguments));
    terminal.expect("id_ed25519");
    terminal.send_secret(PASSPHRASE);
    terminal.expect("encrypted s.yaml");
    assert_eq!(terminal.count("assphrase"), 1, "{}", terminal.output());
    assert!(terminal.finish().status.success());
    assert!(folder.decrypted().ends_with("c: d\n"));
}

#[test]
fn killed_changes_leave_the_file_whole() {
    let folder = Folder::new("count: 0\n");
    let set = |number: usize| {
        let value = folder.work.write("value", number.to_string());
        let mut command = folder.nixseal(&["set", "-i", "user.txt", "s.yaml", "count"]);
        command.stdin(std::fs::File::open(value).unwrap());
        command.stderr(std::process::Stdio::null());
        command
    };
    let start = Instant::now();
    succeed(&mut set(1));
    let whole = start.elapsed();
    let (mut killed, mut last) = (0, 1);
    for round in 2..62 {
        let delay = whole.mul_f64(f64::from(round as u32 % 20) / 18.0);
        let status = kill_after(&mut set(round), delay);
        killed += usize::from(status.signal().is_some());
        let now = folder.decrypted();
        let number: usize = now.trim().trim_start_matches("count: ").parse().unwrap();
        assert!(number == last || number == round, "{now} after {round}");
        last = number;
    }
    assert!(killed >= 5, "only {killed} were killed before their end");
    // The next run sweeps what a kill may have left.
    folder
        .work
        .write(".s.yaml.nixseal-0123456789abcdef", "left");
    succeed(&mut set(62));
    assert_eq!(folder.decrypted(), "count: 62\n");
    let names: Vec<String> = folder.work.tree();
    let strangers: Vec<_> = names
        .iter()
        .filter(|name| !["s.yaml", "user.txt", "value"].contains(&name.as_str()))
        .collect();
    assert_eq!(strangers, Vec::<&String>::new());
}

#[test]
fn what_was_typed_survives_a_full_disk() {
    let disk = Mount::small_disk(64 * 1024);
    let folder = Folder::new("a: b\n");
    for name in ["s.yaml", "user.txt"] {
        std::fs::write(disk.outside().join(name), folder.work.read(name)).unwrap();
    }
    let mut filling = 0;
    while std::fs::write(disk.outside().join(format!("filling-{filling}")), [7; 4096]).is_ok() {
        filling += 1;
    }
    let home = Workdir::new();
    let mut command = home.command(NIXSEAL);
    let editor = "sh -c 'echo precious: yes > \"$0\"'";
    command.args(["edit", "-i", "user.txt", "--editor", editor, "s.yaml"]);
    let output = fail(&mut disk.command(&command));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let kept = home.join(".local/state/nixseal/s.yaml.recovered");
    assert!(message.contains(&kept.display().to_string()), "{message}");
    let kept = kept.display().to_string();
    let shown = succeed(&mut folder.nixseal(&["show", "-i", "user.txt", &kept]));
    assert_eq!(shown.stdout, b"precious: yes\n");
    assert_eq!(
        std::fs::read(disk.outside().join("s.yaml")).unwrap(),
        folder.work.read("s.yaml")
    );
}

#[test]
fn a_folder_that_cannot_be_written_keeps_the_file() {
    let folder = Folder::new("a: b\n");
    let before = folder.work.read("s.yaml");
    let value = folder.work.write("value", "new");
    let mount = Mount::read_only(folder.work);
    let outside = Workdir::new();
    let mut command = outside.command(NIXSEAL);
    command
        .args(["set", "-i", "user.txt", "s.yaml", "a"])
        .stdin(std::fs::File::open(&value).unwrap());
    let output = fail(&mut mount.command(&command));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        std::fs::read(mount.outside().join("s.yaml")).unwrap(),
        before
    );
}

#[test]
fn odd_files_are_read_or_refused() {
    let folder = Folder::new("a: b\n");
    let file = folder.work.read_text("s.yaml");
    let show = |content: &str| {
        folder.work.write("s.yaml", content);
        folder
            .nixseal(&["show", "-i", "user.txt", "s.yaml"])
            .output()
            .unwrap()
    };
    // Windows line ends and a byte-order mark stay what they are.
    let windows = show(&file.replace('\n', "\r\n"));
    assert_eq!(String::from_utf8_lossy(&windows.stdout), "a: b\r\n");
    let marked = show(&format!("\u{feff}{file}"));
    assert!(
        marked.status.success(),
        "{}",
        String::from_utf8_lossy(&marked.stderr)
    );
    // A MAC that does not fit, a value that was cut, metadata that are damaged.
    let refused = |content: &str, reason: &str| {
        let output = show(content);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(reason), "{message}");
        assert!(output.stdout.is_empty());
    };
    refused(
        &format!("c: \"\"\nz_unencrypted: 1\n{file}"),
        "the MAC of the file does not fit",
    );
    refused(&file.replacen("data:", "data:A", 1), "cannot decrypt 'a'");
    refused(
        &file.replace("lastmodified: \"", "lastmodified: \"x"),
        "'lastmodified'",
    );
    refused(
        &file.replace("sops:", "sop:"),
        "neither an age file nor a SOPS file",
    );
    let ignored = folder.nixseal(&["show", "-i", "user.txt", "--ignore-mac", "s.yaml"]);
    folder
        .work
        .write("s.yaml", format!("z_unencrypted: 1\n{file}"));
    let mut ignored = ignored;
    assert_eq!(succeed(&mut ignored).stdout, b"z_unencrypted: 1\na: b\n");
}

#[test]
fn several_documents_stay_several() {
    let folder = Folder::new("a: 1\n---\nb: 2\n");
    let _ = succeed(&mut folder.edit("sed -i s/2/3/"));
    assert_eq!(folder.decrypted(), "a: 1\n---\nb: 3\n");
    let output = fail(&mut folder.nixseal(&["show", "-i", "user.txt", "s.yaml", "-k", "b"]));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("only the first of its 2 documents"),
        "{message}"
    );
}

/// A kill while the editor is open leaves the file, and takes the plaintext along.
#[test]
fn a_killed_edit_leaves_the_file() {
    let folder = Folder::new("a: b\n");
    let before = folder.work.read("s.yaml");
    let mut command = folder.edit("sh -c 'echo c: d >> \"$0\"; sleep 5; :'");
    let status = kill_after(&mut command, Duration::from_millis(700));
    assert!(status.signal().is_some());
    assert_eq!(folder.work.read("s.yaml"), before);
}
