//! Kills, full disks, missing permissions and broken inputs: each file is
//! whole afterwards, old or new, and nothing else is left behind.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nixseal_testkit::faults::{Mount, kill_after};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Workdir, keys};

use crate::repository::{NIXSEAL, Repository};

/// Folders in memory that a private folder may be made in.
const MEMORY: [&str; 3] = ["/dev/shm", "/run", "/tmp"];

#[test]
fn two_hundred_killed_rekeys_leave_every_file_whole() {
    let repository = Repository::new(50);
    let rekey = || {
        let mut command = repository.nixseal();
        command
            .args(["rekey", "-i", "user.txt"])
            .stderr(std::process::Stdio::null());
        command
    };
    // A whole rekey, to know over which time the kills must be spread.
    repository.rules(true);
    let start = Instant::now();
    succeed(&mut rekey());
    let whole = start.elapsed();

    let mut killed = 0;
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    for round in 0..200 {
        repository.rules(round % 2 == 1);
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let delay = whole.mul_f64((random >> 33) as f64 / f64::from(1_u32 << 31));
        let status = kill_after(&mut rekey(), delay);
        killed += usize::from(status.signal().is_some());
        if round % 10 == 9 {
            repository.assert_whole();
        }
    }
    assert!(
        killed >= 20,
        "only {killed} of 200 were killed before their end"
    );
    repository.assert_whole();

    // The next run finishes the batch and sweeps what a kill may have left.
    repository.rules(true);
    succeed(rekey().arg("--force"));
    repository.assert_whole();
    assert_eq!(repository.strangers(), Vec::<String>::new());
    assert_eq!(repository.readable_by_host(), 50);
    succeed(repository.nixseal().args(["rekey", "--check"]));
}

#[test]
fn leftovers_of_another_run_are_swept() {
    let repository = Repository::new(2);
    let leftover = ".secret-00.age.nixseal-0123456789abcdef";
    repository.work.write(leftover, "half");
    repository
        .work
        .write(".secret-00.age.swp", "an editor's own");
    repository.rules(true);
    succeed(repository.nixseal().args(["rekey", "-i", "user.txt"]));
    assert_eq!(repository.strangers(), [".secret-00.age.swp"]);
}

#[test]
fn a_full_disk_changes_nothing() {
    let disk = Mount::small_disk(256 * 1024);
    let source = Repository::new(50);
    for (path, content) in source.contents() {
        let name = path.file_name().expect("a file has a name");
        write_outside(&disk, name.as_ref(), &content);
    }
    source.rules(true);
    write_outside(
        &disk,
        Path::new("secrets.nix"),
        &source.work.read("secrets.nix"),
    );
    // Nearly all the room is taken: some files fit, not all of them.
    let mut filling = 0;
    while std::fs::write(disk.outside().join(format!("filling-{filling}")), [7; 4096]).is_ok() {
        filling += 1;
    }
    for number in 0..3 {
        let last = disk.outside().join(format!("filling-{}", filling - number));
        let _ = std::fs::remove_file(last);
    }
    let before = listing(&disk.outside());
    let mut command = source.work.command(NIXSEAL);
    command.args(["rekey", "-i", "user.txt"]);
    let output = fail(&mut disk.command(&command));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("secret-") && message.contains("space"),
        "{message}"
    );
    assert_eq!(listing(&disk.outside()), before);
    source.assert_whole_in(&disk.outside());
}

#[test]
fn a_read_only_folder_changes_nothing() {
    let source = Repository::new(3);
    source.rules(true);
    let before = source.contents();
    let Repository { work, .. } = source;
    let mount = Mount::read_only(work);
    let mut command = Workdir::new().command(NIXSEAL);
    command.args(["rekey", "-i", "user.txt"]);
    let output = fail(&mut mount.command(&command));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("secret-"), "{message}");
    for (path, content) in before {
        let name = path.file_name().expect("a file has a name");
        assert_eq!(
            std::fs::read(mount.outside().join(name)).ok(),
            Some(content)
        );
    }
}

#[test]
fn an_edit_that_is_killed_leaves_no_plaintext() {
    let repository = Repository::new(1);
    let before = repository.contents();
    let marker = repository.work.join("editor-runs");
    let editor = format!(
        "sh -c 'echo lost >> \"$0\"; touch \"{marker}\"; while test -e \"{marker}\"; do sleep 0.05; done'",
        marker = marker.display()
    );
    let start_edit = || {
        // Whoever runs the tests may have told them to ignore hang-ups.
        let mut command = repository.work.command("/usr/bin/env");
        command.args(["--default-signal", NIXSEAL]);
        command.args([
            "edit",
            "-i",
            "user.txt",
            "--editor",
            &editor,
            "secret-00.age",
        ]);
        command.spawn().expect("start nixseal")
    };
    for signal in ["-KILL", "-TERM", "-HUP"] {
        let mut child = start_edit();
        wait_until("the editor runs", || marker.exists());
        let folders = private_folders(child.id());
        assert_eq!(folders.len(), 1, "the plaintext is in one private folder");
        succeed(
            repository
                .work
                .command("/bin/kill")
                .args([signal, &child.id().to_string()]),
        );
        child.wait().expect("wait for nixseal");
        wait_until("the private folder is gone", || {
            folders.iter().all(|folder| !folder.exists())
        });
        repository.work.remove("editor-runs");
    }
    assert_eq!(repository.contents(), before);
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let repository = Repository::new(1);
    let before = repository.contents();
    for editor in [
        "false",
        "sh -c 'echo more >> \"$0\"; exit 1'",
        "/no/such/editor",
    ] {
        let output = fail(repository.nixseal().args([
            "edit",
            "-i",
            "user.txt",
            "--editor",
            editor,
            "secret-00.age",
        ]));
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(repository.contents(), before, "{editor}");
    }
}

