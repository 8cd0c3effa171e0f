//! The real `gpg`, with keys of its own.

use nixseal_base::env::{Environment, GNUPGHOME, SOPS_GPG_EXEC};
use nixseal_base::secret::SecretBytes;
use nixseal_pgp::{Gpg, OpenPgp as _, PgpError};
use nixseal_testkit::peers;
use nixseal_testkit::workdir::{Workdir, succeed};

/// A key folder with one unprotected key; gives the fingerprint of the primary key.
fn make_key(work: &Workdir, algorithm: &str) -> String {
    let home = work.mkdir("gnupg");
    work.set_mode("gnupg", 0o700);
    let gpg = |arguments: &[&str]| {
        let mut command = work.command(peers::gpg());
        command
            .env("GNUPGHOME", &home)
            .args(["--batch", "--passphrase", ""])
            .args(arguments);
        succeed(&mut command)
    };
    gpg(&[
        "--quick-generate-key",
        "Test <test@example.org>",
        algorithm,
        "default",
        "never",
    ]);
    let listed = gpg(&["--list-keys", "--with-colons"]).stdout;
    let listed = String::from_utf8(listed).unwrap();
    let line = listed
        .lines()
        .find(|line| line.starts_with("fpr:"))
        .unwrap();
    line.split(':').nth(9).unwrap().to_owned()
}

fn gpg(work: &Workdir) -> Gpg {
    let environment = Environment::default()
        .with(&GNUPGHOME, work.join("gnupg"))
        .with(&SOPS_GPG_EXEC, peers::gpg());
    Gpg::new(&environment)
}

#[test]
fn messages_go_both_ways() {
    let work = Workdir::new();
    let fingerprint = make_key(&work, "default");
    let secret = SecretBytes::copy_of(&[0, 255, 10, 13, 0]);
    let gpg = gpg(&work);
    let message = gpg.encrypt(&fingerprint, &secret).unwrap();
    assert!(message.starts_with("-----BEGIN PGP MESSAGE-----\n"));
    assert!(message.ends_with("-----END PGP MESSAGE-----"));
    assert_eq!(gpg.decrypt(&message).unwrap(), secret);
    stop_agent(&work);
}

#[test]
fn refusals_say_what_gpg_said() {
    let work = Workdir::new();
    work.mkdir("gnupg");
    work.set_mode("gnupg", 0o700);
    let gpg = gpg(&work);
    let unknown = "0000000000000000000000000000000000000000";
    let error = gpg
        .encrypt(unknown, &SecretBytes::copy_of(b"hunter2"))
        .unwrap_err();
    assert!(matches!(error, PgpError::Refused { .. }), "{error}");
    let error = error.to_string();
    assert!(error.contains(unknown) && !error.contains('\n'), "{error}");
    assert!(!error.contains("hunter2"));
    let error = gpg.decrypt("no message").unwrap_err().to_string();
    assert!(error.contains("no valid OpenPGP data"), "{error}");
    stop_agent(&work);
}

/// The agent would outlive its folder otherwise.
fn stop_agent(work: &Workdir) {
    let mut command = work.command(peers::program("gpgconf"));
    succeed(
        command
            .env("GNUPGHOME", work.join("gnupg"))
            .args(["--kill", "all"]),
    );
}
