//! `nixseal scan` in a real store, made by Nix, in which secrets were planted in every way.

use std::path::{Path, PathBuf};
use std::process::Command;

use nixseal_testkit::faults::without_root;
use nixseal_testkit::keys::{self, AgeKey, SshKind};
use nixseal_testkit::leaks::{Planted, can_watch};
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};
use serde_json::Value;

use crate::repository::NIXSEAL;

/// What a careless configuration does with a token, a plain one and a key of several lines.
const EXPRESSION: &str = r#"
{ token, plain, key }:
let
  file = ./plain.txt;
in
derivation {
  name = "system";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-e" ./builder.sh ];
  PATH = builtins.getEnv "PATH";
  inherit token plain key file;
  text = builtins.toFile "settings.json" (builtins.toJSON { password = token; });
  read = builtins.toFile "psk.txt" "psk=${builtins.readFile file}";
}
"#;

const BUILDER: &str = r#"
units=$out/etc/systemd/system
mkdir -p "$units/other.service.d" "$out/share" "$out/bin"
printf '[Service]\nExecStart=/bin/true\nEnvironment=PSK=%s\n' "$plain" >"$units/plain.service"
printf '[Service]\nEnvironment=%s\n' "$(systemd-escape -- "$token")" >"$units/other.service.d/x.conf"
echo "$text $read $file" >"$out/references"
printf '\177ELF\000\000%s\000' "$token" >"$out/bin/program"
printf '%s' "$token" | base64 -w 0 >"$out/share/base64-0"
printf 'x%s' "$token" | base64 -w 0 >"$out/share/base64-1"
printf 'xy%s' "$token" | base64 -w 0 >"$out/share/base64-2"
printf 'a longer text before it, so that it stands in lines: %s' "$key" | base64 -w 64 >"$out/share/base64-lines"
printf '%s' "$token" | base64 -w 0 | tr +/ -_ | tr -d = >"$out/share/base64url"
printf '%s' "$token" | od -An -v -tx1 | tr -d ' \n' >"$out/share/hex"
printf '%s' "$token" | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F >"$out/share/hex-upper"
printf '%s' "$token" | jq -Rsr @uri >"$out/share/percent"
printf '%s' "$token" | jq -Rsr @json >"$out/share/json"
printf '%s' "$token" | jq -Rsr @html >"$out/share/xml"
printf '%s' "$token" | jq -Rsr @sh >"$out/share/shell-quoted"
bash -c 'printf %q "$token"' >"$out/share/shell-word"
printf '%s' "$token" | iconv -f UTF-8 -t UTF-16LE >"$out/share/utf-16le"
printf '%s' "$token" | iconv -f UTF-8 -t UTF-16BE >"$out/share/utf-16be"
printf '%s' "$key" | sed -n 3p >"$out/share/line"
: >"$out/share/name-$plain-x"
ln -s "/var/lib/$plain/x" "$out/share/link"
"#;

/// Files below the output, and the encoding in which each has a secret.
const LEAKS: [(&str, &str, &str); 19] = [
    ("etc/systemd/system/plain.service", "wifi.age", "plain"),
    (
        "etc/systemd/system/other.service.d/x.conf",
        "app.yaml: db.token",
        "systemd",
    ),
    ("bin/program", "app.yaml: db.token", "plain"),
    ("share/base64-0", "app.yaml: db.token", "base64"),
    ("share/base64-1", "app.yaml: db.token", "base64"),
    ("share/base64-2", "app.yaml: db.token", "base64"),
    ("share/base64-lines", "key.age", "base64"),
    ("share/base64url", "app.yaml: db.token", "base64url"),
    ("share/hex", "app.yaml: db.token", "hex"),
    ("share/hex-upper", "app.yaml: db.token", "hex"),
    ("share/percent", "app.yaml: db.token", "percent"),
    ("share/json", "app.yaml: db.token", "json"),
    ("share/xml", "app.yaml: db.token", "xml"),
    ("share/shell-quoted", "app.yaml: db.token", "shell"),
    ("share/shell-word", "app.yaml: db.token", "shell"),
    ("share/utf-16le", "app.yaml: db.token", "utf-16le"),
    ("share/utf-16be", "app.yaml: db.token", "utf-16be"),
    ("share/line", "key.age", "plain"),
    ("share/link", "wifi.age", "plain"),
];

