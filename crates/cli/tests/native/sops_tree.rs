//! A tree of SOPS files when things go wrong, with OpenPGP groups, and watched for leaks.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use nixseal_testkit::faults::{Mount, kill_after};
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::leaks::{Planted, Sighting, can_watch};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Random, Workdir, peers};

use crate::repository::NIXSEAL;

const NAMES: [&str; 4] = ["yaml", "json", "env", "ini"];

/// Files `s-NN.*` of all formats, made by the real `sops` for the user.
struct Tree {
    work: Workdir,
    user: AgeKey,
    host: AgeKey,
    count: usize,
}

impl Tree {
    fn new(count: usize) -> Self {
        Self::with_value(count, "value")
    }

    fn with_value(count: usize, value: &str) -> Self {
        let work = Workdir::new();
        let user = keys::age(&work, "user.txt");
        let host = keys::age(&work, "host.txt");
        let tree = Self {
            work,
            user,
            host,
            count,
        };
        tree.rules(&[&tree.user]);
        let texts = [
            format!("# note\na: {value}\n"),
            format!("{{\"a\": \"{value}\"}}"),
            format!("a={value}\n"),
            format!("[s]\na = {value}\n"),
        ];
        for (number, text) in texts.iter().enumerate().take(count) {
            let name = tree.name(number);
            tree.work.write(&name, text);
            succeed(&mut tree.sops(&tree.user, &["encrypt", "-i", &name]));
        }
        for number in texts.len()..count {
            let first = tree.work.read(tree.name(number % texts.len()));
            tree.work.write(tree.name(number), first);
        }
        tree
    }

    fn name(&self, number: usize) -> String {
        format!("s-{number:02}.{}", NAMES[number % NAMES.len()])
    }

    fn rules(&self, keys: &[&AgeKey]) {
        let keys: Vec<&str> = keys.iter().map(|key| key.recipient.as_str()).collect();
        let rule = format!(
            "creation_rules: [{{path_regex: '^s-', age: [{}]}}]\n",
            keys.join(", ")
        );
        self.work.write(".sops.yaml", rule);
    }

    fn sops(&self, key: &AgeKey, arguments: &[&str]) -> Command {
        let mut command = self.work.command(peers::sops());
        command.env("SOPS_AGE_KEY_FILE", &key.path).args(arguments);
        command
    }

    fn rekey(&self) -> Command {
        let mut command = self.work.command(NIXSEAL);
        command.args(["rekey", "-i", "user.txt"]);
        command
    }

    fn contents(&self) -> Vec<Vec<u8>> {
        let names = (0..self.count).map(|number| self.name(number));
        names.map(|name| self.work.read(name)).collect()
    }

    /// Every file says with the real `sops` what it said.
    #[track_caller]
    fn assert_whole(&self) {
        for number in 0..self.count {
            let name = self.name(number);
            let output = succeed(&mut self.sops(&self.user, &["decrypt", &name]));
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(text.contains("value"), "{name}: {text}");
        }
    }

    /// How many files the host opens with the real `sops`.
    fn readable_by_host(&self) -> usize {
        let opens = |number: &usize| {
            let mut command = self.sops(&self.host, &["decrypt", &self.name(*number)]);
            command.output().expect("run sops").status.success()
        };
        (0..self.count).filter(opens).count()
    }

