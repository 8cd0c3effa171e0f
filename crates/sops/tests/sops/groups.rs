//! Recipients of all kinds, key groups and thresholds.

use nixseal_document::Format;
use nixseal_sops::key_groups::{DecryptionOrder, Owners};
use nixseal_sops::{DecryptOptions, EncryptedFile, Error, KeyId, KeyKind};
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::keys::{self, SshKind};
use nixseal_testkit::workdir::succeed;

use crate::bench::{Bench, now, plain, text, written};

const DOCUMENT: &[u8] = b"a: 1\nb:\n    c: text\n";

#[test]
fn all_kinds_of_age_recipients() {
    let bench = Bench::new();
    let ed25519 = keys::ssh(&bench.work, "ed25519", SshKind::Ed25519, None);
    let rsa = keys::ssh(&bench.work, "rsa", SshKind::Rsa, None);
    let hybrid = keys::age_post_quantum(&bench.work, "hybrid.txt");
    for (name, recipient, identity) in [
        ("ed25519", &ed25519.public, "SOPS_AGE_SSH_PRIVATE_KEY_FILE"),
        ("rsa", &rsa.public, "SOPS_AGE_SSH_PRIVATE_KEY_FILE"),
        ("hybrid.txt", &hybrid.recipient, "SOPS_AGE_KEY_FILE"),
    ] {
        bench.work.write("f.yaml", DOCUMENT);
        let mut command = bench.sops(&["encrypt", "--age", recipient, "f.yaml"]);
        let theirs = succeed(&mut command).stdout;
        let file = EncryptedFile::parse(Format::Yaml, &theirs).unwrap();
        assert_eq!(file.metadata().groups[0][0].id, KeyId::age(recipient));
        let key = bench.with_identities(&["keys.txt", name], |sources| {
            file.unlock(sources, &DecryptionOrder::default(), &Owners::default())
                .unwrap()
        });
        let plain = plain(&file.decrypt(&key, DecryptOptions::default()).unwrap());
        assert_eq!(text(&plain), text(DOCUMENT));

        let groups = [vec![KeyId::age(recipient)]];
        bench.work.write(
            "f.yaml",
            bench.seal_for(Format::Yaml, DOCUMENT, &groups, 0, |_| {}),
        );
        let mut command = bench.sops(&["decrypt", "f.yaml"]);
        let decrypted = succeed(command.env(identity, bench.work.join(name))).stdout;
        assert_eq!(text(&decrypted), text(DOCUMENT), "{name}");
    }
}

#[test]
fn groups_with_a_threshold() {
    let bench = Bench::new();
    let others = ["two.txt", "three.txt"].map(|name| keys::age(&bench.work, name));
    let gnupg = Gnupg::new(&bench.work, "gnupg");
    let fingerprint = gnupg.make_key("one@example.org", "default");
    let mine = &bench.key.recipient;
    bench.work.write(
        ".sops.yaml",
        format!(
            "creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n    - age: [{mine}]\n    \
             - pgp: [{fingerprint}]\n    - age: [{}, {}]\n",
            others[0].recipient, others[1].recipient
        ),
    );
    bench.work.write("f.yaml", DOCUMENT);
    let theirs = succeed(&mut bench.sops(&["encrypt", "f.yaml"])).stdout;
    let file = EncryptedFile::parse(Format::Yaml, &theirs).unwrap();
    assert_eq!(file.metadata().shamir_threshold, 2);
    assert_eq!(
        text(&written(file)),
        text(&theirs),
        "unchanged when written again"
    );
    assert_eq!(
        text(&plain(&bench.open(Format::Yaml, &theirs).unwrap())),
        text(DOCUMENT)
    );

    let groups = [
        vec![KeyId::age(mine)],
        vec![KeyId::pgp(&fingerprint)],
        others
            .iter()
            .map(|key| KeyId::age(&key.recipient))
            .collect(),
    ];
    for format in [Format::Yaml, Format::Dotenv, Format::Ini, Format::Json] {
        let (content, name) = match format {
            Format::Dotenv => (b"A=b\n".as_slice(), "f.env"),
            Format::Ini => (b"[s]\na = b\n".as_slice(), "f.ini"),
            Format::Json => (b"{\n\t\"a\": \"b\"\n}\n".as_slice(), "f.json"),
            _ => (DOCUMENT, "f.yaml"),
        };
        let ours = bench.seal_for(format, content, &groups, 2, |_| {});
        assert_eq!(text(&bench.sops_decrypt(name, &ours)), text(content));
        assert_eq!(
            text(&plain(&bench.open(format, &ours).unwrap())),
            text(content)
        );
    }
}

