//! Rules files of every idiom, compared with what Nix and agenix make of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use nixseal_base::env::{Environment, NIX_PATH};
use nixseal_nix::eval::file_to_json;
use nixseal_nix::rules::{Evaluator, NewRecipient, NewRule, Rules, load, render};
use nixseal_testkit::{Workdir, peers};
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// `<nixpkgs>` is a small stand-in of our own.
fn environment() -> Environment {
    let path = format!("nixpkgs={}", folder("nixpkgs").display());
    Environment::default().with(&NIX_PATH, path)
}

/// The files of the corpus: one file each, or a folder with a `secrets.nix`.
fn corpus() -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder("rules"))
        .expect("list the corpus")
        .map(|entry| entry.expect("list the corpus").path())
        .map(|path| {
            if path.is_dir() {
                path.join("secrets.nix")
            } else {
                path
            }
        })
        .collect();
    files.sort();
    files
}

fn nix(file: &Path) -> Value {
    let output = Command::new(peers::nix_instantiate())
        .args(["--eval", "--strict", "--json"])
        .arg(file)
        .env(
            "NIX_PATH",
            environment().text(&NIX_PATH).expect("it is set"),
        )
        .output()
        .expect("run nix-instantiate");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {words}", file.display());
    serde_json::from_slice(&output.stdout).expect("nix-instantiate prints JSON")
}

