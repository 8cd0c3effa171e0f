//! The published test vectors of the format (C2SP/CCTV, "age"), file by file.

use std::fs;
use std::io::{Read, Write};

use nixseal_age::{
    ArmorReader, ArmorWriter, Error, HybridIdentity, Identity, OpenFile, Plaintext, ScryptIdentity,
    UnwrapError, X25519Identity,
};
use nixseal_base::secret::SecretText;
use nixseal_testkit::peers;
use sha2::{Digest, Sha256};

/// One test file: what to expect, and what of.
struct Vector {
    name: String,
    expect: String,
    payload_digest: Option<String>,
    identities: Vec<Box<dyn Identity>>,
    armored: bool,
    file: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let folder = peers::cctv_age().join("testdata");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}; run `tests/peers`", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(
        paths.len() >= 143,
        "{} has only {} files",
        folder.display(),
        paths.len()
    );
    paths
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            parse(name, &fs::read(path).unwrap())
        })
        .collect()
}

fn parse(name: &str, bytes: &[u8]) -> Vector {
    let end = bytes
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .expect("an empty line")
        + 1;
    let mut vector = Vector {
        name: name.to_owned(),
        expect: String::new(),
        payload_digest: None,
        identities: Vec::new(),
        armored: false,
        file: bytes[end + 1..].to_vec(),
    };
    for line in std::str::from_utf8(&bytes[..end]).unwrap().lines() {
        let (key, value) = line.split_once(": ").unwrap();
        match key {
            "expect" => value.clone_into(&mut vector.expect),
            "payload" => vector.payload_digest = Some(value.to_owned()),
            "identity" => vector.identities.push(identity(value)),
            "passphrase" => {
                let passphrase = SecretText::new(value.to_owned());
                vector
                    .identities
                    .push(Box::new(ScryptIdentity::new(passphrase)));
            }
            "armored" => vector.armored = true,
            "compressed" => {
                vector.file = miniz_oxide::inflate::decompress_to_vec_zlib(&vector.file).unwrap();
            }
            "file key" | "comment" => {}
            other => panic!("{name}: unknown key '{other}'"),
        }
    }
    vector
}

fn identity(text: &str) -> Box<dyn Identity> {
    match X25519Identity::parse(text) {
        Ok(identity) => Box::new(identity),
        Err(_) => Box::new(HybridIdentity::parse(text).unwrap()),
    }
}

/// Names a result as the vectors do.
fn outcome(vector: &Vector, result: &Result<(), Error>) -> &'static str {
    match result {
        Ok(()) => "success",
        Err(Error::NoMatch { .. } | Error::WrongPassphrase) => "no match",
        Err(Error::BadMac) => "HMAC failure",
        Err(Error::Payload { .. }) => "payload failure",
        Err(Error::Armor { .. }) => "armor failure",
        // We find out by ourselves whether a file is armored.
        Err(Error::NotAge { .. }) if vector.armored && vector.expect == "armor failure" => {
            "armor failure"
        }
        Err(
            Error::Header { .. }
            | Error::NotAge { .. }
            | Error::Unwrap {
                source: UnwrapError::Malformed { .. },
                ..
            },
        ) => "header failure",
        Err(other) => panic!("{}: unexpected error: {other}", vector.name),
    }
}

fn check_vectors(drain: impl Fn(Plaintext<&[u8]>, &mut Vec<u8>) -> Result<(), Error>) {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let mut released = Vec::new();
        let result = OpenFile::parse(vector.file.as_slice())
            .and_then(|file| file.decrypt(|header| header.unlock(&vector.identities)))
            .and_then(|plaintext| drain(plaintext, &mut released));
        let outcome = outcome(&vector, &result);
        if outcome != vector.expect {
            let detail = result.err().map(|error| error.to_string());
            wrong.push(format!(
                "{}: {outcome}, not {} {detail:?}",
                vector.name, vector.expect
            ));
        }
        let digest: String = Sha256::digest(&released)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if vector
            .payload_digest
            .as_ref()
            .is_some_and(|expected| *expected != digest)
        {
            wrong.push(format!(
                "{}: released {} other bytes",
                vector.name,
                released.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_vectors_when_pushed_through() {
    check_vectors(|plaintext, released| plaintext.write_to(released).map(drop));
}

#[test]
fn all_vectors_when_pulled() {
    check_vectors(|plaintext, released| {
        plaintext
            .into_reader()
            .read_to_end(released)
            .map(drop)
            .map_err(Error::from_read)
    });
}

#[test]
fn headers_are_written_as_they_were_read() {
    let mut seen = 0;
    for vector in vectors().iter().filter(|vector| !vector.armored) {
        if let Ok(file) = OpenFile::parse(vector.file.as_slice()) {
            assert!(
                vector.file.starts_with(&file.header().to_bytes()),
                "{}",
                vector.name
            );
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} files have a header");
}

#[test]
fn armor_is_written_as_it_was_read() {
    let mut seen = 0;
    for vector in vectors().iter().filter(|vector| vector.armored) {
        let mut bytes = Vec::new();
        if ArmorReader::new(vector.file.as_slice())
            .read_to_end(&mut bytes)
            .is_err()
        {
            continue;
        }
        let mut writer = ArmorWriter::new(Vec::new());
        writer.write_all(&bytes).unwrap();
        let written = String::from_utf8(writer.finish().unwrap()).unwrap();
        let read = String::from_utf8(vector.file.clone())
            .unwrap()
            .replace("\r\n", "\n");
        assert_eq!(read.trim(), written.trim_end(), "{}", vector.name);
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} files have armor");
}
