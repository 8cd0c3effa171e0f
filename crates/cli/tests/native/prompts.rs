//! Passphrases: asked once a key, where somebody can be asked.

use nixseal_testkit::Workdir;
use nixseal_testkit::keys::{self, SshKind};
use nixseal_testkit::pty::{Signal, Terminal};
use nixseal_testkit::workdir::{fail, succeed};

use crate::repository::NIXSEAL;

const PASSPHRASE: &str = "correct horse";

/// Fifty secrets, half for an SSH key with a passphrase, half for a protected
/// age key file.
struct Fifty {
    work: Workdir,
}

impl Fifty {
    fn new() -> Self {
        let work = Workdir::new();
        let ssh = keys::ssh(&work, ".ssh/id_ed25519", SshKind::Ed25519, Some(PASSPHRASE));
        let age = keys::age(&work, "age.txt");
        let host = keys::age(&work, "host.txt");
        keys::protect(&work, "age.txt", PASSPHRASE);
        let mut rules = String::from("{\n");
        for number in 0..50 {
            let name = format!("secret-{number:02}.age");
            let reader = if number % 2 == 0 {
                &ssh.public
            } else {
                &age.recipient
            };
            keys::age_encrypt(
                &work,
                &[reader],
                false,
                format!("{number}").as_bytes(),
                &name,
            );
            let host = &host.recipient;
            rules += &format!("  \"{name}\".publicKeys = [ \"{reader}\" \"{host}\" ];\n");
        }
        work.write("secrets.nix", rules + "}\n");
        Self { work }
    }

    fn assert_rekeyed(&self) {
        let host = self.work.join("host.txt");
        for number in 0..50 {
            let content = keys::age_decrypt(&self.work, &host, format!("secret-{number:02}.age"));
            assert_eq!(content, format!("{number}").as_bytes());
        }
    }
}

#[test]
fn two_files_of_keys_and_fifty_secrets_ask_twice() {
    let fifty = Fifty::new();
    let mut command = fifty.work.command(NIXSEAL);
    command.args(["rekey", "-i", "age.txt", "-i", ".ssh/id_ed25519"]);
    let mut terminal = Terminal::start(command);
    for _ in 0..2 {
        terminal.expect("assphrase");
        terminal.send_secret(PASSPHRASE);
    }
    terminal.expect("rekeyed secret-49.age");
    let end = terminal.finish();
    assert!(end.status.success(), "{}", end.output);
    assert_eq!(end.output.matches("assphrase").count(), 2, "{}", end.output);
    assert!(!end.output.contains(PASSPHRASE));
    fifty.assert_rekeyed();
}

#[test]
fn an_askpass_program_is_asked_where_no_terminal_is() {
    let fifty = Fifty::new();
    let askpass = fifty.work.write(
        "askpass",
        format!("#!/bin/sh\necho x >> asked\necho '{PASSPHRASE}'\n"),
    );
    fifty.work.set_mode("askpass", 0o700);
    let mut command = fifty.work.command("/usr/bin/setsid");
    command.args([
        "--wait",
        NIXSEAL,
        "rekey",
        "-i",
        "age.txt",
        "-i",
        ".ssh/id_ed25519",
    ]);
    succeed(command.env("SSH_ASKPASS", askpass));
    assert_eq!(fifty.work.read_text("asked"), "x\nx\n");
    fifty.assert_rekeyed();
}

#[test]
fn without_anybody_to_ask_nothing_changes() {
    let fifty = Fifty::new();
    let before = fifty.work.stamp("secret-00.age");
    let mut command = fifty.work.command("/usr/bin/setsid");
    command.args([
        "--wait",
        NIXSEAL,
        "rekey",
        "-i",
        "age.txt",
        "-i",
        ".ssh/id_ed25519",
    ]);
    let output = fail(&mut command);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("SSH_ASKPASS"), "{message}");
    assert_eq!(fifty.work.stamp("secret-00.age"), before);
}

