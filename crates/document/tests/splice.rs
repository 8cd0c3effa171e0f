//! The splice writer: changed values are replaced, everything else stays byte for byte; and every
//! trap that a YAML text can set for it.

#[path = "support/compare.rs"]
mod compare;
#[path = "support/layout.rs"]
mod layout;

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::{Entry, Item, List, Map, Node, Value};
use nixseal_document::{Format, parse, path::Path};
use nixseal_testkit::documents::{Choices as Random, flat, yaml};

use compare::shown;
use layout::{each_scalar, without_values};

const SECRET: &str = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]";

/// Reads, changes and splices a file.
fn spliced(format: Format, text: &str, change: impl FnOnce(&mut Vec<Map>)) -> String {
    let mut document = parse(format, text.as_bytes()).unwrap();
    change(&mut document.branches);
    let written = document
        .splice()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    String::from_utf8(written.expose().to_vec()).unwrap()
}

fn set(branches: &mut [Map], path: &str, value: Node) {
    let path = Path::parse(path).unwrap();
    assert!(path.set(&mut branches[0], value).unwrap());
}

fn remove(branches: &mut [Map], path: &str) {
    assert!(Path::parse(path).unwrap().remove(&mut branches[0]).is_ok());
}

fn map(pairs: &[(&str, &str)]) -> Node {
    let mut map = Map::default();
    for (key, value) in pairs {
        map.push(key, Node::text(value));
    }
    Node::Map(map)
}

#[test]
fn yaml_values_where_they_stand() {
    let secret = || Node::text(SECRET);
    for (text, path, value, expected) in [
        ("a: 1 # c\nb: 2\n", "a", secret(), "a: ENC # c\nb: 2\n"),
        ("a:   'x'\n", "a", secret(), "a:   ENC\n"),
        (
            "a: {b: 1, c: [x, y]} # c\n",
            "a.c[1]",
            secret(),
            "a: {b: 1, c: [x, \"ENC\"]} # c\n",
        ),
        (
            "a: |\n  x\n  y\n\n\nb: 1\n",
            "a",
            secret(),
            "a: ENC\n\n\nb: 1\n",
        ),
        (
            "a: >- # c\n   x\n# d\nb: 1\n",
            "a",
            secret(),
            "a: ENC # c\n# d\nb: 1\n",
        ),
        (
            "a: two\n  lines # c\nb: 1\n",
            "a",
            secret(),
            "a: ENC # c\nb: 1\n",
        ),
        ("a: !!int \"5\"\n", "a", secret(), "a: ENC\n"),
        ("a: &x !!str 5\n", "a", secret(), "a: &x ENC\n"),
        ("a:\nb: 1\n", "a", secret(), "a: ENC\nb: 1\n"),
        ("a: # c\nb: 1\n", "a", secret(), "a: ENC # c\nb: 1\n"),
        ("a:\n-\n- 1\n", "a[0]", secret(), "a:\n- ENC\n- 1\n"),
        ("{a, b: 1}\n", "a", secret(), "{a: \"ENC\", b: 1}\n"),
        ("{\"a\":1}", "a", secret(), "{\"a\":\"ENC\"}"),
        ("a: \"v\"# odd\n", "a", secret(), "a: ENC # odd\n"),
        (
            "a: x\n",
            "a",
            Node::text("l1\nl2\n"),
            "a: |\n    l1\n    l2\n",
        ),
        (
            "a:\n  b: x # c\n",
            "a.b",
            Node::text("l1\nl2"),
            "a:\n  b: |- # c\n    l1\n    l2\n",
        ),
        (
            "a:\n  b: |\n      x\n",
            "a.b",
            Node::text("l1\nl2"),
            "a:\n  b: |-\n      l1\n      l2\n",
        ),
        ("a: x\n", "a", Node::text("ends\n\n"), "a: \"ends\\n\\n\"\n"),
        ("a: x\n", "a", Node::text("\ttab\ny"), "a: \"\\ttab\\ny\"\n"),
        ("- a: x\n", "", Node::text(""), "- a: x\n"),
        (
            "k:\n- a: x\n",
            "k[0].a",
            Node::text(" l\nm"),
            "k:\n- a: |4-\n       l\n      m\n",
        ),
        ("a: x\n", "a", Node::text("5"), "a: \"5\"\n"),
        ("a: x\n", "a", Node::scalar(Value::Int(5)), "a: 5\n"),
    ] {
        if path.is_empty() {
            continue;
        }
        let written = spliced(Format::Yaml, text, |branches| set(branches, path, value));
        assert_eq!(written.replace(SECRET, "ENC"), expected, "{text:?}");
    }
}

