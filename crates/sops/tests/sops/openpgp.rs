//! OpenPGP keys as master keys: through `gpg`, and where there is none.

use std::path::Path;
use std::sync::Arc;

use nixseal_base::env::{Environment, GNUPGHOME, NIXSEAL_PGP_KEY_FILE, SOPS_GPG_EXEC};
use nixseal_base::prompt::Nobody;
use nixseal_document::Format;
use nixseal_pgp::Keys;
use nixseal_sops::key_groups::{DecryptionOrder, Owners};
use nixseal_sops::master_key::Cost;
use nixseal_sops::{DecryptOptions, EncryptedFile, Error, KeyId};
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::workdir::succeed;

use crate::bench::{Bench, plain, seal, text};

const DOCUMENT: &[u8] = b"a: 1\nb:\n    c: text\n";
/// A program that is not there.
const NO_GPG: &str = "/nonexistent/gpg";

#[test]
fn openpgp_keys() {
    let bench = Bench::new();
    let gnupg = Gnupg::new(&bench.work, "gnupg");
    let fingerprint = gnupg.make_key("one@example.org", "default");
    bench.work.write("f.yaml", DOCUMENT);
    let theirs = succeed(&mut bench.sops(&["encrypt", "--pgp", &fingerprint, "f.yaml"])).stdout;
    let file = bench.open(Format::Yaml, &theirs).unwrap();
    assert_eq!(text(&plain(&file)), text(DOCUMENT));

    let groups = [vec![KeyId::pgp(&fingerprint)]];
    let ours = bench.seal_for(Format::Yaml, DOCUMENT, &groups, 0, |_| {});
    assert_eq!(text(&bench.sops_decrypt("f.yaml", &ours)), text(DOCUMENT));
    let (theirs, ours) = (text(&theirs), text(&ours));
    let names = |file: &str| -> Vec<String> {
        file.lines()
            .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
            .collect()
    };
    assert_eq!(
        names(&ours),
        names(&theirs),
        "same fields in the same order"
    );
}

/// Keys of a file, and no `gpg`.
fn exported(key_file: &Path) -> Keys {
    let environment = Environment::default()
        .with(&NIXSEAL_PGP_KEY_FILE, key_file)
        .with(&SOPS_GPG_EXEC, NO_GPG);
    Keys::new(&environment, Arc::new(Nobody))
}

fn opened(bench: &Bench, keys: &Keys, encrypted: &[u8]) -> Result<String, Error> {
    let file = EncryptedFile::parse(Format::Yaml, encrypted).unwrap();
    let (order, owners) = (DecryptionOrder::default(), Owners::default());
    let key = bench.with_keys(&[], keys, |sources| file.unlock(sources, &order, &owners))?;
    let file = file.decrypt(&key, DecryptOptions::default())?;
    Ok(text(&plain(&file)))
}

#[test]
fn exported_keys_do_without_gpg() {
    let bench = Bench::new();
    let gnupg = Gnupg::new(&bench.work, "gnupg");
    for algorithm in ["default", "future-default"] {
        let fingerprint = gnupg.make_key(&format!("{algorithm}@example.org"), algorithm);
        let secret = gnupg.run(&["--armor", "--export-secret-keys", &fingerprint]);
        let key_file = bench.work.write_private("key.asc", secret);
        let keys = exported(&key_file);

        bench.work.write("f.yaml", DOCUMENT);
        let mut encrypt = bench.sops(&["encrypt", "--pgp", &fingerprint, "f.yaml"]);
        let theirs = succeed(&mut encrypt).stdout;
        assert_eq!(opened(&bench, &keys, &theirs).unwrap(), text(DOCUMENT));

        let groups = [vec![KeyId::pgp(&fingerprint)]];
        let ours = bench.with_keys(&[], &keys, |sources| {
            seal(sources, Format::Yaml, DOCUMENT, &groups, 0, |_| {})
        });
        assert_eq!(text(&bench.sops_decrypt("f.yaml", &ours)), text(DOCUMENT));
        assert_eq!(opened(&bench, &keys, &ours).unwrap(), text(DOCUMENT));

        let file = EncryptedFile::parse(Format::Yaml, &ours).unwrap();
        let wrapped = &file.metadata().groups[0][0];
        let cost = |keys: &Keys| {
            bench.with_keys(&[], keys, |sources| {
                sources.master_key(&wrapped.id).cost(&wrapped.enc)
            })
        };
        assert_eq!(cost(&keys), Cost::AtHand);
        let public = gnupg.run(&["--armor", "--export", &fingerprint]);
        let none = exported(&bench.work.write("public.asc", public));
        assert_eq!(cost(&none), Cost::Hopeless);
        let error = opened(&bench, &none, &ours).unwrap_err().to_string();
        assert!(error.contains(&fingerprint), "{error}");
    }
}

#[test]
fn sops_without_gpg_reads_ours_and_we_read_its() {
    let bench = Bench::new();
    let gnupg = Gnupg::new(&bench.work, "gnupg");
    let fingerprint = gnupg.make_key("one@example.org", "default");
    let rings = bench.work.mkdir("rings");
    bench
        .work
        .write("rings/pubring.gpg", gnupg.run(&["--export"]));
    bench
        .work
        .write_private("rings/secring.gpg", gnupg.run(&["--export-secret-keys"]));
    let environment = Environment::default()
        .with(&GNUPGHOME, &rings)
        .with(&SOPS_GPG_EXEC, NO_GPG);
    let keys = Keys::new(&environment, Arc::new(Nobody));
    let sops = |arguments: &[&str]| {
        let mut command = bench.sops(arguments);
        command
            .env("GNUPGHOME", &rings)
            .env("SOPS_GPG_EXEC", NO_GPG);
        succeed(&mut command).stdout
    };

    bench.work.write("f.yaml", DOCUMENT);
    let theirs = sops(&["encrypt", "--pgp", &fingerprint, "f.yaml"]);
    assert_eq!(opened(&bench, &keys, &theirs).unwrap(), text(DOCUMENT));
    let groups = [vec![KeyId::pgp(&fingerprint)]];
    let ours = bench.with_keys(&[], &keys, |sources| {
        seal(sources, Format::Yaml, DOCUMENT, &groups, 0, |_| {})
    });
    bench.work.write("f.yaml", &ours);
    assert_eq!(text(&sops(&["decrypt", "f.yaml"])), text(DOCUMENT));
    let shape = |file: &[u8]| {
        let lines = text(file);
        let armor = lines.lines().filter(|line| line.contains("-----"));
        armor.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shape(&ours), shape(&theirs));
}
