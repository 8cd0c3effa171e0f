//! Keys in files, without `gpg`: what it exports and encrypts we read, and the other way round.

use std::sync::Arc;

use nixseal_base::env::{Environment, GNUPGHOME, NIXSEAL_PGP_KEY_FILE, PATH, SOPS_GPG_EXEC};
use nixseal_base::prompt::Nobody;
use nixseal_pgp::{KeyFiles, Keys, OpenPgp, Readiness};
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::peers;
use nixseal_testkit::workdir::Workdir;

use crate::support::{
    Answers, data_key, export, export_secret, gpg_decrypt, gpg_encrypt, key_file, rings,
};

/// Encrypts with each and decrypts with the other.
fn both_ways(work: &Workdir, gnupg: &Gnupg<'_>, key: &str, ours: &dyn OpenPgp) {
    let message = ours.encrypt(key, &data_key()).unwrap();
    assert!(
        message.starts_with("-----BEGIN PGP MESSAGE-----\n\n"),
        "{message}"
    );
    assert!(
        message.ends_with("\n-----END PGP MESSAGE-----"),
        "{message}"
    );
    assert_eq!(ours.readiness(&message), Readiness::AtHand, "{key}");
    assert_eq!(ours.decrypt(&message).unwrap(), data_key(), "{key}");
    assert_eq!(gpg_decrypt(work, gnupg, &message), data_key().expose());
    let theirs = gpg_encrypt(work, gnupg, &["-r", key]);
    assert_eq!(ours.decrypt(&theirs).unwrap(), data_key(), "{key}");
}

#[test]
fn keys_of_all_kinds() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    for algorithm in [
        "rsa2048", "rsa3072", "rsa4096", "cv25519", "nistp256", "nistp384", "nistp521",
    ] {
        let user = format!("{algorithm}@example.org");
        let key = gnupg.make_key(&user, "ed25519");
        gnupg.add_key(&key, algorithm, "encr", "never");
        let (_, secret) = export(&gnupg, &key);
        both_ways(
            &work,
            &gnupg,
            &key,
            &key_file(work.write("key.asc", secret)),
        );
    }
}

#[test]
fn one_key_for_all_uses() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let make = [
        "--passphrase",
        "",
        "--quick-generate-key",
        "all@example.org",
    ];
    gnupg.run(&[&make[..], &["rsa2048", "sign,cert,encr", "never"]].concat());
    let key = gnupg.fingerprints("all@example.org").remove(0);
    let (_, secret) = export(&gnupg, &key);
    let ours = key_file(work.write("key.asc", secret));
    both_ways(&work, &gnupg, &key, &ours);
    both_ways(&work, &gnupg, &format!("{key}!"), &ours);
}

#[test]
fn files_of_all_shapes() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let keys =
        ["one@example.org", "two@example.org"].map(|user| gnupg.make_key(user, "future-default"));
    let binary = export_secret(&gnupg, "", "", &[]);
    let armored: Vec<u8> = keys
        .iter()
        .flat_map(|key| [export(&gnupg, key).1, b"some words\n".to_vec()].concat())
        .collect();
    let shapes = [
        ("ring", binary, keys.as_slice()),
        ("armored", armored, &keys),
        (
            "subkeys",
            export_secret(
                &gnupg,
                &keys[1],
                "",
                &["--armor", "--export-options", "export-minimal"],
            ),
            &keys[1..],
        ),
    ];
    for (shape, content, keys) in shapes {
        let ours = key_file(work.write(shape, content));
        keys.iter()
            .for_each(|key| both_ways(&work, &gnupg, key, &ours));
    }
    let several = std::env::join_paths([work.join("subkeys"), work.join("ring")]).unwrap();
    both_ways(&work, &gnupg, &keys[0], &key_file(several));
}

