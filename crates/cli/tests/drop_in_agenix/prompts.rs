//! Passphrases: asked on the terminal, once a key.

use nixseal_testkit::pty::Terminal;

use crate::home::Home;

const PASSPHRASE: &str = "correct horse";

/// Fifty secrets, every other one also for an age key in a second file.
fn fifty(more: &str) -> Home {
    let home = Home::new();
    let ssh = home.protected_ssh_key("home/.ssh/id_ed25519", Some(PASSPHRASE));
    let age = home.age_key("key.txt");
    let mut rules = String::from("{\n");
    for number in 0..50 {
        let name = format!("secret-{number}.age");
        let recipients = if number % 2 == 0 {
            format!("\"{ssh}\"")
        } else {
            format!("\"{age}\" \"{ssh}\"")
        };
        rules += &format!("  \"{name}\" = {{ publicKeys = [ {recipients} ];{more} }};\n");
        home.encrypt(&name, &[&ssh], &format!("value {number}\n"));
    }
    home.rules(&(rules + "}\n"));
    home
}

fn asked_once(home: &Home, command: std::process::Command) {
    let mut terminal = Terminal::start(command);
    terminal.expect("assphrase");
    terminal.send_secret(PASSPHRASE);
    let end = terminal.finish();
    assert!(end.status.success(), "{}", end.output);
    assert_eq!(end.output.matches("assphrase").count(), 1, "{}", end.output);
    assert!(!end.output.contains(PASSPHRASE));
    for number in [0, 1, 25, 49] {
        let name = format!("secret-{number}.age");
        home.check_against_rules(&name);
        let content = home.decrypt(&name, "unprotected/id_ed25519");
        assert_eq!(content, format!("value {number}\n").as_bytes());
    }
}

#[test]
fn agenix_rekey_asks_once_for_fifty_secrets() {
    let home = fifty("");
    let mut command = home.agenix();
    command.arg("-r");
    asked_once(&home, command);
}

#[test]
fn agenix_rekey_asks_once_with_two_files_of_keys() {
    let home = fifty("");
    let mut command = home.agenix();
    command.args(["-r", "-i", "../key.txt", "-i", "../home/.ssh/id_ed25519"]);
    asked_once(&home, command);
}

#[test]
fn ragenix_rekey_asks_once_for_fifty_secrets() {
    let home = fifty(" armor = true;");
    let mut command = home.ragenix();
    command.arg("-r");
    asked_once(&home, command);
}

#[test]
fn nobody_is_asked_where_no_terminal_is() {
    let home = fifty("");
    let before = home.work.read(home.secret("secret-7.age"));
    let output = nixseal_testkit::workdir::fail(home.agenix().arg("-r"));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("SSH_ASKPASS"), "{message}");
    assert_eq!(home.work.read(home.secret("secret-7.age")), before);
}

#[test]
fn a_wrong_passphrase_changes_nothing() {
    let home = fifty("");
    let before = home.work.read(home.secret("secret-0.age"));
    let mut command = home.agenix();
    command.arg("-r");
    let mut terminal = Terminal::start(command);
    for _ in 0..3 {
        terminal.expect_match("assphrase[^\n]*: ");
        terminal.send_secret("wrong");
    }
    let end = terminal.finish();
    assert_eq!(end.status.code(), Some(1), "{}", end.output);
    assert!(!end.output.contains("wrong\n"));
    assert_eq!(home.work.read(home.secret("secret-0.age")), before);
}
