//! What status tells of a repository and its history: real git, real age and SOPS files.

use std::process::{Command, Output};

use nixseal_testkit::keys::{self, AgeKey, SshKind};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Workdir, peers};
use serde_json::Value;

use crate::repository::NIXSEAL;

/// A repository with keys of three people, on a day of 2024 or later.
pub(crate) struct History {
    pub(crate) work: Workdir,
    pub(crate) alice: AgeKey,
    pub(crate) bob: AgeKey,
    pub(crate) carol: AgeKey,
}

impl History {
    pub(crate) fn new() -> Self {
        let work = Workdir::new();
        let history = Self {
            alice: keys::age(&work, "alice.txt"),
            bob: keys::age(&work, "bob.txt"),
            carol: keys::age(&work, "carol.txt"),
            work,
        };
        history.work.write(".gitignore", "*.txt\n*.plain\n*.html\n");
        succeed(&mut history.git(&["init", "-q", "-b", "main"]));
        history
    }

    fn command(&self, program: impl AsRef<std::path::Path>) -> Command {
        let mut command = self.work.command(program);
        command.env("SOPS_AGE_KEY_FILE", self.work.join("alice.txt"));
        for name in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{name}_NAME"), "somebody");
            command.env(format!("GIT_{name}_EMAIL"), "somebody@example.org");
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(peers::program("git"));
        command.args(arguments);
        command
    }

    pub(crate) fn nixseal(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(NIXSEAL);
        command.args(arguments);
        command
    }

    fn status(&self, arguments: &[&str]) -> String {
        let output = succeed(self.nixseal(&["status"]).args(arguments));
        text(&output)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.status(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).expect("JSON")
    }

    /// Everything as a commit of that day; gives its id.
    pub(crate) fn commit(&self, day: &str) -> String {
        succeed(&mut self.git(&["add", "-A"]));
        let date = format!("{day}T12:00:00Z");
        let mut commit = self.git(&["commit", "-q", "-m", "x"]);
        succeed(
            commit
                .env("GIT_AUTHOR_DATE", &date)
                .env("GIT_COMMITTER_DATE", &date),
        );
        self.head()
    }

    fn head(&self) -> String {
        let head = text(&succeed(&mut self.git(&["rev-parse", "HEAD"])));
        head.trim_end().to_owned()
    }

    /// Rules for `.age` files, and for SOPS files, with people by their names.
    pub(crate) fn rules(&self, age: &[(&str, &[&str])], sops: &[&str]) {
        let people = [
            ("alice", &self.alice),
            ("bob", &self.bob),
            ("carol", &self.carol),
        ];
        let lets = people.map(|(name, key)| format!("  {name} = \"{}\";\n", key.recipient));
        let rules = age.iter().map(|(name, readers)| {
            format!("  \"{name}\".publicKeys = [ {} ];\n", readers.join(" "))
        });
        let (lets, rules): (String, String) = (lets.concat(), rules.collect());
        self.work
            .write("secrets.nix", format!("let\n{lets}in {{\n{rules}}}\n"));
        let anchors = people.map(|(name, key)| format!("  - &{name} {}\n", key.recipient));
        let readers: Vec<String> = sops.iter().map(|name| format!("*{name}")).collect();
        let rules = format!(
            "keys:\n{}creation_rules:\n  - path_regex: ^sops/\n    key_groups:\n      - age: [{}]\n",
            anchors.concat(),
            readers.join(", ")
        );
        self.work.write(".sops.yaml", rules);
    }

    /// Encrypts with the real age.
    pub(crate) fn seal(&self, name: &str, readers: &[&AgeKey], value: &str) {
        let readers: Vec<&str> = readers.iter().map(|key| key.recipient.as_str()).collect();
        keys::age_encrypt(&self.work, &readers, false, value.as_bytes(), name);
    }

    /// Encrypts with the real sops, by the rules.
    pub(crate) fn sops(&self, name: &str, content: &str) {
        self.work.write("content.plain", content);
        let mut command = self.command(peers::sops());
        command.args(["encrypt", "--filename-override", name, "content.plain"]);
        let output = succeed(&mut command);
        self.work.write(name, output.stdout);
    }

