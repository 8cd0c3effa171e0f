//! Any input, however broken, large or deep: no panic, and no more time than it is long.

use proptest::prelude::*;

use nixseal_document::{EmitOptions, Format, ParseErrorKind, parse};
use nixseal_testkit::documents::{Choices as Random, flat, yaml};

/// Reads in every format; what is read is written and spliced.
fn survive(bytes: &[u8]) {
    for format in Format::ALL {
        if let Ok(document) = parse(format, bytes) {
            let _ = document.emit_canonical(&EmitOptions::default());
            let same = document.splice();
            assert!(same.is_err() || same.unwrap().expose() == bytes, "{format}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survive(&bytes);
    }

    #[test]
    fn random_syntax(text in "[a-c0-1 \n\t:#'\"|>&*!?%{}\\[\\],=;.`~<\\\\\r\u{85}\u{2028}\u{feff}é-]{0,60}") {
        survive(text.as_bytes());
    }

    #[test]
    fn broken_files(seed in any::<u64>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut random = Random::new(seed);
        let flats = [flat::json(&mut random), flat::ini(&mut random), flat::dotenv(&mut random)];
        for text in flats.into_iter().chain([yaml::file(&mut random, 15)]) {
            let mut bytes = text.into_bytes();
            bytes.push(b'\n');
            let index = at.index(bytes.len());
            bytes[index] = byte;
            survive(&bytes);
            bytes.truncate(index);
            survive(&bytes);
        }
    }
}

#[test]
fn nesting_is_capped() {
    for (format, open, close) in [
        (Format::Yaml, "[", "]"),
        (Format::Yaml, "{a: ", "}"),
        (Format::Yaml, "- ", ""),
        (Format::Json, "[", "]"),
    ] {
        for (depth, fits) in [(100, true), (100_000, false)] {
            let value = open.repeat(depth) + "1" + &close.repeat(depth);
            let text = match format {
                Format::Json => format!("{{\"k\": {value}}}"),
                _ => format!("k:\n  {value}\n"),
            };
            match parse(format, text.as_bytes()) {
                Ok(document) => {
                    assert!(fits, "{open}");
                    document.emit_canonical(&EmitOptions::default()).unwrap();
                    assert_eq!(document.splice().unwrap().expose(), text.as_bytes());
                }
                Err(error) => {
                    assert!(!fits, "{open}: {error}");
                    assert_eq!(error.kind, ParseErrorKind::TooLarge, "{error}");
                }
            }
        }
    }
}

#[test]
fn aliases_cannot_multiply_a_file() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let of = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{of}]\n"));
    }
    let error = parse(Format::Yaml, text.as_bytes()).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::TooLarge);
    let error = parse(Format::Yaml, b"a: &a [*a]\n").unwrap_err();
    assert_eq!(error.position.line, 1);
}

#[test]
fn large_files_are_read_and_written() {
    let lines = |line: fn(usize) -> String| (0..100_000).map(line).collect::<String>();
    for (format, text) in [
        (
            Format::Yaml,
            lines(|index| format!("key{index}: value # note\n")),
        ),
        (
            Format::Yaml,
            format!("a: [{}]\n", lines(|index| format!("{index}, "))),
        ),
        (
            Format::Yaml,
            format!("a: &a x\nb:\n{}", lines(|_| "- *a\n".to_owned())),
        ),
        (Format::Yaml, lines(|_| "# comment\n".to_owned()) + "a: 1\n"),
        (Format::Dotenv, lines(|index| format!("KEY{index}=value\n"))),
        (Format::Ini, lines(|index| format!("key{index} = value\n"))),
        (
            Format::Json,
            format!("{{{}\"z\": 1}}", lines(|index| format!("\"k{index}\": 1,"))),
        ),
    ] {
        let document = parse(format, text.as_bytes()).unwrap();
        document.emit_canonical(&EmitOptions::default()).unwrap();
        assert_eq!(document.splice().unwrap().expose(), text.as_bytes());
    }
}
