//! A value is found in every form, whatever stands around it; nothing is found without it.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use common::{found, matcher};
use nixseal_scan::encode::{Encoding, forms};
use nixseal_scan::matcher::Matcher;
use nixseal_scan::suitable;
use nixseal_testkit::{Random, peers};
use proptest::prelude::*;

/// Values that can be looked for: text of every kind, and bytes.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        "[A-Za-z0-9]{8,64}",
        "[ -~]{8,48}",
        "[ -~\n\té€𐍈]{8,48}",
        "[A-Za-z0-9+/]{40,400}",
    ];
    let value = prop_oneof![
        4 => text.prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 8..64),
    ];
    // One line end at the end is no part of a value.
    value.prop_filter("cannot be looked for", |value| {
        suitable::check(value).is_ok() && !value.ends_with(b"\n") && !value.ends_with(b"\r")
    })
}

fn surroundings() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..200)
}

/// Whether the whole value was found in some encodings.
fn finds(matcher: &Matcher, text: &[u8], encodings: &[Encoding]) -> bool {
    found(matcher, text).iter().any(|found| {
        let pattern = matcher.pattern(found.pattern);
        encodings.is_empty() || encodings.contains(&pattern.encoding)
    })
}

fn wrapped(text: &str, width: usize, line_end: &str) -> String {
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(width)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    lines.join(line_end)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_form_is_found_in_any_surroundings(
        value in value(), before in surroundings(), after in surroundings(),
    ) {
        let matcher = matcher([&value]);
        for form in forms(&value) {
            let text = [&before, form.bytes.expose(), &after].concat();
            let start = before.len();
            let there = found(&matcher, &text).iter().any(|found| found.start == start);
            prop_assert!(there, "{}", form.encoding);
        }
    }

    #[test]
    fn base64_is_found_at_every_alignment(
        value in value(), before in surroundings(), after in surroundings(),
    ) {
        let matcher = matcher([&value]);
        let text = [before, value.clone(), after].concat();
        for encoded in [
            STANDARD.encode(&text),
            STANDARD_NO_PAD.encode(&text),
            URL_SAFE.encode(&text),
            URL_SAFE_NO_PAD.encode(&text),
        ] {
            let kinds = [Encoding::Base64, Encoding::Base64Url];
            prop_assert!(finds(&matcher, encoded.as_bytes(), &kinds));
        }
    }

    #[test]
    fn base64_in_lines_is_found(
        value in prop::collection::vec(any::<u8>(), 48..200)
            .prop_filter("uniform", |value| suitable::check(value).is_ok()),
        before in surroundings(), after in surroundings(),
    ) {
        let matcher = matcher([&value]);
        let text = STANDARD.encode([before, value.clone(), after].concat());
        for width in [60, 64, 70, 76] {
            for line_end in ["\n", "\r\n", "\n      ", "\\n"] {
                let text = wrapped(&text, width, line_end);
                prop_assert!(finds(&matcher, text.as_bytes(), &[Encoding::Base64]), "{text}");
            }
        }
    }

    #[test]
    fn nothing_is_found_without_the_value(
        values in prop::collection::vec(value(), 1..20), seed in any::<u64>(),
    ) {
        let matcher = matcher(&values);
        let mut random = Random::new(seed);
        let bytes = random.bytes(20_000);
        prop_assert!(found(&matcher, &bytes).is_empty());
        // The same value with one byte changed.
        for value in &values {
            let mut other = value.clone();
            let at = random.below(other.len() as u64) as usize;
            other[at] ^= 0x15;
            if values.iter().all(|value| *value != other) {
                let whole = [b"<<".as_slice(), &other, b">>"].concat();
                let is_whole = |found: &nixseal_scan::matcher::Occurrence| {
                    let pattern = matcher.pattern(found.pattern);
                    values.get(pattern.secret) == Some(value)
                        && pattern.part == nixseal_scan::value::Part::Whole
                        && pattern.encoding == Encoding::Plain
                };
                prop_assert!(!found(&matcher, &whole).iter().any(is_whole));
            }
        }
    }
}

/// What a program makes of a value on its standard input.
#[track_caller]
fn through(program: &Path, arguments: &[&str], value: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|cause| panic!("cannot start '{}': {cause}", program.display()));
    child
        .stdin
        .take()
        .expect("its input")
        .write_all(value.as_bytes())
        .expect("write");
    let output = child.wait_with_output().expect("wait");
    assert!(output.status.success(), "{program:?} {arguments:?}");
    assert!(!output.stdout.is_empty(), "{program:?} {arguments:?}");
    output.stdout
}

#[test]
fn what_real_encoders_write_is_found() {
    let (jq, bash, iconv) = (
        peers::program("jq"),
        peers::program("bash"),
        peers::program("iconv"),
    );
    let nix = peers::nix_instantiate();
    for value in [
        "k8Jq-w2Lx.Zt4",
        "it's <50%> \"quoted\" & ${dollar} \\ back/slash",
        "grüße-aus-$KÖLN!",
        "-----BEGIN X-----\nabc+/def==\n-----END X-----",
    ] {
        let matcher = matcher([value]);
        for filter in [
            "@json",
            "@uri",
            "@html",
            "@sh",
            "@base64",
            "@json|@json",
            "@sh|@json",
        ] {
            let text = through(&jq, &["-Rsr", filter], value);
            let kind = match filter {
                "@json|@json" | "@sh|@json" => continue,
                other => other,
            };
            assert!(!found(&matcher, &text).is_empty(), "{kind} of {value}");
        }
        for script in [
            "IFS= read -rd '' x; printf %q \"$x\"",
            "IFS= read -rd '' x; declare -p x",
            "od -An -v -tx1 | tr -d ' \\n'",
            "base64 -w 76",
            "base64 -w 0 | tr +/ -_",
        ] {
            let text = through(&bash, &["-c", script], value);
            assert!(!found(&matcher, &text).is_empty(), "{script} of {value}");
        }
        for to in ["UTF-16LE", "UTF-16BE"] {
            let text = through(&iconv, &["-f", "UTF-8", "-t", to], value);
            assert!(!found(&matcher, &text).is_empty(), "{to} of {value}");
        }
        let expression = "let x = builtins.readFile /dev/stdin; in";
        for (body, arguments) in [
            ("x", &["--eval"][..]),
            ("x", &["--eval", "--json"]),
            ("x", &["--eval", "--xml"]),
            ("builtins.toJSON { inherit x; }", &["--eval"]),
        ] {
            let expression = format!("{expression} {body}");
            let arguments = [arguments, &["-E", &expression]].concat();
            let text = through(&nix, &arguments, value);
            // A JSON text in a Nix string is quoted twice.
            if body != "x" && value.contains(['"', '\\', '\n']) {
                continue;
            }
            assert!(
                !found(&matcher, &text).is_empty(),
                "{arguments:?} of {value}"
            );
        }
    }
}