#[test]
fn too_few_groups_are_explained() {
    let bench = Bench::new();
    let other = keys::age(&bench.work, "two.txt");
    let kms = KeyId::new(KeyKind::Kms, &[("arn", "arn:aws:kms:eu-west-1:1:key/a")]);
    let groups = [
        vec![KeyId::age(&bench.key.recipient)],
        vec![KeyId::age(&other.recipient)],
    ];
    let ours = bench.seal_for(Format::Yaml, DOCUMENT, &groups, 2, |metadata| {
        let mut foreign = metadata.groups[0][0].clone();
        foreign.id = kms.clone();
        foreign.created_at = Some(now());
        metadata.groups[1].push(foreign);
    });
    let file = EncryptedFile::parse(Format::Yaml, &ours).unwrap();
    assert_eq!(text(&written(file)), text(&ours), "foreign keys are kept");
    let file = EncryptedFile::parse(Format::Yaml, &ours).unwrap();
    let mut owners = Owners::default();
    owners.add(&KeyId::age(&other.recipient), "admin_alice");
    let error = bench.with_sources(|sources| {
        file.unlock(sources, &DecryptionOrder::default(), &owners)
            .unwrap_err()
    });
    assert_eq!(error.exit_code(), 128);
    let Error::Recovery(failure) = &error else {
        panic!("{error}")
    };
    assert_eq!((failure.opened(), failure.required), (1, 2));
    let shown = error.to_string();
    for part in [
        "2 of 2 key groups are needed, 1 could be opened",
        &format!("group 1: opened by age {}", bench.key.recipient),
        &format!(
            "age {} (admin_alice): no identity at hand is for it",
            other.recipient
        ),
        "kms arn:aws:kms:eu-west-1:1:key/a: AWS KMS keys are not supported yet",
        "keys.txt",
    ] {
        assert!(shown.contains(part), "'{part}' in:\n{shown}");
    }
}

#[test]
fn without_any_identity_the_recipients_are_listed() {
    let bench = Bench::new();
    let ours = bench.seal(Format::Yaml, DOCUMENT, |_| {});
    let file = EncryptedFile::parse(Format::Yaml, &ours).unwrap();
    let error = bench.with_identities(&["nowhere.txt"], |sources| {
        file.unlock(sources, &DecryptionOrder::default(), &Owners::default())
            .unwrap_err()
    });
    let shown = error.to_string();
    assert!(
        shown.contains(&bench.key.recipient) && shown.contains("nowhere.txt"),
        "{shown}"
    );
    assert!(shown.contains("no age identity was found"), "{shown}");
}

#[test]
fn recipients_change_without_touching_values() {
    let bench = Bench::new();
    let other = keys::age(&bench.work, "two.txt");
    let before = bench.sops_encrypt("f.yaml", DOCUMENT, &[]);
    let mut file = EncryptedFile::parse(Format::Yaml, &before).unwrap();
    let key = bench.unlock(&file).unwrap();
    let both = vec![
        KeyId::age(&bench.key.recipient),
        KeyId::age(&other.recipient),
    ];
    let rewrap = |file: &mut EncryptedFile, groups: &[Vec<KeyId>], threshold| {
        bench.with_sources(|sources| {
            file.rewrap(&key, groups, threshold, sources, &now())
                .unwrap()
        })
    };
    assert!(
        !rewrap(&mut file, &[both[..1].to_vec()], 0),
        "nothing to do"
    );
    assert!(rewrap(&mut file, std::slice::from_ref(&both), 0));
    let after = written(file);
    let (old, new) = (text(&before), text(&after));
    assert!(
        old.lines().all(|line| new.contains(line)),
        "only lines are added"
    );
    bench
        .work
        .write("keys.txt", format!("{}\n", other.identity));
    assert_eq!(text(&bench.sops_decrypt("f.yaml", &after)), text(DOCUMENT));

    let mut file = EncryptedFile::parse(Format::Yaml, &after).unwrap();
    assert!(rewrap(
        &mut file,
        &[both[..1].to_vec(), both[1..].to_vec()],
        0
    ));
    bench.work.write(
        "keys.txt",
        format!("{}\n{}\n", other.identity, bench.key.identity),
    );
    let split = written(file);
    assert_eq!(text(&bench.sops_decrypt("f.yaml", &split)), text(DOCUMENT));
}
