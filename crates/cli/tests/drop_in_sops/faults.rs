//! Kills, full disks, missing permissions, editors that fail: the file is whole afterwards, old
//! or new.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Instant;

use nixseal_testkit::faults::{Mount, kill_after};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Random, Workdir};

use super::{folder, ours};

/// A file with enough values for a kill to come in between.
fn large(values: usize) -> String {
    let line = |number: usize| format!("key{number}: value {number} of many\n");
    (0..values).map(line).collect()
}

fn message(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn killed_in_place_encryption_leaves_the_file_whole() {
    let work = folder();
    let text = large(2000);
    let encrypt = || {
        let mut command = ours(&work);
        command
            .args(["encrypt", "-i", "f.yaml"])
            .stderr(Stdio::null());
        command
    };
    work.write("f.yaml", &text);
    let start = Instant::now();
    succeed(&mut encrypt());
    let whole = start.elapsed();
    let mut random = Random::new(11);
    let mut killed = 0;
    for _ in 0..60 {
        work.write("f.yaml", &text);
        let delay = whole.mul_f64(random.below(1000) as f64 / 1000.0);
        let status = kill_after(&mut encrypt(), delay);
        killed += usize::from(status.signal().is_some());
        if work.read_text("f.yaml") != text {
            let output = succeed(ours(&work).args(["decrypt", "f.yaml"]));
            assert!(output.stdout == text.as_bytes());
        }
    }
    assert!(
        killed >= 10,
        "only {killed} of 60 were killed before their end"
    );
}

#[test]
fn what_a_killed_run_left_is_swept() {
    let work = folder();
    work.write("f.yaml", "a: x\n");
    succeed(ours(&work).args(["encrypt", "-i", "f.yaml"]));
    let leftover = ".f.yaml.nixseal-0123456789abcdef";
    let others = ".f.yaml.nixseal-0123456789abcdeX";
    for arguments in [
        &["set", "f.yaml", "[\"a\"]", "\"y\""][..],
        &["rotate", "-i", "f.yaml"],
        &["decrypt", "-i", "f.yaml"],
    ] {
        work.write(leftover, "half");
        work.write(others, "of somebody else");
        succeed(ours(&work).args(arguments));
        assert!(!work.join(leftover).exists(), "{arguments:?}");
        assert!(work.join(others).exists(), "{arguments:?}");
    }
}

/// A small disk with the files of a folder and no more room.
fn full_disk(work: &Workdir) -> Mount {
    let disk = Mount::small_disk(64 * 1024);
    for name in ["f.yaml", ".sops.yaml"] {
        std::fs::write(disk.outside().join(name), work.read(name)).unwrap();
    }
    let mut filling = 0;
    while std::fs::write(disk.outside().join(format!("filling-{filling}")), [7; 4096]).is_ok() {
        filling += 1;
    }
    disk
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let work = folder();
    work.write("f.yaml", large(20));
    for arguments in [
        &["encrypt", "-i", "f.yaml"][..],
        &["encrypt", "--output", "f.yaml", "f.yaml"],
    ] {
        let disk = full_disk(&work);
        let output = fail(&mut disk.command(ours(&work).args(arguments)));
        assert_eq!(output.status.code(), Some(3), "{}", message(&output));
        assert!(
            message(&output).contains("no space left"),
            "{}",
            message(&output)
        );
        let after = std::fs::read(disk.outside().join("f.yaml")).unwrap();
        assert!(after == large(20).as_bytes());
    }
}

#[test]
fn what_was_typed_survives_a_full_disk() {
    let work = folder();
    work.write("f.yaml", "a: old\n");
    succeed(ours(&work).args(["encrypt", "-i", "f.yaml"]));
    let disk = full_disk(&work);
    let mut edit = ours(&work);
    edit.args(["edit", "f.yaml"])
        .env("SOPS_EDITOR", "sed -i s/old/precious/");
    let output = fail(&mut disk.command(&edit));
    assert_eq!(output.status.code(), Some(3));
    assert!(
        message(&output).contains("what you typed is kept, encrypted, in"),
        "{}",
        message(&output)
    );
    let kept = work.join(".local/state/nixseal/f.yaml.recovered");
    let mut decrypt = ours(&work);
    decrypt.args(["decrypt", "--input-type", "yaml", "--output-type", "yaml"]);
    assert_eq!(succeed(decrypt.arg(kept)).stdout, b"a: precious\n");
    let after = std::fs::read(disk.outside().join("f.yaml")).unwrap();
    assert_eq!(after, work.read("f.yaml"));
}

#[test]
fn a_read_only_folder_changes_nothing() {
    let work = folder();
    work.write("f.yaml", "a: old\n");
    let command = {
        let mut command = Workdir::new().command(env!("CARGO_BIN_EXE_nixseal"));
        command.args(["sops", "encrypt", "-i", "f.yaml"]);
        command
    };
    let mount = Mount::read_only(work);
    let output = fail(&mut mount.command(&command));
    assert_eq!(output.status.code(), Some(3), "{}", message(&output));
    let after = std::fs::read(mount.outside().join("f.yaml")).unwrap();
    assert_eq!(after, b"a: old\n");
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let work = folder();
    work.write("f.yaml", "a: old\n");
    succeed(ours(&work).args(["encrypt", "-i", "f.yaml"]));
    let before = work.read("f.yaml");
    for editor in [
        "false",
        "sh -c 'echo b: 1 >> \"$0\"; exit 1'",
        "/no/such/editor",
        "\"",
    ] {
        let output = fail(
            ours(&work)
                .args(["edit", "f.yaml"])
                .env("SOPS_EDITOR", editor),
        );
        assert_eq!(output.status.code(), Some(201), "{editor}");
        assert_eq!(work.read("f.yaml"), before, "{editor}");
    }
}

/// An editor that leaves the same unreadable text each time, with nobody at the keyboard.
#[test]
fn a_text_that_nobody_corrects_changes_nothing() {
    let work = folder();
    work.write("f.yaml", "a: old\n");
    succeed(ours(&work).args(["encrypt", "-i", "f.yaml"]));
    let before = work.read("f.yaml");
    let mut edit = ours(&work);
    edit.args(["edit", "f.yaml"]).stdin(Stdio::null());
    let output = fail(edit.env("SOPS_EDITOR", "sh -c 'echo a: [ > \"$0\"'"));
    assert_eq!(output.status.code(), Some(1));
    assert!(message(&output).contains("there is nobody to correct it"));
    assert_eq!(work.read("f.yaml"), before);
}
