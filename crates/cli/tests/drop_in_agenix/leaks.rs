//! Planted plaintext is looked for in every file, argument, environment and
//! write of ours and of the programs we start.

use nixseal_testkit::leaks::{Planted, Sighting, can_watch};

use crate::home::Home;

fn one_secret(planted: &Planted) -> Home {
    can_watch();
    let home = Home::new();
    let ssh = home.ssh_key("home/.ssh/id_ed25519");
    let age = home.age_key("key.txt");
    home.rules(&format!(
        "{{ \"wifi.age\".publicKeys = [ \"{ssh}\" \"{age}\" ]; }}"
    ));
    home.encrypt("wifi.age", &[&ssh], planted.word());
    home
}

#[test]
fn rekey_writes_no_plaintext_anywhere() {
    let planted = Planted::new(301);
    let home = one_secret(&planted);
    let mut command = home.agenix();
    command.arg("-r");
    let (output, found) = planted.watch(&command);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(found, []);
    assert_eq!(planted.search(home.work.path()), []);
    assert_eq!(
        home.decrypt("wifi.age", "key.txt"),
        planted.word().as_bytes()
    );
}

#[test]
fn decrypt_writes_plaintext_to_standard_output_only() {
    let planted = Planted::new(302);
    let home = one_secret(&planted);
    let mut command = home.agenix();
    command.args(["-d", "wifi.age"]);
    let (output, found) = planted.watch(&command);
    assert_eq!(output.stdout, planted.word().as_bytes());
    assert!(
        matches!(found.as_slice(), [Sighting::Written(to)] if to.starts_with("pipe:")),
        "{found:?}"
    );
}

#[test]
fn edit_keeps_plaintext_in_a_private_folder() {
    let planted = Planted::new(303);
    let home = one_secret(&planted);
    let mut command = home.ragenix();
    command.args([
        "-e",
        "wifi.age",
        "--editor",
        "sh -c 'cp \"$0\" \"$0~\"; echo more >> \"$0\"'",
    ]);
    let (output, found) = planted.watch(&command);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !found.is_empty(),
        "the editor needs the plaintext in some file"
    );
    let leaks: Vec<_> = found
        .iter()
        .filter(|sighting| !sighting.was_private())
        .collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    assert_eq!(planted.search(home.work.path()), []);
    assert_eq!(
        home.decrypt("wifi.age", "key.txt"),
        format!("{}more\n", planted.word()).as_bytes()
    );
}

#[test]
fn a_failing_edit_leaves_no_plaintext() {
    let planted = Planted::new(304);
    let home = one_secret(&planted);
    let before = home.work.read(home.secret("wifi.age"));
    let mut command = home.ragenix();
    command.args([
        "-e",
        "wifi.age",
        "--editor",
        "sh -c 'echo more >> \"$0\"; exit 1'",
    ]);
    let (output, found) = planted.watch(&command);
    assert_eq!(output.status.code(), Some(1));
    let leaks: Vec<_> = found
        .iter()
        .filter(|sighting| !sighting.was_private())
        .collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    assert_eq!(planted.search(home.work.path()), []);
    assert_eq!(home.work.read(home.secret("wifi.age")), before);
}

/// Content that is piped in never becomes a file.
#[test]
fn piped_content_is_never_a_file() {
    let planted = Planted::new(305);
    let home = one_secret(&planted);
    let plain = home.work.write("plain", planted.word());
    let shell = format!(
        "cat '{}' | {} -e wifi.age",
        plain.display(),
        home.agenix().get_program().display()
    );
    let mut command = home.work.command("/bin/sh");
    command
        .current_dir(home.work.join("secrets"))
        .env("HOME", home.work.join("home"))
        .env("TMPDIR", home.work.join("tmp"))
        .args(["-c", &shell]);
    let (output, found) = planted.watch(&command);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let is_pipe =
        |place: &Sighting| matches!(place, Sighting::Written(to) if to.starts_with("pipe:"));
    assert!(found.iter().all(is_pipe), "{found:?}");
    home.work.remove(plain);
    assert_eq!(planted.search(home.work.path()), []);
}
