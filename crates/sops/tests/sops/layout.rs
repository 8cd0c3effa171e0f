//! Files keep their layout: only values that change, and metadata, are replaced.

use nixseal_document::Format;
use nixseal_document::path::Path;
use nixseal_document::tree::Node;
use nixseal_sops::{EncryptedFile, Layout, ListComments};

use crate::bench::{Bench, FORMATS, now, plain, text};

/// Layouts that `sops` would not write.
const YAML: &str = "# first\n\n\na:   one   # inline\n\n'b': \"two\"\nm:\n  # in m\n  \
                    c: [x, {d: y}]\n  l:\n  - 1\n  # between\n  - 2\n\n  t: |\n    many\n    lines\n\nz: last\n";
const JSON: &str = "{ \"a\":\"one\",\n\n  \"m\": {\"c\": [1, 2,\n 3]}, \"z\": null }\n";
const DOTENV: &str = "# first\n\nA=one\n\n# more\nB=two\n";
const INI: &str = "; first\ntop=1\n\n\n[s]\na=one\nb   =   two\n";

fn sample(format: Format) -> &'static str {
    match format {
        Format::Yaml => YAML,
        Format::Json => JSON,
        Format::Dotenv => DOTENV,
        Format::Ini => INI,
        Format::Binary => "bytes",
    }
}

fn emitted(file: EncryptedFile) -> String {
    text(file.emit(Layout::Kept).unwrap().expose())
}

/// Encrypts within the text.
fn sealed(bench: &Bench, format: Format, content: &str) -> String {
    let key = nixseal_sops::DataKey::generate().unwrap();
    let groups = [vec![nixseal_sops::KeyId::age(&bench.key.recipient)]];
    let wrapped = bench.with_sources(|sources| {
        nixseal_sops::key_groups::wrap(&key, &groups, 0, &[], sources, &now()).unwrap()
    });
    let selector = nixseal_sops::Selector::default_suffix();
    let metadata = nixseal_sops::Metadata::new(wrapped, selector, now());
    let document = nixseal_document::parse(format, content.as_bytes()).unwrap();
    let comments = ListComments::Comments;
    emitted(nixseal_sops::file::encrypt(document, format, metadata, &key, comments, now()).unwrap())
}

/// A text with its encrypted values, and all after `sops`, taken out.
fn frame(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(start) = text.find("ENC[") {
        let end = start + text[start..].find(']').unwrap();
        text.replace_range(start..=end, "•");
    }
    let end = ["\nsops:", "\"sops\"", "sops_", "[sops]"]
        .iter()
        .find_map(|mark| text.find(mark));
    text.truncate(end.unwrap_or(text.len()));
    text
}

#[test]
fn encrypting_touches_values_only() {
    let bench = Bench::new();
    let yaml = sealed(&bench, Format::Yaml, YAML);
    let expected = "#•\n\n\na:   •   #•\n\n'b': •\nm:\n  #•\n  c: [\"•\", {d: \"•\"}]\n  l:\n  \
                    - •\n  #•\n  - •\n\n  t: •\n\nz: •";
    assert_eq!(frame(&yaml).trim_end(), expected);
    for (format, suffix) in FORMATS
        .into_iter()
        .filter(|(format, _)| *format != Format::Binary)
    {
        let name = format!("f.{suffix}");
        let ours = sealed(&bench, format, sample(format));
        let theirs = bench.sops_encrypt(&name, sample(format).as_bytes(), &[]);
        let expected = text(&bench.sops_decrypt(&name, &theirs));
        assert_eq!(
            text(&bench.sops_decrypt(&name, ours.as_bytes())),
            expected,
            "{name}"
        );
        // Ours keeps inline comments where they are.
        let expected = expected.replace("# inline\na: one", "a: one # inline");
        let reread = text(&plain(&bench.open(format, ours.as_bytes()).unwrap()));
        assert_eq!(reread, expected, "{name}");
    }
}

#[test]
fn an_unchanged_file_changes_in_mac_and_time_only() {
    let bench = Bench::new();
    for (format, suffix) in FORMATS {
        let name = format!("f.{suffix}");
        let ours = match format {
            Format::Binary => text(&bench.sops_encrypt(&name, b"bytes", &[])),
            _ => sealed(&bench, format, sample(format)),
        };
        let theirs = text(&bench.sops_encrypt(&name, sample(format).as_bytes(), &[]));
        for before in [ours, theirs] {
            let (file, key) = bench.open_with_key(format, before.as_bytes()).unwrap();
            let after = emitted(file.encrypt(&key, ListComments::Elements, now()).unwrap());
            let lines = |text: &str| -> Vec<String> {
                let changes = |line: &&str| line.contains("mac") || line.contains("lastmodified");
                text.lines()
                    .filter(|line| !changes(line))
                    .map(str::to_owned)
                    .collect()
            };
            assert_eq!(lines(&after), lines(&before), "{name}");
            bench.sops_decrypt(&name, after.as_bytes());
        }
    }
}