#[test]
fn a_key_that_cannot_match_is_not_asked_for() {
    let work = Workdir::new();
    keys::ssh(&work, "locked", SshKind::Ed25519, Some(PASSPHRASE));
    let other = keys::ssh(&work, "other", SshKind::Ed25519, None);
    keys::age_encrypt(&work, &[&other.public], false, b"text", "a.age");
    let mut command = work.command(NIXSEAL);
    command.args(["show", "-i", "locked", "-i", "other", "a.age"]);
    let end = Terminal::start(command).finish();
    assert!(
        end.status.success() && !end.output.contains("assphrase"),
        "{}",
        end.output
    );
}

/// A secret for a key with a passphrase.
fn locked() -> Workdir {
    let work = Workdir::new();
    let key = keys::ssh(&work, "locked", SshKind::Ed25519, Some(PASSPHRASE));
    keys::age_encrypt(&work, &[&key.public], false, b"text", "a.age");
    work
}

/// A command that has asked for the passphrase.
fn asking(work: &Workdir) -> Terminal {
    let mut command = work.command(NIXSEAL);
    command.args(["show", "-i", "locked", "a.age"]);
    let mut terminal = Terminal::start(command);
    terminal.expect("assphrase");
    terminal
}

#[test]
fn an_interrupted_question_sets_the_terminal_back() {
    let work = locked();
    let mut terminal = asking(&work);
    terminal.interrupt();
    terminal.expect("cancelled");
    assert!(terminal.echoes(), "the terminal shows again what is typed");
    assert_eq!(terminal.finish().status.code(), Some(1));
}

#[test]
fn keys_that_correct_a_line_work_in_a_question() {
    let work = locked();
    for typed in [
        format!("x\x7f{PASSPHRASE}\n"),
        format!("é\x7f{PASSPHRASE}\n"),
        format!("all of it\x15{PASSPHRASE}\r"),
        format!("{PASSPHRASE}\x04"),
    ] {
        let mut terminal = asking(&work);
        terminal.send(&typed);
        let end = terminal.finish();
        assert!(end.status.success(), "{typed:?}: {}", end.output);
    }
    for cancel in ["\x04", "\x1c", "half\x03"] {
        let mut terminal = asking(&work);
        terminal.send(cancel);
        terminal.expect("cancelled");
        assert!(terminal.echoes(), "{cancel:?}");
        assert_eq!(terminal.finish().status.code(), Some(1));
    }
}

/// Passphrase, its repetition and the text to encrypt come through one terminal, all at once.
#[test]
fn what_is_typed_ahead_is_taken_in_turn() {
    let work = Workdir::new();
    let mut command = work.command(NIXSEAL);
    command.args(["age", "-p", "-o", "a.age"]);
    let mut terminal = Terminal::start(command);
    terminal.send(&format!("{PASSPHRASE}\n{PASSPHRASE}\nthe text\n\x04"));
    let end = terminal.finish();
    assert!(end.status.success(), "{}", end.output);
    let mut command = work.command(NIXSEAL);
    command.args(["age", "-d", "-o", "plain", "a.age"]);
    let mut terminal = Terminal::start(command);
    terminal.send_secret(PASSPHRASE);
    assert!(terminal.finish().status.success());
    assert_eq!(work.read_text("plain"), "the text\n");
}

#[test]
fn whoever_ends_a_prompt_gets_the_terminal_back() {
    let fifty = Fifty::new();
    let mut command = fifty.work.command(NIXSEAL);
    command.args(["show", "-i", "age.txt", "secret-01.age"]);
    let mut terminal = Terminal::start(command);
    terminal.expect("assphrase");
    assert!(!terminal.echoes());
    terminal.signal(Signal::TERM);
    let end = terminal.finish();
    let signal = std::os::unix::process::ExitStatusExt::signal(&end.status);
    assert_eq!(signal, Some(Signal::TERM.as_raw()));
    assert!(end.echoes);
}
