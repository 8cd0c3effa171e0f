//! ragenix's own tests, by their names there. Those of its `util.rs` are beside
//! our reading of editor lines; the digest it tests has no counterpart here.

use std::process::Command;

use nixseal_testkit::workdir::{fail, succeed};

use crate::home::Home;

const SECRET: &str = "github-runner.token.age";

/// Two secrets for an age key, an SSH key and one more, as in the example of
/// the original.
fn example() -> Home {
    let home = Home::new();
    let age = home.age_key("keys/key.txt");
    let ssh = home.ssh_key("keys/id_ed25519");
    home.rules(&format!(
        r#"let
  age = "{age}";
  sshEd25519 = "{ssh}";
in
{{
  "root.passwd.age" = {{
    publicKeys = [ age sshEd25519 ];
    extra = "more attributes are fine";
    armor = true;
  }};
  "{SECRET}" = {{ publicKeys = [ age sshEd25519 ]; armor = true; }};
}}
"#
    ));
    for name in [SECRET, "root.passwd.age"] {
        home.encrypt(name, &[&age, &ssh], "wurzelpfropf!\n");
    }
    home
}

fn shown(home: &Home, name: &str) -> String {
    home.secret(name).display().to_string()
}

#[test]
fn edit_no_rekey_if_unchanged() {
    let home = example();
    let before = home.work.stamp(home.secret(SECRET));
    let mut command = home.ragenix();
    command
        .args(["--edit", SECRET, "--identity", "../keys/id_ed25519"])
        .env("EDITOR", "true");
    let expected = format!(
        "{} wasn't changed, skipping re-encryption.\n",
        shown(&home, SECRET)
    );
    assert_eq!(
        String::from_utf8_lossy(&succeed(&mut command).stdout),
        expected
    );
    assert_eq!(home.work.stamp(home.secret(SECRET)), before);
}

#[test]
fn edit_works() {
    let home = example();
    let mut command = home.ragenix();
    command
        .args(["--edit", SECRET, "--identity", "../keys/id_ed25519"])
        .env("EDITOR", "sed '-i' 's|.*|yaxifaxi|g'");
    assert_eq!(succeed(&mut command).stdout, b"");
    assert_eq!(home.decrypt(SECRET, "keys/key.txt"), b"yaxifaxi\n");
    home.check_against_rules(SECRET);
}