    fn sops_set(&self, name: &str, key: &str, value: &str) {
        let mut command = self.command(peers::sops());
        succeed(command.args(["set", name, key, &format!("\"{value}\"")]));
    }
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The entry of a list whose field `name` has that value.
#[track_caller]
fn entry<'v>(list: &'v Value, field: &str, value: &str) -> &'v Value {
    let mut entries = list.as_array().expect("a list").iter();
    let found = entries.find(|one| one[field] == value);
    found.unwrap_or_else(|| panic!("no '{value}' in {list:#}"))
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|one| one["name"].as_str().expect("a name"))
        .collect()
}

/// Bob could open all; then he leaves, and some values are given anew.
fn bob_leaves() -> (History, [String; 3]) {
    let history = History::new();
    let (alice, bob) = (&history.alice, &history.bob);
    history.rules(
        &[
            ("wifi.age", &["alice", "bob"]),
            ("db.age", &["alice", "bob"]),
        ],
        &["alice", "bob"],
    );
    history.seal("wifi.age", &[alice, bob], "swordfish");
    history.seal("db.age", &[alice, bob], "short");
    history.sops("sops/a.yaml", "user: me\npw: hunter22\nport: 99\nold: x\n");
    let first = history.commit("2024-01-01");
    history.rules(
        &[("wifi.age", &["alice"]), ("db.age", &["alice"])],
        &["alice"],
    );
    succeed(&mut history.nixseal(&["rekey"]));
    let left = history.commit("2024-06-01");
    history.sops_set("sops/a.yaml", "[\"pw\"]", "hunter33");
    let mut unset = history.command(peers::sops());
    succeed(unset.args(["unset", "sops/a.yaml", "[\"old\"]"]));
    history.seal("db.age", &[alice], "much longer than before");
    let changed = history.commit("2024-09-01");
    (history, [first, left, changed])
}

#[test]
fn a_lost_key_is_followed_through_the_history() {
    let (history, [first, left, changed]) = bob_leaves();
    let all = history.json(&["--recipient", "bob"]);
    assert_eq!(all["history"]["complete"], true);
    let bob = &all["recipient"];
    assert_eq!(bob["keys"][0]["key"], history.bob.recipient.as_str());
    let files = &bob["files"];
    let wifi = entry(files, "name", "wifi.age");
    assert_eq!(wifi["opens"], "before");
    assert_eq!(wifi["since"]["commit"], first.as_str());
    assert_eq!(wifi["until"]["commit"], left.as_str());
    assert_eq!(wifi["until"]["date"], "2024-06-01T12:00:00Z");
    assert_eq!(wifi["evidence"], "rule");
    assert_eq!(wifi["verdict"], "unknown");
    // Of another length: certainly another value.
    assert_eq!(entry(files, "name", "db.age")["verdict"], "changed");
    let sops = entry(files, "name", "sops/a.yaml");
    assert_eq!(sops["evidence"], "metadata");
    assert_eq!(sops["verdict"], "unknown");
    let values = &sops["values"];
    assert_eq!(entry(values, "key", "user")["verdict"], "unknown");
    assert_eq!(entry(values, "key", "old")["verdict"], "gone");
    let pw = entry(values, "key", "pw");
    assert_eq!(pw["verdict"], "changed");
    assert_eq!(pw["changed"]["commit"], changed.as_str());

    let alice = history.json(&["--recipient", &history.alice.recipient]);
    for name in ["wifi.age", "db.age", "sops/a.yaml"] {
        let file = entry(&alice["recipient"]["files"], "name", name);
        assert_eq!(
            (&file["opens"], &file["verdict"]),
            (&"now".into(), &"rotate".into())
        );
        assert_eq!(file["until"], Value::Null);
    }
    assert_eq!(
        entry(&alice["recipient"]["files"], "name", "wifi.age")["evidence"],
        "lock"
    );

    let shown = history.status(&["--recipient", "bob"]);
    assert!(
        shown.starts_with("bob: can open 0 now, could once open 3 more\n"),
        "{shown}"
    );
    assert!(
        shown.contains("not known if changed since: give a new value"),
        "{shown}"
    );
    let only = history.status(&["--recipient", "bob", "sops"]);
    assert!(
        only.contains("sops/a.yaml") && !only.contains("wifi.age"),
        "{only}"
    );
}

