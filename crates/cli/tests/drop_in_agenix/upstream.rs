//! agenix's own tests of its command line, by their names there: the install
//! check of its package, and the command line part of its integration test.

use nixseal_testkit::leaks::Planted;
use nixseal_testkit::workdir::{fail, succeed};

use crate::home::Home;

/// The install check and the integration test both work in `~/secrets` with
/// the user's SSH key in its usual place.
fn home() -> Home {
    let home = Home::new();
    let user = home.ssh_key("home/.ssh/id_ed25519");
    let system = home.ssh_key("system");
    home.rules(&format!(
        r#"let
  user1 = "{user}";
  system1 = "{system}";
in
{{
  "secret1.age".publicKeys = [ user1 system1 ];
  "secret2.age".publicKeys = [ user1 ];
  "passwordfile-user1.age".publicKeys = [ user1 system1 ];
  "-leading-hyphen-filename.age".publicKeys = [ user1 system1 ];
  "armored-secret.age" = {{
    publicKeys = [ user1 ];
    armor = true;
  }};
}}
"#
    ));
    for (name, content) in [
        ("secret1.age", "hello\n"),
        ("secret2.age", "world!\n"),
        ("passwordfile-user1.age", "$6$hash\n"),
        (
            "-leading-hyphen-filename.age",
            "filename started with hyphen\n",
        ),
        ("armored-secret.age", "Hello World!\n"),
    ] {
        home.encrypt(name, &[&user, &system], content);
    }
    home
}

#[test]
fn install_check() {
    let home = home();
    let help = succeed(home.agenix().arg("-h")).stdout;
    assert!(String::from_utf8_lossy(&help).contains("0.15.0"));
    assert_eq!(
        succeed(home.agenix().args(["-d", "secret1.age"])).stdout,
        b"hello\n"
    );
}

#[test]
fn integration_rekey_changes_the_hash() {
    let home = home();
    let key = home.work.join("home/.ssh/id_ed25519");
    let before = home.work.read("secrets/passwordfile-user1.age");
    succeed(home.agenix().arg("-r").arg("-i").arg(&key));
    let after = home.work.read("secrets/passwordfile-user1.age");
    assert_ne!(before, after, "hash did not change with rekeying");
    for name in [
        "secret1.age",
        "secret2.age",
        "-leading-hyphen-filename.age",
        "armored-secret.age",
    ] {
        home.check_against_rules(name);
    }
    home.check_against_rules("passwordfile-user1.age");
    assert_eq!(home.decrypt("passwordfile-user1.age", &key), b"$6$hash\n");
}

#[test]
fn integration_edit_with_cat() {
    let home = home();
    succeed(
        home.agenix()
            .env("EDITOR", "cat")
            .args(["-e", "passwordfile-user1.age"]),
    );
}

#[test]
fn integration_edit_even_if_a_bogus_id_rsa_is_present() {
    let home = home();
    let bogus = home.work.write("home/.ssh/id_rsa", "bogus\n");
    let edit = || {
        let mut command = home.agenix();
        command
            .env("EDITOR", "cat")
            .args(["-e", "passwordfile-user1.age"]);
        command
    };
    let before = home.work.read("secrets/passwordfile-user1.age");
    fail(&mut edit());
    assert_eq!(home.work.read("secrets/passwordfile-user1.age"), before);
    succeed(edit().arg("-i").arg(home.work.join("home/.ssh/id_ed25519")));
    home.work.remove(bogus);
    succeed(&mut edit());
}

#[test]
fn integration_pipe_in_and_decrypt() {
    let home = home();
    let mut edit = home.agenix();
    edit.args(["-e", "passwordfile-user1.age"]);
    succeed(edit.stdin(home.input("secret1234\n")));
    let shown = succeed(home.agenix().args(["-d", "passwordfile-user1.age"])).stdout;
    assert_eq!(shown, b"secret1234\n");
    home.check_against_rules("passwordfile-user1.age");
}

#[test]
fn integration_no_plaintext_lingers() {
    let home = home();
    let planted = Planted::new(1234);
    let mut edit = home.agenix();
    edit.args(["-e", "passwordfile-user1.age"]);
    succeed(edit.stdin(home.input(planted.word())));
    succeed(home.agenix().args(["-d", "passwordfile-user1.age"]));
    home.work.remove("input");
    assert_eq!(planted.search(home.work.path()), []);
    assert_eq!(home.temporary_files(), Vec::<String>::new());
}
