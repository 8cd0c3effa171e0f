//! Recipients files and identity files are accepted and refused as by Go age.

use std::process::Output;

use nixseal_age::Interaction;
use nixseal_age::identity_file::{IdentityFile, Layout, parse_identity_file};
use nixseal_age::recipients::{RecipientKind, parse_recipients_file};
use nixseal_base::env::Environment;
use nixseal_base::secret::SecretBytes;
use nixseal_testkit::keys::{self, SshKind};
use nixseal_testkit::{Workdir, peers};

fn go_age(work: &Workdir, arguments: &[&str]) -> Output {
    work.command(peers::age()).args(arguments).output().unwrap()
}

/// Reads `content` as both tools do; gives what Go age printed, and our result.
fn compare_recipients(work: &Workdir, content: &str) -> (String, Result<usize, String>) {
    let path = work.write("recipients", content);
    work.write("text", "x");
    let theirs = go_age(work, &["-e", "-R", "recipients", "-o", "file.age", "text"]);
    let interaction = Interaction::silent(Environment::default());
    let ours = parse_recipients_file(
        &path.display().to_string(),
        content.as_bytes(),
        &interaction,
    );
    assert_eq!(theirs.status.success(), ours.is_ok(), "{content}");
    let printed = String::from_utf8_lossy(&theirs.stderr).into_owned();
    let ours = ours.map_err(|error| error.to_string());
    (printed, ours.map(|file| file.warnings.len()))
}

#[test]
fn recipients_files_are_judged_alike() {
    let work = Workdir::new();
    let age = keys::age(&work, "age.txt");
    let ssh = keys::ssh(&work, "ssh", SshKind::Ed25519, None);
    let ecdsa = keys::ssh(&work, "ecdsa", SshKind::Ecdsa, None);
    let good = format!("# team\n\n{}\r\n{}\n", age.recipient, ssh.public);
    assert_eq!(compare_recipients(&work, &good).1, Ok(0));

    let (printed, ours) = compare_recipients(&work, &format!("{good}{}\n", ecdsa.public));
    assert_eq!(ours, Ok(1));
    let warning = "ignoring unsupported SSH key of type";
    assert!(
        printed.contains(warning) && printed.contains("at line 5"),
        "{printed}"
    );

    let long = format!("ssh-ed25519 {}", "A".repeat(9000));
    for (content, expected) in [
        ("".to_owned(), "no recipients found"),
        ("# nobody\n".to_owned(), "no recipients found"),
        (ecdsa.public, "no recipients found"),
        (format!("{good}nonsense\n"), "malformed recipient at line 5"),
        (
            format!("{good}{}\n", age.identity),
            "error at line 5: apparent identity found",
        ),
        (
            format!("no-pty {}\n", ssh.public),
            "malformed recipient at line 1",
        ),
        (format!("{good}{long}\n"), "line 5 is too long"),
    ] {
        let (printed, ours) = compare_recipients(&work, &content);
        let ours = ours.unwrap_err();
        assert!(ours.contains(expected), "{ours}");
        assert!(printed.contains(expected), "{printed}");
    }
}

#[test]
fn skipped_keys_are_named() {
    let work = Workdir::new();
    let age = keys::age(&work, "age.txt");
    let ecdsa = keys::ssh(&work, "ecdsa", SshKind::Ecdsa, None);
    let content = format!("{}\n{}\n", ecdsa.public, age.recipient);
    let interaction = Interaction::silent(Environment::default());
    let file = parse_recipients_file("team", content.as_bytes(), &interaction).unwrap();
    assert_eq!(
        file.warnings,
        [
            "recipients file 'team': ignoring unsupported SSH key of type \
          'ecdsa-sha2-nistp256' at line 1"
        ]
    );
    assert_eq!(*file.recipients[0].kind(), RecipientKind::X25519);
    assert_eq!(file.recipients[0].canonical(), age.recipient);
}

#[test]
fn identity_files_are_judged_alike() {
    let work = Workdir::new();
    let age = keys::age(&work, "age.txt");
    let strong = keys::age_post_quantum(&work, "strong.txt");
    let ssh = keys::ssh(&work, "ssh", SshKind::Ed25519, None);
    let ecdsa = keys::ssh(&work, "ecdsa", SshKind::Ecdsa, None);
    keys::age_encrypt(
        &work,
        &[&age.recipient, &ssh.public],
        false,
        b"x",
        "file.age",
    );
    let (identity, recipient) = (&age.identity, &age.recipient);
    let (ssh, ecdsa) = (work.read_text(&ssh.path), work.read_text(&ecdsa.path));
    for (content, usable) in [
        (format!("# mine\n\n{identity}\r\n"), true),
        (format!("{}\n{identity}", strong.identity), true),
        (ssh.clone(), true),
        (format!("{identity}\nAGE-PLUGIN-X-1\n"), false),
        (format!("{identity}\n{recipient}\n"), false),
        (identity.to_lowercase(), false),
        (format!("{identity}Q"), false),
        ("# nothing\n".to_owned(), false),
        (String::new(), false),
        ("nonsense".to_owned(), false),
        (ecdsa, false),
        (ssh.replace("b3BlbnNza", "b3BlbnNzb"), false),
    ] {
        work.write_private("identity", &content);
        let theirs = go_age(&work, &["-d", "-i", "identity", "file.age"]);
        let interaction = Interaction::silent(Environment::default());
        let contents = SecretBytes::new(content.clone().into_bytes());
        let ours = parse_identity_file("identity", contents, Layout::Lines, &interaction);
        assert_eq!(ours.is_ok(), usable, "{:?}", ours.err());
        let printed = String::from_utf8_lossy(&theirs.stderr);
        assert_eq!(theirs.status.success(), usable, "{content}: {printed}");
    }
}

#[test]
fn errors_of_identity_files_do_not_show_secrets() {
    let interaction = Interaction::silent(Environment::default());
    let parse = |text: &str, layout| {
        let contents = SecretBytes::copy_of(text.as_bytes());
        match parse_identity_file("keys.txt", contents, layout, &interaction) {
            Ok(IdentityFile::Identities(identities)) => Ok(identities.len()),
            Ok(_) => Ok(0),
            Err(error) => Err(error.to_string()),
        }
    };
    for layout in [Layout::Lines, Layout::Words] {
        for text in [
            "AGE-SECRET-KEY-1SESAME",
            "hunter2-SESAME",
            "AGE-PLUGIN-SESAME",
        ] {
            let error = parse(text, layout).unwrap_err();
            assert!(
                error.contains("line 1") && !error.contains("SESAME"),
                "{error}"
            );
        }
    }
}