#[test]
fn yaml_members_come_and_go() {
    let both = || map(&[("x", "1"), ("w", "2")]);
    for (text, path, value, expected) in [
        ("a: 1\n", "b", Some(Node::text("x")), "a: 1\nb: x\n"),
        ("a: 1", "b", Some(Node::text("x")), "a: 1\nb: x"),
        (
            "a: 1\n# foot\n---\nz: 1\n",
            "b",
            Some(Node::text("x")),
            "a: 1\n# foot\nb: x\n---\nz: 1\n",
        ),
        (
            "a:\n  b: 1\nc: 2\n",
            "a.d",
            Some(both()),
            "a:\n  b: 1\n  d:\n    x: \"1\"\n    w: \"2\"\nc: 2\n",
        ),
        (
            "a:\n- 1\nc: 2\n",
            "a[9]",
            Some(Node::text("x")),
            "a:\n- 1\n- x\nc: 2\n",
        ),
        (
            "a:\n  - k: 1\n    l: 2\n",
            "a[0].m",
            Some(Node::text("x")),
            "a:\n  - k: 1\n    l: 2\n    m: x\n",
        ),
        (
            "a: {b: 1}\n",
            "a.c",
            Some(both()),
            "a: {b: 1, c: {x: \"1\", w: \"2\"}}\n",
        ),
        ("a: {}\n", "a.c", Some(Node::text("x")), "a: {c: x}\n"),
        (
            "a: |+\n  x\n\nb: 1\n",
            "c",
            Some(Node::text("x")),
            "a: |+\n  x\n\nb: 1\nc: x\n",
        ),
        (
            "a: 1\nb: |+\n  x\n\n",
            "c",
            Some(Node::text("x")),
            "a: 1\nb: |+\n  x\n\nc: x\n",
        ),
        (
            "a: 1 # c\n",
            "a",
            Some(both()),
            "a: # c\n    x: \"1\"\n    w: \"2\"\n",
        ),
        (
            "a: # c\n  b: 1\nd: 2\n",
            "a",
            Some(Node::text("x")),
            "a: x # c\nd: 2\n",
        ),
        ("a: 1\nb: 2 # c\nd: 3\n", "b", None, "a: 1\n# c\nd: 3\n"),
        (
            "a:\n  b: 1\n  # c\n  d: 2\n",
            "a.b",
            None,
            "a:\n  # c\n  d: 2\n",
        ),
        ("a:\n  - b: 1\n    d: 2\n", "a[0].b", None, "a:\n  - d: 2\n"),
        ("a: {b: 1, c: 2, d: 3}\n", "a.c", None, "a: {b: 1, d: 3}\n"),
        ("a: {b: 1, c: 2}\n", "a.b", None, "a: {c: 2}\n"),
        ("a: [1, 2]\n", "a[1]", None, "a: [1]\n"),
        ("a:\n  - 1\n  - 2\n", "a[0]", None, "a:\n  - 2\n"),
        ("a:\n  - 1\nb: 2\n", "a[0]", None, "a: []\nb: 2\n"),
        ("a:\n  b: 1\nc: 2\n", "a.b", None, "a: {}\nc: 2\n"),
    ] {
        let written = spliced(Format::Yaml, text, |branches| match value {
            Some(value) => set(branches, path, value),
            None => remove(branches, path),
        });
        assert_eq!(written, expected, "{text:?}");
    }
}

