//! SOPS files as wholes, against the real `sops`: what it wrote is recognised, opened and changed
//! without touching what stays; it reads what was written.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use nixseal_age::keyring::{Interaction, Keyring, Source};
use nixseal_base::env::Environment;
use nixseal_base::secret::SecretBytes;
use nixseal_document::path::Path as ValuePath;
use nixseal_document::tree::Node;
use nixseal_document::{EmitOptions, Format};
use nixseal_pgp::Gpg;
use nixseal_repository::sops::{Found, NewSopsFile, SopsError, SopsFile, SopsKeys, SopsRules};
use nixseal_sops::Moment;
use nixseal_sops::key_groups::{DecryptionOrder, Owners};
use nixseal_sops::master_key::Cost;
use nixseal_testkit::Workdir;
use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::peers;
use nixseal_testkit::workdir::succeed;

struct Bench {
    work: Workdir,
    key: AgeKey,
}

impl Bench {
    fn new() -> Self {
        let work = Workdir::new();
        let key = keys::age(&work, "keys.txt");
        Self { work, key }
    }

    fn sops(&self, arguments: &[&str]) -> Command {
        let mut command = self.work.command(peers::sops());
        command.env("SOPS_AGE_KEY_FILE", self.work.join("keys.txt"));
        command.args(arguments);
        command
    }

    /// A file that the real `sops` encrypted.
    fn file(&self, name: &str, format: &str, content: &str) -> PathBuf {
        self.work.write("plain", content);
        let types = ["--input-type", format, "--output-type", format];
        let mut arguments = vec!["encrypt", "--age", &self.key.recipient];
        arguments.extend(types);
        arguments.push("plain");
        let encrypted = succeed(&mut self.sops(&arguments)).stdout;
        self.work.write(name, encrypted)
    }

    fn decrypted(&self, name: &str, format: &str) -> String {
        let types = ["--input-type", format, "--output-type", format, name];
        let output = succeed(self.sops(&["decrypt"]).args(types));
        String::from_utf8(output.stdout).unwrap()
    }