/// What agenix gives to age: `jq -r .[]`, cut into lines, empty ones left out.
fn keys_by_agenix(public_keys: &Value) -> Vec<String> {
    let items: Vec<&Value> = match public_keys {
        Value::Array(items) => items.iter().collect(),
        Value::Object(items) => {
            let sorted: BTreeMap<_, _> = items.iter().collect();
            sorted.into_values().collect()
        }
        other => panic!("publicKeys is {other}"),
    };
    let texts = items
        .into_iter()
        .map(|item| item.as_str().expect("keys are strings"));
    texts
        .flat_map(|text| text.split('\n'))
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_corpus_has_the_values_and_keys_of_nix() {
    let files = corpus();
    assert!(files.len() >= 60, "only {} files", files.len());
    for file in &files {
        let theirs = nix(file);
        let ours = file_to_json(file, &environment())
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let ours: Value = serde_json::from_str(&ours).expect("what is printed is JSON");
        assert_eq!(ours, theirs, "{}", file.display());
        let rules = load(file, &environment(), None).expect("it evaluated before");
        compare_rules(file, &rules, &theirs);
    }
}

fn compare_rules(file: &Path, rules: &Rules, theirs: &Value) {
    assert_eq!(rules.evaluator, Evaluator::Native, "{}", file.display());
    let theirs: BTreeMap<_, _> = theirs
        .as_object()
        .expect("rules are a set")
        .iter()
        .collect();
    assert_eq!(
        rules.names(),
        theirs.keys().map(|name| name.as_str()).collect::<Vec<_>>()
    );
    for (name, entry) in theirs {
        let place = format!("{} in {}", name, file.display());
        let Some(public_keys) = entry.get("publicKeys") else {
            assert!(rules.get(name).is_some_and(|rule| rule.is_err()), "{place}");
            continue;
        };
        let rule = rules.get(name).expect(&place).expect(&place);
        let ours: Vec<&str> = rule.public_keys.iter().map(|key| &*key.text).collect();
        // Deliberate: each key once, without spaces around it and comments.
        let mut wanted: Vec<String> = Vec::new();
        for key in keys_by_agenix(public_keys) {
            let key = key.trim().to_owned();
            if !wanted.contains(&key) && !key.is_empty() && !key.starts_with('#') {
                wanted.push(key);
            }
        }
        assert_eq!(ours, wanted, "{place}");
        assert_eq!(
            rule.armor,
            entry.get("armor").and_then(Value::as_bool),
            "{place}"
        );
    }
}

#[test]
fn every_rule_has_its_place() {
    let file = folder("rules/plain.nix");
    let rules = load(&file, &environment(), None).unwrap();
    let places: Vec<_> = rules
        .entries
        .iter()
        .map(|rule| {
            let (source, span) = rule.place.as_ref().unwrap();
            let line = nixseal_base::span::position(&source.text, span.start).line;
            (rule.name.as_str(), source.path.as_path(), line)
        })
        .collect();
    assert_eq!(
        places,
        [
            ("mail.age", file.as_path(), 10),
            ("wifi.age", file.as_path(), 6)
        ]
    );
}

/// The names of the keys of one rule, the best of each, separated by spaces.
fn names(rules: &Rules, name: &str) -> String {
    let rule = rules.get(name).unwrap().unwrap();
    let names: Vec<String> = rule
        .public_keys
        .iter()
        .map(|key| key.names.join("|"))
        .collect();
    names.join(" ")
}

#[test]
fn keys_have_the_names_of_the_rules_file() {
    let cases = [
        ("plain.nix", "wifi.age", "alice laptop"),
        ("literal.nix", "b.age", " "),
        ("concat.nix", "web.age", "admins admins web"),
        (
            "users-and-systems.nix",
            "secret2.age",
            "user1 user2 system1 system2",
        ),
        ("with-users.nix", "db.age", "users.alice users.bob hosts.db"),
        (
            "attr-values.nix",
            "users.age",
            "users.alice users.bob users.carol",
        ),
        (
            "inherit.nix",
            "a.age",
            "alice|keys.alice|keys.hosts.alice web|keys.hosts.web",
        ),
        ("map-attrs.nix", "wifi.age", "admin secrets.\"wifi.age\""),
        (
            "import-sibling/secrets.nix",
            "a.age",
            "users.alice|keys.users.alice hosts.web|keys.hosts.web",
        ),
        (
            "import-folder/secrets.nix",
            "x.age",
            "alice|keys.alice|parts.alice bob|keys.bob|parts.bob",
        ),
        ("read-file/secrets.nix", "b.age", "alice team team team"),
        ("read-dir/secrets.nix", "alice.age", "keys.alice"),
        ("host-table.nix", "db/password.age", "admin hosts.db.key"),
        (
            "deep-names.nix",
            "a.age",
            "org.people.alice.keys.desk org.people.alice.keys.laptop org.machines.rack1.web",
        ),
        ("own-function.nix", "a.age", "admin web"),
    ];
    for (file, rule, expected) in cases {
        let rules = load(&folder("rules").join(file), &environment(), None).unwrap();
        assert_eq!(names(&rules, rule), expected, "{rule} in {file}");
    }
}

#[test]
fn a_mistake_in_one_rule_leaves_the_others_usable() {
    let folder = Workdir::new();
    let file = folder.write(
        "secrets.nix",
        r#"let key = "age1x"; in {
  "good.age".publicKeys = [ key ];
  "nested.age".publicKeys = [ [ key ] ];
  "string.age".publicKeys = key;
  "number.age".publicKeys = [ key 1 ];
  "path.age".publicKeys = [ ./key.pub ];
  "armor.age" = { publicKeys = [ key ]; armor = "yes"; };
  "keyless.age".publicKey = [ key ];
  "list.age" = [ key ];
  "missing.age".publicKeys = [ users.bob ];
  "throw.age".publicKeys = throw "no keys yet";
  users = { };
}
"#
        .replace("users.bob", "({ }).bob"),
    );
    let rules = load(&file, &environment(), None).unwrap();
    assert_eq!(rules.entries.len(), 1);
    assert!(rules.get("good.age").unwrap().is_ok());
    assert!(rules.get("none.age").is_none());
    assert!(rules.all().is_err());
    let shown: Vec<String> = rules
        .broken
        .iter()
        .map(|rule| {
            let text = rule.error.to_string();
            let text = text.rsplit_once("secrets.nix:").unwrap().1.to_owned();
            let hints = &rule.error.diagnostic().hints;
            assert!(
                hints.contains(&format!("in the rule '{}'", rule.name)),
                "{hints:?}"
            );
            text
        })
        .collect();
    assert_eq!(
        shown,
        [
            "7:41: armor has to be true or false, it is a string",
            "8:3: the rule 'keyless.age' has no publicKeys",
            "9:3: the rule 'list.age' has to be a set, it is a list",
            "10:38: attribute 'bob' is missing",
            "3:31: publicKeys of 'nested.age' has a list where a key has to be",
            "5:16: publicKeys of 'number.age' has an integer where a key has to be",
            "6:14: publicKeys of 'path.age' has a path where a key has to be",
            "4:16: publicKeys has to be a list, it is a string",
            "11:28: no keys yet",
            "12:3: the rule 'users' has no publicKeys",
        ]
    );
}