#[test]
fn nobody_of_that_name_is_told_with_the_names_there_are() {
    let (history, _) = bob_leaves();
    let output = fail(&mut history.nixseal(&["status", "--recipient", "dave"]));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.contains("no recipient is, or was, called 'dave'"),
        "{message}"
    );
    assert!(message.contains("there are: alice, bob\n"), "{message}");
    // A key that nothing ever was encrypted to.
    let carol = history.json(&["--recipient", &history.carol.recipient]);
    assert_eq!(carol["recipient"]["files"], serde_json::json!([]));
}

#[test]
fn stanzas_of_ssh_keys_tell_without_lock_and_rules() {
    let history = History::new();
    let host = keys::ssh(&history.work, "host.txt", SshKind::Ed25519, None);
    let rule = |keys: &str| format!("{{ \"a.age\".publicKeys = [ {keys} ]; }}\n");
    let both = format!("\"{}\" \"{}\"", history.alice.recipient, host.public);
    history.work.write("secrets.nix", rule(&both));
    let alice = history.alice.recipient.as_str();
    keys::age_encrypt(
        &history.work,
        &[alice, &host.public],
        true,
        b"value",
        "a.age",
    );
    let first = history.commit("2024-01-01");
    // The rules keep the key, the file does not.
    keys::age_encrypt(&history.work, &[alice], true, b"VALUE", "a.age");
    let second = history.commit("2024-02-01");
    let view = history.json(&["--recipient", &host.public]);
    let keys = view["recipient"]["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2, "with the age key made of it: {keys:?}");
    let file = entry(&view["recipient"]["files"], "name", "a.age");
    assert_eq!(file["evidence"], "stanza");
    assert_eq!(file["since"]["commit"], first.as_str());
    assert_eq!(file["until"]["commit"], second.as_str());
    assert_eq!(file["verdict"], "unknown");
}

#[test]
fn rules_of_the_past_are_evaluated_with_what_they_import() {
    let history = History::new();
    let keys = |bob: &str| {
        let alice = &history.alice.recipient;
        history.work.write(
            "keys/default.nix",
            format!("{{ all = [ \"{alice}\" {bob} ]; }}\n"),
        );
    };
    let rules = "let keys = import ./keys; in { \"a.age\".publicKeys = keys.all ++ [ (builtins.readFile ./host.pub) ]; }";
    history.work.write("secrets.nix", rules);
    history.work.write("host.pub", &history.carol.recipient);
    keys(&format!("\"{}\"", history.bob.recipient));
    history.seal(
        "a.age",
        &[&history.alice, &history.bob, &history.carol],
        "value",
    );
    let first = history.commit("2024-01-01");
    keys("");
    history.seal("a.age", &[&history.alice, &history.carol], "another");
    let second = history.commit("2024-02-01");
    let bob = history.json(&["--recipient", &history.bob.recipient]);
    let file = entry(&bob["recipient"]["files"], "name", "a.age");
    assert_eq!(file["evidence"], "rule");
    assert_eq!(file["since"]["commit"], first.as_str());
    assert_eq!(file["until"]["commit"], second.as_str());
    let carol = history.json(&["--recipient", &history.carol.recipient]);
    assert_eq!(
        entry(&carol["recipient"]["files"], "name", "a.age")["opens"],
        "now"
    );
}

#[test]
fn sides_of_merges_and_moved_files_are_followed() {
    let history = History::new();
    let (alice, bob, carol) = (&history.alice, &history.bob, &history.carol);
    history.rules(
        &[("a.age", &["alice"]), ("old.age", &["alice", "carol"])],
        &["alice"],
    );
    history.seal("a.age", &[alice], "value");
    history.seal("old.age", &[alice, carol], "value");
    history.commit("2024-01-01");
    succeed(&mut history.git(&["checkout", "-q", "-b", "side"]));
    history.rules(
        &[
            ("a.age", &["alice", "bob"]),
            ("old.age", &["alice", "carol"]),
        ],
        &["alice"],
    );
    history.seal("a.age", &[alice, bob], "from aside");
    history.commit("2024-02-01");
    succeed(&mut history.git(&["checkout", "-q", "main"]));
    history.rules(
        &[("a.age", &["alice"]), ("new.age", &["alice", "carol"])],
        &["alice"],
    );
    succeed(&mut history.git(&["mv", "old.age", "new.age"]));
    history.seal("a.age", &[alice], "value here");
    history.commit("2024-03-01");
    let mut merge = history.git(&["merge", "-q", "-s", "ours", "--no-edit", "side"]);
    succeed(&mut merge);
    let bob = history.json(&["--recipient", "bob"]);
    let file = entry(&bob["recipient"]["files"], "name", "a.age");
    assert_eq!(file["opens"], "before", "{file:#}");
    let carol = history.json(&["--recipient", "carol"]);
    assert_eq!(names(&carol["recipient"]["files"]), ["new.age"]);
    let ages = history.json(&["--age"]);
    let moved = entry(&ages["ages"], "name", "new.age");
    assert_eq!(moved["changed"]["date"], "2024-01-01T12:00:00Z");
}

#[test]
fn files_that_are_gone_and_files_that_were_in_clear_are_told() {
    let history = History::new();
    history.rules(
        &[("a.age", &["alice"]), ("b c\n.age", &["alice", "bob"])],
        &["alice"],
    );
    history.work.write("a.age", "in clear");
    history.seal("b c\n.age", &[&history.alice, &history.bob], "value");
    history.commit("2024-01-01");
    history.work.remove("b c\n.age");
    history.seal("a.age", &[&history.alice], "sealed");
    let gone = history.commit("2024-02-01");
    let bob = history.json(&["--recipient", "bob"]);
    let files = &bob["recipient"]["files"];
    let removed = entry(files, "name", "b c\n.age");
    assert_eq!(removed["verdict"], "gone");
    assert_eq!(removed["until"]["commit"], gone.as_str());
    assert_eq!(entry(files, "name", "a.age")["evidence"], "clear");
    let shown = history.status(&["--recipient", "bob"]);
    assert!(shown.contains("b c\u{fffd}.age"), "{shown}");
}

#[test]
fn ages_are_those_of_single_values() {
    let (history, [first, left, changed]) = bob_leaves();
    history.seal("new.age", &[&history.alice], "value");
    let all = history.json(&["--age"]);
    let ages = all["ages"].as_array().unwrap();
    let of = |key: &str| entry(&all["ages"], "key", key);
    assert_eq!(of("pw")["changed"]["commit"], changed.as_str());
    // A new data key: when the text changed, and since when the value may be the same.
    assert_eq!(of("user")["changed"]["commit"], left.as_str());
    assert_eq!(of("user")["may_be_older"], true);
    assert_eq!(of("user")["oldest"]["commit"], first.as_str());
    let wifi = entry(&all["ages"], "name", "wifi.age");
    assert_eq!(wifi["oldest"]["commit"], first.as_str());
    let db = entry(&all["ages"], "name", "db.age");
    assert_eq!(
        (&db["may_be_older"], &db["key"]),
        (&false.into(), &Value::Null)
    );
    // The oldest first, what is not committed last.
    assert_eq!(ages.last().unwrap()["name"], "new.age");
    assert_eq!(ages.last().unwrap()["days"], Value::Null);
    let days: Vec<i64> = ages
        .iter()
        .filter_map(|age| age["oldest_days"].as_i64())
        .collect();
    assert!(days.is_sorted_by(|one, two| one >= two), "{days:?}");
    // Between the second and the third commit; the value that may be as old counts.
    let least = days.iter().min().unwrap() + 1;
    let older = history.json(&["--older-than", &format!("{least}d")]);
    let mut left: Vec<&str> = names(&older["ages"]);
    left.sort_unstable();
    assert_eq!(left, ["sops/a.yaml", "sops/a.yaml", "wifi.age"]);
    let none = history.status(&["--older-than", "90y"]);
    assert_eq!(none, "AGE IN DAYS  CHANGED IN  FILE  VALUE\n");
}

#[test]
fn the_matrix_shows_what_a_rekey_would_change_and_fits() {
    let history = History::new();
    history.rules(&[("a.age", &["alice", "bob"])], &["alice", "bob"]);
    succeed(&mut history.nixseal(&["set", "a.age", "--generate", "hex"]));
    history.sops("sops/a.yaml", "a: 1\n");
    history.rules(
        &[("a.age", &["alice", "carol"]), ("none.age", &["carol"])],
        &["alice", "carol"],
    );
    let matrix = &history.json(&["--matrix"])["matrix"];
    assert_eq!(names(&matrix["recipients"]).len(), 3);
    let access = |name: &str| &entry(&matrix["files"], "name", name)["access"];
    for name in ["a.age", "sops/a.yaml"] {
        let access = access(name).as_object().unwrap();
        let left = access
            .iter()
            .find(|(_, one)| *one == "left")
            .expect("somebody left");
        assert_eq!(
            (&access["alice"], &access["carol"]),
            (&"reads".into(), &"added".into())
        );
        assert!(left.0 == "bob" || left.0.starts_with("age1"), "{left:?}");
    }
    assert_eq!(access("none.age"), &serde_json::json!({ "carol": "added" }));
    // Many recipients become several tables, none wider than a terminal of old.
    let keys: Vec<AgeKey> = (0..12)
        .map(|number| keys::age(&history.work, &format!("{number}.txt")))
        .collect();
    let lets = keys.iter().enumerate();
    let lets: String = lets
        .map(|(number, key)| format!("machine-{number} = \"{}\"; ", key.recipient))
        .collect();
    let all: Vec<String> = (0..12).map(|number| format!("machine-{number}")).collect();
    let rules = format!(
        "let {lets} in {{ \"a.age\".publicKeys = [ {} ]; }}",
        all.join(" ")
    );
    history.work.write("secrets.nix", rules);
    let shown = history.status(&["--matrix"]);
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    assert!(shown.matches("FILE").count() >= 2, "{shown}");
    for name in &all {
        assert_eq!(
            shown.split_whitespace().filter(|word| word == name).count(),
            1,
            "{shown}"
        );
    }
}

/// `.age` files name a host by its SSH key, SOPS files by the age key made of it.
#[test]
fn an_ssh_key_and_the_age_key_made_of_it_are_one_recipient() {
    let history = History::new();
    let host = keys::ssh(&history.work, "host.txt", SshKind::Ed25519, None);
    history.work.write("host.txt", &host.public);
    let derived = succeed(&mut history.nixseal(&["key", "from-ssh", "host.txt"]));
    let derived = text(&derived).trim().to_owned();
    assert!(derived.starts_with("age1"), "{derived}");
    let alice = &history.alice.recipient;
    let rules = |host: &str| {
        format!(
            "let alice = \"{alice}\"; web = \"{host}\"; in {{ \"a.age\".publicKeys = [ alice web ]; }}\n"
        )
    };
    history.work.write("secrets.nix", rules(&host.public));
    let sops = |name: &str| {
        format!(
            "keys:\n  - &{name} {derived}\ncreation_rules:\n  - path_regex: ^sops/\n    key_groups:\n      - age: [{alice}, *{name}]\n"
        )
    };
    history.work.write(".sops.yaml", sops("web"));
    let public = [alice.as_str(), host.public.as_str()];
    keys::age_encrypt(&history.work, &public, true, b"value", "a.age");
    history.sops("sops/a.yaml", "a: 1\n");
    history.commit("2024-01-01");

    let check = |name: &str, access: [&str; 2]| {
        let matrix = &history.json(&["--matrix"])["matrix"];
        let recipients = &matrix["recipients"];
        assert_eq!(names(recipients), ["alice", name]);
        let web = entry(recipients, "name", name);
        let key: Vec<&str> = host.public.split(' ').take(2).collect();
        assert_eq!(web["keys"], serde_json::json!([key.join(" "), derived]));
        assert_eq!(web["key"], web["keys"][0]);
        for (file, access) in ["a.age", "sops/a.yaml"].into_iter().zip(access) {
            let file = entry(&matrix["files"], "name", file);
            assert_eq!(file["access"][name], access, "{file}");
        }
        let table = history.status(&["--matrix"]);
        assert_eq!(table.matches(name).count(), 1, "{table}");
        succeed(&mut history.nixseal(&["status", "--html", "page.html"]));
        let page = history.work.read_text("page.html");
        let matrix = page.split("<section id=\"matrix\">").nth(1).unwrap();
        let matrix = matrix.split("</thead>").next().unwrap();
        assert_eq!(matrix.matches(&format!("{name}<")).count(), 1, "{matrix}");
        assert_eq!(matrix.matches("<th ").count(), 3, "{matrix}");
    };
    check("web", ["reads", "reads"]);
    // The file is for the one key, which the lock tells, and the rule names the other: its owner
    // reads it.
    history.work.write("secrets.nix", rules(&derived));
    succeed(&mut history.nixseal(&["set", "a.age", "--generate", "hex"]));
    history.work.write("secrets.nix", rules(&host.public));
    check("web", ["reads", "reads"]);
    // Rules may call it by two names.
    history.work.write(".sops.yaml", sops("web_age"));
    check("web = web_age", ["reads", "reads"]);
}

#[test]
fn unused_and_missing_secrets_are_told_apart() {
    let history = History::new();
    let rules: &[(&str, &[&str])] = &[
        ("used.age", &["alice"]),
        ("idle.age", &["alice"]),
        ("none.age", &["alice"]),
    ];
    history.rules(rules, &["alice"]);
    for name in ["used.age", "idle.age", "sub/orphan.age"] {
        history.seal(name, &[&history.alice], "value");
    }
    history.sops("sops/a.yaml", "a: 1\n");
    history
        .work
        .write("other.yaml", history.work.read("sops/a.yaml"));
    history.work.write("plain.yaml", "a: 1\n");
    // Those of other rules are theirs.
    history.seal("theirs/a.age", &[&history.alice], "value");
    history.work.write("theirs/secrets.nix", "{ }");
    let configuration =
        "{ age.secrets.x.file = ./used.age; sops.defaultSopsFile = ./sops/a.yaml; }";
    history.work.write("hosts/one.nix", configuration);
    let unused = &history.json(&["--unused"])["unused"];
    assert_eq!(names(&unused["missing"]), ["none.age"]);
    assert_eq!(names(&unused["orphaned"]), ["other.yaml", "sub/orphan.age"]);
    assert_eq!(names(&unused["undeclared"]), ["idle.age"]);
    assert_eq!(unused["searched"], 1);
    let shown = history.status(&["--unused"]);
    assert!(
        shown.contains("its name stands in none of 1 .nix file\n"),
        "{shown}"
    );
}

#[test]
fn histories_that_are_not_whole_are_said_to_be() {
    let (history, _) = bob_leaves();
    let source = format!("file://{}", history.work.path().display());
    succeed(&mut history.git(&["clone", "-q", "--depth=1", &source, "shallow"]));
    let mut status = history.nixseal(&["status", "--recipient", "alice", "--json"]);
    let output = succeed(status.current_dir(history.work.join("shallow")));
    assert!(String::from_utf8_lossy(&output.stderr).contains("this clone is shallow"));
    let all: Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(all["history"]["complete"], false);

    let none = History::new();
    none.rules(&[("a.age", &["alice"])], &["alice"]);
    none.seal("a.age", &[&none.alice], "value");
    let view = none.json(&["--recipient", "alice"]);
    let file = entry(&view["recipient"]["files"], "name", "a.age");
    assert_eq!(
        file["since"],
        serde_json::json!({ "commit": null, "date": null })
    );
    assert_eq!(view["history"]["commits"], 0);

    std::fs::remove_dir_all(none.work.join(".git")).unwrap();
    let output = fail(&mut none.nixseal(&["status", "--age"]));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.contains("what happened before is read from git"),
        "{message}"
    );
    succeed(&mut none.nixseal(&["status", "--matrix", "--unused"]));
}

#[test]
fn key_groups_are_not_opened_alone() {
    let history = History::new();
    let (alice, bob) = (&history.alice.recipient, &history.bob.recipient);
    let rules = format!(
        "creation_rules:\n  - path_regex: ^sops/\n    shamir_threshold: 2\n    key_groups:\n      \
         - age: [{alice}]\n      - age: [{bob}]\n"
    );
    history.work.write(".sops.yaml", rules);
    history.sops("sops/a.yaml", "a: 1\n");
    history.commit("2024-01-01");
    let view = history.json(&["--recipient", bob]);
    let file = entry(&view["recipient"]["files"], "name", "sops/a.yaml");
    assert_eq!(file["shared"], true);
    let shown = history.status(&["--recipient", bob]);
    assert!(shown.contains("now, with other groups"), "{shown}");
}
