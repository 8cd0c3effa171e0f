//! Changed files are refused, but for what the format cannot see.

use nixseal_document::Format;
use nixseal_sops::{DataKey, DecryptOptions, EncryptedFile, Error};

use crate::bench::{Bench, plain, text};

const FILES: [(Format, &str, &str); 5] = [
    (
        Format::Yaml,
        "f.yaml",
        "# note\na: text\nb:\n    c: 5\n    d_unencrypted: clear\n",
    ),
    (
        Format::Json,
        "f.json",
        "{\"a\": \"text\", \"b\": {\"c\": true, \"d_unencrypted\": \"clear\"}}",
    ),
    (Format::Dotenv, "f.env", "A=text\nB=more\n"),
    (Format::Ini, "f.ini", "[s]\na = text\nb = more\n"),
    (Format::Binary, "f.bin", "\0text"),
];

fn decrypt(format: Format, key: &DataKey, bytes: &[u8]) -> Result<String, Error> {
    let file = EncryptedFile::parse(format, bytes)?;
    Ok(text(&plain(&file.decrypt(key, DecryptOptions::default())?)))
}

fn key_of(bench: &Bench, format: Format, bytes: &[u8]) -> DataKey {
    bench
        .unlock(&EncryptedFile::parse(format, bytes).unwrap())
        .unwrap()
}

#[test]
fn every_changed_byte_is_refused_or_changes_nothing() {
    let bench = Bench::new();
    for (format, name, content) in FILES {
        let file = bench.sops_encrypt(name, content.as_bytes(), &[]);
        let key = key_of(&bench, format, &file);
        let original = decrypt(format, &key, &file).unwrap();
        for at in 0..file.len() {
            for byte in [file[at] ^ 1, file[at] ^ 0x20, file[at] ^ 0x80] {
                let mut changed = file.clone();
                changed[at] = byte;
                if let Ok(read) = decrypt(format, &key, &changed) {
                    let visible = read != original && !is_blind_spot(&file, at);
                    assert!(!visible, "{name}, byte {at}:\n{}\n{read}", text(&changed));
                }
            }
        }
    }
}

/// The complete list of bytes whose change the format does not see though it changes what is read:
/// keys of values that stay in clear, and the marks and texts of comments.
fn is_blind_spot(file: &[u8], at: usize) -> bool {
    let start = file[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |start| start + 1);
    let end = file[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(file.len(), |end| at + end);
    let line = text(&file[start..end]);
    let before_value = line.find(": ").is_some_and(|colon| at - start <= colon);
    line.starts_with('#') || (line.contains("_unencrypted") && before_value)
}

#[test]
fn values_cannot_be_moved_removed_or_added() {
    let bench = Bench::new();
    let content = b"a: one\nb: two\nl:\n    - x\n    - y\nclear_unencrypted: z\n";
    let file = text(&bench.sops_encrypt("f.yaml", content, &[]));
    let key = key_of(&bench, Format::Yaml, file.as_bytes());
    let lines: Vec<&str> = file.lines().collect();
    let swapped = |one: usize, two: usize| {
        let mut lines = lines.clone();
        lines.swap(one, two);
        lines.join("\n")
    };
    let value = |line: &str| {
        line.split_once("ENC")
            .map(|(_, rest)| format!("ENC{rest}"))
            .unwrap()
    };
    let without = |index: usize| {
        let mut lines = lines.clone();
        lines.remove(index);
        lines.join("\n")
    };
    for (change, changed, exit) in [
        ("order of keys", swapped(0, 1), 51),
        ("order of items", swapped(3, 4), 51),
        ("an item left out", without(4), 51),
        ("a key left out", without(1), 51),
        ("a value in clear left out", without(5), 51),
        ("a value in clear", file.replace("ed: z", "ed: zz"), 51),
        (
            "a new value in clear",
            file.replace("clear_un", "x_unencrypted: y\nclear_un"),
            51,
        ),
        (
            "a value under another key",
            file.replace("a: ENC", "aa: ENC"),
            25,
        ),
        (
            "two values",
            file.replace(&value(lines[0]), &value(lines[1])),
            25,
        ),
        (
            "a value that is not encrypted",
            file.replace(&value(lines[0]), "one"),
            25,
        ),
        (
            "a number that is not encrypted",
            file.replace(&value(lines[0]), "1"),
            25,
        ),
        ("no MAC", file.replace("mac: ENC", "nomac: ENC"), 51),
        (
            "the MAC of another value",
            file.replace("mac: ENC", "mac: xENC"),
            51,
        ),
        (
            "the time",
            file.replace("lastmodified: \"20", "lastmodified: \"19"),
            51,
        ),
        (
            "the kind of MAC",
            file.replace("    mac:", "    mac_only_encrypted: true\n    mac:"),
            51,
        ),
        (
            "the selector",
            file.replace("_suffix: _unencrypted", "_suffix: _x"),
            25,
        ),
    ] {
        assert_ne!(changed, file, "{change}");
        let error = decrypt(Format::Yaml, &key, changed.as_bytes()).expect_err(change);
        assert_eq!(error.exit_code(), exit, "{change}: {error}");
        let theirs = bench.sops_try_decrypt("f.yaml", changed.as_bytes());
        assert_eq!(theirs.status.code(), Some(i32::from(exit)), "{change}");
        assert!(
            !error.to_string().contains("one"),
            "no value in messages: {error}"
        );
    }
}

/// What the format cannot see, as `sops` has it.
#[test]
fn blind_spots_are_those_of_sops() {
    let bench = Bench::new();
    let content = b"a: one\nb: 7\nc: true\nclear_unencrypted: [x, z]\n";
    let file = text(&bench.sops_encrypt("f.yaml", content, &[]));
    let key = key_of(&bench, Format::Yaml, file.as_bytes());
    let list = "    - x\n    - z\n";
    for changed in [
        format!("added: null\n{file}"),
        format!("added: \"\"\n{file}"),
        format!("# added\n{file}"),
        file.replace("type:int", "type:str"),
        file.replace("type:bool", "type:str"),
        file.replace("clear_un", "other_un"),
        file.replace(list, "    - xz\n"),
    ] {
        assert_ne!(changed, file);
        let ours = decrypt(Format::Yaml, &key, changed.as_bytes()).unwrap();
        assert_eq!(
            ours,
            text(&bench.sops_decrypt("f.yaml", changed.as_bytes()))
        );
    }
}

#[test]
fn the_mac_can_be_ignored_and_values_still_authenticate() {
    let bench = Bench::new();
    let file = text(&bench.sops_encrypt("f.yaml", b"a: one\nb: two\n", &[]));
    let key = key_of(&bench, Format::Yaml, file.as_bytes());
    let ignore = DecryptOptions {
        ignore_mac: true,
        ..DecryptOptions::default()
    };
    let open =
        |file: &str| EncryptedFile::parse(Format::Yaml, file.as_bytes())?.decrypt(&key, ignore);
    let lines: Vec<&str> = file.lines().collect();
    let missing = file.replace(&format!("{}\n", lines[0]), "");
    assert_eq!(text(&plain(&open(&missing).unwrap())), "b: two\n");
    assert!(open(&file.replace("a: ENC", "c: ENC")).is_err());
}
