//! `nixseal scan` finds every encoding in every place of a real store, and what guides warn of.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::leaks::Planted;
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};
use serde_json::Value;

use crate::repository::NIXSEAL;
use crate::scan::{findings, in_store, json, store_settings};

/// Every text is a variable of a derivation of its own, and so a string of a `.drv` file.
const EXPRESSION: &str = r#"
let
  texts = builtins.fromJSON (builtins.readFile ./texts.json);
  place = kind: derivation {
    name = "places-${kind}";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-e" ./builder.sh ];
    PATH = builtins.getEnv "PATH";
    text = texts.${kind};
  };
in
map place (builtins.attrNames texts)
"#;

/// The text as a content, as a part of a name where it can be one, and as a target.
const BUILDER: &str = r#"
mkdir -p "$out"
printf 'before %s after' "$text" >"$out/content"
ln -s "/srv/$text.d" "$out/target"
case "$text" in
  */*) ;;
  *) : >"$out/name=$text" ;;
esac
"#;

/// What a program makes of a text on its standard input.
#[track_caller]
fn through(program: &str, arguments: &[&str], text: &str) -> String {
    let mut child = Command::new(peers::program(program))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|cause| panic!("cannot start '{program}': {cause}"));
    let mut input = child.stdin.take().expect("its input");
    input.write_all(text.as_bytes()).expect("write");
    drop(input);
    let output = child.wait_with_output().expect("wait");
    assert!(output.status.success(), "{program} {arguments:?}");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim_end_matches('\n')
        .to_owned()
}

/// The value in every encoding that can be a variable and a name, as real programs write it.
fn texts(value: &str) -> BTreeMap<&'static str, String> {
    let bash = |script: &str| through("bash", &["-c", script], value);
    let jq = |filter: &str| through("jq", &["-Rsr", filter], value);
    let base64 = |before: &str| {
        let script = format!("{{ printf %s {before:?}; cat; }} | base64 -w 0");
        bash(&script)
    };
    let hex = bash("od -An -v -tx1 | tr -d ' \\n'");
    let nix = "builtins.readFile /dev/stdin";
    BTreeMap::from([
        ("plain", value.to_owned()),
        ("base64_0", base64("")),
        ("base64_1", base64("x")),
        ("base64_2", base64("xy")),
        ("base64url", base64("").replace('+', "-").replace('/', "_")),
        ("hex_upper", hex.to_uppercase()),
        ("hex", hex),
        ("percent", jq("@uri")),
        ("json", jq("@json")),
        (
            "nix",
            through("nix-instantiate", &["--eval", "-E", nix], value),
        ),
        ("shell_quoted", jq("@sh")),
        ("shell_word", bash("IFS= read -rd '' x; printf %q \"$x\"")),
        ("systemd", bash("systemd-escape -- \"$(cat)\"")),
        ("xml", jq("@html")),
    ])
}

/// A secret of an odd text, one of several lines, and a store.
struct World {
    work: Workdir,
    user: AgeKey,
    words: [Planted; 2],
}

impl World {
    fn new(seed: u64) -> Self {
        let work = Workdir::new();
        store_settings(&work);
        let user = keys::age(&work, "user.txt");
        let words = [Planted::new(seed), Planted::new(seed + 1)];
        let world = Self { work, user, words };
        world.seal("token.age", &world.token());
        world.seal("key.age", &world.key());
        world
    }

    fn seal(&self, name: &str, value: &str) {
        let readers = [self.user.recipient.as_str()];
        keys::age_encrypt(&self.work, &readers, false, value.as_bytes(), name);
    }

    /// Its base64 has `+` and no `/` at every alignment, so that it can be a name.
    fn token(&self) -> String {
        format!(">> %\"~'\"$é${{y}}{}", self.words[0].word())
    }

    fn key(&self) -> String {
        let line = self.line();
        format!("-----BEGIN A KEY-----\n{line}\nQ{line}\n-----END A KEY-----\n")
    }

    fn line(&self) -> String {
        format!("{}{}", self.words[1].word(), self.words[1].word())
    }

    fn build(&self, folder: &str, texts: &BTreeMap<&str, String>) {
        let write = |name: &str, content: &str| {
            self.work.write(format!("{folder}/{name}"), content);
        };
        write("default.nix", EXPRESSION);
        write("builder.sh", BUILDER);
        write("texts.json", &serde_json::to_string(texts).expect("JSON"));
        self.nix_build(folder, &[]);
        std::fs::remove_dir_all(self.work.join(folder)).expect("remove the source");
    }

    fn nix_build(&self, folder: &str, arguments: &[&str]) {
        let mut build = in_store(&self.work, self.work.command(peers::program("nix-build")));
        build.current_dir(self.work.join(folder)).args(arguments);
        succeed(build.args(["-o", "../result"]));
    }

    fn scan(&self, arguments: &[&str]) -> Command {
        let mut command = in_store(&self.work, self.work.command(NIXSEAL));
        command.args(["scan", "-i", "user.txt"]).args(arguments);
        command.arg(self.work.join("nix/store"));
        command
    }

    fn report(&self, arguments: &[&str], code: i32) -> Value {
        let report = json(&mut self.scan(&[&["--json"], arguments].concat()), code);
        for word in &self.words {
            assert!(
                !word.is_in(report.to_string().as_bytes()),
                "a value is shown"
            );
        }
        report
    }
}

const SECRETS: [&str; 4] = ["--from", "token.age", "--from", "key.age"];

#[test]
fn every_encoding_is_found_in_contents_names_targets_and_derivations() {
    let world = World::new(761);
    let mut texts = texts(&world.token());
    texts.insert("line", world.line());
    world.build("source", &texts);
    let report = world.report(&SECRETS, 3);
    let found = findings(&report);
    let mut names = 0;
    for (kind, text) in &texts {
        let encoding = match *kind {
            "line" => "plain",
            other => other.split('_').next().unwrap_or_default(),
        };
        let secret = match *kind {
            "line" => "key.age",
            _ => "token.age",
        };
        let has = |what: &str, encoding: &str, path: &str| {
            let fits = |one: &&&Value| {
                let whole = one["path"].as_str().unwrap();
                one["encoding"] == encoding
                    && one["secret"] == secret
                    && one["place"] == what
                    && whole.contains(&format!("-places-{kind}{path}"))
            };
            let found: Vec<_> = found.iter().filter(fits).collect();
            assert_eq!(found.len(), 1, "{kind}, {what}: {report:#}");
            found[0]["how"].as_str().unwrap().to_owned()
        };
        has("content", encoding, "/content");
        has("target", encoding, "/target");
        // Quotes of a value are escaped in a derivation, as they are in JSON.
        let quoted = match *kind {
            "plain" => "json",
            _ => encoding,
        };
        let how = has("content", quoted, ".drv");
        assert!(how.contains("as its variable 'text'"), "{how}");
        if !text.contains('/') {
            names += 1;
            has("name", encoding, "/name=");
        }
    }
    assert_eq!(names, texts.len(), "every text can be a name");
    // What people read holds none either, in no form.
    for form in [&[][..], &["--sarif"]] {
        let output = world.scan(&[form, &SECRETS].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        let printed = [output.stdout, output.stderr].concat();
        for word in &world.words {
            assert!(!word.is_in(&printed), "a value is shown");
        }
    }
}

#[test]
fn nothing_is_found_where_the_same_stands_of_another_value() {
    let world = World::new(761);
    let other = World::new(765);
    let mut texts = texts(&other.token());
    texts.insert("line", other.line());
    world.build("source", &texts);
    let report = world.report(&SECRETS, 0);
    assert_eq!(findings(&report).len(), 0, "{report:#}");
    assert_eq!(report["searched"]["secrets"], 2);
}

/// The three things never to do, as guides have them.
const NEVER: &str = r#"{
  services.myapp.tokenFile = builtins.toFile "token" (builtins.readFile ./token.txt);
  services.myapp.environment.API_TOKEN = "sk-live-1234567890abcdef";
  services.myapp.password = builtins.readFile ./password.txt;
}
"#;

/// What a system makes of them.
const UNIT: &str = r#"
let
  app = (import ./configuration.nix).services.myapp;
in
derivation {
  name = "unit-myapp.service";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" "mkdir $out && printf '%s' \"$unit\" >$out/myapp.service" ];
  PATH = builtins.getEnv "PATH";
  unit = ''
    [Service]
    Environment="API_TOKEN=${app.environment.API_TOKEN}"
    ExecStart=/bin/myapp --password=${app.password} --token-file=${app.tokenFile}
  '';
}
"#;

#[test]
fn what_guides_warn_of_is_found_by_lint_and_in_the_store() {
    let world = World::new(771);
    let (token, password) = (world.words[0].word(), world.words[1].word());
    for (name, value) in [
        ("file.age", token),
        ("api.age", "sk-live-1234567890abcdef"),
        ("password.age", password),
    ] {
        world.seal(name, value);
    }
    let work = &world.work;
    work.write("source/configuration.nix", NEVER);
    work.write("source/default.nix", UNIT);
    work.write("source/token.txt", format!("{token}\n"));
    work.write("source/password.txt", format!("{password}\n"));

    let mut lint = work.command(NIXSEAL);
    lint.args(["lint", "--json", "source/configuration.nix"]);
    let report = json(&mut lint, 3);
    let told: Vec<(&str, u64)> = findings(&report)
        .into_iter()
        .map(|one| (one["rule"].as_str().unwrap(), one["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("store-write", 2),
            ("secret-environment", 3),
            ("plaintext-read", 4)
        ]
    );

    world.nix_build("source", &[]);
    for name in ["configuration.nix", "token.txt", "password.txt"] {
        work.remove(format!("source/{name}"));
    }
    let report = world.report(
        &[
            "--from",
            "file.age",
            "--from",
            "api.age",
            "--from",
            "password.age",
        ],
        3,
    );
    let has = |secret: &str, holder: &str, how: &str| {
        let found = findings(&report).into_iter().any(|one| {
            one["secret"] == secret
                && one["holder"] == holder
                && one["how"].as_str().unwrap().contains(how)
        });
        assert!(found, "{secret} {holder}: {report:#}");
    };
    has("file.age", "text", "as text");
    has("api.age", "unit", "'Environment='");
    has("password.age", "unit", "'ExecStart='");
    has("api.age", "derivation", "'unit'");
    // Whoever has no key finds at least what says that it is a token.
    let store = work.join("nix/store");
    let report = json(
        work.command(NIXSEAL)
            .args(["scan", "--json", "--shapes"])
            .arg(&store),
        3,
    );
    let is_unit = |one: &&Value| {
        one["shape"] == "live-key"
            && Path::new(one["path"].as_str().unwrap()).ends_with("myapp.service")
    };
    assert_eq!(
        findings(&report).iter().filter(|one| is_unit(one)).count(),
        1
    );
    assert!(!report.to_string().contains("1234567890abcdef"));
}