    #[track_caller]
    fn assert_no_strangers(&self) {
        let strangers: Vec<String> = self
            .work
            .tree()
            .into_iter()
            .filter(|name| name.contains(".nixseal-"))
            .collect();
        assert_eq!(strangers, Vec::<String>::new());
    }
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn two_hundred_killed_rekeys_of_a_tree_leave_every_file_whole() {
    let tree = Tree::new(24);
    tree.rules(&[&tree.user, &tree.host]);
    let start = Instant::now();
    succeed(&mut tree.rekey());
    let whole = start.elapsed();
    let mut killed = 0;
    let mut random = Random::new(7);
    for round in 0..200 {
        if round % 2 == 0 {
            tree.rules(&[&tree.user]);
        } else {
            tree.rules(&[&tree.user, &tree.host]);
        }
        let mut command = tree.rekey();
        command.stderr(std::process::Stdio::null());
        let delay = whole.mul_f64(random.below(1 << 20) as f64 / f64::from(1 << 20));
        let status = kill_after(&mut command, delay);
        killed += usize::from(status.signal().is_some());
        if round % 50 == 49 {
            tree.assert_whole();
        }
    }
    assert!(
        killed >= 20,
        "only {killed} of 200 were killed before their end"
    );
    // The next run finishes the work.
    tree.rules(&[&tree.user, &tree.host]);
    succeed(&mut tree.rekey());
    tree.assert_whole();
    assert_eq!(tree.readable_by_host(), 24);
    tree.rules(&[&tree.user]);
    succeed(&mut tree.rekey());
    assert_eq!(tree.readable_by_host(), 0);
    succeed(tree.work.command(NIXSEAL).args(["rekey", "--check"]));
    tree.assert_no_strangers();
}

#[test]
fn a_full_disk_changes_no_file_of_a_tree() {
    let source = Tree::new(24);
    source.rules(&[&source.user, &source.host]);
    let disk = Mount::small_disk(256 * 1024);
    let outside = disk.outside();
    let write = |name: &str, content: Vec<u8>| {
        std::fs::write(outside.join(name), content).expect("write to the small disk");
    };
    for (number, content) in source.contents().into_iter().enumerate() {
        write(&source.name(number), content);
    }
    write(".sops.yaml", source.work.read(".sops.yaml"));
    write("user.txt", source.work.read("user.txt"));
    let mut filling = 0;
    while std::fs::write(outside.join(format!("filling-{filling}")), [7; 4096]).is_ok() {
        filling += 1;
    }
    for number in 0..4 {
        let _ = std::fs::remove_file(outside.join(format!("filling-{}", filling - number)));
    }
    let output = fail(&mut disk.command(&source.rekey()));
    let message = message(&output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("space"), "{message}");
    assert!(message.contains("nothing was changed"), "{message}");
    for (number, content) in source.contents().into_iter().enumerate() {
        let name = source.name(number);
        assert_eq!(
            std::fs::read(outside.join(&name)).ok(),
            Some(content),
            "{name}"
        );
    }
}

#[test]
fn a_read_only_tree_stays_as_it_is() {
    let tree = Tree::new(4);
    tree.rules(&[&tree.user, &tree.host]);
    let command = tree.rekey();
    let before = tree.contents();
    let names: Vec<String> = (0..4).map(|number| tree.name(number)).collect();
    let mount = Mount::read_only(tree.work);
    let output = fail(&mut mount.command(&command));
    assert_eq!(output.status.code(), Some(1), "{}", message(&output));
    assert!(message(&output).contains("s-0"), "{}", message(&output));
    for (name, content) in names.iter().zip(before) {
        assert_eq!(
            std::fs::read(mount.outside().join(name)).ok(),
            Some(content)
        );
    }
}

#[test]
fn one_bad_file_stops_all() {
    let tree = Tree::new(8);
    tree.rules(&[&tree.host]);
    let good = tree.work.read_text("s-04.yaml");
    let fresh = good.replacen("lastmodified: \"20", "lastmodified: \"19", 1);
    // A MAC that does not fit, no document at all, a wrapped key that is damaged.
    for (damage, expected) in [
        (fresh, "cannot decrypt the MAC"),
        (format!("{good}<<<<<<< HEAD\n"), "s-04.yaml"),
        (
            good.replace("-----BEGIN AGE", "-----BEGIN AGF"),
            "is damaged",
        ),
    ] {
        tree.work.write("s-04.yaml", &damage);
        let before = tree.contents();
        let output = fail(&mut tree.rekey());
        let message = message(&output);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("nothing was changed"), "{message}");
        assert_eq!(tree.contents(), before);
    }
    tree.work.write("s-04.yaml", &good);
    let before = tree.contents();
    let output = fail(tree.work.command(NIXSEAL).args(["rekey", "-i", "host.txt"]));
    assert!(
        message(&output).contains("the same for 7 more files"),
        "{}",
        message(&output)
    );
    assert_eq!(tree.contents(), before);
}

