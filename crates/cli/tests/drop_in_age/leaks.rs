//! Full disks, and secrets that stay where they belong.

use std::process::Stdio;

use nixseal_testkit::faults::{Mount, without_root};
use nixseal_testkit::leaks::{Planted, Sighting};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Workdir, keys};

use super::{noise, ours};

#[test]
fn a_full_disk_leaves_the_old_file() {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key").recipient;
    work.write("plain", noise(4 * 1024 * 1024));
    let plain = work.join("plain");
    let disk = Mount::small_disk(1024 * 1024);
    std::fs::write(disk.outside().join("out"), "before").unwrap();
    let mut command = ours(&work, "age");
    command.args(["-r", &recipient, "-o", "out"]).arg(plain);
    let output = fail(&mut disk.command(&command));
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message, "age: error: write out: no space left on device\n");
    assert_eq!(
        std::fs::read(disk.outside().join("out")).unwrap(),
        b"before"
    );
    assert_eq!(std::fs::read_dir(disk.outside()).unwrap().count(), 1);
}

#[test]
fn an_input_that_may_not_be_read_is_told() {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key").recipient;
    work.write_private("secret", "swordfish");
    work.set_mode("secret", 0);
    work.set_mode(work.path(), 0o755);
    let mut command = ours(&work, "age");
    command.args(["-r", &recipient, "secret"]);
    let output = fail(&mut without_root(&command));
    let message = String::from_utf8(output.stderr).unwrap();
    let expected =
        "age: error: failed to open input file \"secret\": open secret: permission denied\n";
    assert_eq!(message, expected);
}

#[test]
fn plaintext_goes_to_the_output_only() {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key").recipient;
    let planted = Planted::new(11);
    work.write("plain", planted.word());
    succeed(ours(&work, "age").args(["-r", &recipient, "-o", "cipher", "plain"]));
    work.remove("plain");
    assert!(planted.search(work.path()).is_empty());
    let mut command = ours(&work, "age");
    command
        .args(["-d", "-i", "key", "cipher"])
        .stdin(Stdio::null());
    let (output, sightings) = planted.watch(&command);
    assert!(planted.is_in(&output.stdout));
    let elsewhere: Vec<_> = sightings
        .iter()
        .filter(|sighting| !matches!(sighting, Sighting::Written(to) if to.starts_with("pipe:")))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    assert!(planted.search(work.path()).is_empty());
}

#[test]
fn private_keys_go_nowhere_else() {
    let work = Workdir::new();
    keys::ssh(&work, "rsa", keys::SshKind::Rsa, None);
    let key = work.read_text("rsa");
    let output = fail(ours(&work, "ssh-to-age").args(["-private-key", "-i", "rsa"]));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    for line in key.lines() {
        assert!(!said.contains(line), "{said}");
    }
}
