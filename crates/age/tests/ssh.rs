//! SSH keys against the real age, ssh-keygen, openssl, and values that the real
//! ssh-to-age printed.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use nixseal_age::recipients::{ParsedRecipient, RecipientError, parse_recipient};
use nixseal_age::ssh::{
    Ed25519PrivateKey, SshIdentity, SshKeyError, SshKeyFile, SshPublicKey, SshRecipient,
};
use nixseal_age::{
    Armor, FileKey, Identity, Interaction, Recipient, Stanza, UnwrapError, decrypt_bytes,
    encrypt_bytes,
};
use nixseal_base::env::Environment;
use nixseal_base::secret::SecretText;
use nixseal_testkit::keys::{self, SshFormat, SshKind};
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};

const TEXT: &[u8] = b"open sesame\n";
const PASSPHRASE: &str = "correct horse b\u{e4}ttery";

fn secret(text: &str) -> SecretText {
    SecretText::new(text.to_owned())
}

fn ssh_keygen(work: &Workdir, arguments: &[&str]) {
    succeed(
        work.command(peers::ssh_keygen())
            .args(["-q", "-N", "", "-C", "test"])
            .args(arguments),
    );
}

fn key_file(path: &Path) -> SshKeyFile {
    SshKeyFile::parse(&std::fs::read(path).unwrap()).unwrap()
}

fn identity(path: &Path, passphrase: Option<&str>) -> SshIdentity {
    let passphrase = passphrase.map(secret);
    SshIdentity::new(&Arc::new(
        key_file(path).unlock(passphrase.as_ref()).unwrap(),
    ))
}

fn public_line(path: &Path) -> String {
    std::fs::read_to_string(format!("{}.pub", path.display())).unwrap()
}

fn open(file: &[u8], identity: &SshIdentity) -> Vec<u8> {
    let plain = decrypt_bytes(file, |header| header.unlock(&[identity]));
    plain.unwrap().expose().to_vec()
}

/// Both directions, and that the stanza is the one age writes.
fn check_interop(work: &Workdir, path: &Path) {
    let line = public_line(path);
    let public = SshPublicKey::parse_line(&line).unwrap();
    let theirs = keys::age_encrypt(work, &[line.trim()], false, TEXT, "theirs.age");
    let identity = identity(path, None);
    assert_eq!(identity.public(), &public);
    assert_eq!(open(&std::fs::read(theirs).unwrap(), &identity), TEXT);

    let recipient = SshRecipient::new(public).unwrap();
    for armor in [Armor::Binary, Armor::Armored] {
        let ours = encrypt_bytes(&[&recipient], TEXT, armor).unwrap();
        work.write("ours.age", ours);
        assert_eq!(keys::age_decrypt(work, path, "ours.age"), TEXT);
    }
}

#[test]
fn ed25519_both_ways_with_go_age() {
    let work = Workdir::new();
    let key = keys::ssh(&work, "key", SshKind::Ed25519, None);
    check_interop(&work, &key.path);
}

#[test]
fn rsa_both_ways_with_go_age() {
    let work = Workdir::new();
    for bits in ["2048", "3072", "4096"] {
        let path = work.join(bits);
        ssh_keygen(
            &work,
            &["-t", "rsa", "-b", bits, "-f", path.to_str().unwrap()],
        );
        check_interop(&work, &path);
    }
}

#[test]
fn short_rsa_keys_are_refused_as_recipients() {
    let work = Workdir::new();
    let path = work.join("short");
    ssh_keygen(
        &work,
        &["-t", "rsa", "-b", "1024", "-f", path.to_str().unwrap()],
    );
    let public = SshPublicKey::parse_line(&public_line(&path)).unwrap();
    let error = SshRecipient::new(public).err();
    assert_eq!(error, Some(SshKeyError::WeakRsa { bits: 1024 }));
}

