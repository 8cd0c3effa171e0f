//! The tour as an ordinary user takes it. Each of its steps checks itself.

use std::process::Command;

use nixseal_testkit::faults::without_root;
use nixseal_testkit::{Workdir, workdir};

#[test]
fn an_ordinary_user_can_take_the_tour() {
    let work = Workdir::new();
    work.set_mode(".", 0o755);
    work.mkdir("tmp");
    work.set_mode("tmp", 0o777);
    let program = std::fs::read(env!("CARGO_BIN_EXE_nixseal")).expect("read the program");
    work.write("nixseal", program);
    work.set_mode("nixseal", 0o755);
    let mut command = Command::new(work.join("nixseal"));
    command
        .args(["tour", "--pause"])
        .env("PATH", "/usr/bin:/bin")
        .env("TMPDIR", work.join("tmp"))
        .current_dir(work.join("tmp"));
    let output = workdir::succeed(&mut without_root(&command));
    let output = String::from_utf8(output.stdout).expect("text");
    for shown in [
        "$ nixseal agenix -r",
        "$ cat $XDG_RUNTIME_DIR/agenix/wifi\n    PSK=a-better-one-this-time\n",
        "$ cat $XDG_RUNTIME_DIR/secrets/api_token\n    sk-live-1234567890abcdef\n",
        "hint: it keeps its previous value",
        "the unit 'myapp.service' has it in 'Environment='",
        "nothing found; 2 secrets",
    ] {
        assert!(output.contains(shown), "{shown:?} is not in:\n{output}");
    }
    let left = std::fs::read_dir(work.join("tmp")).expect("list a folder");
    assert_eq!(left.count(), 0, "something was left behind");
}