#[test]
fn yaml_metadata_comes_changes_and_goes() {
    let text = "# head\na: 1\n\nb:   2\n\n# foot\n";
    let with = spliced(Format::Yaml, text, |branches| {
        branches[0].push("sops", map(&[("mac", "m")]))
    });
    assert_eq!(with, format!("{text}sops:\n    mac: m\n"));
    let changed = spliced(Format::Yaml, &with, |branches| {
        *branches[0].get_mut("sops").unwrap() = map(&[("mac", "new"), ("version", "3.13.3")]);
    });
    assert_eq!(
        changed,
        format!("{text}sops:\n    mac: new\n    version: 3.13.3\n")
    );
    let without = spliced(Format::Yaml, &changed, |branches| remove(branches, "sops"));
    assert_eq!(without, text);
}

#[test]
fn yaml_aliases_are_written_out_only_when_needed() {
    let text = "a: &x {k: 1}\nb: *x\nc: [*x, 2]\nd:\n  <<: *x\n  e: 3\n";
    let written = spliced(Format::Yaml, text, |branches| {
        set(branches, "d.e", Node::text("new"))
    });
    assert_eq!(written, text.replace("e: 3", "e: new"));
    let written = spliced(Format::Yaml, text, |branches| {
        set(branches, "b.k", Node::text("new"))
    });
    assert_eq!(
        written,
        "a: &x {k: 1}\nb:\n    k: new\nc: [*x, 2]\nd:\n  <<: *x\n  e: 3\n"
            .replace("\n    k", "\n  k")
    );
    let written = spliced(Format::Yaml, text, |branches| {
        set(branches, "a.k", Node::text("new"))
    });
    assert!(
        written.starts_with("a: &x {k: new}\n") && !written.contains('*'),
        "{written}"
    );
    let written = spliced(Format::Yaml, "a: &x k\n*x : v\n", |branches| {
        set(branches, "a", Node::text("new"))
    });
    assert_eq!(written, "a: &x new\nk : v\n");
}

#[test]
fn yaml_encodings_and_line_ends_stay() {
    let text = "\u{feff}a: 1\r\nb:\r\n  c: 2\r\n";
    let written = spliced(Format::Yaml, text, |branches| {
        set(branches, "a", Node::text("x\ny"));
        set(branches, "b.d", Node::text("new"));
    });
    assert_eq!(
        written,
        "\u{feff}a: |-\r\n  x\r\n  y\r\nb:\r\n  c: 2\r\n  d: new\r\n"
    );
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut document = parse(Format::Yaml, &wide).unwrap();
    set(&mut document.branches, "b.c", Node::text("é"));
    let expected = text
        .replace('2', "é")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect::<Vec<_>>();
    assert_eq!(document.splice().unwrap().expose(), expected);
}

#[test]
fn comments_change_and_go() {
    let text = "# one\na: 1 # two\nl:\n  # three\n  - x\n";
    let written = spliced(Format::Yaml, text, |branches| {
        let mut index = 0;
        branches[0].entries.retain_mut(|entry| match entry {
            Entry::Comment(comment) => {
                index += 1;
                comment.set_text(SecretBytes::copy_of(b" new"));
                index != 1
            }
            Entry::Pair(pair) => {
                if let Node::List(List { items, .. }) = &mut pair.value {
                    let Item::Comment(comment) = &mut items[0] else {
                        panic!("no comment")
                    };
                    comment.set_text(SecretBytes::copy_of(b"ENC"));
                }
                true
            }
        });
    });
    assert_eq!(written, "a: 1 # new\nl:\n  #ENC\n  - x\n");
}