#[test]
fn every_format_of_ssh_keygen_opens_files() {
    let work = Workdir::new();
    let formats = [
        (SshKind::Ed25519, SshFormat::OpenSsh),
        (SshKind::Rsa, SshFormat::OpenSsh),
        (SshKind::Rsa, SshFormat::Pem),
        (SshKind::Rsa, SshFormat::Pkcs8),
    ];
    for (kind, format) in formats {
        for passphrase in [None, Some(PASSPHRASE)] {
            let name = format!("{kind:?}-{format:?}-{}", passphrase.is_some());
            let key = keys::ssh_in_format(&work, &name, kind, format, passphrase);
            let file = keys::age_encrypt(&work, &[&key.public], false, TEXT, "file.age");
            let file = std::fs::read(file).unwrap();

            let read = key_file(&key.path);
            assert_eq!(read.needs_passphrase(), passphrase.is_some(), "{name}");
            let public = SshPublicKey::parse_line(&key.public).unwrap();
            let clear = passphrase.is_none() || format == SshFormat::OpenSsh;
            assert_eq!(read.public(), clear.then_some(&public), "{name}");
            assert_eq!(
                open(&file, &identity(&key.path, passphrase)),
                TEXT,
                "{name}"
            );

            if passphrase.is_some() {
                let missing = read.unlock(None).unwrap_err();
                assert_eq!(missing, SshKeyError::PassphraseNeeded, "{name}");
                for wrong in ["", "wrong passphrase"] {
                    let error = read.unlock(Some(&secret(wrong))).unwrap_err();
                    assert_eq!(error, SshKeyError::WrongPassphrase, "{name}");
                }
            }
        }
    }
}

#[test]
fn every_cipher_of_ssh_keygen_is_undone() {
    let work = Workdir::new();
    for cipher in [
        "3des-cbc",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ] {
        let path = work.join(cipher);
        let mut command = work.command(peers::ssh_keygen());
        command.args([
            "-q", "-t", "ed25519", "-a", "2", "-N", PASSPHRASE, "-Z", cipher, "-f",
        ]);
        succeed(command.arg(&path));
        let file = key_file(&path);
        let key = file.unlock(Some(&secret(PASSPHRASE))).unwrap();
        assert_eq!(Some(key.public()), file.public(), "{cipher}");
        let error = file.unlock(Some(&secret("wrong"))).unwrap_err();
        assert_eq!(error, SshKeyError::WrongPassphrase, "{cipher}");
    }
}

/// Runs openssl on `key`, writing `name`.
fn openssl(work: &Workdir, arguments: &[&str], name: &str) -> SshKeyFile {
    let mut command: Command = work.command(peers::program("openssl"));
    succeed(command.args(arguments).args(["-out", name]));
    key_file(&work.join(name))
}

#[test]
fn keys_that_openssl_protected_are_opened() {
    let work = Workdir::new();
    let key = keys::ssh_in_format(&work, "rsa", SshKind::Rsa, SshFormat::Pem, None);
    let public = SshPublicKey::parse_line(&key.public).unwrap();
    let pass = ["-passout", "pass:hunter2"];
    for cipher in ["-aes128", "-aes192", "-aes256", "-des3"] {
        let arguments = [&["rsa", "-traditional", cipher, "-in", "rsa"][..], &pass].concat();
        let file = openssl(&work, &arguments, "legacy");
        assert_eq!(
            file.unlock(Some(&secret("hunter2"))).unwrap().public(),
            &public
        );
        assert!(file.unlock(Some(&secret("hunter3"))).is_err());
    }
    for options in [
        &["-v2", "aes-256-cbc"][..],
        &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
        &["-v2", "des3"],
        &["-scrypt"],
    ] {
        let arguments = [&["pkcs8", "-topk8", "-in", "rsa"][..], options, &pass].concat();
        let file = openssl(&work, &arguments, "pkcs8");
        assert_eq!(
            file.unlock(Some(&secret("hunter2"))).unwrap().public(),
            &public
        );
        let error = file.unlock(Some(&secret("hunter3"))).unwrap_err();
        assert_eq!(error, SshKeyError::WrongPassphrase);
    }
    let plain = openssl(&work, &["genpkey", "-algorithm", "ed25519"], "ed25519");
    assert!(plain.unlock(None).unwrap().ed25519().is_some());
    let error = SshKeyFile::parse(
        &succeed(work.command(peers::program("openssl")).args([
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ]))
        .stdout,
    );
    assert!(matches!(error.err(), Some(SshKeyError::UnsupportedType(_))));
}

