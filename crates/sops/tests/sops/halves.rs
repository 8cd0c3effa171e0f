//! Files so large that two threads share them: what comes out is the same.

use nixseal_document::Format;
use nixseal_sops::{DecryptOptions, DecryptedFile, EncryptedFile, Error, Selector, SelectorKind};

use crate::bench::{Bench, plain, text};

/// Several thousand values of all kinds, in groups and at the top, with comments between them.
fn large() -> String {
    let mut text = String::new();
    for group in 0..150 {
        text += &format!("# about group {group}\ngroup-{group}:\n");
        for key in 0..12 {
            text += &format!("    key-{key}: the value {key} of group {group}\n");
        }
        text += "    # numbers\n    number: 17\n    on_unencrypted: clear\n    none: null\n";
        text += &format!(
            "    list:\n        - 1.5\n        # in it\n        - x{group}\n        - true\n"
        );
        text += &format!("single-{group}: {group}\n");
    }
    text
}

/// Decrypts without nonces, which halves large files.
fn halved(bench: &Bench, bytes: &[u8]) -> Result<DecryptedFile, Error> {
    let file = EncryptedFile::parse(Format::Yaml, bytes)?;
    let key = bench.unlock(&file)?;
    file.decrypt(&key, DecryptOptions::default())
}

#[test]
fn halves_are_read_and_written_as_sops_does() {
    let bench = Bench::new();
    let content = large();
    let theirs = bench.sops_encrypt("f.yaml", content.as_bytes(), &[]);
    let expected = text(&bench.sops_decrypt("f.yaml", &theirs));
    assert_eq!(text(&plain(&halved(&bench, &theirs).unwrap())), expected);
    assert_eq!(
        text(&plain(&bench.open(Format::Yaml, &theirs).unwrap())),
        expected
    );
    for only_encrypted in [false, true] {
        let ours = bench.seal(Format::Yaml, content.as_bytes(), |metadata| {
            metadata.mac_only_encrypted = only_encrypted;
        });
        assert!(text(&ours).matches("type:str]").count() > 1900);
        assert_eq!(text(&bench.sops_decrypt("f.yaml", &ours)), expected);
        assert_eq!(text(&plain(&halved(&bench, &ours).unwrap())), expected);
        assert_eq!(
            text(&plain(&bench.open(Format::Yaml, &ours).unwrap())),
            expected
        );
    }
}

#[test]
fn comments_that_decide_reach_over_the_middle() {
    let bench = Bench::new();
    // Every value but those behind a comment is encrypted; no middle is before such a value only.
    let content: String = (0..2500)
        .map(|key| format!("# clear\nkey-{key}: value {key}\nother-{key}: secret {key}\n"))
        .collect();
    let ours = bench.seal(Format::Yaml, content.as_bytes(), |metadata| {
        let kind = SelectorKind::UnencryptedCommentRegex;
        metadata.selector = Selector::new(kind, "^ clear$").unwrap();
    });
    let shown = text(&ours);
    assert!((0..2500).all(|key| shown.contains(&format!("\nkey-{key}: value {key}\n"))));
    assert_eq!(text(&plain(&halved(&bench, &ours).unwrap())), content);
    assert_eq!(text(&bench.sops_decrypt("f.yaml", &ours)), content);
}

#[test]
fn the_first_fault_of_the_file_is_told() {
    let bench = Bench::new();
    let content = large();
    let whole = text(&bench.seal(Format::Yaml, content.as_bytes(), |_| {}));
    let mut nonces = std::collections::HashSet::new();
    for line in whole.lines() {
        if let Some((_, rest)) = line.split_once(",iv:") {
            assert!(nonces.insert(rest.split(',').next().unwrap()), "{line}");
        }
    }
    assert!(nonces.len() > 2000);
    // Exchanges the values of two keys of a group: neither authenticates at its new place.
    let exchanged = |text: &str, group: usize| {
        let start = text.find(&format!("\ngroup-{group}:\n")).unwrap();
        let (before, rest) = text.split_at(start);
        let swapped = rest
            .replacen("    key-3: ", "    key-x: ", 1)
            .replacen("    key-4: ", "    key-3: ", 1)
            .replacen("    key-x: ", "    key-4: ", 1);
        format!("{before}{swapped}")
    };
    for (groups, first) in [
        (&[10][..], "group-10"),
        (&[140], "group-140"),
        (&[10, 140], "group-10"),
        (&[140, 60], "group-60"),
    ] {
        let damaged = groups
            .iter()
            .fold(whole.clone(), |text, group| exchanged(&text, *group));
        let error = halved(&bench, damaged.as_bytes()).unwrap_err();
        let Error::Decrypt(error) = error else {
            panic!("{error}");
        };
        // The pair of the lower line is named key-4 now.
        assert_eq!(error.path.to_string(), format!("{first}.key-4"));
    }
    // A value that is missing in either half is noticed by the MAC.
    for group in [10, 140] {
        let start = whole.find(&format!("\ngroup-{group}:\n")).unwrap();
        let line = whole[start..].find("    key-5: ").unwrap() + start;
        let end = whole[line..].find('\n').unwrap() + line + 1;
        let cut = format!("{}{}", &whole[..line], &whole[end..]);
        let error = halved(&bench, cut.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::MacMismatch { .. }), "{error}");
    }
}