#[test]
fn what_was_typed_survives_a_full_disk() {
    let disk = Mount::small_disk(64 * 1024);
    let source = Repository::new(1);
    for (path, content) in source.contents() {
        write_outside(&disk, path.file_name().expect("a name").as_ref(), &content);
    }
    let mut filling = 0;
    while std::fs::write(disk.outside().join(format!("filling-{filling}")), [7; 4096]).is_ok() {
        filling += 1;
    }
    let home = Workdir::new();
    let mut command = home.command(NIXSEAL);
    let editor = "sh -c 'echo precious > \"$0\"'";
    command.args([
        "edit",
        "-i",
        "user.txt",
        "--editor",
        editor,
        "secret-00.age",
    ]);
    let output = fail(&mut disk.command(&command));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.contains("what you typed is kept, encrypted, in"),
        "{message}"
    );
    let kept = home.join(".local/state/nixseal/secret-00.age.recovered");
    assert!(message.contains(&kept.display().to_string()), "{message}");
    assert_eq!(
        keys::age_decrypt(&source.work, &source.user.path, &kept),
        b"precious\n"
    );
    source.assert_whole_in(&disk.outside());
}

#[test]
fn without_memory_the_plaintext_is_refused() {
    let repository = Repository::new(1);
    // A private view of the machine in which nothing is in memory: everything
    // that may be is covered by folders on the disk that the build is on.
    let disk = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("make a folder");
    for (path, content) in repository.contents() {
        let name = path.file_name().expect("a file has a name");
        std::fs::write(disk.path().join(name), content).expect("write to the disk");
    }
    std::fs::copy(crate::repository::NIXSEAL, disk.path().join("nixseal"))
        .expect("copy the program");
    let hidden = disk.path().join("hidden");
    std::fs::create_dir(&hidden).expect("make a folder");
    let cover = MEMORY
        .map(|folder| format!("mount --bind hidden {folder}"))
        .join(" && ");
    let edit = |allow: &str| {
        let mut command = repository.work.command("/usr/bin/unshare");
        // Whatever is covered, the folder itself stays in sight under /mnt.
        let script = format!("mount --bind . /mnt && cd /mnt && {cover} && exec \"$@\"");
        command
            .current_dir(disk.path())
            .args([
                "--mount",
                "--propagation",
                "private",
                "/bin/sh",
                "-c",
                &script,
                "sh",
            ])
            .args(["/mnt/nixseal", "edit", "-i", "user.txt", "--editor", "true"])
            .arg("secret-00.age")
            .env("NIXSEAL_ALLOW_DISK", allow);
        command
    };
    let output = fail(&mut edit(""));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("NIXSEAL_ALLOW_DISK=1"), "{message}");
    succeed(&mut edit("1"));
    let left: Vec<_> = std::fs::read_dir(&hidden)
        .expect("list the hidden folder")
        .map(|entry| entry.expect("list the hidden folder").path())
        .collect();
    let ours = left
        .iter()
        .filter(|path| path.to_string_lossy().contains("hidden/nixseal-"));
    assert_eq!(ours.count(), 0, "{left:?}");
}

fn write_outside(disk: &Mount, name: &Path, content: &[u8]) {
    std::fs::write(disk.outside().join(name), content).expect("write to the small disk");
}

fn listing(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("list the small disk")
        .map(|entry| entry.expect("list the small disk").path())
        .map(|path| {
            (
                path.display().to_string(),
                std::fs::read(&path).expect("read a file"),
            )
        })
        .collect();
    files.sort();
    files
}

/// The private folders that the watchers of a process stand for.
fn private_folders(parent: u32) -> Vec<std::path::PathBuf> {
    let children = std::fs::read_dir("/proc")
        .expect("list processes")
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let status = std::fs::read_to_string(folder.join("status")).ok()?;
            status
                .contains(&format!("\nPPid:\t{parent}\n"))
                .then_some(folder)
        });
    let watched = children.filter_map(|folder| {
        let line = std::fs::read(folder.join("cmdline")).ok()?;
        let mut words = line.split(|byte| *byte == 0);
        let name = words.next()?;
        (name == b"nixseal-watcher").then(|| {
            std::path::PathBuf::from(String::from_utf8_lossy(words.next().unwrap_or(b"")).as_ref())
        })
    });
    watched.collect()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
