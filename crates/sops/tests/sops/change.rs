//! Changed files: the real `sops` reads them, and agrees on what changed.

use nixseal_document::Format;
use nixseal_document::tree::Node;
use nixseal_sops::change::{index, recipients, value};
use nixseal_sops::{EncryptedFile, Error, KeyId, Layout, ListComments};
use nixseal_testkit::keys;
use nixseal_testkit::workdir::succeed;

use crate::bench::{Bench, FORMATS, now, plain, text, written};

const YAML: &str = "# head\na: x\nb:\n    c: 1\n    # note\n    d: [u, v]\nl:\n    # in the list\n    \
                    - one\n    - two\nn: null\nf: 1.5\nt: 2024-01-01\n";

/// Sets a value with ours, as `sops` lays files out.
fn set(bench: &Bench, before: &[u8], path: &str, json: &str) -> Vec<u8> {
    let (mut file, key) = bench.open_with_key(Format::Yaml, before).unwrap();
    let value = value::from_json(json.as_bytes()).unwrap();
    let path = index::parse(path).unwrap();
    assert!(path.set(&mut file.document.branches[0], value).unwrap());
    written(file.encrypt(&key, ListComments::Elements, now()).unwrap())
}

fn unset(bench: &Bench, before: &[u8], path: &str) -> Vec<u8> {
    let (mut file, key) = bench.open_with_key(Format::Yaml, before).unwrap();
    let path = index::parse(path).unwrap();
    path.remove(&mut file.document.branches[0]).unwrap();
    written(file.encrypt(&key, ListComments::Elements, now()).unwrap())
}