#[test]
fn groups_with_openpgp_keys_follow_their_rules() {
    let work = Workdir::new();
    let user = keys::age(&work, "user.txt");
    let host = keys::age(&work, "host.txt");
    let gnupg = Gnupg::new(&work, "gnupg");
    let pgp = gnupg.make_key("one@example.org", "default");
    work.write(
        ".sops.yaml",
        format!("creation_rules: [{{age: {}}}]\n", user.recipient),
    );
    let sops = |arguments: &[&str], key: Option<&AgeKey>, home: bool| {
        let mut command = work.command(peers::sops());
        command.args(arguments);
        if let Some(key) = key {
            command.env("SOPS_AGE_KEY_FILE", &key.path);
        }
        if home {
            command.env("GNUPGHOME", gnupg.home());
        }
        command
    };
    for name in ["a.yaml", "b.json"] {
        work.write(name, "{\"a\": \"value\"}");
        succeed(&mut sops(&["encrypt", "-i", name], None, false));
    }
    let rekey = |arguments: &[&str]| {
        let mut command = work.command(NIXSEAL);
        command.env("GNUPGHOME", gnupg.home()).arg("rekey");
        command.args(arguments);
        command
    };
    let groups = |threshold: u32, groups: &[String]| {
        let groups: String = groups
            .iter()
            .map(|group| format!("    - {group}\n"))
            .collect();
        work.write(
            ".sops.yaml",
            format!(
                "creation_rules:\n  - shamir_threshold: {threshold}\n    key_groups:\n{groups}"
            ),
        );
    };
    let age = |key: &AgeKey| format!("age: [{}]", key.recipient);
    let three = [age(&user), format!("pgp: [{pgp}]"), age(&host)];
    groups(2, &three);
    let check = rekey(&["--check"]).output().expect("run nixseal");
    assert_eq!(check.status.code(), Some(3));
    succeed(&mut rekey(&["-i", "user.txt"]));
    for name in ["a.yaml", "b.json"] {
        let alone = sops(&["decrypt", name], Some(&user), false).output();
        assert!(!alone.expect("run sops").status.success(), "two are needed");
        succeed(&mut sops(&["decrypt", name], Some(&user), true));
        let output = succeed(&mut sops(&["updatekeys", "-y", name], Some(&user), true));
        assert!(message(&output).contains("already up to date"));
    }
    succeed(&mut rekey(&["--check"]));
    // Other thresholds, which sops never brings in line; opened by the OpenPGP key and the host's.
    groups(3, &three);
    succeed(&mut rekey(&["-i", "host.txt"]));
    let text = work.read_text("a.yaml");
    assert!(
        text.contains("\"shamir_threshold\": 3") || text.contains("shamir_threshold: 3"),
        "{text}"
    );
    let output = fail(&mut sops(&["decrypt", "a.yaml"], Some(&user), true));
    assert_eq!(output.status.code(), Some(128));
    // Nobody opens enough groups: all of them are named with their reasons.
    groups(2, &three[..2]);
    let mut locked = work.command(NIXSEAL);
    locked
        .env("GNUPGHOME", work.mkdir("empty"))
        .args(["rekey", "-i", "user.txt"]);
    let output = fail(&mut locked);
    assert!(
        message(&output).contains("3 of 3 key groups are needed"),
        "{}",
        message(&output)
    );
    assert!(message(&output).contains(&pgp), "{}", message(&output));
}

#[test]
fn rekey_rotate_and_exec_leak_nothing() {
    can_watch();
    let planted = Planted::new(411);
    let tree = Tree::with_value(4, planted.word());
    tree.rules(&[&tree.host, &tree.user]);
    for arguments in [&["rekey"][..], &["rotate", "s-00.yaml", "s-01.json"]] {
        let mut command = tree.work.command(NIXSEAL);
        command.args(arguments).args(["-i", "user.txt"]);
        let (output, found) = planted.watch(&command);
        assert!(output.status.success(), "{}", message(&output));
        assert_eq!(found, []);
    }
    // The selector makes nothing clear but what the rule says.
    let rule = format!(
        "creation_rules: [{{path_regex: '^s-', encrypted_regex: '^a$', age: {}}}]\n",
        tree.user.recipient
    );
    tree.work.write(".sops.yaml", rule);
    let (output, found) = planted.watch(&tree.rekey());
    assert!(output.status.success(), "{}", message(&output));
    assert_eq!(found, []);
    assert_eq!(planted.search(tree.work.path()), []);

    let mut command = tree.work.command(NIXSEAL);
    command.args([
        "exec",
        "-i",
        "user.txt",
        "s-00.yaml",
        "--file",
        "F=s-01.json:a",
        "--",
        "true",
    ]);
    let (output, found) = planted.watch(&command);
    assert!(output.status.success(), "{}", message(&output));
    let meant = |sighting: &Sighting| match sighting {
        // Its environment is where the command shall have it.
        Sighting::Program(path) => Path::new(path).ends_with("true"),
        Sighting::Written(place) => place.contains("memfd:nixseal"),
        Sighting::File(_) => false,
    };
    assert!(!found.is_empty() && found.iter().all(meant), "{found:?}");
    for (from, to) in [("s-01.json", "new.yaml"), ("s-00.yaml", "new/")] {
        let mut command = tree.work.command(NIXSEAL);
        command.args(["convert", "-i", "user.txt", from, to]);
        let (output, found) = planted.watch(&command);
        assert!(output.status.success(), "{}", message(&output));
        assert_eq!(found, []);
    }
    assert_eq!(planted.search(tree.work.path()), []);
    command = tree.work.command(NIXSEAL);
    command.args(["exec", "-i", "host.txt", "s-00.yaml", "--", "true"]);
    let (output, found) = planted.watch(&command);
    assert!(!output.status.success());
    assert_eq!(found, []);
}
