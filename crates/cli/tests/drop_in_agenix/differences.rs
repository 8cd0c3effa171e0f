//! Where our `agenix` differs from the original on purpose: one test for each
//! row of the table in `docs/reference/drop-ins/agenix.md`.

use std::process::Command;

use nixseal_testkit::pty::{Streams, Terminal};
use nixseal_testkit::workdir::{fail, succeed};

use crate::home::Home;

/// Two secrets for the user's SSH key; the second also for a host.
pub(crate) fn two_secrets() -> Home {
    let home = Home::new();
    let user = home.ssh_key("home/.ssh/id_ed25519");
    let host = home.age_key("host.txt");
    home.rules(&format!(
        "{{\n  \"wifi.age\".publicKeys = [ \"{user}\" ];\n  \
         \"database.age\".publicKeys = [ \"{user}\" \"{host}\" ];\n}}\n"
    ));
    for name in ["wifi.age", "database.age"] {
        home.encrypt(name, &[&user], "swordfish\n");
    }
    home
}

const USER: &str = "home/.ssh/id_ed25519";

pub(crate) fn message(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs with the terminal as standard input; gives the exit code and what was
/// shown.
fn on_terminal(command: Command) -> (Option<i32>, String) {
    let end = Terminal::start_with(command, Streams::default()).finish();
    (end.status.code(), end.output)
}

/// A folder whose `vi` is a script, to put before `PATH`.
fn path_with(home: &Home, name: &str, script: &str) -> String {
    let program = home
        .work
        .write(format!("tools/{name}"), format!("#!/bin/sh\n{script}\n"));
    home.work.set_mode(&program, 0o755);
    let path = std::env::var("PATH").expect("a PATH");
    format!("{}:{path}", home.work.join("tools").display())
}

#[test]
fn an_unset_editor_falls_back_to_visual_then_vi() {
    let home = two_secrets();
    let edit = |visual: Option<&str>| {
        let mut command = home.agenix();
        command.args(["-e", "wifi.age"]);
        command.env(
            "PATH",
            path_with(&home, "vi", "for file; do :; done; echo vi >\"$file\""),
        );
        if let Some(visual) = visual {
            command.env("VISUAL", visual);
        }
        on_terminal(command)
    };
    assert_eq!(edit(Some("sed -i s/sword/cat/")).0, Some(0));
    assert_eq!(home.decrypt("wifi.age", USER), b"catfish\n");
    assert_eq!(edit(None).0, Some(0));
    assert_eq!(home.decrypt("wifi.age", USER), b"vi\n");
}

#[test]
fn editor_goes_before_visual() {
    let home = two_secrets();
    let mut command = home.agenix();
    command
        .args(["-e", "wifi.age"])
        .env("EDITOR", "sed -i s/sword/cat/")
        .env("VISUAL", "false");
    assert_eq!(on_terminal(command).0, Some(0));
    assert_eq!(home.decrypt("wifi.age", USER), b"catfish\n");
}

#[test]
fn a_failing_editor_keeps_the_file() {
    let home = two_secrets();
    let before = home.work.stamp(home.secret("wifi.age"));
    for editor in [
        "false",
        "no-such-editor",
        "sh -c 'echo broken >\"$0\"; exit 3'",
    ] {
        let mut command = home.agenix();
        command.args(["-e", "wifi.age"]).env("EDITOR", editor);
        let (code, shown) = on_terminal(command);
        assert_eq!(code, Some(1), "{editor}: {shown}");
        assert_eq!(home.work.stamp(home.secret("wifi.age")), before, "{editor}");
    }
}

#[test]
fn a_file_is_found_by_its_place_too() {
    let home = two_secrets();
    let shown = |command: &mut Command| succeed(command).stdout;
    assert_eq!(
        shown(home.agenix().args(["-d", "./wifi.age"])),
        b"swordfish\n"
    );
    assert_eq!(
        shown(home.agenix().arg("-d").arg(home.secret("wifi.age"))),
        b"swordfish\n"
    );
    home.work.mkdir("elsewhere");
    for file in ["../secrets/wifi.age", "wifi.age"] {
        let mut command = home.agenix();
        command
            .current_dir(home.work.join("elsewhere"))
            .env("RULES", "../secrets/secrets.nix");
        assert_eq!(shown(command.args(["-d", file])), b"swordfish\n", "{file}");
    }
    let mut command = home.agenix();
    command
        .current_dir(home.work.join("elsewhere"))
        .env("RULES", "../secrets/secrets.nix");
    command.arg("-r");
    succeed(&mut command);
    home.check_against_rules("database.age");
    assert!(!home.work.exists("elsewhere/wifi.age"));
}

#[test]
fn two_readings_of_a_name_prefer_the_literal_one_and_warn() {
    let home = Home::new();
    let user = home.ssh_key(USER);
    home.rules(&format!(
        "{{ \"sub/wifi.age\".publicKeys = [ \"{user}\" ]; \
            \"wifi.age\".publicKeys = [ \"{user}\" ]; }}"
    ));
    home.encrypt("sub/wifi.age", &[&user], "by place\n");
    home.encrypt("wifi.age", &[&user], "by name\n");
    let mut command = home.agenix();
    command
        .current_dir(home.work.join("secrets/sub"))
        .env("RULES", "../secrets.nix")
        .args(["-d", "wifi.age"]);
    let output = succeed(&mut command);
    assert_eq!(
        output.stdout, b"by place\n",
        "the file below the current folder"
    );
    assert!(
        message(&output).contains("warning:"),
        "{}",
        message(&output)
    );
}

#[test]
fn rules_are_found_upwards() {
    let home = two_secrets();
    home.work.mkdir("secrets/sub/deep");
    let mut command = home.agenix();
    command.current_dir(home.work.join("secrets/sub/deep"));
    assert_eq!(
        succeed(command.args(["-d", "../../wifi.age"])).stdout,
        b"swordfish\n"
    );
    let mut command = home.agenix();
    command.current_dir(home.work.join("secrets/sub/deep"));
    command.args(["-e", "wifi.age"]);
    succeed(command.stdin(home.input("marlin\n")));
    assert_eq!(home.decrypt("wifi.age", USER), b"marlin\n");
    assert!(!home.work.exists("secrets/sub/deep/wifi.age"));
    let mut command = home.agenix();
    succeed(command.current_dir(home.work.join("secrets/sub")).arg("-r"));
    home.check_against_rules("database.age");
}

#[test]
fn an_emptied_secret_is_warned_about_and_can_be_refused() {
    let home = two_secrets();
    let before = home.work.stamp(home.secret("wifi.age"));
    let output = fail(home.agenix().args(["-e", "wifi.age", "--refuse-empty"]));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(home.work.stamp(home.secret("wifi.age")), before);
    let output = succeed(home.agenix().args(["-e", "wifi.age"]));
    assert!(
        message(&output).contains("warning: 'wifi.age' is empty now"),
        "{}",
        message(&output)
    );
    assert_eq!(home.decrypt("wifi.age", USER), b"");
    let output = succeed(home.agenix().args(["-e", "wifi.age"]));
    assert!(
        !message(&output).contains("warning:"),
        "it was empty already"
    );
}

#[test]
fn names_with_spaces_are_rekeyed() {
    let home = Home::new();
    let user = home.ssh_key(USER);
    let host = home.age_key("host.txt");
    let name = "rooms/living room.age";
    home.rules(&format!(
        "{{ \"{name}\".publicKeys = [ \"{user}\" \"{host}\" ]; }}"
    ));
    home.encrypt(name, &[&user], "swordfish\n");
    let output = succeed(home.agenix().arg("-r"));
    assert_eq!(message(&output), format!("rekeying {name}...\n"));
    home.check_against_rules(name);
}

#[test]
fn rules_that_do_not_evaluate_are_an_error_on_rekey() {
    let home = two_secrets();
    for rules in [
        "{ a",
        "{ \"a.age\".publicKeys = [ nobody ]; }",
        "throw \"no\"",
        "[ ]",
    ] {
        home.rules(rules);
        let output = fail(home.agenix().arg("-r"));
        assert_eq!(output.status.code(), Some(1), "{rules}");
        assert!(
            message(&output).contains("error:"),
            "{rules}: {}",
            message(&output)
        );
    }
    home.work.remove("secrets/secrets.nix");
    assert_eq!(fail(home.agenix().arg("-r")).status.code(), Some(1));
}

#[test]
fn rekey_is_all_or_nothing_and_names_every_culprit() {
    let home = two_secrets();
    let stranger = home.ssh_key("stranger");
    home.rules(&format!(
        "let user = \"{stranger}\"; in {{\n  \"a.age\".publicKeys = [ user ];\n  \
         \"b.age\".publicKeys = [ user ];\n  \"c.age\".publicKeys = [ user ];\n  \
         \"wifi.age\".publicKeys = [ user ];\n}}\n"
    ));
    home.encrypt("a.age", &[&stranger], "a\n");
    home.encrypt("c.age", &[&stranger], "c\n");
    home.work.write("secrets/b.age", "not age at all\n");
    let names = ["a.age", "b.age", "c.age", "wifi.age"];
    let before = names.map(|name| home.work.stamp(home.secret(name)));
    let output = fail(home.agenix().arg("-r"));
    assert_eq!(output.status.code(), Some(1));
    for name in ["a.age", "b.age", "c.age"] {
        assert!(
            message(&output).contains(&format!("{name}'")),
            "{}",
            message(&output)
        );
    }
    assert_eq!(names.map(|name| home.work.stamp(home.secret(name))), before);
    let left: Vec<_> = home
        .work
        .tree()
        .into_iter()
        .filter(|name| name.contains(".nixseal"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn some_files_only_can_be_rekeyed() {
    let home = two_secrets();
    let before = home.work.stamp(home.secret("wifi.age"));
    let output = succeed(home.agenix().args(["-r", "database.age"]));
    assert_eq!(message(&output), "rekeying database.age...\n");
    home.check_against_rules("database.age");
    assert_eq!(home.work.stamp(home.secret("wifi.age")), before);
    let output = fail(home.agenix().args(["-r", "database.age", "none.age"]));
    assert!(message(&output).contains("There is no rule for none.age in ./secrets.nix."));
}

#[test]
fn mode_and_symlink_are_kept() {
    let home = two_secrets();
    home.work.set_mode("secrets/wifi.age", 0o640);
    let moved = home.work.join("secrets/real.age");
    std::fs::rename(home.secret("wifi.age"), &moved).expect("rename");
    home.work.symlink("real.age", "secrets/wifi.age");
    let is_link = || {
        home.secret("wifi.age")
            .symlink_metadata()
            .expect("look")
            .is_symlink()
    };
    let mut command = home.agenix();
    command.args(["-e", "wifi.age"]);
    succeed(command.stdin(home.input("marlin\n")));
    assert!(is_link());
    assert_eq!(home.work.mode("secrets/real.age"), 0o640);
    succeed(home.agenix().arg("-r"));
    assert!(is_link());
    assert_eq!(home.work.mode("secrets/real.age"), 0o640);
    assert_eq!(home.decrypt("real.age", USER), b"marlin\n");
}

#[test]
fn rules_is_a_path_whatever_its_letters() {
    let home = two_secrets();
    let rules = home.work.read("secrets/secrets.nix");
    home.work.write("secrets/my rules.nix", &rules);
    home.work.write("secrets/folder/default.nix", &rules);
    for path in ["my rules.nix", "./my rules.nix", "folder", "secrets.nix"] {
        let mut command = home.agenix();
        command.env("RULES", path).args(["-d", "wifi.age"]);
        assert_eq!(succeed(&mut command).stdout, b"swordfish\n", "{path}");
    }
    let mut command = home.agenix();
    command
        .env("RULES", "./none.nix")
        .args(["--rules", "my rules.nix", "-d", "wifi.age"]);
    assert_eq!(succeed(&mut command).stdout, b"swordfish\n");
}

#[test]
fn file_names_are_not_evaluated() {
    let home = Home::new();
    let user = home.ssh_key(USER);
    home.rules(&format!("{{ \"1\".publicKeys = [ \"{user}\" ]; }}"));
    let output = fail(home.agenix().args(["-d", "${toString 1}"]));
    assert!(message(&output).contains("There is no rule for ${toString 1} in ./secrets.nix."));
}

#[test]
fn armor_stays_where_the_rule_is_silent() {
    let home = two_secrets();
    let user = home.work.read_text("home/.ssh/id_ed25519.pub");
    nixseal_testkit::keys::age_encrypt(
        &home.work,
        &[user.trim_end()],
        true,
        b"swordfish\n",
        "secrets/wifi.age",
    );
    let is_text = || {
        home.work
            .read("secrets/wifi.age")
            .starts_with(b"-----BEGIN AGE")
    };
    succeed(home.agenix().arg("-r"));
    assert!(is_text());
    let mut command = home.agenix();
    command.args(["-e", "wifi.age"]);
    succeed(command.stdin(home.input("marlin\n")));
    assert!(is_text());
    assert_eq!(home.decrypt("wifi.age", USER), b"marlin\n");
}

#[test]
fn identity_and_content_cannot_both_be_piped() {
    let home = two_secrets();
    let before = home.work.stamp(home.secret("wifi.age"));
    let mut command = home.agenix();
    command.args(["-e", "wifi.age", "-i", "-"]);
    let output = fail(command.stdin(home.input(&home.work.read_text(USER))));
    assert!(
        message(&output).contains("standard input"),
        "{}",
        message(&output)
    );
    assert_eq!(home.work.stamp(home.secret("wifi.age")), before);
}

#[test]
fn only_one_line_tells_of_a_change() {
    let home = two_secrets();
    let mut command = home.agenix();
    command.args(["-e", "wifi.age"]);
    let output = succeed(command.stdin(home.input("marlin\n")));
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b""[..], &b""[..])
    );
}

#[test]
fn plaintext_is_not_below_tmpdir() {
    let home = two_secrets();
    let mut command = home.agenix();
    command.args(["-e", "wifi.age"]).env("EDITOR", "echo");
    let (code, shown) = on_terminal(command);
    assert_eq!(code, Some(0));
    assert!(
        !shown.contains(&home.work.join("tmp").display().to_string()),
        "{shown}"
    );
    assert!(shown.contains("/wifi.age\n"), "{shown}");
}

#[test]
fn verbose_tells_steps_on_standard_error() {
    let home = two_secrets();
    let output = succeed(home.agenix().args(["-v", "-d", "wifi.age"]));
    assert_eq!(output.stdout, b"swordfish\n");
    let told = message(&output);
    assert!(
        told.contains("secrets.nix") && told.contains("id_ed25519"),
        "{told}"
    );
    assert!(!told.contains("swordfish"));
}

/// A file that somebody encrypted to the age form of the SSH key.
#[test]
fn an_ssh_key_opens_what_ssh_to_age_made_for_it() {
    let home = two_secrets();
    let mut convert = home.work.command(env!("CARGO_BIN_EXE_nixseal"));
    convert
        .args(["ssh-to-age", "-i"])
        .arg(home.work.join("home/.ssh/id_ed25519.pub"));
    let recipient = String::from_utf8_lossy(&succeed(&mut convert).stdout)
        .trim()
        .to_owned();
    home.encrypt("wifi.age", &[&recipient], "converted\n");
    assert_eq!(
        succeed(home.agenix().args(["-d", "wifi.age"])).stdout,
        b"converted\n"
    );
}

/// The lock of `nixseal rekey` is not begun, but kept true where there is one.
#[test]
fn a_lock_is_kept_true_but_not_begun() {
    let home = two_secrets();
    succeed(home.agenix().arg("-r"));
    assert!(!home.work.exists("secrets/secrets.lock"));
    let native = |arguments: &[&str]| {
        let mut command = home.work.command(env!("CARGO_BIN_EXE_nixseal"));
        command
            .current_dir(home.work.join("secrets"))
            .env("HOME", home.work.join("home"));
        command.args(arguments);
        command
    };
    succeed(&mut native(&["rekey"]));
    assert!(home.work.exists("secrets/secrets.lock"));
    succeed(home.agenix().arg("-r"));
    let mut command = home.agenix();
    command.args(["-e", "wifi.age"]);
    succeed(command.stdin(home.input("marlin\n")));
    succeed(&mut native(&["rekey", "--check"]));
}

#[test]
fn a_key_counts_once() {
    let home = Home::new();
    let user = home.ssh_key(USER);
    home.rules(&format!(
        "{{ \"a.age\".publicKeys = [ \"{user}\" \"{user}\" ]; }}"
    ));
    let mut command = home.agenix();
    command.args(["-e", "a.age"]);
    succeed(command.stdin(home.input("swordfish\n")));
    let content = home.work.read(home.secret("a.age"));
    let header = String::from_utf8_lossy(&content).into_owned();
    assert_eq!(header.matches("-> ssh-ed25519 ").count(), 1, "{header}");
}

#[test]
fn file_of_the_environment_does_not_count() {
    let home = two_secrets();
    let before = home.work.stamp(home.secret("wifi.age"));
    let mut command = home.agenix();
    command.env("FILE", "wifi.age").arg("-v");
    let output = fail(&mut command);
    assert_eq!(output.stdout, b"no FILE specified\n");
    assert_eq!(home.work.stamp(home.secret("wifi.age")), before);
}
