//! The real `gpg` as a child, with keys of its own.

use nixseal_base::env::{Environment, GNUPGHOME, SOPS_GPG_EXEC};
use nixseal_base::secret::SecretBytes;
use nixseal_pgp::{Gpg, OpenPgp as _, PgpError, Readiness};
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::peers;
use nixseal_testkit::workdir::Workdir;

fn gpg(gnupg: &Gnupg<'_>) -> Gpg {
    let environment = Environment::default()
        .with(&GNUPGHOME, gnupg.home())
        .with(&SOPS_GPG_EXEC, peers::gpg());
    Gpg::new(&environment)
}

#[test]
fn messages_go_both_ways() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let fingerprint = gnupg.make_key("Test <test@example.org>", "default");
    let secret = SecretBytes::copy_of(&[0, 255, 10, 13, 0]);
    let gpg = gpg(&gnupg);
    let message = gpg.encrypt(&fingerprint, &secret).unwrap();
    assert!(message.starts_with("-----BEGIN PGP MESSAGE-----\n"));
    assert!(message.ends_with("-----END PGP MESSAGE-----"));
    assert_eq!(gpg.readiness(&message), Readiness::Program);
    assert_eq!(gpg.decrypt(&message).unwrap(), secret);
}

#[test]
fn refusals_say_what_gpg_said() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let gpg = gpg(&gnupg);
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
}
