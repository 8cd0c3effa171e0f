//! The runner itself: that scripts pass, and that wrong ones fail.

use super::*;
use crate::Workdir;

/// Runs one script text as a suite of its own.
fn run(flavour: Flavour, text: &str) -> Result<End, String> {
    run_updating(flavour, text, false).0
}

fn run_updating(flavour: Flavour, text: &str, update: bool) -> (Result<End, String>, String) {
    let work = Workdir::new();
    let path = work.write("script.txt", text);
    let mut suite = Suite::new(work.path(), flavour, Vec::new());
    suite.update = update;
    (suite.run_script(&path), work.read_text("script.txt"))
}

#[track_caller]
fn passes(text: &str) {
    assert_eq!(run(Flavour::Ours, text), Ok(End::Passed));
}

#[track_caller]
fn fails(text: &str, with: &str) {
    let report = run(Flavour::Ours, text).expect_err("the script should have failed");
    assert!(report.contains(with), "{report}");
}

#[test]
fn outputs_are_compared_exactly() {
    passes("exec echo a b\ncmp stdout out\n! stderr .\n-- out --\na b\n");
    fails(
        "exec echo a  c\ncmp stdout out\n-- out --\na b\n",
        ":2: cmp: 'stdout' differs",
    );
    fails(
        "exec printf a\ncmp stdout out\n-- out --\na\n",
        "does not end with a line end",
    );
    passes("exec printf a\ncmp -no-newline stdout out\n-- out --\na\n");
    passes("exec echo $WORK/x\ncmp stdout out\n-- out --\n$WORK/x\n");
}

#[test]
fn status_must_be_as_expected() {
    passes("! exec false\nstatus 1\n? exec sh -c 'exit 3'\nstatus 3\nexec true\nsilent");
    fails("exec false", ":1: exec: it failed with status 1");
    fails("! exec true", "should have failed");
    fails("! exec sh -c 'exit 101'", "crashed");
    fails("! exec sh -c 'kill -9 $$'", "crashed with status 137");
    fails("? exec sh -c 'exit 3'\nstatus 4", "it is 3, not 4");
    fails("exec no-such-program", "the suite has no program");
}

#[test]
fn patterns_are_searched_for() {
    passes("exec printf 'a\\nb\\na\\n'\nstdout '^b$'\nstdout -count=2 a\n! stdout c");
    fails("exec echo a\nstdout b", "'b' is not there");
    fails("exec echo a\n! stdout a", "'a' is there");
    fails("exec echo a\nstdout -count=2 a", "1 times, not 2");
    passes("grep x f\n! grep y f\n-- f --\nx\n");
}

#[test]
fn files_are_checked() {
    passes(
        "exists a\n! exists b\nchmod 0600 a\nmode a 0600\nstamp a\nexec cat a\nuntouched a\n-- a --\n",
    );
    fails("exists b", "'b' is not there");
    fails("chmod 0600 a\nmode a 0644\n-- a --\n", "has mode 0600");
    fails(
        "stamp a\nexec touch a\nuntouched a\n-- a --\n",
        "was written",
    );
    passes(
        "mkdir d\nsymlink d/l -> ../a\ncmp d/l a\ncd d\nrm l\n! exists l\nexists ../a\n-- a --\n1\n",
    );
    passes("expand a\ngrep ^$WORK/x$ a\n-- a --\n$WORK/x\n");
}

#[test]
fn nothing_of_the_machine_is_seen() {
    passes("! exec sh -c 'command -v nix-instantiate'\nstatus 127\n");
    passes("env X='1 2'\nexec env\nstdout '^X=1 2$'\nstdout ^HOME=.WORK$\n! stdout CARGO");
}

#[test]
fn input_comes_from_files_and_outputs() {
    passes(
        "stdin a\nexec cat\nstdin stdout\nexec cat\ncmp stdout a\nexec cat\nsilent\n-- a --\nx\n",
    );
}

#[test]
fn conditions_choose_lines_and_scripts() {
    let script = "[peer] exec false\n[ours] exec true\n[!ours] exec false";
    passes(script);
    assert!(run(Flavour::Peer, script).is_err());
    assert_eq!(
        run(Flavour::Peer, "[ours]\nexec false"),
        Ok(End::NotForThis)
    );
    assert_eq!(
        run(Flavour::Peer, "exec true\n[ours]\nexec false"),
        Ok(End::Passed)
    );
    fails("[linux] exec true", "no condition 'linux'");
}

#[test]
fn a_terminal_asks_and_is_answered() {
    let script = "ttyin talk\nexec bash -c 'stty -echo; printf Secret: >/dev/tty; read -r x; stty echo; test -t 0 && echo \"<$x>\"'\n\
        stdout '^<fish>$'\nttyout -count=1 Secret:\n! ttyout fish\n-- talk --\n? Secret:\n* fish\n";
    passes(script);
    fails(
        "ttyin talk\nexec echo no\n-- talk --\n? yes\n",
        "before it showed 'yes'",
    );
}

#[test]
fn golden_files_are_updated_on_request() {
    let script = "exec echo new\ncmp stdout out\nexec printf x\ncmp -no-newline stdout y\n-- out --\nold\n-- y --\nz\n";
    let (end, text) = run_updating(Flavour::Ours, script, true);
    assert_eq!(end, Ok(End::Passed));
    assert_eq!(text, script.replace("old", "new").replace("z\n", "x\n"));
    let (end, text) = run_updating(Flavour::Ours, script, false);
    assert!(end.is_err());
    assert_eq!(text, script);
}

#[test]
fn unknown_commands_fail() {
    fails("frobnicate", "no such command");
    fails("! cd x", "cannot have '!'");
    fails("? exists x", "only 'exec'");
}

#[test]
#[should_panic(expected = "1 of 2 scripts failed")]
fn a_suite_reports_its_failures() {
    let work = Workdir::new();
    work.write("a.txt", "exec true\n");
    work.write("b.txt", "exec false\n");
    Suite::peer(work.path(), &[]).run();
}

#[test]
#[should_panic(expected = "no script of")]
fn a_suite_without_scripts_fails() {
    let work = Workdir::new();
    work.write("a.txt", "[ours]\nexec true\n");
    Suite::peer(work.path(), &[]).run();
}

#[test]
fn our_binary_is_there_by_each_name() {
    let work = Workdir::new();
    work.write(
        "a.txt",
        "exec age x\nstdout ^x$\nexec nixseal y\nstdout ^y$\n",
    );
    Suite::ours(work.path(), peers::program("echo"), &["age"]).run();
}
