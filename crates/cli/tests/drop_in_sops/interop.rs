//! What ours encrypts the real tool decrypts and edits, and ours reads that again; and the other
//! way round: all formats, several kinds of keys, key groups.

use std::process::Command;

use nixseal_testkit::keys::{self, SshKind};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Workdir, peers};

use super::{folder, ours, real};

type Tool = fn(&Workdir) -> Command;

const TOOLS: [(&str, Tool, Tool); 2] = [("ours first", ours, real), ("real first", real, ours)];

/// A file of each format with an `old-text` that edits change.
const FILES: [(&str, &str); 5] = [
    (
        "f.yaml",
        "# about\na: old-text\nl:\n    # in it\n    - 1\n    - 2.5\n    - x: null\nm:\n    t: true\n    \
         d: 2024-01-01T00:00:00Z\nlong: |\n    two\n    lines\n---\nb: second\n",
    ),
    (
        "f.json",
        "{\n\t\"a\": \"old-text\",\n\t\"l\": [\n\t\t1,\n\t\t2.5,\n\t\tnull\n\t]\n}\n",
    ),
    ("f.env", "# about\nA=old-text\nB=two\\nlines\n"),
    ("f.ini", "; about\n[s]\na  = old-text\nbb = 2\n"),
    ("f.bin", "\u{0}old-text\u{1}\n"),
];

fn decrypted(tool: Tool, work: &Workdir, name: &str) -> String {
    let output = succeed(tool(work).args(["decrypt", name]));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn files_go_both_ways() {
    for (label, first, second) in TOOLS {
        for (name, text) in FILES {
            let work = folder();
            work.write(name, text);
            succeed(first(&work).args(["encrypt", "-i", name]));
            assert!(!work.read_text(name).contains("old-text"), "{label} {name}");
            assert_eq!(decrypted(second, &work, name), text, "{label} {name}");
            for (tool, other, from, to) in [
                (second, first, "old-text", "new-text"),
                (first, second, "new-text", "newer-text"),
            ] {
                let editor = format!("sed -i s/{from}/{to}/");
                succeed(tool(&work).args(["edit", name]).env("SOPS_EDITOR", editor));
                let expected = text.replace("old-text", to);
                assert_eq!(decrypted(other, &work, name), expected, "{label} {name}");
                assert_eq!(decrypted(tool, &work, name), expected, "{label} {name}");
            }
        }
    }
}

/// The layout of what ours writes is that of the real tool: keys, metadata, indentation.
#[test]
fn encrypted_files_look_alike() {
    for (name, text) in FILES {
        let [one, two] = [ours as Tool, real].map(|tool| {
            let work = folder();
            work.write(name, text);
            let output = succeed(tool(&work).args(["encrypt", name]));
            shape(&String::from_utf8(output.stdout).unwrap())
        });
        assert_eq!(one, two, "{name}");
    }
}

/// Encrypted text without what is random or of the moment.
fn shape(text: &str) -> String {
    let random = ["ENC[", "age1", "-----BEGIN", "\"2", "=2", "= 2"];
    let mut inside = false;
    let mut shape = String::new();
    for line in text.lines() {
        // Armor on lines of its own.
        inside = match line.trim() {
            "-----BEGIN AGE ENCRYPTED FILE-----" => true,
            "-----END AGE ENCRYPTED FILE-----" => false,
            _ => inside,
        };
        if inside {
            continue;
        }
        let start = random.iter().filter_map(|start| line.find(start)).min();
        shape.push_str(start.and_then(|start| line.get(..start)).unwrap_or(line));
        shape.push('\n');
    }
    shape
}

#[test]
fn edits_keep_what_did_not_change() {
    for (label, first, second) in TOOLS {
        let work = folder();
        work.write("f.yaml", "a: old\nb: kept\n");
        succeed(first(&work).args(["encrypt", "-i", "f.yaml"]));
        let line = |text: String| {
            let mut lines = text.lines().filter(|line| line.starts_with("b: "));
            lines.next().unwrap().to_owned()
        };
        let before = line(work.read_text("f.yaml"));
        succeed(
            second(&work)
                .args(["edit", "f.yaml"])
                .env("SOPS_EDITOR", "sed -i s/old/new/"),
        );
        assert_eq!(line(work.read_text("f.yaml")), before, "{label}");
    }
}

#[test]
fn ssh_keys_and_post_quantum_ones() {
    let work = Workdir::new();
    work.write("f.yaml", "a: b\n");
    for (name, kind) in [("ed25519", SshKind::Ed25519), ("rsa", SshKind::Rsa)] {
        let recipient = keys::ssh(&work, name, kind, None).public;
        for (label, first, second) in TOOLS {
            let output = succeed(first(&work).args(["encrypt", "--age", &recipient, "f.yaml"]));
            work.write("e.yaml", output.stdout);
            let mut command = second(&work);
            command.env("SOPS_AGE_SSH_PRIVATE_KEY_FILE", work.join(name));
            let output = succeed(command.args(["decrypt", "e.yaml"]));
            assert_eq!(output.stdout, b"a: b\n", "{label} {name}");
        }
    }
    let recipient = keys::age_post_quantum(&work, "key.txt").recipient;
    for (label, first, second) in TOOLS {
        let output = succeed(first(&work).args(["encrypt", "--age", &recipient, "f.yaml"]));
        work.write("e.yaml", output.stdout);
        assert_eq!(decrypted(second, &work, "e.yaml"), "a: b\n", "{label}");
    }
}

#[test]
fn key_groups() {
    let work = Workdir::new();
    let recipients = ["one", "two", "three"].map(|name| keys::age(&work, name).recipient);
    let groups = recipients.map(|recipient| format!("      - age: [{recipient}]\n"));
    work.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n{}",
            groups.concat()
        ),
    );
    work.write("both", work.read_text("one") + &work.read_text("three"));
    work.write("f.yaml", "a: b\n");
    for (label, first, second) in TOOLS {
        let output = succeed(first(&work).args(["encrypt", "f.yaml"]));
        work.write("e.yaml", output.stdout);
        for tool in [first, second] {
            let with = |name: &str| {
                let mut command = tool(&work);
                command.env("SOPS_AGE_KEY_FILE", work.join(name));
                command.args(["decrypt", "e.yaml"]);
                command
            };
            assert_eq!(succeed(&mut with("both")).stdout, b"a: b\n", "{label}");
            assert_eq!(fail(&mut with("two")).status.code(), Some(128), "{label}");
        }
    }
}