#[test]
fn subkeys_without_their_primary_key() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one@example.org", "future-default");
    let secret = gnupg.run(&[
        "--armor",
        "--passphrase",
        "",
        "--export-secret-subkeys",
        &key,
    ]);
    both_ways(
        &work,
        &gnupg,
        &key,
        &key_file(work.write("key.asc", secret)),
    );
}

#[test]
fn rings_of_old_and_new_gnupg() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one@example.org", "future-default");
    gnupg.make_key("two@example.org", "future-default");

    work.write("old/secring.gpg", export_secret(&gnupg, "", "", &[]));
    both_ways(&work, &gnupg, &key, &rings(work.join("old")));

    work.write("public/pubring.gpg", gnupg.run(&["--export"]));
    for home in [work.join("public"), gnupg.home().clone()] {
        let ours = rings(&home);
        let message = ours.encrypt(&key, &data_key()).unwrap();
        assert_eq!(gpg_decrypt(&work, &gnupg, &message), data_key().expose());
        assert_eq!(ours.readiness(&message), Readiness::Hopeless);
        let error = ours.decrypt(&message).unwrap_err().to_string();
        let absent = format!("'{}' (absent)", home.join("secring.gpg").display());
        assert!(
            error.contains(&absent) && error.contains("NIXSEAL_PGP_KEY_FILE (not set)"),
            "{error}"
        );
    }
}

#[test]
fn hidden_recipients_are_tried() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let keys = ["one", "two", "three"].map(|user| gnupg.make_key(user, "future-default"));
    let ours = key_file(work.write("ring", export_secret(&gnupg, "", "", &[])));
    let message = gpg_encrypt(&work, &gnupg, &["-R", &keys[1], "-R", &keys[2]]);
    assert_eq!(ours.readiness(&message), Readiness::AtHand);
    assert_eq!(ours.decrypt(&message).unwrap(), data_key());
    let (_, other) = export(&gnupg, &keys[0]);
    let other = key_file(work.write("other", other));
    let error = other.decrypt(&message).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn compressed_and_signed_messages() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one", "future-default");
    let ours = key_file(work.write("key.asc", export(&gnupg, &key).1));
    for options in [
        ["-z", "9"],
        ["--compress-algo", "zip"],
        ["--compress-algo", "none"],
    ] {
        let signed = [&options[..], &["-r", &key, "--sign"]].concat();
        for options in [[&options[..], &["-r", &key]].concat(), signed] {
            let message = gpg_encrypt(&work, &gnupg, &options);
            assert_eq!(ours.decrypt(&message).unwrap(), data_key(), "{options:?}");
        }
    }
}

#[test]
fn a_passphrase_is_asked_for_once() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_protected_key("One <one@example.org>", "future-default", "swordfish");
    let secret = work.write(
        "key.asc",
        export_secret(&gnupg, &key, "swordfish", &["--armor"]),
    );
    let first = gpg_encrypt(&work, &gnupg, &["-r", &key]);
    let second = gpg_encrypt(&work, &gnupg, &["-R", &key]);
    let environment = Environment::default().with(&NIXSEAL_PGP_KEY_FILE, &secret);

    let answers = Answers::new("swordfish");
    let ours = KeyFiles::new(&environment, answers.clone());
    assert_eq!(ours.readiness(&first), Readiness::Question);
    assert!(answers.questions().is_empty(), "nobody is asked in vain");
    assert_eq!(ours.decrypt(&first).unwrap(), data_key());
    assert_eq!(ours.readiness(&second), Readiness::AtHand);
    assert_eq!(ours.decrypt(&second).unwrap(), data_key());
    let questions = answers.questions();
    assert_eq!(questions.len(), 1, "{questions:?}");
    let subkey = &gnupg.fingerprints(&key)[1][24..];
    let question = format!("Enter passphrase for OpenPGP key {subkey} (One <one@example.org>)");
    assert_eq!(questions[0], question);

    let wrong = Answers::new("sword");
    let ours = KeyFiles::new(&environment, wrong.clone());
    for _ in 0..2 {
        let error = ours.decrypt(&first).unwrap_err().to_string();
        assert_eq!(error, format!("key {subkey}: wrong passphrase, 3 times"));
        assert_eq!(ours.readiness(&first), Readiness::Hopeless);
    }
    assert_eq!(wrong.questions().len(), 3);

    let error = key_file(&secret).decrypt(&first).unwrap_err().to_string();
    assert!(
        error.contains("it needs a passphrase, but there is no terminal"),
        "{error}"
    );
}

