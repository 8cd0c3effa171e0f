//! The hooks that the repository offers do what they say.

use std::process::{Command, Output};

use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};

use crate::repository::NIXSEAL;

/// A hook: its id, its command, and whether it gets the names of the files.
struct Hook {
    id: String,
    entry: String,
    takes_files: bool,
}

fn hooks() -> Vec<Hook> {
    let text = include_str!("../../../../.pre-commit-hooks.yaml");
    let field = |block: &str, name: &str| {
        let line = block
            .lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned)
    };
    let blocks = text.split("\n- ").skip(1);
    blocks
        .map(|block| Hook {
            id: field(block, "id").expect("a hook has an id"),
            entry: field(block, "entry").expect("a hook has an entry"),
            takes_files: field(block, "pass_filenames").as_deref() != Some("false"),
        })
        .collect()
}

fn command(work: &Workdir, program: impl AsRef<std::path::Path>) -> Command {
    let mut command = work.command(program);
    command.env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

fn run(work: &Workdir, hook: &Hook, files: &[&str]) -> Output {
    let mut words = hook.entry.split(' ');
    assert_eq!(words.next(), Some("nixseal"));
    let mut command = command(work, NIXSEAL);
    command.args(words);
    if hook.takes_files {
        command.args(files);
    }
    command.output().expect("the hook runs")
}

#[test]
fn hooks_stop_what_must_not_be_committed_and_nothing_else() {
    let hooks = hooks();
    assert_eq!(hooks.len(), 3);
    for hook in &hooks {
        let work = Workdir::new();
        let git = |arguments: &[&str]| {
            succeed(command(&work, peers::program("git")).args(arguments));
        };
        git(&["init", "-q"]);
        work.write(
            "good.nix",
            "{ services.a.passwordFile = \"/run/agenix/a\"; }\n",
        );
        git(&["add", "-A"]);
        let clean = run(&work, hook, &["good.nix"]);
        assert_eq!(clean.status.code(), Some(0), "{}: {clean:?}", hook.id);
        work.write(
            "bad.nix",
            "{ services.a.settings.password = \"swordfish9\"; }\n",
        );
        work.write("wifi.age", "swordfish9\n");
        git(&["add", "-A"]);
        let found = run(&work, hook, &["good.nix", "bad.nix"]);
        assert_eq!(found.status.code(), Some(3), "{}: {found:?}", hook.id);
        let shown = [found.stdout, found.stderr].concat();
        assert!(
            !String::from_utf8_lossy(&shown).contains("swordfish9"),
            "{}",
            hook.id
        );
    }
}
