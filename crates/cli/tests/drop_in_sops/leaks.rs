//! Planted plaintext is looked for in every file, argument, environment and write of ours and of
//! the programs it starts.

use nixseal_testkit::Workdir;
use nixseal_testkit::leaks::{Planted, Sighting, can_watch};
use nixseal_testkit::workdir::succeed;

use super::{folder, ours};

/// A folder with an encrypted file that holds a planted word.
fn planted(seed: u64) -> (Planted, Workdir) {
    can_watch();
    let planted = Planted::new(seed);
    let work = folder();
    work.write("f.yaml", format!("a: {}\nb: 1\n", planted.word()));
    succeed(ours(&work).args(["encrypt", "-i", "f.yaml"]));
    (planted, work)
}

#[test]
fn plaintext_goes_to_the_output_only() {
    let (planted, work) = planted(421);
    let mut command = ours(&work);
    command.args(["decrypt", "f.yaml"]);
    let (output, found) = planted.watch(&command);
    assert!(planted.is_in(&output.stdout));
    let pipe = |place: &Sighting| matches!(place, Sighting::Written(to) if to.starts_with("pipe:"));
    assert!(found.iter().all(pipe), "{found:?}");
    assert_eq!(planted.search(work.path()), []);
}

#[test]
fn an_edit_keeps_plaintext_in_the_private_folder() {
    let (planted, work) = planted(422);
    let editor = "sh -c 'cp \"$0\" \"$0~\"; cp \"$0\" \"$TMPDIR/swap\"; echo c: 2 >> \"$0\"'";
    let mut command = ours(&work);
    command.args(["edit", "f.yaml"]).env("SOPS_EDITOR", editor);
    let (output, found) = planted.watch(&command);
    assert!(output.status.success());
    assert!(
        !found.is_empty(),
        "the editor needs the plaintext in a file"
    );
    let leaks: Vec<_> = found.iter().filter(|one| !one.was_private()).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    assert_eq!(planted.search(work.path()), []);
}

#[test]
fn a_wrong_mac_or_a_bad_text_shows_nothing() {
    let (planted, work) = planted(423);
    let damaged: String = work
        .read_text("f.yaml")
        .lines()
        .filter(|line| !line.starts_with("b:"))
        .map(|line| format!("{line}\n"))
        .collect();
    work.write("damaged.yaml", damaged);
    let mut command = ours(&work);
    command.args(["decrypt", "damaged.yaml"]);
    let (output, found) = planted.watch(&command);
    assert_eq!(output.status.code(), Some(51));
    assert_eq!(found, []);
    assert!(!planted.is_in(&output.stdout) && !planted.is_in(&output.stderr));

    let mut once = ours(&work);
    once.args(["encrypt", "bad.yaml"]);
    work.write("bad.yaml", format!("{}: [\n", planted.word()));
    let (output, found) = planted.watch(&once);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(found, []);
    assert!(!planted.is_in(&output.stderr));
}

/// The original writes a new plaintext file as the umask says.
#[test]
fn a_new_plaintext_file_is_private() {
    let (_, work) = planted(424);
    succeed(ours(&work).args(["decrypt", "--output", "plain.yaml", "f.yaml"]));
    assert_eq!(work.mode("plain.yaml"), 0o600);
}

#[test]
fn the_editor_does_not_get_the_key() {
    let (_, work) = planted(425);
    let editor = "sh -c 'env | sed s/^/x_/ | sed s/=.*/:\\ 1/ > \"$0\"; \
                  case \"$SOPS_AGE_KEY\" in ?*) echo leak: 1 >> \"$0\";; esac'";
    let mut command = ours(&work);
    command.args(["edit", "f.yaml"]).env("SOPS_EDITOR", editor);
    command.env_remove("SOPS_AGE_KEY_FILE");
    succeed(command.env("SOPS_AGE_KEY", work.read_text("key.txt")));
    let output = succeed(ours(&work).args(["decrypt", "f.yaml"]));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("x_TMPDIR: 1") && !text.contains("leak"),
        "{text}"
    );
}