/// Secrets, a repository that keeps them, and a store.
struct World {
    work: Workdir,
    words: Vec<Planted>,
}

impl World {
    fn new() -> Self {
        let work = Workdir::new();
        let user = keys::age(&work, "user.txt");
        let words: Vec<_> = (731..735).map(Planted::new).collect();
        let world = Self { work, words };
        let word = |number: usize| world.words[number].word().to_owned();
        world.store_settings();
        world.rules(&user);
        // Base64url differs from base64 only where both have their marks.
        let token = format!("{}?>~ é\"'\\$x{{y}}%/<&>{}", word(0), word(3));
        let pair = keys::ssh(&world.work, "key", SshKind::Ed25519, None);
        let key = world.work.read_text(&pair.path);
        world.work.remove(&pair.path);
        let key = format!("{key}{}\n", word(2));
        let age = |content: &str, name: &str| {
            let name = format!("repository/{name}");
            keys::age_encrypt(
                &world.work,
                &[&user.recipient],
                false,
                content.as_bytes(),
                name,
            );
        };
        age(&format!("{}\n", word(1)), "wifi.age");
        age(&key, "key.age");
        world.sops(&user, &token);
        world.build("leaky", &token, &word(1), &key);
        world
    }

    fn store_settings(&self) {
        store_settings(&self.work);
    }

    fn rules(&self, user: &AgeKey) {
        let recipient = &user.recipient;
        let age = ["wifi", "key", "short"]
            .map(|name| format!("\"{name}.age\".publicKeys = [ \"{recipient}\" ];\n"));
        let rules = format!("{{\n{}}}\n", age.concat());
        self.work.write("repository/secrets.nix", rules);
        let rules = format!("creation_rules:\n  - path_regex: \\.yaml$\n    age: {recipient}\n");
        self.work.write("repository/.sops.yaml", rules);
        keys::age_encrypt(
            &self.work,
            &[recipient],
            false,
            b"true\n",
            "repository/short.age",
        );
    }

    fn sops(&self, user: &AgeKey, token: &str) {
        let plain = serde_json::json!({
            "db": { "token": token, "host": "localhost", "port": 5432 },
            "note_unencrypted": "everybody-may-read-this-1",
        });
        self.work.write("plain.json", plain.to_string());
        let mut sops = self.work.command(peers::sops());
        let output = sops.args([
            "encrypt",
            "--output-type",
            "yaml",
            "--age",
            &user.recipient,
            "plain.json",
        ]);
        let output = succeed(output);
        self.work.remove("plain.json");
        self.work.write("repository/app.yaml", output.stdout);
    }

    /// Builds with secrets, and takes what they came from away.
    fn build(&self, name: &str, token: &str, plain: &str, key: &str) {
        let folder = format!("source-{name}");
        self.work.write(format!("{folder}/default.nix"), EXPRESSION);
        self.work.write(format!("{folder}/builder.sh"), BUILDER);
        self.work
            .write(format!("{folder}/plain.txt"), format!("{plain}\n"));
        let mut build = self.nix("nix-build");
        build
            .current_dir(self.work.join(&folder))
            .args(["-o", &format!("../result-{name}")])
            .args(["--argstr", "token", token, "--argstr", "plain", plain])
            .args(["--argstr", "key", key]);
        succeed(&mut build);
        std::fs::remove_dir_all(self.work.join(&folder)).expect("remove the source");
    }

    fn nix(&self, program: &str) -> Command {
        self.with_store(self.work.command(peers::program(program)))
    }

    fn with_store(&self, command: Command) -> Command {
        in_store(&self.work, command)
    }

    fn scan(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_store(self.work.command(NIXSEAL));
        command
            .current_dir(self.work.join("repository"))
            .args(["scan", "-i", "../user.txt"])
            .args(arguments);
        command
    }

    fn store(&self) -> String {
        self.work.join("nix/store").display().to_string()
    }

    fn output(&self, name: &str) -> PathBuf {
        let link = self.work.join(format!("result-{name}"));
        link.read_link().expect("a result")
    }