#[test]
fn openpgp_keys() {
    let work = Workdir::new();
    let home = work.mkdir("gnupg");
    work.set_mode("gnupg", 0o700);
    let gpg = || {
        let mut command = work.command(peers::gpg());
        command.env("GNUPGHOME", &home).args(["--batch", "--quiet"]);
        command
    };
    let mut make = gpg();
    make.args([
        "--passphrase",
        "",
        "--quick-gen-key",
        "test",
        "future-default",
    ]);
    succeed(make.args(["default", "never"]));
    let listed = succeed(gpg().args(["--with-colons", "--list-keys"]));
    let listed = String::from_utf8(listed.stdout).unwrap();
    let line = listed.lines().find(|line| line.starts_with("fpr:"));
    let fingerprint = line.and_then(|line| line.split(':').nth(9)).unwrap();
    work.write("f.yaml", "a: b\n");
    for (label, first, second) in TOOLS {
        let run = |tool: Tool| {
            let mut command = tool(&work);
            command.env("GNUPGHOME", &home);
            command
        };
        let output = succeed(run(first).args(["encrypt", "--pgp", fingerprint, "f.yaml"]));
        work.write("e.yaml", output.stdout);
        let output = succeed(run(second).args(["decrypt", "e.yaml"]));
        assert_eq!(output.stdout, b"a: b\n", "{label}");
    }
    let mut stop = work.command("gpgconf");
    succeed(stop.env("GNUPGHOME", &home).args(["--kill", "all"]));
}
