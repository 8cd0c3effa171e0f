//! Values of all types in all formats, under all selectors.

use nixseal_document::Format;
use nixseal_sops::{ListComments, Selector, SelectorKind};

use crate::bench::{Bench, FORMATS, now, plain, text, written};

/// A document of each format with everything that the format can hold.
fn sample(format: Format) -> Vec<u8> {
    match format {
        Format::Yaml => YAML.as_bytes().to_vec(),
        Format::Json => JSON.as_bytes().to_vec(),
        Format::Dotenv => b"# note\nA=1\nB=two words\nC=\nD=l1\\nl2\nE=a=b\n".to_vec(),
        Format::Ini => b"top = 1\n\n[s]\n; note\na = x\nb = \nc = y=z\n\n[t]\nu = 2\n".to_vec(),
        Format::Binary => (0..=255).chain([0, 255, 10]).collect(),
    }
}

const YAML: &str = r#"# head
text: hello
empty: ""
nothing: null
int: 42
negative: -7
hex: 0x1F
float: 1.5
whole: 1.0
big: 1234567.5
tiny: 0.00001
infinite: .inf
nan: .nan
yes: true
no: false
date: 2024-01-01
time: 2001-12-14t21:59:43.10-05:00
"quoted key: x": y
lines: |
    one
    two
nested:
    # inside
    a:
        - 1
        - two
        # in the list
        - [3.5, [x, x], {k: v}]
        - null
        - ""
    b_unencrypted: clear
    c: {d_unencrypted: [1, true, 1.50], e: f}
---
second: document
text: hello
"#;

const JSON: &str = r#"{"text": "hé <b>\u2028", "empty": "", "null": null, "int": 9007199254740993,
 "float": 1.0, "exponent": 1e22, "bool": [true, false], "nested": {"a": {"b": [1, {"c": "d"}]},
 "x_unencrypted": [1, "s", false, 2.50]}, "ünïcode:key": "v"}"#;

#[test]
fn ours_reads_what_sops_writes() {
    let bench = Bench::new();
    for (format, suffix) in FORMATS {
        let name = format!("f.{suffix}");
        for options in [&[][..], &["--mac-only-encrypted"]] {
            let encrypted = bench.sops_encrypt(&name, &sample(format), options);
            let file = bench.open(format, &encrypted).unwrap();
            let theirs = bench.sops_decrypt(&name, &encrypted);
            assert_eq!(text(&plain(&file)), text(&theirs), "{name}");
            // SOPS has no such choice for binary files.
            let only = !options.is_empty() && format != Format::Binary;
            assert_eq!(file.envelope.metadata.mac_only_encrypted, only);
            assert_eq!(file.clear_comments, 0);
        }
    }
}

#[test]
fn sops_reads_what_ours_writes() {
    let bench = Bench::new();
    for (format, suffix) in FORMATS {
        let name = format!("f.{suffix}");
        let theirs = bench.sops_encrypt(&name, &sample(format), &[]);
        let expected = text(&bench.sops_decrypt(&name, &theirs));
        for only in [false, true] {
            let ours = bench.seal(format, &sample(format), |metadata| {
                metadata.mac_only_encrypted = only
            });
            assert_eq!(text(&bench.sops_decrypt(&name, &ours)), expected, "{name}");
            let reread = bench.open(format, &ours).unwrap();
            assert_eq!(text(&plain(&reread)), expected, "{name}");
        }
    }
}

#[test]
fn a_file_is_laid_out_as_sops_does() {
    let bench = Bench::new();
    for (format, suffix) in FORMATS {
        let name = format!("f.{suffix}");
        let theirs = bench.sops_encrypt(&name, &sample(format), &[]);
        let ours = bench.seal(format, &sample(format), |_| {});
        assert_eq!(shape(&ours), shape(&theirs), "{name}");
    }
}

