//! What ours encrypts the real tool decrypts, and the other way round: every
//! kind of recipient, armored or not, around the borders of chunks.

use std::process::Command;

use nixseal_testkit::keys::{self, SshKind};
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};

use super::{noise, ours, real};

const CHUNK: usize = 64 * 1024;
const SIZES: [usize; 7] = [0, 1, 47, 48, CHUNK - 1, CHUNK, CHUNK + 1];

type Tool = fn(&Workdir, &str) -> Command;

/// Encrypts and decrypts `plain` with either side, with the recipients and
/// identities that the arguments name.
fn round_trips(work: &Workdir, name: &str, encrypting: &[&str], decrypting: &[&str]) {
    let expected = work.read("plain");
    let pairs: [(Tool, Tool); 3] = [(ours, real), (real, ours), (ours, ours)];
    for (encrypt, decrypt) in pairs {
        for armor in [&[][..], &["-a"]] {
            let mut command = with_plugins(encrypt(work, "age"));
            command.args(encrypting).args(armor);
            succeed(command.args(["-o", "cipher", "plain"]));
            let mut command = with_plugins(decrypt(work, "age"));
            command.arg("-d").args(decrypting);
            succeed(command.args(["-o", "back", "cipher"]));
            assert!(
                work.read("back") == expected,
                "{name}, {} bytes",
                expected.len()
            );
            work.remove("back");
            work.remove("cipher");
        }
    }
}

fn with_plugins(mut command: Command) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = vec![peers::plugin_dir()];
    folders.extend(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders).unwrap());
    command
        .env("AGE_PASSPHRASE", "swordfish")
        .env("AGE_PASSPHRASE_WORK_FACTOR", "5");
    command
}

/// The same with plaintexts of several sizes.
fn sizes(work: &Workdir, sizes: &[usize], name: &str, encrypting: &[&str], decrypting: &[&str]) {
    for size in sizes {
        work.write("plain", noise(*size));
        round_trips(work, name, encrypting, decrypting);
    }
}

#[test]
fn native_keys() {
    let work = Workdir::new();
    let classic = keys::age(&work, "classic").recipient;
    sizes(
        &work,
        &SIZES,
        "X25519",
        &["-r", &classic],
        &["-i", "classic"],
    );
    sizes(
        &work,
        &[300, CHUNK],
        "itself",
        &["-e", "-i", "classic"],
        &["-i", "classic"],
    );
    let hybrid = keys::age_post_quantum(&work, "hybrid").recipient;
    sizes(
        &work,
        &SIZES,
        "post-quantum",
        &["-r", &hybrid],
        &["-i", "hybrid"],
    );
}

#[test]
fn ssh_keys() {
    let work = Workdir::new();
    let ed25519 = keys::ssh(&work, "ed25519", SshKind::Ed25519, None).public;
    sizes(
        &work,
        &SIZES,
        "ssh-ed25519",
        &["-r", &ed25519],
        &["-i", "ed25519"],
    );
    keys::ssh(&work, "rsa", SshKind::Rsa, None);
    sizes(
        &work,
        &[0, 300, CHUNK],
        "ssh-rsa",
        &["-R", "rsa.pub"],
        &["-i", "rsa"],
    );
}

#[test]
fn passphrases_through_a_plugin() {
    let work = Workdir::new();
    sizes(
        &work,
        &[0, 300],
        "batchpass",
        &["-e", "-j", "batchpass"],
        &["-j", "batchpass"],
    );
}

#[test]
fn several_recipients() {
    let work = Workdir::new();
    let recipients = ["one", "two"].map(|name| keys::age(&work, name).recipient);
    keys::ssh(&work, "ssh", SshKind::Ed25519, None);
    let all = ["-r", &recipients[0], "-R", "ssh.pub", "-r", &recipients[1]];
    for identity in ["one", "two", "ssh"] {
        sizes(&work, &[300], identity, &all, &["-i", identity]);
    }
}

#[test]
fn large_files() {
    let work = Workdir::new();
    let recipient = keys::age(&work, "key").recipient;
    let large = [1024 * 1024 + 3, 64 * 1024 * 1024];
    sizes(&work, &large, "X25519", &["-r", &recipient], &["-i", "key"]);
}

/// Recipients that `age-keygen` of either side makes of an identity.
#[test]
fn keygen_agrees() {
    let work = Workdir::new();
    for flags in [&[][..], &["-pq"]] {
        let pairs: [(Tool, Tool); 2] = [(ours, real), (real, ours)];
        for (maker, reader) in pairs {
            let made = succeed(maker(&work, "age-keygen").args(flags).args(["-o", "key"]));
            let read = succeed(reader(&work, "age-keygen").args(["-y", "key"]));
            let recipient = String::from_utf8(read.stdout).unwrap();
            assert_eq!(
                String::from_utf8(made.stderr).unwrap(),
                format!("Public key: {recipient}")
            );
            assert!(
                work.read_text("key")
                    .contains(&format!("# public key: {recipient}"))
            );
            assert_eq!(work.mode("key"), 0o600);
            work.remove("key");
        }
    }
}