#[test]
fn a_public_half_from_beside_must_belong_to_the_key() {
    let work = Workdir::new();
    let format = SshFormat::Pem;
    let key = keys::ssh_in_format(&work, "rsa", SshKind::Rsa, format, Some(PASSPHRASE));
    let other = keys::ssh(&work, "other", SshKind::Ed25519, None);
    let own = SshPublicKey::parse_line(&key.public).unwrap();
    let other = SshPublicKey::parse_line(&other.public).unwrap();
    let unlock = |public| {
        let file = key_file(&key.path).with_public(public);
        file.unlock(Some(&secret(PASSPHRASE)))
            .map(|key| key.public().clone())
    };
    assert_eq!(unlock(own.clone()), Ok(own));
    assert_eq!(unlock(other), Err(SshKeyError::Mismatch));
}

/// Seeds of RFC 8032, section 7.1, and what ssh-to-age 1.x printed for them.
const SSH_TO_AGE: [[&str; 4]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
        "age1mp0q0mpzkzkcs9fhct6y6e3drg2re7psc4av5sc9mpw84y8kkchq6r9kjp",
        "AGE-SECRET-KEY-1X47G8PJ09QEUKSN69MCUQZSP8N7L7FMGMXQVPGA9YRCQDYZDAY8SH3M5PD",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM",
        "age1yhrsf3v5hz90cq98dd5armftnpxhugj4puldpqpdqnau6p7n34rsmhsj4t",
        "AGE-SECRET-KEY-1D67EA46CST2JS9DFWKZU4AREPFLKC6EM07PPCH39NGJTQTJS9CGSXM0NLL",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPxRzY5iGKGjjaR+0AIw8FgIFu0TujMDrF3rkRVIkIAl",
        "age1ewezlj0hjz7naw5ms35qc9tu5j2s4xy5xcnqzuql38pufk0a5gaq37y2wm",
        "AGE-SECRET-KEY-1JZDGKA27MYPGFYPR54D3TS3AZXAY6L6WCHP02XCNYKSCRXG74XWQ9UTHRY",
    ],
];

#[test]
fn conversions_are_those_of_ssh_to_age() {
    for [seed, line, recipient, identity] in SSH_TO_AGE {
        let seed: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&seed[at..at + 2], 16).unwrap())
            .collect();
        let key = Ed25519PrivateKey::from_seed(&seed.try_into().unwrap(), None).unwrap();
        assert_eq!(key.public().to_string(), line);
        assert_eq!(key.public().age_recipient().unwrap().to_string(), recipient);
        assert_eq!(key.age_identity().to_secret_text().expose(), identity);
        assert_eq!(key.age_identity().to_string(), recipient);
    }
}

#[test]
fn the_real_age_opens_what_is_for_the_derived_key() {
    let work = Workdir::new();
    let key = keys::ssh(&work, "key", SshKind::Ed25519, None);
    let unlocked = key_file(&key.path).unlock(None).unwrap();
    let derived = unlocked.ed25519().unwrap().age_identity();
    let path = work.write_private("derived.txt", derived.to_secret_text().expose());
    let recipient = SshPublicKey::parse_line(&key.public)
        .unwrap()
        .age_recipient()
        .unwrap();
    let ours = encrypt_bytes(&[&recipient], TEXT, Armor::Binary).unwrap();
    work.write("ours.age", ours);
    assert_eq!(keys::age_decrypt(&work, &path, "ours.age"), TEXT);
}