#[test]
fn a_changed_value_changes_its_line_only() {
    let bench = Bench::new();
    let before = sealed(&bench, Format::Yaml, YAML);
    let (mut file, key) = bench
        .open_with_key(Format::Yaml, before.as_bytes())
        .unwrap();
    let path = Path::parse("m.l[1]").unwrap();
    path.set(&mut file.document.branches[0], Node::text("changed"))
        .unwrap();
    let after = emitted(file.encrypt(&key, ListComments::Comments, now()).unwrap());
    let pairs = before.lines().zip(after.lines());
    let changed: Vec<&str> = pairs
        .filter(|(old, new)| old != new)
        .map(|(old, _)| old)
        .collect();
    // The value and the MAC; the clock stands still here.
    assert_eq!(changed.len(), 2, "{changed:#?}");
    assert!(changed[0].starts_with("  - ENC["));
    assert_eq!(before.lines().count(), after.lines().count());
    let theirs = text(&bench.sops_decrypt("f.yaml", after.as_bytes()));
    assert!(theirs.contains("- changed"), "{theirs}");
}

#[test]
fn added_values_stand_before_the_metadata() {
    let bench = Bench::new();
    for (format, suffix) in [
        (Format::Yaml, "yaml"),
        (Format::Json, "json"),
        (Format::Dotenv, "env"),
    ] {
        let name = format!("f.{suffix}");
        let before = sealed(&bench, format, sample(format));
        let (mut file, key) = bench.open_with_key(format, before.as_bytes()).unwrap();
        file.document.branches[0].push("added", Node::text("new"));
        let after = emitted(file.encrypt(&key, ListComments::Comments, now()).unwrap());
        assert!(after.find("added") < after.find("sops"), "{after}");
        let theirs = text(&bench.sops_decrypt(&name, after.as_bytes()));
        assert!(theirs.contains("new"), "{theirs}");
    }
}

#[test]
fn changed_recipients_change_their_lines_only() {
    let bench = Bench::new();
    let other = nixseal_testkit::keys::age(&bench.work, "two.txt");
    for (format, suffix) in FORMATS
        .into_iter()
        .filter(|(format, _)| *format != Format::Binary)
    {
        let before = sealed(&bench, format, sample(format));
        let mut file = EncryptedFile::parse(format, before.as_bytes()).unwrap();
        let key = bench.unlock(&file).unwrap();
        let ids =
            [&bench.key.recipient, &other.recipient].map(|text| nixseal_sops::KeyId::age(text));
        let changed = bench.with_sources(|sources| {
            file.rewrap(&key, &[ids.to_vec()], 0, sources, &now())
                .unwrap()
        });
        assert!(changed);
        let after = emitted(file);
        let kept = before
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.contains('='));
        for line in kept {
            assert!(
                after.contains(line.trim_end_matches([',', ']', '}'])),
                "'{line}' in\n{after}"
            );
        }
        let name = format!("f.{suffix}");
        bench.sops_decrypt(&name, after.as_bytes());
    }
}

#[test]
fn every_document_keeps_its_layout() {
    let bench = Bench::new();
    let content = "a: one # note\n---\nb:\n  - # in b\n    c: two\n  - three\n";
    let before = text(&bench.sops_encrypt("f.yaml", content.as_bytes(), &[]));
    let (mut file, key) = bench
        .open_with_key(Format::Yaml, before.as_bytes())
        .unwrap();
    let path = Path::parse("b[1]").unwrap();
    path.set(&mut file.document.branches[1], Node::text("changed"))
        .unwrap();
    let after = emitted(file.encrypt(&key, ListComments::Elements, now()).unwrap());
    let pairs = before.lines().zip(after.lines());
    let changed: Vec<&str> = pairs
        .filter(|(old, new)| old != new)
        .map(|(old, _)| old)
        .collect();
    // One value, and MAC and time of both blocks.
    assert_eq!(changed.len(), 5, "{changed:#?}\n{after}");
    assert_eq!(before.lines().count(), after.lines().count());
    assert!(text(&bench.sops_decrypt("f.yaml", after.as_bytes())).contains("- changed"));
}
