//! Metadata in the layouts of older versions and of hand-made files.

use nixseal_document::Format;
use nixseal_sops::{EncryptedFile, Error, KeyKind, MetadataError};

use crate::bench::{Bench, plain, text, written};

const DOCUMENT: &[u8] = b"a: 1\n";

/// Reads a changed file with both; both must take it.
fn both_read(bench: &Bench, name: &str, format: Format, encrypted: &str) {
    let theirs = text(&bench.sops_decrypt(name, encrypted.as_bytes()));
    let ours = bench
        .open(format, encrypted.as_bytes())
        .unwrap_or_else(|error| {
            panic!("{error}\n{encrypted}");
        });
    assert_eq!(text(&plain(&ours)), theirs);
}

#[test]
fn layouts_of_older_versions_are_read() {
    let bench = Bench::new();
    let file = text(&bench.sops_encrypt("f.yaml", DOCUMENT, &[]));
    let old = file.replace(
        "sops:\n",
        "sops:\n    kms: []\n    gcp_kms: []\n    azure_kv: []\n    hc_vault: []\n    pgp: []\n",
    );
    both_read(&bench, "f.yaml", Format::Yaml, &old);
    both_read(
        &bench,
        "f.yaml",
        Format::Yaml,
        &file.replace("version: 3.13.3", "version: 3.0.5"),
    );
    both_read(
        &bench,
        "f.yaml",
        Format::Yaml,
        &file.replace("version: 3.13.3", "version: 1.14"),
    );
    both_read(
        &bench,
        "f.yaml",
        Format::Yaml,
        &file.replace("    mac:", "    # note\n    MAC:"),
    );
    let none = file.replace("    unencrypted_suffix: _unencrypted\n", "");
    both_read(&bench, "f.yaml", Format::Yaml, &none);
    both_read(
        &bench,
        "f.yaml",
        Format::Yaml,
        &file.replace("sops:\n", "sops:\n    later: {x: [1]}\n"),
    );
    let weak = file.replace("sops:\n", "sops:\n    shamir_threshold: \"0\"\n    mac_only_encrypted: \"false\"\n    pgp: {}\n    kms: null\n");
    both_read(&bench, "f.yaml", Format::Yaml, &weak);
    let single = file.replace("        - enc: |", "          enc: |");
    both_read(&bench, "f.yaml", Format::Yaml, &single);
    let zone = file.replace("Z\"\n", "+00:00\"\n");
    both_read(&bench, "f.yaml", Format::Yaml, &zone);
}

#[test]
fn metadata_may_stand_anywhere() {
    let bench = Bench::new();
    let file = text(&bench.sops_encrypt("f.yaml", DOCUMENT, &[]));
    let (data, block) = file.split_at(file.find("sops:").unwrap());
    both_read(&bench, "f.yaml", Format::Yaml, &format!("{block}{data}"));
    let file = text(&bench.sops_encrypt("f.env", b"A=1\nB=2\n", &[]));
    let mut lines: Vec<&str> = file.lines().collect();
    lines.reverse();
    let reversed = lines.join("\n") + "\n";
    let theirs = bench.sops_try_decrypt("f.env", reversed.as_bytes());
    assert!(
        !theirs.status.success(),
        "the order of values is part of the MAC"
    );
    lines.rotate_right(1);
    let file = text(&bench.sops_encrypt("f.env", b"A=1\n", &[]));
    let mut lines: Vec<&str> = file.lines().collect();
    lines.reverse();
    both_read(&bench, "f.env", Format::Dotenv, &(lines.join("\n") + "\n"));
}

#[test]
fn both_spellings_of_line_ends_in_ini_are_read() {
    let bench = Bench::new();
    let file = text(&bench.sops_encrypt("f.ini", b"[s]\na = 1\n", &[]));
    let line = file.lines().find(|line| line.contains("map_enc")).unwrap();
    let (key, value) = line.split_once(" = ").unwrap();
    let real = format!("{key} = \"\"\"{}\"\"\"", value.replace("\\n", "\n"));
    both_read(&bench, "f.ini", Format::Ini, &file.replace(line, &real));
}