#[test]
fn edit_new_entry() {
    let home = example();
    let key = home.age_key("keys/pandora.txt");
    home.rules(&format!(
        "{{ \"pandora.age\".publicKeys = [ \"{key}\" ]; }}"
    ));
    let source = home.work.write("pandora", "wurzelpfropf!");
    let mut command = home.ragenix();
    command
        .args(["--edit", "pandora.age"])
        .env("EDITOR", format!("cp {}", source.display()));
    assert_eq!(succeed(&mut command).stdout, b"");
    let ciphertext = home.work.read_text(home.secret("pandora.age"));
    assert!(ciphertext.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    assert!(ciphertext.ends_with("-----END AGE ENCRYPTED FILE-----\n"));
    assert_eq!(
        home.decrypt("pandora.age", "keys/pandora.txt"),
        b"wurzelpfropf!"
    );
}

#[test]
fn edit_new_entry_stdin() {
    let home = example();
    let key = home.age_key("keys/pandora.txt");
    home.rules(&format!(
        "{{ \"pandora.age\".publicKeys = [ \"{key}\" ]; }}"
    ));
    let mut command = home.ragenix();
    command.args(["--edit", "pandora.age"]).env("EDITOR", "-");
    assert_eq!(
        succeed(command.stdin(home.input("secret wurzelpfropf"))).stdout,
        b""
    );
    let mut command = home.ragenix();
    command
        .args(["--identity", "../keys/pandora.txt", "--edit", "pandora.age"])
        .env("EDITOR", "cat");
    assert!(
        succeed(&mut command)
            .stdout
            .starts_with(b"secret wurzelpfropf")
    );
}

#[test]
fn edit_existing_entry_stdin() {
    let home = example();
    let mut command = home.ragenix();
    command.args(["--edit", SECRET]).env("EDITOR", "-");
    succeed(command.stdin(home.input("secret wurzelpfropf")));
    let mut command = home.ragenix();
    command
        .args(["--identity", "../keys/id_ed25519", "--edit", SECRET])
        .env("EDITOR", "cat");
    assert!(
        succeed(&mut command)
            .stdout
            .starts_with(b"secret wurzelpfropf")
    );
    home.check_against_rules(SECRET);
}

#[test]
fn edit_permissions_correct() {
    let home = example();
    let script = "test \"$(stat -c %a \"$1\")\" = 600 && \
                  test \"$(stat -c %a \"$(dirname \"$1\")\")\" = 700\n";
    let script = home.work.write("verify.sh", script);
    let mut command = home.ragenix();
    command
        .args(["--identity", "../keys/id_ed25519", "--edit", SECRET])
        .env("EDITOR", format!("sh {}", script.display()));
    succeed(&mut command);
}

#[test]
fn rekeying_works() {
    let home = example();
    let output = succeed(
        home.ragenix()
            .args(["--rekey", "--identity", "../keys/id_ed25519"]),
    );
    let expected: String = [SECRET, "root.passwd.age"]
        .map(|name| format!("Rekeying {}\n", shown(&home, name)))
        .concat();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    home.check_against_rules(SECRET);
    home.check_against_rules("root.passwd.age");
}

#[test]
fn rekeying_ignores_not_existing_files() {
    let home = example();
    home.work.remove(home.secret("root.passwd.age"));
    let output = succeed(
        home.ragenix()
            .args(["--rekey", "--identity", "../keys/id_ed25519"]),
    );
    let expected = format!(
        "Does not exist, ignored: {}",
        shown(&home, "root.passwd.age")
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains(&expected));
}

#[test]
fn rekeying_works_default_identities() {
    let home = example();
    home.work
        .write_private("home/.ssh/id_ed25519", home.work.read("keys/id_ed25519"));
    let output = succeed(home.ragenix().arg("--rekey"));
    assert!(output.stdout.starts_with(b"Rekeying "));
}

#[test]
fn rekeying_fails_no_given_identites() {
    let home = example();
    let output = fail(
        home.ragenix()
            .arg("--rekey")
            .env("HOME", "/homeless-shelter"),
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("No usable identity or identities"));
}

#[test]
fn rekeying_fails_no_valid_identites() {
    let home = example();
    home.work.write("empty-key-1", "");
    home.work.write("empty-key-2", "");
    let before = home.work.stamp(home.secret(SECRET));
    let output =
        fail(
            home.ragenix()
                .args(["--rekey", "--identity", "../empty-key-1", "../empty-key-2"]),
        );
    assert!(String::from_utf8_lossy(&output.stderr).contains("No matching keys found"));
    assert_eq!(home.work.stamp(home.secret(SECRET)), before);
}

#[test]
fn prints_schema() {
    let schema = include_str!("../../src/personalities/ragenix/rules.schema.json");
    let home = Home::new();
    assert_eq!(
        String::from_utf8_lossy(&succeed(home.ragenix().arg("--schema")).stdout),
        schema
    );
}

#[test]
fn rejects_invalid_rules() {
    let home = example();
    home.rules("{ wurzel = \"pfropf\"; }");
    let output = fail(
        home.ragenix()
            .args(["--edit", "wurzel"])
            .env("EDITOR", "true"),
    );
    let expected = "error: secrets rules are invalid: './secrets.nix'\n - /wurzel: \"pfropf\" is not of type \"object\"\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
}

#[test]
fn fails_for_invalid_recipient() {
    let home = Home::new();
    let invalid = "invalid-key abcdefghijklmnopqrstuvwxyz";
    home.rules(&format!(
        "{{ \"wurzelpfropf.txt.age\".publicKeys = [ \"{invalid}\" ]; }}"
    ));
    let output = fail(
        home.ragenix()
            .args(["--edit", "wurzelpfropf.txt.age"])
            .env("EDITOR", "true"),
    );
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        message.contains(&format!("Invalid recipient: {invalid}")),
        "{message}"
    );
    assert!(message.contains(
        "Make sure you use an ssh-ed25519, ssh-rsa or an X25519 public key, \
         alternatively install an age plugin which supports your key"
    ));
    assert!(!home.work.exists(home.secret("wurzelpfropf.txt.age")));
}

#[test]
fn a_write_protected_file_stays_as_it_is() {
    let home = example();
    home.work.set_mode(home.secret(SECRET), 0o400);
    let before = home.work.stamp(home.secret(SECRET));
    for arguments in [
        &["--edit", SECRET, "--editor", "sed -i s/w/v/"] as &[&str],
        &["--rekey"],
    ] {
        let mut command = home.ragenix();
        command
            .args(arguments)
            .args(["--identity", "../keys/id_ed25519"]);
        let output = fail(&mut bound_by_modes(&command));
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("Failed to open file '"), "{message}");
        assert_eq!(home.work.stamp(home.secret(SECRET)), before);
    }
}

/// The same command; modes of files hold for it even if root runs the tests.
fn bound_by_modes(command: &Command) -> Command {
    let mut bound = Command::new("setpriv");
    if rustix::process::geteuid().is_root() {
        bound.args(["--bounding-set=-all", "--inh-caps=-all"]);
    }
    bound.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        bound.current_dir(folder);
    }
    bound
}