/// A file without its random parts and times.
fn shape(file: &[u8]) -> String {
    let mut in_armor = false;
    let line = |line: &str| {
        if line.contains("-----BEGIN AGE") && !line.contains("-----END AGE") {
            in_armor = true;
        } else if in_armor && line.contains("-----END AGE") {
            in_armor = false;
        } else if in_armor {
            return String::new();
        }
        if line.contains("lastmodified") {
            return line.split("20").next().unwrap_or_default().to_owned();
        }
        if line.contains("AGE ENCRYPTED FILE") {
            return line.split("-----").next().unwrap_or_default().to_owned();
        }
        let mut line = line.to_owned();
        while let (Some(start), Some(end)) = (line.find("ENC["), line.find(",type:")) {
            line.replace_range(start..=end, "");
        }
        line
    };
    text(file).lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn unchanged_values_stay_verbatim() {
    let bench = Bench::new();
    for (format, suffix) in FORMATS {
        let name = format!("f.{suffix}");
        let encrypted = bench.sops_encrypt(&name, &sample(format), &[]);
        let (file, key) = bench.open_with_key(format, &encrypted).unwrap();
        let again = written(file.encrypt(&key, ListComments::Elements, now()).unwrap());
        let changed = |line: &&str| {
            // Two lines of the metadata change; YAML repeats them in each document.
            !line.contains("mac") && !line.contains("lastmodified")
        };
        let (before, after) = (text(&encrypted), text(&again));
        let before: Vec<&str> = before.lines().filter(changed).collect();
        let after: Vec<&str> = after.lines().filter(changed).collect();
        assert_eq!(before, after, "{name}");
        bench.sops_decrypt(&name, &again);
    }
}

#[test]
fn sops_edits_what_ours_wrote_and_ours_reads_it_again() {
    let bench = Bench::new();
    for (format, suffix) in FORMATS
        .into_iter()
        .filter(|(format, _)| *format != Format::Binary)
    {
        let name = format!("f.{suffix}");
        let index = if format == Format::Ini {
            "[\"s\"][\"added\"]"
        } else {
            "[\"added\"]"
        };
        bench
            .work
            .write(&name, bench.seal(format, &sample(format), |_| {}));
        let mut set = bench.sops(&["set", &name, index, "\"by sops\""]);
        nixseal_testkit::workdir::succeed(&mut set);
        let file = bench.open(format, &bench.work.read(&name)).unwrap();
        assert!(text(&plain(&file)).contains("by sops"), "{name}");
    }
}

#[test]
fn every_selector_chooses_the_same_values() {
    let bench = Bench::new();
    let document = "# top\ndata:\n    password: a\n    # keep: note\n    port: 1\n    \
                    other: b\nmetadata:\n    name: c\n    list:\n        # keep: items\n        \
                    - d\n        - password: e\nx_clear: f\ny_secret: {z: [g, 2, true]}\nD3: digit\n";
    for (kind, value) in [
        (SelectorKind::EncryptedRegex, "^(data|password)$"),
        (SelectorKind::EncryptedRegex, r"^\w\d$"),
        (SelectorKind::UnencryptedRegex, "^meta|^port$"),
        (SelectorKind::EncryptedSuffix, "_secret"),
        (SelectorKind::UnencryptedSuffix, "_clear"),
        (SelectorKind::EncryptedCommentRegex, "keep:"),
        (SelectorKind::UnencryptedCommentRegex, "keep:"),
    ] {
        let flag = format!("--{}", kind.field().replace('_', "-"));
        // Before 3.14 the comment flags work in the old style only.
        bench.work.write("f.yaml", document);
        let arguments = [&flag, value, "--age", &bench.key.recipient, "-e", "f.yaml"];
        let theirs = nixseal_testkit::workdir::succeed(&mut bench.sops(&arguments)).stdout;
        let file = bench.open(Format::Yaml, &theirs).unwrap();
        assert_eq!(file.envelope.metadata.selector.field(), Some((kind, value)));
        let expected = text(&bench.sops_decrypt("f.yaml", &theirs));
        assert_eq!(text(&plain(&file)), expected, "{kind:?}");
        let selector = Selector::new(kind, value).unwrap();
        let ours = bench.seal(Format::Yaml, document.as_bytes(), |metadata| {
            metadata.selector = selector;
        });
        assert_eq!(
            text(&bench.sops_decrypt("f.yaml", &ours)),
            expected,
            "{kind:?}"
        );
        if !value.contains("keep") {
            assert_eq!(shape(&ours), shape(&theirs), "{kind:?}");
        }
    }
}

#[test]
fn comments_that_select_values_in_lists_stay_readable() {
    let bench = Bench::new();
    let document = "list:\n    # secret: from here\n    # a second comment\n    - one\n    - two\n";
    let selector = Selector::new(SelectorKind::EncryptedCommentRegex, "secret:").unwrap();
    let ours = bench.seal(Format::Yaml, document.as_bytes(), |metadata| {
        metadata.selector = selector
    });
    assert!(
        text(&ours).contains("- two") && !text(&ours).contains("a second"),
        "{}",
        text(&ours)
    );
    assert_eq!(text(&bench.sops_decrypt("f.yaml", &ours)), document);
    // What sops itself writes here, it cannot read: its issue 2281. Ours can.
    bench.work.write("f.yaml", document);
    let arguments = [
        "--encrypted-comment-regex",
        "secret:",
        "--age",
        &bench.key.recipient,
        "-e",
        "f.yaml",
    ];
    let theirs = nixseal_testkit::workdir::succeed(&mut bench.sops(&arguments)).stdout;
    assert_eq!(
        bench.sops_try_decrypt("f.yaml", &theirs).status.code(),
        Some(51)
    );
    assert_eq!(
        text(&plain(&bench.open(Format::Yaml, &theirs).unwrap())),
        document
    );
}

#[test]
fn inline_comments_stay_inline_unless_the_layout_of_sops_is_wanted() {
    let bench = Bench::new();
    let document = "a: b # note\nc:\n    d: e # more\n";
    let theirs = bench.sops_encrypt("f.yaml", document.as_bytes(), &[]);
    let mut opened = bench.open(Format::Yaml, &theirs).unwrap();
    assert_eq!(text(&plain(&opened)), document);
    // sops itself gives them lines of their own.
    opened.detach_comments();
    assert_eq!(plain(&opened), bench.sops_decrypt("f.yaml", &theirs));
    let ours = bench.seal(Format::Yaml, document.as_bytes(), |_| {});
    assert_eq!(shape(&ours), shape(&theirs));
}

#[test]
fn empty_comments_in_lists_stay_comments() {
    let bench = Bench::new();
    let document = "l:\n    #\n    - a\n    #\n    - b\n";
    // sops makes them empty elements of the list, in files with a bare mark too.
    let theirs = bench.sops_encrypt("f.yaml", document.as_bytes(), &[]);
    assert_eq!(
        text(&bench.sops_decrypt("f.yaml", &theirs))
            .matches("\"\"")
            .count(),
        2
    );
    let ours = bench.seal(Format::Yaml, document.as_bytes(), |_| {});
    let kept = document.replace('#', "# ");
    assert_eq!(text(&bench.sops_decrypt("f.yaml", &ours)), kept);
    assert_eq!(
        text(&plain(&bench.open(Format::Yaml, &ours).unwrap())),
        kept
    );
}

#[test]
fn equal_values_of_a_list_do_not_become_equal_ciphertexts() {
    let bench = Bench::new();
    let encrypted = bench.seal(Format::Json, br#"{"l": ["x", "x", "x"]}"#, |_| {});
    let (file, key) = bench.open_with_key(Format::Json, &encrypted).unwrap();
    let again = written(file.encrypt(&key, ListComments::Elements, now()).unwrap());
    let values = |file: &[u8]| -> Vec<String> {
        text(file)
            .lines()
            .filter(|line| line.starts_with("\t\t\"ENC"))
            .map(str::to_owned)
            .collect()
    };
    let mut kept = values(&again);
    assert_eq!(kept, values(&encrypted));
    kept.iter_mut()
        .for_each(|line| *line = line.trim_end_matches(',').to_owned());
    kept.dedup();
    assert_eq!(kept.len(), 3);
}