#[test]
fn cloud_entries_and_unknown_fields_survive() {
    let bench = Bench::new();
    let file = text(&bench.sops_encrypt("f.yaml", DOCUMENT, &[]));
    let clouds = "sops:\n    azure_kv:\n        - created_at: \"2026-11-23T06:18:42Z\"\n          enc: QQ\n          \
        name: nm\n          vault_url: https://v\n          version: \"7\"\n    gcp_kms:\n        \
        - created_at: \"2026-11-23T06:18:42Z\"\n          enc: Qg==\n          resource_id: projects/p\n    \
        hc_vault:\n        - created_at: \"2026-11-23T06:18:42Z\"\n          enc: vault:v1:x\n          \
        engine_path: t\n          key_name: k\n          vault_address: https://v\n    hckms:\n        \
        - created_at: \"2026-11-23T06:18:42Z\"\n          enc: Qw==\n          key_id: r:u\n    kms:\n        \
        - arn: arn:aws:kms:r:1:key/a\n          aws_profile: \"\"\n          context:\n            \
        a: b\n            c: d\n          created_at: \"2026-11-23T06:18:42Z\"\n          enc: RA==\n          \
        role: arn:aws:iam::1:role/r\n";
    let (data, block) = file.split_at(file.find("sops:\n").unwrap());
    let age = block.strip_prefix("sops:\n").unwrap();
    // Keys stay sorted: age, then azure_kv to kms, then the rest.
    let at = age.find("    lastmodified").unwrap();
    let clouds = clouds.strip_prefix("sops:\n").unwrap();
    let whole = format!("{data}sops:\n{}{clouds}{}", &age[..at], &age[at..]);
    let read = EncryptedFile::parse(Format::Yaml, whole.as_bytes()).unwrap();
    let kinds: Vec<KeyKind> = read
        .metadata()
        .keys()
        .map(|(_, key)| key.id.kind())
        .collect();
    assert_eq!(
        kinds,
        [
            KeyKind::Kms,
            KeyKind::GcpKms,
            KeyKind::HcKms,
            KeyKind::AzureKv,
            KeyKind::HcVault,
            KeyKind::Age
        ]
    );
    assert_eq!(text(&written(read)), whole);
    assert_eq!(
        text(&plain(&bench.open(Format::Yaml, whole.as_bytes()).unwrap())),
        "a: 1\n"
    );

    let unknown = whole.replace(
        "    unencrypted_suffix",
        "    unencrypted_kms:\n        - enc: x\n    unencrypted_suffix",
    );
    let read = EncryptedFile::parse(Format::Yaml, unknown.as_bytes()).unwrap();
    assert_eq!(text(&written(read)), unknown);
}

#[test]
fn faults_are_named_with_their_key() {
    let bench = Bench::new();
    let file = text(&bench.sops_encrypt("f.yaml", DOCUMENT, &[]));
    let suffix = "unencrypted_suffix: _unencrypted";
    for (from, to, key, exit) in [
        ("sops:\n", "sopz:\n", "no sops metadata", 1),
        (
            "lastmodified: \"20",
            "lastmodified: \"x20",
            "lastmodified",
            1,
        ),
        (suffix, "encrypted_regex: (", "encrypted_regex", 1),
        (
            suffix,
            "encrypted_regex: a\n    encrypted_suffix: b",
            "encrypted_suffix",
            1,
        ),
        ("version: 3.13.3", "version: 3.8", "version", 1),
        (
            "    mac: ",
            "    shamir_threshold: -1\n    mac: ",
            "shamir_threshold",
            1,
        ),
        (
            "    mac: ",
            "    pgp: [{fp: A, enc: B}]\n    mac: ",
            "pgp[0].created_at",
            1,
        ),
        ("    mac: ", "    pgp: [x]\n    mac: ", "pgp[0]", 1),
        ("    mac: ", "    pgp: x\n    mac: ", "pgp", 1),
        (
            "    mac: ",
            "    mac_only_encrypted: maybe\n    mac: ",
            "mac_only_encrypted",
            1,
        ),
    ] {
        let wrong = file.replace(from, to);
        assert_ne!(wrong, file);
        let error = bench.open(Format::Yaml, wrong.as_bytes()).expect_err(to);
        assert!(error.to_string().contains(key), "{to}: {error}");
        assert_eq!(error.exit_code(), exit);
    }
    let (data, block) = file.split_at(file.find("sops:\n").unwrap());
    let empty = format!(
        "{data}sops:\n    age: []\n{}",
        &block[block.find("    lastmod").unwrap()..]
    );
    let error = bench.open(Format::Yaml, empty.as_bytes()).unwrap_err();
    assert!(
        matches!(error, Error::Metadata(MetadataError::NoKeys)),
        "{error}"
    );
}

#[test]
fn what_is_encrypted_already_is_refused() {
    let bench = Bench::new();
    let names = [
        (Format::Yaml, "sops: x\n"),
        (Format::Json, "{\"sops\": 1}"),
        (Format::Dotenv, "sops_x=1\n"),
    ];
    for (format, content) in names {
        let document = nixseal_document::parse(format, content.as_bytes()).unwrap();
        let encrypted = bench.sops_encrypt("f.yaml", DOCUMENT, &[]);
        let file = EncryptedFile::parse(Format::Yaml, &encrypted).unwrap();
        let key = bench.unlock(&file).unwrap();
        let metadata = file.envelope.metadata;
        let elements = nixseal_sops::ListComments::Elements;
        let now = crate::bench::now();
        let result = nixseal_sops::file::encrypt(document, format, metadata, &key, elements, now);
        assert_eq!(result.unwrap_err().exit_code(), 203);
    }
}

#[test]
fn syntax_errors_have_the_exit_codes_of_sops() {
    let bench = Bench::new();
    let file = text(&bench.sops_encrypt("f.yaml", DOCUMENT, &[]));
    for (wrong, name, format) in [
        (format!("a: [\n{file}"), "f.yaml", Format::Yaml),
        (format!("1: x\n{file}"), "f.yaml", Format::Yaml),
        (
            format!("big: 12345678901234567890\n{file}"),
            "f.yaml",
            Format::Yaml,
        ),
        ("- x\n".to_owned(), "f.yaml", Format::Yaml),
        ("{\"a\": ".to_owned(), "f.json", Format::Json),
        ("# no value\nx\n".to_owned(), "f.env", Format::Dotenv),
    ] {
        let theirs = bench.sops_try_decrypt(name, wrong.as_bytes());
        let ours = bench.open(format, wrong.as_bytes()).unwrap_err();
        assert_eq!(
            Some(i32::from(ours.exit_code())),
            theirs.status.code(),
            "{wrong}: {ours}"
        );
    }
}
