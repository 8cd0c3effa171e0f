//! Files of any size in memory of one size.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, keys};

use super::{noise, ours, real};

const MEBIBYTE: usize = 1024 * 1024;
const SMALL: usize = 16 * MEBIBYTE;
const LARGE: usize = 64 * MEBIBYTE;

/// What 48 MiB more of input may cost of memory, in KiB.
const SLACK: u64 = 8 * 1024;

/// The most memory that `command` had in use, in KiB, when it had been sent all
/// of `input` and waited for more.
fn most_memory(mut command: Command, input: &[u8]) -> u64 {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    if let Err(cause) = stdin.write_all(input) {
        drop(stdin);
        panic!("cannot send all: {cause}\n{}", complaint(&mut child));
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success(), "{}", complaint(&mut child));
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap()
}

fn complaint(child: &mut Child) -> String {
    let mut text = String::new();
    let _ = child.stderr.take().unwrap().read_to_string(&mut text);
    text
}

#[track_caller]
fn does_not_grow(small: u64, large: u64) {
    assert!(large < small + SLACK, "{small} KiB became {large} KiB");
}

#[test]
fn encryption_takes_constant_memory() {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key").recipient;
    let plain = noise(LARGE);
    for armor in [&[][..], &["-a"]] {
        let memory = |length: usize| {
            let mut command = ours(&work, "age");
            command.args(["-r", &recipient]).args(armor);
            most_memory(command, &plain[..length])
        };
        does_not_grow(memory(SMALL), memory(LARGE));
    }
}

#[test]
fn decryption_takes_constant_memory() {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key").recipient;
    for armor in [&[][..], &["-a"]] {
        let memory = |length: usize| {
            work.write("plain", noise(length));
            let mut encrypt = real(&work, "age");
            succeed(
                encrypt
                    .args(["-r", &recipient])
                    .args(armor)
                    .args(["-o", "cipher", "plain"]),
            );
            let mut command = ours(&work, "age");
            command.args(["-d", "-i", "key"]);
            most_memory(command, &work.read("cipher"))
        };
        does_not_grow(memory(SMALL), memory(LARGE));
    }
}

/// Plaintext that was authenticated comes out, and then the error.
#[test]
fn what_is_cut_off_comes_out_up_to_there() {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key").recipient;
    let plain = noise(5 * MEBIBYTE);
    work.write("plain", &plain);
    succeed(real(&work, "age").args(["-r", &recipient, "-o", "cipher", "plain"]));
    let mut cipher = work.read("cipher");
    cipher.truncate(3 * MEBIBYTE);
    work.write("cut", &cipher);
    let output = ours(&work, "age")
        .args(["-d", "-i", "key", "cut"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.len() >= 2 * MEBIBYTE && plain.starts_with(&output.stdout));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("age: error: failed to decrypt and authenticate payload chunk"));
}