#[test]
fn json_keeps_its_layout() {
    let text = "{\n  \"a\" : 1,\n  \"b\": {\"c\":[1,2], \"d\":null}\n}\n";
    for (path, value, expected) in [
        (
            "a",
            Some(Node::text("<x>")),
            text.replace('1', "\"\\u003cx\\u003e\"")
                .replacen("[\"\\u003cx\\u003e\"", "[1", 1),
        ),
        (
            "b.c[2]",
            Some(Node::text("x")),
            text.replace("[1,2]", "[1,2,\"x\"]"),
        ),
        (
            "b.e",
            Some(Node::text("x")),
            text.replace("null}", "null, \"e\": \"x\"}"),
        ),
        (
            "z",
            Some(map(&[("k", "v")])),
            text.replace("null}\n", "null},\n  \"z\": {\n    \"k\": \"v\"\n  }\n"),
        ),
        ("b.c[0]", None, text.replace("[1,2]", "[2]")),
        ("b.d", None, text.replace(", \"d\":null", "")),
        ("a", None, text.replace("\"a\" : 1,\n  ", "")),
    ] {
        let written = spliced(Format::Json, text, |branches| match value {
            Some(value) => set(branches, path, value),
            None => remove(branches, path),
        });
        assert_eq!(written, expected, "{path}");
    }
}

#[test]
fn flat_formats_keep_their_layout() {
    let written = spliced(Format::Dotenv, "# c\n\nA=1\n B = 2", |branches| {
        set(branches, "A", Node::text("x\ny"));
        set(branches, "C", Node::text("z"));
    });
    assert_eq!(written, "# c\n\nA=x\\ny\n B = 2\nC=z");
    let text = "; c\n[s]\na   : 1 ; note\nb=\"\"\"x\ny\"\"\"\n\n[t]\nz=1\n";
    let written = spliced(Format::Ini, text, |branches| {
        set(branches, "s.a", Node::text("x;y"));
        set(branches, "s.n", Node::text("new"));
        set(branches, "u", map(&[("k", "v")]));
    });
    let expected = text
        .replace(": 1", ": `x;y`")
        .replace("y\"\"\"\n", "y\"\"\"\nn = new\n");
    assert_eq!(written, format!("{expected}\n[u]\nk = v\n"));
    let written = spliced(Format::Ini, text, |branches| {
        remove(branches, "s.b");
        remove(branches, "t");
    });
    assert_eq!(written, "; c\n[s]\na   : 1 ; note\n\n");
}

#[test]
fn nothing_outside_of_the_values_changes() {
    let mut random = Random::new(11);
    for round in 0..3000 {
        let text = match round % 2 {
            0 => yaml::file(&mut random, 15),
            _ => yaml::file(&mut random, 15).replace('\n', "\r\n"),
        };
        check_values_only(Format::Yaml, &text);
    }
    for _ in 0..1000 {
        check_values_only(Format::Json, &flat::json(&mut random));
        check_values_only(Format::Dotenv, &flat::dotenv(&mut random));
        check_values_only(Format::Ini, &flat::ini(&mut random));
    }
}

/// Encrypts all values; the text with all values cut out has to be the same before and after.
fn check_values_only(format: Format, text: &str) {
    let Ok(mut document) = parse(format, text.as_bytes()) else {
        return;
    };
    assert_eq!(
        document.splice().unwrap().expose(),
        text.as_bytes(),
        "no change"
    );
    let before = without_values(format, &mut document.branches, text);
    for branch in &mut document.branches {
        each_scalar(branch, &mut |scalar| {
            let empty =
                matches!(scalar.value(), Value::Null) || scalar.value().as_str() == Some("");
            if !empty {
                scalar.set(Value::text(SECRET));
            }
        });
    }
    let written = document
        .splice()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let written = std::str::from_utf8(written.expose()).unwrap();
    let mut again = parse(format, written.as_bytes()).unwrap();
    assert_eq!(
        shown(&again.branches, true),
        shown(&document.branches, true),
        "{text}"
    );
    assert_eq!(
        without_values(format, &mut again.branches, written),
        before,
        "{written}"
    );
}
