//! Planted plaintext is looked for in every file, argument, environment and
//! write of nixseal and of the programs it starts.

use nixseal_testkit::keys;
use nixseal_testkit::leaks::{Planted, Sighting, can_watch};

use crate::repository::Repository;

fn planted(seed: u64) -> (Planted, Repository) {
    can_watch();
    let planted = Planted::new(seed);
    let repository = Repository::new(2);
    let user = &repository.user.recipient;
    let word = planted.word().as_bytes();
    keys::age_encrypt(&repository.work, &[user], false, word, "secret-00.age");
    (planted, repository)
}

#[test]
fn rekey_shows_and_writes_nothing() {
    let (planted, repository) = planted(401);
    let mut command = repository.nixseal();
    command.args(["rekey", "-i", "user.txt"]);
    let (output, found) = planted.watch(&command);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(found, []);
    assert_eq!(planted.search(repository.work.path()), []);
}

#[test]
fn show_writes_to_standard_output_only() {
    let (planted, repository) = planted(402);
    let mut command = repository.nixseal();
    command.args(["show", "-i", "user.txt", "secret-00.age"]);
    let (output, found) = planted.watch(&command);
    assert_eq!(output.stdout, planted.word().as_bytes());
    let pipe = |place: &Sighting| matches!(place, Sighting::Written(to) if to.starts_with("pipe:"));
    assert!(found.iter().all(pipe), "{found:?}");
}

#[test]
fn edit_keeps_everything_in_the_private_folder() {
    let (planted, repository) = planted(403);
    let editor = "sh -c 'cp \"$0\" \"$0~\"; cp \"$0\" \"$TMPDIR/swap\"; echo more >> \"$0\"'";
    let mut command = repository.nixseal();
    command.args([
        "edit",
        "-i",
        "user.txt",
        "--editor",
        editor,
        "secret-00.age",
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
    assert_eq!(planted.search(repository.work.path()), []);
}

#[test]
fn a_failed_edit_shows_nothing() {
    let (planted, repository) = planted(404);
    let mut command = repository.nixseal();
    command.args([
        "edit",
        "-i",
        "user.txt",
        "--editor",
        "sh -c 'exit 9'",
        "secret-00.age",
    ]);
    let (output, found) = planted.watch(&command);
    assert_eq!(output.status.code(), Some(1));
    let leaks: Vec<_> = found
        .iter()
        .filter(|sighting| !sighting.was_private())
        .collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    assert!(!planted.is_in(&output.stderr));
}

#[test]
fn a_secret_identity_in_the_environment_is_not_passed_on() {
    let (_, repository) = planted(405);
    let mut command = repository.nixseal();
    let editor = "sh -c 'env > \"$0\"'";
    command
        .args(["edit", "--editor", editor, "secret-01.age"])
        .env("SOPS_AGE_KEY", &repository.user.identity);
    assert!(command.output().expect("run nixseal").status.success());
    let content = keys::age_decrypt(&repository.work, &repository.user.path, "secret-01.age");
    let text = String::from_utf8_lossy(&content);
    assert!(
        text.contains("TMPDIR=") && !text.contains("AGE-SECRET-KEY"),
        "{text}"
    );
}