#[test]
fn stanzas_are_checked_as_go_age_does() {
    let work = Workdir::new();
    let key = keys::ssh(&work, "key", SshKind::Ed25519, None);
    let own = identity(&key.path, None);
    let recipient = SshRecipient::new(own.public().clone()).unwrap();
    let stanza = recipient
        .wrap(&FileKey::new([7; 16]))
        .unwrap()
        .stanzas
        .remove(0);
    let changed = |change: fn(&mut Stanza)| {
        let mut stanza = stanza.clone();
        change(&mut stanza);
        own.unwrap(&[stanza]).map(|file_key| *file_key.expose())
    };
    assert_eq!(changed(|_| {}).unwrap(), [7; 16]);
    let other_tag = changed(|stanza| stanza.args[0] = "AAAAAA".to_owned());
    assert!(matches!(other_tag, Err(UnwrapError::NoMatch)));
    let other_kind = changed(|stanza| stanza.tag = "X25519".to_owned());
    assert!(matches!(other_kind, Err(UnwrapError::NoMatch)));
    let damaged = changed(|stanza| stanza.body[0] ^= 1);
    assert!(matches!(damaged, Err(UnwrapError::Unusable(_))));
    for malform in [
        (|stanza| drop(stanza.args.pop())) as fn(&mut Stanza),
        |stanza| stanza.args.push("x".to_owned()),
        |stanza| stanza.args[1].truncate(40),
        |stanza| stanza.args[1] = "?".repeat(43),
        |stanza| stanza.args[1] = "A".repeat(43),
        |stanza| stanza.body.truncate(31),
    ] {
        assert!(matches!(
            changed(malform),
            Err(UnwrapError::Malformed { .. })
        ));
    }
}

#[test]
fn damaged_key_files_are_errors() {
    let work = Workdir::new();
    let keys = [
        keys::ssh(&work, "ed25519", SshKind::Ed25519, None),
        keys::ssh_in_format(&work, "pem", SshKind::Rsa, SshFormat::Pem, None),
        keys::ssh_in_format(&work, "pkcs8", SshKind::Rsa, SshFormat::Pkcs8, None),
        keys::ssh_in_format(
            &work,
            "legacy",
            SshKind::Rsa,
            SshFormat::Pem,
            Some("hunter2"),
        ),
    ];
    let pass = secret("hunter2");
    for key in keys {
        let text = std::fs::read(&key.path).unwrap();
        let public = SshPublicKey::parse_line(&key.public).unwrap();
        for cut in (0..text.len() - 1).step_by(7) {
            let kept = &text[..cut];
            assert!(SshKeyFile::parse(kept).is_err(), "{}: {cut}", key.public);
        }
        let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        for dropped in 1..lines.len() - 1 {
            let line = lines.remove(dropped);
            if line == b"\n" {
                lines.insert(dropped, line);
                continue;
            }
            let file = SshKeyFile::parse(&lines.concat());
            let opened = file.and_then(|file| file.with_public(public.clone()).unlock(Some(&pass)));
            assert!(opened.is_err(), "{} without line {dropped}", key.public);
            lines.insert(dropped, line);
        }
    }
}

#[test]
fn recipients_are_equal_whatever_their_comment() {
    let interaction = Interaction::silent(Environment::default());
    let [_, line, ..] = SSH_TO_AGE[0];
    let parse = |text: &str| parse_recipient(text, &interaction);
    let plain = parse(line).unwrap();
    let named = parse(&format!("{line} alice@laptop\n")).unwrap();
    assert_eq!(plain, named);
    assert_eq!(named.to_string(), line);
    assert_eq!(named.label(), "ssh-ed25519 alice@laptop");
    assert_eq!(plain.label(), "ssh-ed25519 …j3B1Ea");
    assert_eq!(plain.ssh_tag().unwrap().len(), 6);
    let options = parse(&format!("no-pty {line}"));
    assert!(matches!(options, Err(RecipientError::Options(_))));
    let derived = ParsedRecipient::derived_from(named.ssh_key().unwrap()).unwrap();
    assert_eq!(derived.label(), "age1mp0q0mpz…6r9kjp");
}