    fn with_keys<T>(&self, identity: &str, work: impl FnOnce(&SopsKeys<'_>) -> T) -> T {
        let asks = Interaction::silent(Environment::default());
        let keyring = Keyring::builder(&asks).source(Source::file(self.work.join(identity)));
        let keyring = keyring.build().unwrap();
        let gpg = Gpg::new(&Environment::default());
        work(&SopsKeys::new(
            &keyring,
            &asks,
            &gpg,
            DecryptionOrder::default(),
        ))
    }
}

fn later() -> Moment {
    Moment::of(UNIX_EPOCH + Duration::from_secs(1_900_000_000))
}

fn options() -> EmitOptions {
    EmitOptions::default()
}

const YAML: &str = "# top\na: one\nm:\n    # inner\n    b: 2\n    l:\n        - x\n        # in the list\n        - \"y\"\nz: last\n";

#[test]
fn every_format_is_recognised_by_content() {
    let bench = Bench::new();
    for (name, format, content, expected) in [
        ("a.yaml", "yaml", YAML, Format::Yaml),
        ("a.yaml.enc", "yaml", YAML, Format::Yaml),
        ("secrets", "yaml", YAML, Format::Yaml),
        ("a.json", "json", "{\"data\":\"x\"}", Format::Json),
        ("a.json.enc", "json", "{\"data\":\"x\"}", Format::Json),
        ("b", "json", "{\"data\":{\"a\":1}}", Format::Json),
        ("c", "json", "{\"data\":\"x\",\"e\":1}", Format::Json),
        ("d", "binary", "anything", Format::Binary),
        ("e", "dotenv", "A=1\n", Format::Dotenv),
        ("f", "ini", "[s]\na = 1\n", Format::Ini),
    ] {
        let path = bench.file(name, format, content);
        match Found::at(&path, None).unwrap() {
            Found::Sops(file) => assert_eq!(file.format(), expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    let plain = bench.work.write("p.yaml", "a: secret-word\n");
    match Found::at(&plain, None).unwrap() {
        Found::Other(error) => {
            assert!(matches!(*error, SopsError::NotSops { .. }));
            assert!(!error.to_string().contains("secret-word"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn plaintext_has_the_layout_of_the_file() {
    let bench = Bench::new();
    for (name, format, content) in [
        ("a.yaml", "yaml", YAML),
        (
            "a.json",
            "json",
            "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t\"x\"\n\t]\n}\n",
        ),
        ("a.env", "dotenv", "# c\nA=1\nB=2\n"),
        ("a.ini", "ini", "[s]\na  = 1\nbc = 2\n"),
        ("a.bin", "binary", "any\0thing"),
    ] {
        let path = bench.file(name, format, content);
        let text = bench.with_keys("keys.txt", |keys| {
            let open = SopsFile::read(&path, None).unwrap();
            let open = open.open(keys, &Owners::default(), false).unwrap();
            open.plaintext(&options()).unwrap()
        });
        assert_eq!(String::from_utf8_lossy(text.expose()), content, "{name}");
    }
}

/// Lines of `after` that `before` has not, values and wrapped keys made short.
fn new_lines(before: &str, after: &str) -> Vec<String> {
    let old: Vec<&str> = before.lines().collect();
    let fresh = after.lines().filter(|line| !old.contains(line));
    fresh
        .map(|line| line.split("ENC[").next().unwrap_or(line).trim().to_owned())
        .collect()
}

#[test]
fn an_edited_text_changes_only_its_lines() {
    let bench = Bench::new();
    for (name, format, content, from, to, expected) in [
        ("a.yaml", "yaml", YAML, "b: 2", "b: 3  # note", vec!["b:"]),
        ("b.yaml", "yaml", YAML, "- x", "- w\n        - x", vec!["-"]),
        (
            "a.json",
            "json",
            "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t\"x\"\n\t]\n}\n",
            "1",
            "2",
            vec!["\"a\": \""],
        ),
        (
            "a.env",
            "dotenv",
            "# c\nA=1\nB=2\n",
            "A=1",
            "A=3",
            vec!["A="],
        ),
        (
            "a.ini",
            "ini",
            "[s]\na  = 1\nbc = 2\n",
            "= 1",
            "= 3",
            vec!["a  ="],
        ),
        (
            "a.bin",
            "binary",
            "thing",
            "thing",
            "thong",
            vec!["\"data\": \""],
        ),
    ] {
        let path = bench.file(name, format, content);
        let before = bench.work.read_text(name);
        let edited = content.replace(from, to);
        bench.with_keys("keys.txt", |keys| {
            let file = SopsFile::read(&path, None).unwrap();
            let open = file.open(keys, &Owners::default(), false).unwrap();
            let edited = SecretBytes::copy_of(edited.as_bytes());
            let open = open.replace(&edited).unwrap();
            let sealed = open.seal(later(), options()).unwrap();
            assert_eq!(sealed.layout_lost, None);
            assert!(sealed.clear.is_empty());
            sealed.write().unwrap();
        });
        let after = bench.work.read_text(name);
        let fresh = new_lines(&before, &after);
        let metadata = |line: &&String| line.contains("mac") || line.contains("lastmodified");
        let values: Vec<&str> = fresh
            .iter()
            .filter(|line| !metadata(line))
            .map(|line| &**line)
            .collect();
        assert_eq!(values, expected, "{name}\n{before}\n{after}");
        assert_eq!(fresh.len() - values.len(), 2, "{name}: {fresh:?}");
        let shown = bench.decrypted(name, format);
        assert_eq!(
            shown,
            edited.replace("b: 3  # note", "# note\n    b: 3"),
            "{name}"
        );
    }
}

#[test]
fn a_new_file_has_the_layout_of_its_text() {
    let bench = Bench::new();
    let rules = format!(
        "keys:\n  - &me {}\ncreation_rules:\n  - path_regex: yaml$\n    encrypted_regex: ^p\n    key_groups: [{{age: [*me]}}]\n",
        bench.key.recipient
    );
    let rules = bench.work.write(".sops.yaml", rules);
    let rules = SopsRules::read(&rules, bench.work.path()).unwrap();
    let path = bench.work.join("new.yaml");
    let rule = rules.encryption(&path).unwrap().unwrap();
    let text = SecretBytes::copy_of(b"# c\n\npass:   'x'\nuser: {a: me, n: null, e: ''}\n");
    let (sealed, cost) = bench.with_keys("keys.txt", |keys| {
        let new = NewSopsFile::prepare(&path, Format::Yaml, rule, keys, &later()).unwrap();
        let sealed = new.seal(&text, later(), options()).unwrap();
        sealed.write().unwrap();
        let cost = keys.cost(SopsFile::read(&path, None).unwrap().metadata());
        (sealed, cost)
    });
    assert_eq!(cost, Cost::AtHand);
    let clear: Vec<String> = sealed.clear.iter().map(ToString::to_string).collect();
    assert_eq!(clear, ["user.a"]);
    let written = bench.work.read_text("new.yaml");
    assert!(written.starts_with("# c\n\npass:   ENC["), "{written}");
    assert!(
        written.contains("\nuser: {a: me, n: null, e: ''}\nsops:\n"),
        "{written}"
    );
    assert!(bench.decrypted("new.yaml", "yaml").contains("pass: x\n"));
}

#[test]
fn a_file_that_changed_meanwhile_is_not_overwritten() {
    let bench = Bench::new();
    let path = bench.file("a.yaml", "yaml", YAML);
    bench.with_keys("keys.txt", |keys| {
        let file = SopsFile::read(&path, None).unwrap();
        let mut open = file.open(keys, &Owners::default(), false).unwrap();
        let value = ValuePath::parse("a").unwrap();
        let branch = &mut open.document_mut().branches[0];
        assert!(value.set(branch, Node::text("two")).unwrap());
        let sealed = open.seal(later(), options()).unwrap();
        succeed(&mut bench.sops(&["set", "a.yaml", "[\"z\"]", "\"other\""]));
        assert!(matches!(sealed.write(), Err(SopsError::Changed(_))));
    });
    assert!(bench.decrypted("a.yaml", "yaml").contains("z: other\n"));
}

#[test]
fn who_cannot_open_a_file_learns_who_can() {
    let bench = Bench::new();
    let path = bench.file("a.yaml", "yaml", YAML);
    let other = keys::age(&bench.work, "other.txt");
    let mut owners = Owners::default();
    owners.add(&nixseal_sops::KeyId::age(&bench.key.recipient), "alice");
    let error = bench.with_keys("other.txt", |keys| {
        let file = SopsFile::read(&path, None).unwrap();
        assert_eq!(keys.cost(file.metadata()), Cost::Hopeless);
        file.unlock(keys, &owners).unwrap_err()
    });
    assert!(error.is_locked());
    let finding = error.diagnostic();
    assert!(finding.message.contains("(alice)"), "{}", finding.message);
    assert!(
        finding.hints[0].contains(&other.recipient),
        "{:?}",
        finding.hints
    );
}
