//! Encrypted files in real repositories: merges by value, readable differences, checked commits.

use std::process::{Command, Output};

use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Workdir, peers};

use crate::repository::NIXSEAL;

/// A repository with a user's key, set up by `nixseal git setup`.
struct Git {
    work: Workdir,
    user: AgeKey,
    host: AgeKey,
}

impl Git {
    fn new() -> Self {
        let work = Workdir::new();
        let user = keys::age(&work, "user.txt");
        let host = keys::age(&work, "host.txt");
        let git = Self { work, user, host };
        git.rules(&[&git.user.recipient]);
        git.work.write(".gitignore", "*.txt\nplain\n");
        succeed(&mut git.git(&["init", "-q", "-b", "main"]));
        git
    }

    fn rules(&self, recipients: &[&str]) {
        let age = recipients.join(",");
        let rule = format!("creation_rules:\n  - path_regex: ^secrets/\n    age: {age}\n");
        self.work.write(".sops.yaml", rule);
    }

    fn command(&self, program: impl AsRef<std::path::Path>) -> Command {
        let mut command = self.work.command(program);
        command.env("SOPS_AGE_KEY_FILE", self.work.join("user.txt"));
        for name in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{name}_NAME"), "somebody");
            command.env(format!("GIT_{name}_EMAIL"), "somebody@example.org");
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    fn git(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(peers::program("git"));
        command.args(arguments);
        command
    }

    fn nixseal(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(NIXSEAL);
        command.args(arguments);
        command
    }

    fn sops(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(peers::sops());
        command.args(arguments);
        command
    }

    /// A file that the real `sops` encrypts by the rules.
    fn encrypt(&self, name: &str, content: &str) {
        self.work.write("plain", content);
        let output = succeed(&mut self.sops(&["encrypt", "--filename-override", name, "plain"]));
        self.work.write(name, output.stdout);
    }

    fn decrypt(&self, name: &str) -> String {
        text(&succeed(&mut self.sops(&["decrypt", name])))
    }

    fn set(&self, name: &str, key: &str, value: &str) {
        succeed(&mut self.sops(&["set", name, key, value]));
    }

    fn set_up(&self) {
        succeed(&mut self.nixseal(&["git", "setup"]));
    }

    fn commit(&self, message: &str) {
        succeed(&mut self.git(&["add", "-A"]));
        succeed(&mut self.git(&["commit", "-q", "-m", message]));
    }

    /// Two branches of the state at hand: `theirs` changes it first, then our side does.
    fn branches(&self, theirs: impl FnOnce(&Self), ours: impl FnOnce(&Self)) {
        self.commit("base");
        succeed(&mut self.git(&["switch", "-q", "-c", "theirs"]));
        theirs(self);
        self.commit("theirs");
        succeed(&mut self.git(&["switch", "-q", "main"]));
        ours(self);
        self.commit("ours");
    }

    fn merge(&self) -> Command {
        self.git(&["merge", "--no-edit", "theirs"])
    }

    fn line(&self, name: &str, key: &str) -> String {
        let text = self.work.read_text(name);
        let line = text.lines().find(|line| line.trim_start().starts_with(key));
        line.unwrap_or_else(|| panic!("no {key} in {text}"))
            .to_owned()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

const FILE: &str = "secrets/s.yaml";
const PLAIN: &str = "# the database\ndb:\n    password: one\n    port: 5432\n\napi: token\nlist:\n    - a\n    - b\n    - c\n";

#[test]
fn branches_that_change_different_keys_merge() {
    let git = Git::new();
    git.encrypt(FILE, PLAIN);
    git.set_up();
    let untouched = git.line(FILE, "port:");
    git.branches(
        |git| {
            git.set(FILE, "[\"db\"][\"password\"]", "\"two\"");
            git.set(FILE, "[\"added\"]", "\"theirs\"");
        },
        |git| git.set(FILE, "[\"api\"]", "\"new\""),
    );
    let (theirs, ours) = ("refs/heads/theirs:secrets/s.yaml", git.line(FILE, "api:"));
    let theirs = text(&succeed(&mut git.git(&["show", theirs])));
    succeed(&mut git.merge());
    let wanted = "# the database\ndb:\n    password: two\n    port: 5432\napi: new\nlist:\n    - a\n    - b\n    - c\nadded: theirs\n";
    assert_eq!(git.decrypt(FILE), wanted);
    assert_eq!(git.line(FILE, "port:"), untouched);
    assert_eq!(git.line(FILE, "api:"), ours);
    assert!(
        theirs.contains(&git.line(FILE, "password:")),
        "nobody else changed it"
    );
}

#[test]
fn every_format_merges() {
    let files = [
        ("secrets/s.json", "{\"a\": \"1\", \"b\": \"2\"}"),
        ("secrets/s.env", "a=1\nb=2\n"),
        ("secrets/s.ini", "[s]\na = 1\nb = 2\n"),
    ];
    for (name, content) in files {
        let git = Git::new();
        git.encrypt(name, content);
        git.set_up();
        let path = |key: &str| match name.ends_with("ini") {
            true => format!("[\"s\"][\"{key}\"]"),
            false => format!("[\"{key}\"]"),
        };
        git.branches(
            |git| git.set(name, &path("a"), "\"one\""),
            |git| git.set(name, &path("b"), "\"two\""),
        );
        succeed(&mut git.merge());
        let plain = git.decrypt(name);
        assert!(
            plain.contains("one") && plain.contains("two"),
            "{name}: {plain}"
        );
    }
}

#[test]
fn the_same_key_on_both_branches_is_a_conflict_that_names_it() {
    let git = Git::new();
    git.encrypt(FILE, PLAIN);
    git.set_up();
    git.branches(
        |git| {
            git.set(FILE, "[\"db\"][\"password\"]", "\"theirs-secret\"");
            git.set(FILE, "[\"api\"]", "\"theirs-too\"");
        },
        |git| git.set(FILE, "[\"db\"][\"password\"]", "\"ours-secret\""),
    );
    let output = fail(&mut git.merge());
    let told = errors(&output);
    assert!(
        told.contains("both branches changed 'db.password'"),
        "{told}"
    );
    assert!(!told.contains("ours-secret") && !told.contains("theirs-secret"));
    assert!(text(&succeed(&mut git.git(&["status", "--short"]))).contains("UU secrets/s.yaml"));
    // The file is whole: ours there, theirs where only they changed something.
    let plain = git.decrypt(FILE);
    assert!(
        plain.contains("ours-secret") && plain.contains("theirs-too"),
        "{plain}"
    );
    // The hint works as it is printed.
    let hint = told
        .split("for theirs: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let bin = std::path::Path::new(NIXSEAL).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = git.command("/bin/sh");
    succeed(shell.env("PATH", path).args(["-c", hint]));
    assert!(git.decrypt(FILE).contains("theirs-secret"));
}

#[test]
fn recipients_of_both_branches_are_kept_and_removed_ones_are_not() {
    let git = Git::new();
    let third = keys::age(&git.work, "third.txt");
    git.rules(&[&git.user.recipient, &git.host.recipient]);
    git.encrypt(FILE, PLAIN);
    git.set_up();
    let (user, host) = (git.user.recipient.as_str(), git.host.recipient.as_str());
    let update = |git: &Git| {
        succeed(&mut git.sops(&["updatekeys", "-y", FILE]));
        succeed(&mut git.git(&["checkout", "-q", ".sops.yaml"]));
    };
    git.branches(
        |git| {
            git.rules(&[user, host, &third.recipient]);
            update(git);
            git.set(FILE, "[\"api\"]", "\"new\"");
        },
        |git| {
            git.rules(&[user]);
            update(git);
            succeed(&mut git.sops(&["rotate", "-i", FILE]));
        },
    );
    succeed(&mut git.merge());
    let open = |identity: &str| {
        let mut command = git.sops(&["decrypt", FILE]);
        command.env("SOPS_AGE_KEY_FILE", git.work.join(identity));
        command
    };
    assert!(text(&succeed(&mut open("user.txt"))).contains("api: new"));
    assert!(text(&succeed(&mut open("third.txt"))).contains("api: new"));
    fail(&mut open("host.txt"));
}

#[test]
fn without_a_key_ours_stays_and_git_knows_of_the_conflict() {
    let git = Git::new();
    git.encrypt(FILE, PLAIN);
    git.set_up();
    git.branches(
        |git| git.set(FILE, "[\"api\"]", "\"x\""),
        |git| git.set(FILE, "[\"list\"][0]", "\"y\""),
    );
    let before = git.work.read(FILE);
    let output = fail(
        git.merge()
            .env("SOPS_AGE_KEY_FILE", git.work.join("host.txt")),
    );
    let told = errors(&output);
    assert!(told.contains("cannot merge 'secrets/s.yaml'"), "{told}");
    assert!(told.contains(&git.user.recipient), "{told}");
    assert_eq!(git.work.read(FILE), before);
}

#[test]
fn age_files_merge_when_one_side_has_the_value_of_before() {
    let git = Git::new();
    git.rules(&[&git.user.recipient]);
    let seal = |git: &Git, value: &str| {
        let recipient = [git.user.recipient.as_str()];
        keys::age_encrypt(&git.work, &recipient, false, value.as_bytes(), "s.age");
    };
    seal(&git, "old");
    git.set_up();
    git.branches(|git| seal(git, "new"), |git| seal(git, "old"));
    let merge = |git: &Git| {
        let mut merge = git.merge();
        merge.env("NIXSEAL_IDENTITY", git.work.join("user.txt"));
        merge
    };
    let output = succeed(&mut merge(&git));
    assert!(errors(&output).contains("nixseal rekey 's.age'"));
    let value = |git: &Git| keys::age_decrypt(&git.work, &git.user.path, git.work.join("s.age"));
    assert_eq!(value(&git), b"new");

    succeed(&mut git.git(&["branch", "-q", "-D", "theirs"]));
    seal(&git, "base");
    git.branches(|git| seal(git, "theirs"), |git| seal(git, "ours"));
    let output = fail(&mut merge(&git));
    assert!(errors(&output).contains("both branches changed the secret"));
    assert_eq!(value(&git), b"ours");
}

#[test]
fn files_in_clear_merge_as_without_us() {
    let git = Git::new();
    git.work
        .write("secrets/notes.yaml", "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\n");
    succeed(&mut git.nixseal(&["git", "setup", "--no-hook", "secrets/*"]));
    git.branches(
        |git| {
            drop(
                git.work
                    .write("secrets/notes.yaml", "a: 1\nb: 1\nc: 1\nd: 1\ne: 2\n"),
            )
        },
        |git| {
            drop(
                git.work
                    .write("secrets/notes.yaml", "a: 2\nb: 1\nc: 1\nd: 1\ne: 1\n"),
            )
        },
    );
    succeed(&mut git.merge());
    assert_eq!(
        git.work.read_text("secrets/notes.yaml"),
        "a: 2\nb: 1\nc: 1\nd: 1\ne: 2\n"
    );
}

#[test]
fn differences_show_what_changed_and_no_value() {
    let git = Git::new();
    git.encrypt(FILE, PLAIN);
    keys::age_encrypt(&git.work, &[&git.user.recipient], false, b"x", "s.age");
    git.set_up();
    git.commit("base");
    git.set(FILE, "[\"db\"][\"password\"]", "\"hunter2\"");
    keys::age_encrypt(&git.work, &[&git.user.recipient], false, b"y", "s.age");
    let shown = text(&succeed(
        git.git(&["diff"]).env("SOPS_AGE_KEY_FILE", "/nonexistent"),
    ));
    assert!(
        shown.contains("-    password: <str ") && shown.contains("+    password: <str "),
        "{shown}"
    );
    assert!(shown.contains(" db:"), "{shown}");
    assert!(shown.contains("+encrypted "), "{shown}");
    assert!(
        !shown.contains("+api") && !shown.contains("ENC[") && !shown.contains("hunter2"),
        "{shown}"
    );

    succeed(&mut git.nixseal(&["git", "setup", "--values"]));
    let shown = text(&succeed(&mut git.git(&["diff", "--", FILE])));
    assert!(
        shown.contains("-    password: one") && shown.contains("+    password: hunter2"),
        "{shown}"
    );
}

#[test]
fn what_rules_cover_is_not_committed_in_clear() {
    let git = Git::new();
    git.set_up();
    git.commit("base");
    git.work.write(FILE, PLAIN);
    git.work.write("wifi.age", "swordfish\n");
    git.work.write("README.md", "password: none\n");
    succeed(&mut git.git(&["add", "-A"]));
    let output = fail(&mut git.git(&["commit", "-q", "-m", "oops"]));
    let told = errors(&output);
    assert!(told.contains("'secrets/s.yaml' is in clear"), "{told}");
    assert!(told.contains("'wifi.age' is in clear"), "{told}");
    assert!(
        !told.contains("README") && !told.contains("swordfish"),
        "{told}"
    );
    assert_eq!(
        fail(&mut git.nixseal(&["git", "check"])).status.code(),
        Some(3)
    );

    // What is staged counts, not what is in the folder.
    git.encrypt(FILE, PLAIN);
    assert_eq!(
        fail(&mut git.nixseal(&["git", "check"])).status.code(),
        Some(3)
    );
    keys::age_encrypt(&git.work, &[&git.user.recipient], true, b"x", "wifi.age");
    git.commit("encrypted");
    let typed = git
        .work
        .read_text(FILE)
        .replacen("api: ENC", "typed: hunter2\napi: ENC", 1);
    git.work.write(FILE, typed);
    succeed(&mut git.git(&["add", "-A"]));
    let told = errors(&fail(&mut git.git(&["commit", "-q", "-m", "oops"])));
    assert!(
        told.contains("has values in clear: 'typed'") && !told.contains("hunter2"),
        "{told}"
    );
}

#[test]
fn setting_up_twice_is_once_and_can_be_undone() {
    let git = Git::new();
    git.encrypt(FILE, PLAIN);
    git.work.write(".gitattributes", "*.png binary\n");
    let config = git.work.read(".git/config");
    git.set_up();
    let attributes = git.work.read_text(".gitattributes");
    assert_eq!(
        attributes,
        "*.png binary\n*.age diff=nixseal merge=nixseal\n/secrets/*.yaml diff=nixseal merge=nixseal\n"
    );
    assert_eq!(git.work.mode(".git/hooks/pre-commit") & 0o111, 0o111);
    let again = succeed(&mut git.nixseal(&["git", "setup"]));
    assert!(
        errors(&again).contains("nothing to do"),
        "{}",
        errors(&again)
    );
    succeed(&mut git.nixseal(&["git", "setup", "--undo"]));
    assert_eq!(git.work.read_text(".gitattributes"), "*.png binary\n");
    assert_eq!(git.work.read(".git/config"), config);
    assert!(!git.work.exists(".git/hooks/pre-commit"));

    // A hook of somebody else stays, and the user is told what to add.
    git.work.write(".git/hooks/pre-commit", "#!/bin/sh\ntrue\n");
    let output = succeed(&mut git.nixseal(&["git", "setup"]));
    assert!(errors(&output).contains("there is a hook of yours"));
    assert_eq!(
        git.work.read_text(".git/hooks/pre-commit"),
        "#!/bin/sh\ntrue\n"
    );
}