#[test]
fn failures_name_keys_and_places() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one", "future-default");
    let subkey = &gnupg.fingerprints(&key)[1][24..];
    let message = gpg_encrypt(&work, &gnupg, &["-r", &key]);
    let home = work.mkdir("empty");
    let keys = |environment: Environment| {
        let environment = environment
            .with(&GNUPGHOME, &home)
            .with(&SOPS_GPG_EXEC, "/nonexistent/gpg");
        Keys::new(&environment, Arc::new(Nobody))
    };

    let without = keys(Environment::default());
    assert_eq!(without.readiness(&message), Readiness::Hopeless);
    let error = without.decrypt(&message).unwrap_err().to_string();
    let place = home.join("secring.gpg");
    assert!(
        error.starts_with(&format!(
            "no private key for key {subkey} is in NIXSEAL_PGP_KEY_FILE (not set), '{}' (absent); ",
            place.display()
        )),
        "{error}"
    );
    let error = without.encrypt(&key, &data_key()).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("key {key} is not in ")),
        "{error}"
    );
    assert!(error.contains("pubring.kbx' (absent)"), "{error}");
    let error = without
        .encrypt("one@example.org", &data_key())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("'one@example.org' is not a fingerprint"),
        "{error}"
    );

    let missing = keys(Environment::default().with(&NIXSEAL_PGP_KEY_FILE, work.join("absent")));
    for error in [
        missing.decrypt(&message).unwrap_err().to_string(),
        missing.encrypt(&key, &data_key()).unwrap_err().to_string(),
    ] {
        assert!(error.contains("absent': No such file"), "{error}");
    }
    let text = keys(Environment::default().with(&NIXSEAL_PGP_KEY_FILE, work.write("text", "text")));
    let error = text.decrypt(&message).unwrap_err().to_string();
    assert!(error.contains("there is no OpenPGP key in '"), "{error}");
}

#[test]
fn gpg_does_what_no_file_has() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one", "future-default");
    let environment = Environment::default()
        .with(&GNUPGHOME, gnupg.home())
        .with(&PATH, peers::gpg().parent().unwrap());
    let keys = Keys::new(&environment, Arc::new(Nobody));
    let message = keys.encrypt(&key, &data_key()).unwrap();
    assert_eq!(keys.readiness(&message), Readiness::Program);
    assert_eq!(keys.decrypt(&message).unwrap(), data_key());
}

#[test]
fn gpg_does_what_the_library_does_not_know() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let key = gnupg.make_key("one", "ed25519");
    gnupg.add_key(&key, "brainpoolP256r1", "encr", "never");
    let file = work.write("key.asc", export(&gnupg, &key).1);
    let alone = key_file(&file);
    let error = alone.encrypt(&key, &data_key()).unwrap_err().to_string();
    assert!(error.contains("GnuPG is needed: "), "{error}");

    let environment = Environment::default()
        .with(&NIXSEAL_PGP_KEY_FILE, &file)
        .with(&GNUPGHOME, gnupg.home())
        .with(&PATH, peers::gpg().parent().unwrap());
    let keys = Keys::new(&environment, Arc::new(Nobody));
    let message = keys.encrypt(&key, &data_key()).unwrap();
    assert_eq!(keys.decrypt(&message).unwrap(), data_key());
    let error = alone.decrypt(&message).unwrap_err().to_string();
    assert!(
        error.ends_with("only GnuPG can use keys of its kind"),
        "{error}"
    );
    assert_eq!(alone.readiness(&message), Readiness::Hopeless);
}
