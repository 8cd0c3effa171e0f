//! Where our `ragenix` differs from the original on purpose: one test for each
//! row of the table in `docs/reference/drop-ins/ragenix.md`.

use nixseal_testkit::pty::Terminal;
use nixseal_testkit::workdir::{fail, succeed};

use crate::differences::{message, two_secrets};
use crate::home::Home;

const USER: &str = "home/.ssh/id_ed25519";

#[test]
fn decrypt_prints_a_secret() {
    let home = two_secrets();
    assert_eq!(
        succeed(home.ragenix().args(["-d", "wifi.age"])).stdout,
        b"swordfish\n"
    );
    assert_eq!(
        succeed(home.ragenix().args(["--decrypt", "./wifi.age"])).stdout,
        b"swordfish\n"
    );
    home.work.remove(home.secret("wifi.age"));
    assert_eq!(
        fail(home.ragenix().args(["-d", "wifi.age"])).status.code(),
        Some(1)
    );
    let both = fail(home.ragenix().args(["-d", "wifi.age", "-r"]));
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn some_files_only_can_be_rekeyed() {
    let home = two_secrets();
    let before = home.work.stamp(home.secret("wifi.age"));
    let output = succeed(home.ragenix().args(["-r", "database.age"]));
    let expected = format!("Rekeying {}\n", home.secret("database.age").display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(home.work.stamp(home.secret("wifi.age")), before);
    let output = fail(home.ragenix().args(["-r", "database.age", "none.age"]));
    assert!(message(&output).contains("No rule for the given file none.age"));
    assert_eq!(
        fail(home.ragenix().arg("database.age")).status.code(),
        Some(2)
    );
}

#[test]
fn an_editor_is_not_required() {
    let home = two_secrets();
    let mut command = home.ragenix();
    command
        .args(["-e", "wifi.age"])
        .env("VISUAL", "sed -i s/sword/cat/");
    assert!(Terminal::start(command).finish().status.success());
    assert_eq!(home.decrypt("wifi.age", USER), b"catfish\n");
}

#[test]
fn identity_may_be_repeated() {
    let home = two_secrets();
    let host = home.age_key("other.txt");
    assert!(!host.is_empty());
    let mut command = home.ragenix();
    command.env("HOME", "/nonexistent");
    command.args(["-r", "-i", "../other.txt", "-i", "../home/.ssh/id_ed25519"]);
    succeed(&mut command);
}

#[test]
fn rekey_is_all_or_nothing_and_names_every_culprit() {
    let home = two_secrets();
    let stranger = home.ssh_key("stranger");
    home.encrypt("database.age", &[&stranger], "a\n");
    home.work.write("secrets/wifi.age", "not age at all\n");
    let names = ["database.age", "wifi.age"];
    let before = names.map(|name| home.work.stamp(home.secret(name)));
    let output = fail(home.ragenix().arg("-r"));
    assert_eq!(output.status.code(), Some(1));
    for name in names {
        assert!(
            message(&output).contains(&format!("{name}'")),
            "{}",
            message(&output)
        );
    }
    assert!(message(&output).contains("No matching keys found"));
    assert_eq!(names.map(|name| home.work.stamp(home.secret(name))), before);
}

#[test]
fn mode_and_symlink_are_kept() {
    let home = two_secrets();
    home.work.set_mode("secrets/wifi.age", 0o644);
    home.work.mkdir("elsewhere");
    let real = home.work.join("elsewhere/real.age");
    std::fs::rename(home.secret("wifi.age"), &real).expect("rename");
    home.work
        .symlink("../elsewhere/real.age", "secrets/wifi.age");
    succeed(home.ragenix().arg("-r"));
    assert!(
        home.secret("wifi.age")
            .symlink_metadata()
            .expect("look")
            .is_symlink()
    );
    assert_eq!(home.work.mode(&real), 0o644);
}

#[test]
fn a_file_is_found_by_its_name_too() {
    let home = two_secrets();
    home.work.mkdir("elsewhere");
    for file in [
        "wifi.age",
        "../secrets/wifi.age",
        "../elsewhere/../secrets/wifi.age",
    ] {
        let mut command = home.ragenix();
        command.current_dir(home.work.join("elsewhere"));
        command.args(["--rules", "../secrets/secrets.nix", "-d", file]);
        assert_eq!(succeed(&mut command).stdout, b"swordfish\n", "{file}");
    }
}

#[test]
fn rules_are_found_upwards_and_by_a_bare_name() {
    let home = two_secrets();
    home.work.mkdir("secrets/sub");
    let mut command = home.ragenix();
    command
        .current_dir(home.work.join("secrets/sub"))
        .args(["-d", "../wifi.age"]);
    assert_eq!(succeed(&mut command).stdout, b"swordfish\n");
    let mut command = home.ragenix();
    command.args(["--rules", "secrets.nix", "-d", "wifi.age"]);
    assert_eq!(succeed(&mut command).stdout, b"swordfish\n");
}

#[test]
fn folders_on_the_way_are_made() {
    let home = Home::new();
    let user = home.ssh_key(USER);
    home.rules(&format!(
        "{{ \"a/b/new.age\".publicKeys = [ \"{user}\" ]; }}"
    ));
    let mut command = home.ragenix();
    command.args(["--editor", "-", "-e", "a/b/new.age"]);
    succeed(command.stdin(home.input("swordfish\n")));
    assert_eq!(home.decrypt("a/b/new.age", USER), b"swordfish\n");
}

#[test]
fn an_emptied_secret_is_warned_about_and_can_be_refused() {
    let home = two_secrets();
    let before = home.work.stamp(home.secret("wifi.age"));
    fail(
        home.ragenix()
            .args(["--refuse-empty", "--editor", "-", "-e", "wifi.age"]),
    );
    assert_eq!(home.work.stamp(home.secret("wifi.age")), before);
    let output = succeed(home.ragenix().args(["--editor", "-", "-e", "wifi.age"]));
    assert!(
        message(&output).contains("is empty now"),
        "{}",
        message(&output)
    );
    assert_eq!(home.decrypt("wifi.age", USER), b"");
}

#[test]
fn a_private_key_among_the_recipients_is_not_repeated() {
    let home = Home::new();
    home.age_key("key.txt");
    let secret = home.work.read_text("key.txt");
    let secret = secret.lines().last().expect("a key").to_owned();
    home.rules(&format!("{{ \"a.age\".publicKeys = [ \"{secret}\" ]; }}"));
    for command in [
        home.ragenix().args(["--editor", "-", "-e", "a.age"]),
        home.agenix().args(["-e", "a.age"]),
    ] {
        let output = fail(command);
        let shown = [output.stdout.clone(), output.stderr.clone()].concat();
        assert!(!String::from_utf8_lossy(&shown).contains(&secret));
        assert!(
            message(&output).contains("private key"),
            "{}",
            message(&output)
        );
    }
}

#[test]
fn no_nix_is_needed_but_it_is_asked_for_what_only_it_knows() {
    let home = two_secrets();
    let rules = home.work.read_text("secrets/secrets.nix");
    let mut command = home.ragenix();
    command.env("PATH", "/nonexistent");
    succeed(command.arg("-r"));
    home.rules(&format!("let unused = builtins.storePath; in {rules}"));
    succeed(home.ragenix().env("PATH", "/nonexistent").arg("-r"));
    let asks = rules.replacen(
        '{',
        "{ \"new.age\".publicKeys = [ (builtins.placeholder \"x\") ];",
        1,
    );
    home.rules(&asks);
    let output = fail(home.ragenix().env("PATH", "/nonexistent").arg("-r"));
    assert!(
        message(&output).contains("install Nix"),
        "{}",
        message(&output)
    );
    let output = fail(home.ragenix().arg("-r"));
    assert!(
        message(&output).contains("Invalid recipient: /"),
        "{}",
        message(&output)
    );
}

#[test]
fn two_readings_of_a_name_prefer_the_path_and_warn() {
    let home = Home::new();
    let user = home.ssh_key(USER);
    home.rules(&format!(
        "{{ \"sub/wifi.age\".publicKeys = [ \"{user}\" ]; \
            \"wifi.age\".publicKeys = [ \"{user}\" ]; }}"
    ));
    home.encrypt("sub/wifi.age", &[&user], "by place\n");
    home.encrypt("wifi.age", &[&user], "by name\n");
    let mut command = home.ragenix();
    command.current_dir(home.work.join("secrets/sub"));
    command.args(["--rules", "../secrets.nix", "-d", "wifi.age"]);
    let output = succeed(&mut command);
    assert_eq!(output.stdout, b"by place\n");
    assert!(
        message(&output).contains("warning:"),
        "{}",
        message(&output)
    );
}