#[test]
fn set_does_what_sops_set_does() {
    let bench = Bench::new();
    let before = bench.sops_encrypt("f.yaml", YAML.as_bytes(), &[]);
    for (path, json) in [
        (r#"["a"]"#, r#""y""#),
        (r#"["a"]"#, "null"),
        (r#"["a"]"#, "true"),
        (r#"["a"]"#, "2.5"),
        (r#"["a"]"#, "5"),
        (r#"["a"]"#, "{}"),
        (r#"["a"]["k"]"#, r#""new""#),
        (r#"["a"][3]"#, r#""new""#),
        (r#"["n"]["k"]"#, r#""new""#),
        (r#"["b"]"#, r#"{"z": 1, "a": [1, 2.5, {"q": "r"}]}"#),
        (r#"["b"]["d"][1]"#, r#""w""#),
        (r#"["b"]["d"][9]"#, r#""w""#),
        (r#"["x"]["y"][0]["z"]"#, r#""new""#),
        (r#"["t"]"#, r#""2024-01-01""#),
    ] {
        let ours = set(&bench, &before, path, json);
        let ours = text(&bench.sops_decrypt("f.yaml", &ours));
        bench.work.write("f.yaml", &before);
        succeed(&mut bench.sops(&["set", "f.yaml", path, json]));
        let theirs = text(&succeed(&mut bench.sops(&["decrypt", "f.yaml"])).stdout);
        assert_eq!(ours, theirs, "{path} {json}");
    }
}

#[test]
fn set_keeps_whole_numbers_whole() {
    let bench = Bench::new();
    let before = bench.sops_encrypt("f.yaml", YAML.as_bytes(), &[]);
    for number in ["5432000", "9007199254740993", "-1"] {
        let after = set(&bench, &before, r#"["p"]"#, number);
        let line = text(&after);
        let line = line.lines().find(|line| line.starts_with("p:")).unwrap();
        assert!(line.ends_with("type:int]"), "{line}");
        let theirs = text(&bench.sops_decrypt("f.yaml", &after));
        assert!(theirs.contains(&format!("\np: {number}\n")), "{theirs}");
    }
}

#[test]
fn unset_does_what_sops_unset_does() {
    let bench = Bench::new();
    let before = bench.sops_encrypt("f.yaml", YAML.as_bytes(), &[]);
    for path in [
        r#"["a"]"#,
        r#"["b"]"#,
        r#"["b"]["c"]"#,
        r#"["b"]["d"][0]"#,
        r#"["l"]"#,
    ] {
        let ours = text(&bench.sops_decrypt("f.yaml", &unset(&bench, &before, path)));
        bench.work.write("f.yaml", &before);
        succeed(&mut bench.sops(&["unset", "f.yaml", path]));
        let theirs = text(&succeed(&mut bench.sops(&["decrypt", "f.yaml"])).stdout);
        assert_eq!(ours, theirs, "{path}");
    }
}

/// Lines of one text that are not in the other, in their order.
fn only<'a>(one: &'a str, other: &str) -> Vec<&'a str> {
    let known: std::collections::HashSet<&str> = other.lines().collect();
    one.lines().filter(|line| !known.contains(line)).collect()
}

#[test]
fn only_the_lines_of_the_value_change() {
    let bench = Bench::new();
    let before = bench.sops_encrypt("f.yaml", YAML.as_bytes(), &[]);
    let after = set(&bench, &before, r#"["b"]["c"]"#, "2");
    let (before, after) = (text(&before), text(&after));
    let names = |lines: Vec<&str>| -> Vec<String> {
        let name = |line: &str| line.split(':').next().unwrap_or_default().trim().to_owned();
        lines.into_iter().map(name).collect()
    };
    assert_eq!(names(only(&before, &after)), ["c", "lastmodified", "mac"]);
    assert_eq!(names(only(&after, &before)), ["c", "lastmodified", "mac"]);
}

#[test]
fn inserted_and_removed_keys_keep_the_layout() {
    let bench = Bench::new();
    for (format, suffix, content, added) in [
        (
            Format::Yaml,
            "yaml",
            "a:   one # c\n\nm:\n  k: [x]\nz: 2\n",
            "\"new\"",
        ),
        (
            Format::Json,
            "json",
            "{ \"a\":\"one\",\n  \"m\": {\"k\": [1]}, \"z\": 2 }\n",
            "\"new\"",
        ),
        (Format::Dotenv, "env", "# c\na=one\n\nz=2\n", "\"new\""),
    ] {
        let name = format!("f.{suffix}");
        let before = bench.sops_encrypt(&name, content.as_bytes(), &[]);
        let (mut file, key) = bench.open_with_key(format, &before).unwrap();
        let map = &mut file.document.branches[0];
        let value = value::from_json(added.as_bytes()).unwrap();
        assert!(
            index::parse(r#"["added"]"#)
                .unwrap()
                .set(map, value)
                .unwrap()
        );
        index::parse(r#"["z"]"#).unwrap().remove(map).unwrap();
        let file = file.encrypt(&key, ListComments::Comments, now()).unwrap();
        let after = text(file.emit(Layout::Kept).unwrap().expose());
        let names = |lines: Vec<&str>| -> Vec<String> {
            let name = |line: &str| line.split([':', '=']).next().unwrap_or_default().to_owned();
            let names = lines.into_iter().map(name);
            names
                .map(|name| name.trim().trim_matches('"').replace("sops_", ""))
                .collect()
        };
        let mut gone = names(only(&text(&before), &after));
        gone.retain(|name| !["lastmodified", "mac"].contains(&name.as_str()));
        assert_eq!(gone, ["z"], "{after}");
        let theirs = text(&bench.sops_decrypt(&name, after.as_bytes()));
        assert!(theirs.contains("new") && !theirs.contains('z'), "{theirs}");
    }
}

#[test]
fn a_rotated_file_has_another_key_and_the_same_values() {
    let bench = Bench::new();
    let other = keys::age(&bench.work, "other.txt");
    let added = KeyId::age(&other.recipient);
    for (format, suffix) in FORMATS {
        let name = format!("f.{suffix}");
        let content: &[u8] = match format {
            Format::Yaml => YAML.as_bytes(),
            Format::Json => b"{\"a\": [1, \"x\"]}",
            Format::Ini => b"[s]\na = x\n",
            _ => b"A=x\n",
        };
        let before = bench.sops_encrypt(&name, content, &[]);
        let expected = text(&bench.sops_decrypt(&name, &before));
        let (file, old_key) = bench.open_with_key(format, &before).unwrap();
        let groups = recipients::changed(
            &file.envelope.metadata.groups,
            std::slice::from_ref(&added),
            &[],
        );
        let rotated = bench.with_sources(|sources| {
            file.rotate(&groups, 0, sources, ListComments::Elements, now())
        });
        let rotated = written(rotated.unwrap());
        assert_eq!(
            text(&bench.sops_decrypt(&name, &rotated)),
            expected,
            "{name}"
        );
        let (file, new_key) = bench.open_with_key(format, &rotated).unwrap();
        assert!(new_key != old_key);
        assert_eq!(file.envelope.metadata.groups[0].len(), 2);
        assert_eq!(text(&plain(&file)), expected);
        let old = EncryptedFile::parse(format, &rotated).unwrap();
        assert!(old.decrypt(&old_key, Default::default()).is_err());
    }
}

#[test]
fn every_rotation_makes_a_key_of_its_own() {
    let bench = Bench::new();
    let before = bench.sops_encrypt("f.yaml", YAML.as_bytes(), &[]);
    let (_, first) = bench.open_with_key(Format::Yaml, &before).unwrap();
    let mut keys = vec![*first.expose()];
    // Twice from the same file, then from what became of it.
    let mut from = before.clone();
    for round in 0..4 {
        let (file, _) = bench.open_with_key(Format::Yaml, &from).unwrap();
        let groups = recipients::changed(&file.envelope.metadata.groups, &[], &[]);
        let rotated = bench.with_sources(|sources| {
            file.rotate(&groups, 0, sources, ListComments::Elements, now())
        });
        let rotated = written(rotated.unwrap());
        let (_, key) = bench.open_with_key(Format::Yaml, &rotated).unwrap();
        keys.push(*key.expose());
        if round > 0 {
            from = rotated;
        }
    }
    for (index, key) in keys.iter().enumerate() {
        // No byte of random keys stands at the same place in all of them, but by chance.
        let others = keys.iter().skip(index + 1);
        for other in others {
            let same = key.iter().zip(other).filter(|(one, two)| one == two);
            assert!(same.count() < 8, "keys {index} and a later one are alike");
        }
        let different: std::collections::HashSet<u8> = key.iter().copied().collect();
        assert!(different.len() > 16, "key {index} is not random");
    }
}

#[test]
fn an_edited_text_keeps_what_did_not_change() {
    let bench = Bench::new();
    for (format, suffix, content, from, to, changed) in [
        (Format::Yaml, "yaml", YAML, "c: 1", "c: 2", &["c"][..]),
        (
            Format::Yaml,
            "yaml",
            YAML,
            "a: x\n",
            "a: x\nnew: [1, 2]\n",
            &["new"],
        ),
        (
            Format::Yaml,
            "yaml",
            "a: 1\nb: 2\n",
            "a: 1\nb: 2\n",
            "b: 2\na: 1",
            &[],
        ),
        (
            Format::Json,
            "json",
            "{\"a\": [1], \"b\": 2}",
            "2",
            "3",
            &["b"],
        ),
        (
            Format::Dotenv,
            "env",
            "# c\nA=1\nB=2\n",
            "B=2\n",
            "B=2\n\nC=3\n",
            &["C"],
        ),
        (Format::Ini, "ini", "[s]\na = 1\nb = 2\n", "2", "3", &["b"]),
    ] {
        let name = format!("f.{suffix}");
        let before = bench.sops_encrypt(&name, content.as_bytes(), &["--indent", "2"]);
        let (file, key) = bench.open_with_key(format, &before).unwrap();
        let shown = text(file.document.splice().unwrap().expose());
        assert!(shown.contains(from), "{shown}");
        let edited = shown.replacen(from, to, 1);
        let file = file.edited(edited.as_bytes()).unwrap();
        let file = file.encrypt(&key, ListComments::Comments, now()).unwrap();
        let after = text(file.emit(Layout::Kept).unwrap().expose());
        let before = text(&before);
        let names = |line: &str| {
            let name = line
                .trim()
                .trim_start_matches('"')
                .split(['"', ':', '=', '[', ' ']);
            let mut name: Vec<&str> = name.take(2).collect();
            name.truncate(if name[0] == "-" { 2 } else { 1 });
            name.join(" ").replace("sops_", "")
        };
        let mut new: Vec<String> = only(&after, &before).into_iter().map(names).collect();
        new.retain(|name| !["", "lastmodified", "mac"].contains(&name.as_str()));
        assert_eq!(new, changed, "{before}\n{after}");
        let theirs = text(&bench.sops_decrypt(&name, after.as_bytes()));
        let reread = bench.open(format, after.as_bytes()).unwrap();
        assert_eq!(text(&plain(&reread)), theirs, "{name}");
    }
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let bench = Bench::new();
    let before = bench.sops_encrypt("f.yaml", YAML.as_bytes(), &[]);
    let edited = |text: &str| {
        let (file, key) = bench.open_with_key(Format::Yaml, &before).unwrap();
        let file = file.edited(text.as_bytes())?;
        file.encrypt(&key, ListComments::Comments, now()).map(drop)
    };
    assert!(matches!(edited("a: ["), Err(Error::Parse(_))));
    assert!(matches!(edited(""), Err(Error::Empty)));
    assert!(matches!(
        edited("sops: 1\n"),
        Err(Error::AlreadyEncrypted { .. })
    ));
    assert!(edited("a: 1\n---\nb: 2\n").is_ok());
}

#[test]
fn a_value_spelled_as_long_as_its_encrypted_text_is_encrypted() {
    let bench = Bench::new();
    let before = bench.sops_encrypt("f.yaml", b"a: x\nb: y\n", &[]);
    let (file, key) = bench.open_with_key(Format::Yaml, &before).unwrap();
    let sealed = text(&before);
    let sealed = sealed.lines().next().unwrap().strip_prefix("a: ").unwrap();
    // The same place in the text, the same value, spelled with escapes and blanks.
    let spelled = format!("a: \"x\\\n{}\"\nb: y\n", " ".repeat(sealed.len() - 5));
    let file = file.edited(spelled.as_bytes()).unwrap();
    assert_eq!(
        file.document.branches[0].get("a").and_then(Node::as_str),
        Some("x")
    );
    let file = file.encrypt(&key, ListComments::Comments, now()).unwrap();
    let after = text(file.emit(Layout::Kept).unwrap().expose());
    assert!(after.contains(sealed), "{after}");
}
