//! Keys and messages that somebody changed: errors, never panics, and little memory.

use nixseal_pgp::OpenPgp as _;
use nixseal_testkit::Random;
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::workdir::{Workdir, succeed};

use crate::support::{data_key, export_secret, gpg_encrypt, key_file};

/// A copy with something wrong: bytes changed, cut out, doubled or cut off.
fn changed(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let place = |random: &mut Random| random.below(bytes.len() as u64) as usize;
    let (start, other) = (place(random), place(random));
    let end = (start + 1 + other % 40).min(copy.len());
    match random.below(6) {
        0 => copy.truncate(start),
        1 => drop(copy.drain(start..end)),
        2 => {
            let part = copy[start..end].to_vec();
            copy.splice(other..other, part);
        }
        3 => copy[start..end].copy_from_slice(&random.bytes(end - start)),
        4 => copy[start] = [0, 0x7f, 0x80, 0xff][random.below(4) as usize],
        _ => copy[start] ^= 1 << random.below(8),
    }
    copy
}

/// Radix 64 without a checksum, so that changes reach what is in it.
fn armored(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN PGP MESSAGE-----\n\n");
    for (index, part) in bytes.chunks(3).enumerate() {
        if index % 16 == 0 && index > 0 {
            text.push('\n');
        }
        let byte = |at: usize| u32::from(part.get(at).copied().unwrap_or(0));
        let group = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for digit in 0..4 {
            let value = (group >> (18 - 6 * digit)) & 63;
            text.push(match digit > part.len() {
                true => '=',
                false => char::from(DIGITS[value as usize]),
            });
        }
    }
    text + "\n-----END PGP MESSAGE-----"
}

#[test]
fn changed_keys_give_errors() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one", "future-default");
    gnupg.add_key(&key, "rsa2048", "encr", "never");
    gnupg.make_protected_key("two", "future-default", "swordfish");
    let ring = export_secret(&gnupg, "", "swordfish", &[]);
    let message = gpg_encrypt(&work, &gnupg, &["-r", &key]);
    let mut random = Random::new(4);
    let mut opened = 0;
    for _ in 0..1500 {
        let ours = key_file(work.write("ring", changed(&mut random, &ring)));
        let _ = ours.encrypt(&key, &data_key());
        if let Ok(plaintext) = ours.decrypt(&message) {
            assert_eq!(plaintext, data_key());
            opened += 1;
        }
    }
    // Half of the ring is another key, after which this one is still found.
    assert!((300..1400).contains(&opened), "{opened}");
}

#[test]
fn changed_messages_give_errors() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one", "future-default");
    let ours = key_file(work.write("ring", export_secret(&gnupg, "", "", &[])));
    let path = work.write("message.asc", gpg_encrypt(&work, &gnupg, &["-r", &key]));
    let message = succeed(
        gnupg
            .command()
            .arg("--dearmor")
            .arg("--output")
            .arg("-")
            .arg(&path),
    )
    .stdout;
    assert_eq!(ours.decrypt(&armored(&message)).unwrap(), data_key());
    let mut random = Random::new(5);
    for _ in 0..3000 {
        let text = armored(&changed(&mut random, &message));
        if let Ok(plaintext) = ours.decrypt(&text) {
            assert_eq!(plaintext, data_key(), "{text}");
        }
        let text = changed(&mut random, armored(&message).as_bytes());
        if let Ok(plaintext) = ours.decrypt(&String::from_utf8_lossy(&text)) {
            assert_eq!(plaintext, data_key());
        }
    }
}

#[test]
fn bombs_stay_small() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one", "future-default");
    let ours = key_file(work.write("ring", export_secret(&gnupg, "", "", &[])));
    let path = work.write("zeros", vec![0; 64 << 20]);
    let mut command = gnupg.command();
    command.args([
        "--trust-model",
        "always",
        "--armor",
        "-z",
        "9",
        "-r",
        &key,
        "--output",
        "-",
    ]);
    let message = succeed(command.arg("--encrypt").arg(path)).stdout;
    assert!(message.len() < 1 << 20, "{}", message.len());
    let error = ours
        .decrypt(&String::from_utf8(message).unwrap())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the message is damaged: more than 1048576 bytes"
    );

    let error = ours.decrypt(&"-".repeat(2 << 20)).unwrap_err().to_string();
    assert!(error.contains("more than 1048576 bytes"), "{error}");
    let encrypted = gpg_encrypt(&work, &gnupg, &["-r", &key]);
    let path = work.write("message.asc", encrypted);
    let message = succeed(
        gnupg
            .command()
            .arg("--dearmor")
            .arg("--output")
            .arg("-")
            .arg(&path),
    )
    .stdout;
    let recipient = &message[..2 + usize::from(message[1])];
    let many = [recipient.repeat(2000), message.clone()].concat();
    let error = ours.decrypt(&armored(&many)).unwrap_err().to_string();
    assert!(error.contains("more than 100 keys"), "{error}");
}