    fn check_silent(&self, printed: &[&[u8]]) {
        for word in &self.words {
            assert!(
                !printed.iter().any(|text| word.is_in(text)),
                "a value is shown"
            );
        }
    }
}

/// A command with a store in `nix` of the folder.
pub(crate) fn in_store(work: &Workdir, mut command: Command) -> Command {
    for (variable, folder) in [
        ("NIX_STORE_DIR", "nix/store"),
        ("NIX_STATE_DIR", "nix/state"),
        ("NIX_LOG_DIR", "nix/log"),
        ("NIX_LOCALSTATE_DIR", "nix/var"),
        ("NIX_CONF_DIR", "nix/conf"),
    ] {
        command.env(variable, work.join(folder));
    }
    command
}

pub(crate) fn store_settings(work: &Workdir) {
    let settings = "sandbox = false\nbuild-users-group =\nsubstituters =\n";
    work.write("nix/conf/nix.conf", settings);
}

#[track_caller]
pub(crate) fn json(command: &mut Command, code: i32) -> Value {
    let output = command.output().expect("run nixseal");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|cause| panic!("{cause}: {error}"))
}

pub(crate) fn findings(report: &Value) -> Vec<&Value> {
    report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .collect()
}

#[test]
fn every_planted_leak_is_found_and_nothing_else() {
    let world = World::new();
    let report = json(&mut world.scan(&["--json", &world.store()]), 3);
    let found = findings(&report);
    let output = world.output("leaky");
    let has = |path: &Path, secret: &str, encoding: &str| {
        found.iter().any(|one| {
            one["path"] == path.to_string_lossy().as_ref()
                && one["secret"] == secret
                && one["encoding"] == encoding
        })
    };
    for (path, secret, encoding) in LEAKS {
        assert!(
            has(&output.join(path), secret, encoding),
            "{path} {encoding}: {report:#}"
        );
    }
    let of = |word: &str| {
        let all = found
            .iter()
            .filter(|one| one["how"].as_str().unwrap_or("").contains(word));
        all.copied().cloned().collect::<Vec<_>>()
    };
    // The derivation, `toFile`, a copied file, names, links and units say how it got there.
    for (how, holder) in [
        ("as its variable 'token'", "derivation"),
        ("as its variable 'plain'", "derivation"),
        ("as its variable 'key'", "derivation"),
        ("wrote it into the store as text", "text"),
        ("was copied into the store", "source"),
        ("built by '", "output"),
        ("the unit 'plain.service' has it in 'Environment='", "unit"),
        ("the unit 'other.service' has it in 'Environment='", "unit"),
        ("it is part of a name", "output"),
        ("the path that a link points to", "output"),
    ] {
        let all = of(how);
        assert!(
            all.iter().any(|one| one["holder"] == holder),
            "{how}: {report:#}"
        );
    }
    assert_eq!(of("wrote it into the store as text").len(), 2);
    // A file of lines is told by line, and one that is not is not.
    let at = |path: &str| {
        found
            .iter()
            .find(|one| one["path"] == output.join(path).to_str().unwrap())
    };
    assert_eq!(at("etc/systemd/system/plain.service").unwrap()["line"], 3);
    assert!(at("bin/program").unwrap()["line"].is_null());
    assert_eq!(at("bin/program").unwrap()["offset"], 6);
    assert_eq!(at("share/line").unwrap()["part"]["line"], 3);
    // What cannot be searched for is told, what is public is not searched for.
    let unsearchable: Vec<_> = report["unsearchable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{}: {}",
                one["secret"].as_str().unwrap(),
                one["reason"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        unsearchable,
        [
            "short.age: short",
            "app.yaml: db.host: usual",
            "app.yaml: db.port: short"
        ]
    );
    assert!(!report.to_string().contains("note_unencrypted"));
}

#[test]
fn a_clean_twin_has_no_findings() {
    let world = World::new();
    succeed(Command::new("chmod").args(["-R", "u+w", &world.store()]));
    std::fs::remove_dir_all(world.work.join("nix")).expect("remove the store");
    world.store_settings();
    let other: Vec<_> = (741..744).map(Planted::new).collect();
    let [token, plain, key] = [0, 1, 2].map(|number| other[number].word());
    let key = format!("-----BEGIN OPENSSH\n{key}\n{key}{token}\n{key}\n");
    world.build("clean", token, plain, &key);
    let report = json(&mut world.scan(&["--json", &world.store()]), 0);
    assert_eq!(findings(&report), [&Value::Null; 0]);
    assert!(report["searched"]["files"].as_u64().unwrap() > 20);
    assert_eq!(report["searched"]["secrets"], 3);
}

#[test]
fn a_closure_is_what_runs() {
    let world = World::new();
    let whole = json(&mut world.scan(&["--json", &world.store()]), 3);
    let closure = json(
        &mut world.scan(&["--json", "--closure", "../result-leaky"]),
        3,
    );
    let holders = |report: &Value| -> Vec<String> {
        let all = findings(report).into_iter();
        let mut all: Vec<_> = all
            .map(|one| one["holder"].as_str().unwrap().to_owned())
            .collect();
        all.sort();
        all.dedup();
        all
    };
    assert_eq!(holders(&closure), ["output", "source", "text", "unit"]);
    assert_eq!(
        holders(&whole),
        ["derivation", "output", "source", "text", "unit"]
    );
    let missing = world.scan(&["--closure", "/nowhere"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn nothing_that_is_printed_or_written_has_a_value() {
    can_watch();
    let world = World::new();
    let store = world.store();
    for arguments in [
        &[][..],
        &["--json"],
        &["--sarif"],
        &["--shapes", "--from", "wifi.age"],
    ] {
        let command = world.scan(&[arguments, &[&store]].concat());
        for word in &world.words {
            let (output, found) = word.watch(&command);
            assert_eq!(output.status.code(), Some(3));
            assert_eq!(found, [], "{arguments:?}");
            world.check_silent(&[&output.stdout, &output.stderr]);
        }
    }
    // Nor does the repository have one.
    for word in &world.words {
        assert_eq!(word.search(&world.work.join("repository")), []);
    }
}

#[test]
fn the_report_is_valid_sarif() {
    let world = World::new();
    let report = json(&mut world.scan(&["--sarif", &world.store()]), 3);
    // What the schema of SARIF 2.1.0 asks for, in what is used of it.
    assert_eq!(report["version"], "2.1.0");
    let run = &report["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "nixseal");
    let rules: Vec<_> = driver["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["id"])
        .collect();
    let unique: std::collections::HashSet<_> = rules.iter().map(|id| id.as_str()).collect();
    assert_eq!(unique.len(), rules.len());
    assert!(run["invocations"][0]["executionSuccessful"].is_boolean());
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= LEAKS.len());
    for result in results {
        assert!(rules.contains(&&result["ruleId"]), "{result:#}");
        assert_eq!(result["level"], "error");
        assert!(
            result["message"]["text"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%:".contains(&byte);
        assert!(
            uri.starts_with("file:///") && uri.bytes().all(legal),
            "{uri}"
        );
        if let Some(region) = place.get("region") {
            assert!(
                region["byteOffset"]
                    .as_i64()
                    .is_some_and(|offset| offset >= 0)
            );
            let line = &region["startLine"];
            assert!(line.is_null() || line.as_i64().is_some_and(|line| line >= 1));
        }
        assert!(
            result["occurrenceCount"]
                .as_i64()
                .is_some_and(|count| count >= 1)
        );
    }
}

#[test]
fn values_come_from_given_files_and_manifests() {
    let world = World::new();
    let word = world.words[1].word();
    let work = &world.work;
    work.write("live/generation/wifi", format!("{word}\n"));
    work.write(
        "live/generation/rendered/x.conf",
        "a line that stands in the store: \n",
    );
    work.symlink("generation", "live/link");
    let link = work.join("live/link").display().to_string();
    let manifest = serde_json::json!({
        "version": 1,
        "trees": [{ "name": "age", "link": link, "secrets": [{ "name": "wifi" }] }],
    });
    work.write("manifest.json", manifest.to_string());
    work.write(
        "sops-nix.json",
        serde_json::json!({ "symlinkPath": link, "secrets": [] }).to_string(),
    );
    let store = world.store();
    for (arguments, secret) in [
        (["--from", "wifi.age"], "wifi.age".to_owned()),
        (
            ["--from", "../live/link/wifi"],
            "../live/link/wifi".to_owned(),
        ),
        (["--manifest", "../manifest.json"], format!("{link}/wifi")),
        (["--manifest", "../sops-nix.json"], format!("{link}/wifi")),
    ] {
        let root = work.path().display().to_string();
        let arguments = [&["--json"], &arguments[..], &[&store, &root]].concat();
        let report = json(&mut world.scan(&arguments), 3);
        let found = findings(&report);
        assert!(
            found.iter().all(|one| one["secret"] == secret),
            "{report:#}"
        );
        let paths: Vec<_> = found
            .iter()
            .map(|one| one["path"].as_str().unwrap())
            .collect();
        let live = work.join("live/generation/wifi").display().to_string();
        // The secret's own file is no leak of it.
        assert_eq!(
            paths.contains(&live.as_str()),
            secret == "wifi.age",
            "{paths:?}"
        );
        assert!(
            paths.iter().any(|path| path.ends_with("psk.txt")),
            "{paths:?}"
        );
    }
    let broken = world
        .scan(&["--manifest", "../user.txt", &store])
        .output()
        .unwrap();
    assert_eq!(broken.status.code(), Some(1));
}

/// What the lint knows in a configuration the scan finds in what was built, and the other way round.
#[test]
fn lint_and_scan_know_the_same_tokens() {
    use nixseal_lint::shapes::SHAPES;
    use nixseal_scan::shapes::Shapes;
    // Not live, or too short to be looked for in programs.
    let only_lint = ["sk_test_", "waka_"];
    for shape in SHAPES {
        let prefix = shape.prefix;
        let known =
            Shapes::beginnings().any(|(one, _)| one.starts_with(prefix) || prefix.starts_with(one));
        assert_ne!(known, only_lint.contains(&prefix), "{prefix}");
    }
    // Of these the lint knows more than their beginnings.
    let elsewhere = ["private-key", "password-hash", "wireguard-key"];
    for (beginning, id) in Shapes::beginnings() {
        let known = SHAPES
            .iter()
            .any(|shape| beginning.starts_with(shape.prefix));
        assert_ne!(known, elsewhere.contains(&id), "{beginning}");
    }
}

#[test]
fn without_a_key_shapes_are_found() {
    let work = Workdir::new();
    let user = keys::age(&work, "found/user.txt");
    work.write("found/ok", "nothing");
    let mut command = work.command(NIXSEAL);
    let report = json(command.args(["scan", "--json", "found"]), 3);
    let found = findings(&report);
    assert_eq!(found.len(), 1, "{report:#}");
    assert_eq!(found[0]["shape"], "age-secret-key");
    assert_eq!(found[0]["line"], 3);
    assert!(!report.to_string().contains(&user.identity));
    work.remove("found/user.txt");
    let mut command = work.command(NIXSEAL);
    json(command.args(["scan", "--json", "--shapes", "found"]), 0);
}

#[test]
fn what_cannot_be_read_or_opened_is_told() {
    let world = World::new();
    let work = &world.work;
    let other = keys::age(work, "other.txt");
    keys::age_encrypt(
        work,
        &[&other.recipient],
        false,
        b"never-opened-1x",
        "repository/short.age",
    );
    work.write("folder/closed", "x");
    work.write("folder/open", "x");
    for path in ["", "repository", "folder", "folder/open"] {
        work.set_mode(path, 0o755);
    }
    for path in [
        "user.txt",
        "folder/open",
        "repository/secrets.nix",
        "repository/.sops.yaml",
    ] {
        work.set_mode(path, 0o644);
    }
    work.set_mode("folder/closed", 0);
    let folder = work.join("folder").display().to_string();
    let command = without_root(&world.scan(&["--json", &folder]));
    let report = json(&mut { command }, 1);
    let unread: Vec<_> = report["unread"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["path"])
        .collect();
    assert_eq!(unread, [&format!("{folder}/closed")]);
    assert_eq!(report["locked"][0], "short.age");
    work.remove("folder/closed");
    // A secret of somebody else is no failure.
    json(&mut world.scan(&["--json", &folder]), 0);
}
