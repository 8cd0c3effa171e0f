//! The command scripts.

use nixseal_testkit::script::Suite;

#[test]
fn command_scripts_pass() {
    Suite::ours("tests/scripts/nixseal", env!("CARGO_BIN_EXE_nixseal"), &[])
        .tools(&[
            "ssh-keygen",
            "truncate",
            "test",
            "basename",
            "mv",
            "cat",
            "sed",
            "find",
            "sh",
            "grep",
            "cmp",
            "echo",
            "env",
            "gpg",
            "gpgconf",
            "diff",
            "git",
            "chmod",
            "mkfifo",
        ])
        .run();
}