#[test]
fn rules_have_to_be_a_set() {
    let folder = Workdir::new();
    for (text, kind) in [
        ("[ ]", "a list"),
        ("{ lib }: { }", "a function"),
        ("1", "an integer"),
    ] {
        let file = folder.write("secrets.nix", text);
        let error = load(&file, &environment(), None).unwrap_err().to_string();
        assert!(
            error.ends_with(&format!("has to be a set of rules, it is {kind}")),
            "{error}"
        );
    }
}

/// What the evaluator cannot do and real Nix can without a network.
const BEYOND: &str = r#"let
  alice = "age1alice";
  key = builtins.substring 0 0 (builtins.placeholder "out") + "age1file\n";
in {
  "a.age".publicKeys = [ alice ];
  "b.age" = { publicKeys = [ alice key ]; armor = true; };
  "c.age".publicKeys = [ key (throw "never") ];
}
"#;

#[test]
fn nix_is_asked_for_what_is_unsupported() {
    let folder = Workdir::new();
    let file = folder.write("it's \"odd\" ${x}.nix", BEYOND);
    let program = peers::nix_instantiate();
    let rules = load(&file, &environment(), Some(&program)).unwrap();
    let Evaluator::NixInstantiate { reason } = &rules.evaluator else {
        panic!("not asked")
    };
    assert!(
        reason.message.contains("`builtins.placeholder`"),
        "{reason}"
    );
    assert_eq!(reason.position().map(|at| at.line), Some(3));
    assert_eq!(names(&rules, "a.age"), "alice");
    let rule = rules.get("b.age").unwrap().unwrap();
    let keys: Vec<&str> = rule.public_keys.iter().map(|key| &*key.text).collect();
    assert_eq!(
        (keys, rule.armor),
        (vec!["age1alice", "age1file"], Some(true))
    );
    assert_eq!(names(&rules, "b.age"), "alice ");
    assert!(rule.place.is_some());
    assert_eq!(rules.names(), ["a.age", "b.age", "c.age"]);
    assert!(rules.get("c.age").unwrap().is_err());
}

#[test]
fn nix_evaluates_the_whole_file_where_nothing_of_it_is_supported() {
    let folder = Workdir::new();
    let text = r#"let bob = "age1" + toString (builtins.toXML 1 != ""); alice = "age1alice"; in
builtins.seq bob { "a.age".publicKeys = [ bob alice ]; }"#;
    let file = folder.write("secrets.nix", text);
    let rules = load(&file, &environment(), Some(&peers::nix_instantiate())).unwrap();
    assert!(matches!(rules.evaluator, Evaluator::NixInstantiate { .. }));
    assert_eq!(names(&rules, "a.age"), " alice");
}

#[test]
fn without_nix_the_error_says_what_would_help() {
    let folder = Workdir::new();
    let file = folder.write("secrets.nix", BEYOND);
    let rules = load(&file, &environment(), None).unwrap();
    assert!(rules.get("a.age").unwrap().is_ok());
    let error = rules.get("b.age").unwrap().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("does not support `builtins.placeholder`"),
        "{error}"
    );
    assert!(
        error
            .diagnostic()
            .hints
            .iter()
            .any(|hint| hint.contains("install Nix"))
    );
}

#[test]
fn nix_is_not_asked_where_it_would_fail_as_well() {
    let folder = Workdir::new();
    let file = folder.write(
        "secrets.nix",
        r#"{ "a.age".publicKeys = [ (throw "x") ]; }"#,
    );
    let rules = load(&file, &environment(), Some(Path::new("/nonexistent/nix"))).unwrap();
    assert_eq!(rules.evaluator, Evaluator::Native);
    let file = folder.write("secrets.nix", "{ a = 1 }");
    let error = load(&file, &environment(), Some(&peers::nix_instantiate())).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("secrets.nix:1:9: unexpected `}`, expected `;`"),
        "{error}"
    );
}

#[test]
fn a_failing_nix_leaves_the_other_rules_usable() {
    let folder = Workdir::new();
    let file = folder.write("secrets.nix", BEYOND);
    let rules = load(&file, &environment(), Some(Path::new("/nonexistent/nix"))).unwrap();
    assert!(rules.get("a.age").unwrap().is_ok());
    let error = rules.get("b.age").unwrap().unwrap_err();
    let hints = error.diagnostic().hints.join(" ");
    assert!(hints.contains("cannot run '/nonexistent/nix'"), "{hints}");
}

#[test]
fn traces_are_kept() {
    let folder = Workdir::new();
    let text = r#"builtins.trace "hello" { "a.age".publicKeys = builtins.warn "old" [ ]; }"#;
    let file = folder.write("secrets.nix", text);
    let rules = load(&file, &environment(), None).unwrap();
    assert_eq!(rules.traces, ["hello", "warning: old"]);
}

#[test]
fn a_new_file_is_written_as_people_would() {
    let recipient = |name: &str, key: &str| NewRecipient {
        name: name.into(),
        key: key.into(),
    };
    let rule = |name: &str, recipients: &[usize]| NewRule {
        name: name.into(),
        recipients: recipients.into(),
    };
    let recipients = [
        recipient("alice@laptop", "age1alice"),
        recipient("web.example.org", "ssh-ed25519 AAAA root@web\n"),
        recipient("alice", "age1${x}\"\\"),
        recipient("1st key!", "age1first"),
        recipient("with", "age1with"),
        recipient("ü", "age1u"),
    ];
    let rules = [
        rule("wifi.age", &[0, 1]),
        rule("only.age", &[2]),
        rule("none.age", &[]),
        rule("odd \"${name}\".age", &[3, 4, 5, 99]),
    ];
    let text = render(&recipients, &rules);
    let expected = r#"let
  alice = "age1alice";
  web = "ssh-ed25519 AAAA root@web";
  alice-2 = "age1\${x}\"\\";
  key-1st-key = "age1first";
  with-key = "age1with";
  key = "age1u";
in
{
  "wifi.age".publicKeys = [
    alice
    web
  ];
  "only.age".publicKeys = [ alice-2 ];
  "none.age".publicKeys = [ ];
  "odd \"\${name}\".age".publicKeys = [
    key-1st-key
    with-key
    key
  ];
}
"#;
    assert_eq!(text, expected);
    let folder = Workdir::new();
    let file = folder.write("secrets.nix", &text);
    assert!(nix(&file).get("odd \"${name}\".age").is_some());
    let rules = load(&file, &environment(), None).unwrap();
    assert_eq!(names(&rules, "wifi.age"), "alice web");
    let key = &rules.get("only.age").unwrap().unwrap().public_keys[0];
    assert_eq!(&*key.text, "age1${x}\"\\");
    assert_eq!(render(&[], &[]), "{ }\n");
}
