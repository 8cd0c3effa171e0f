//! Random files through our reader and canonical writer and through the real `sops`: the output
//! has to be the same byte for byte wherever `sops` can read its own output back. Few of them: a
//! process for each takes its time; `corpus.rs` compares with thousands.

#[path = "support/compare.rs"]
mod compare;
#[path = "support/peer.rs"]
mod peer;

use nixseal_document::{EmitOptions, Format, emit, parse};
use nixseal_testkit::documents::{Choices as Random, flat, yaml};

use compare::shown;
use peer::{Sops, documents};

/// Files in one call of `sops`.
const BATCH: usize = 25;

#[test]
fn yaml_without_comments() {
    yaml_files(1, 250, 0, 5);
}

#[test]
fn yaml_with_comments() {
    yaml_files(2, 250, 12, 12);
}

#[test]
fn yaml_with_windows_line_ends() {
    let sops = Sops::new();
    let mut random = Random::new(3);
    let files = std::iter::repeat_with(|| yaml::file(&mut random, 10).replace('\n', "\r\n"));
    compare_batches(&sops, files.take(250).collect(), 15);
}

#[test]
fn what_we_refuse_sops_refuses() {
    let sops = Sops::new();
    let mut random = Random::new(4);
    let mut refused = 0;
    while refused < 100 {
        let mut text = yaml::file(&mut random, 10);
        let at = random.below(text.len());
        let at = (0..=at)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap();
        text.insert_str(
            at,
            random.pick(&[":", " - ", "\t", "\"", "[", "}", "&", "\n x", "%"]),
        );
        if let Err(error) = parse(Format::Yaml, text.as_bytes()) {
            refused += 1;
            assert!(error.position.line > 0 && !error.reason.is_empty());
            // Beyond the first document `sops` turns values that do not fit their tag into null.
            let lenient = text.contains("---") && error.reason.contains("tag");
            let theirs = sops.canonical(Format::Yaml, text.as_bytes());
            assert!(theirs.is_err() || lenient, "{error}\n{text}");
        }
    }
}

#[test]
fn json() {
    flat_files(Format::Json, 5, 60, flat::json);
}

#[test]
fn dotenv() {
    flat_files(Format::Dotenv, 6, 60, flat::dotenv);
}

#[test]
fn ini() {
    // A comment at the end, which `sops` loses, gets a section to belong to.
    flat_files(Format::Ini, 7, 60, |random| {
        flat::ini(random) + "\n[last]\nkey = 1\n"
    });
}

#[test]
fn every_indentation_reads_back() {
    let mut random = Random::new(8);
    for _ in 0..300 {
        let text = yaml::file(&mut random, 10);
        let Ok(document) = parse(Format::Yaml, text.as_bytes()) else {
            continue;
        };
        for indent in [0, 1, 2, 3, 5, 8, 9, 10] {
            let options = EmitOptions {
                indent: Some(indent),
            };
            let written = document.emit_canonical(&options).unwrap();
            let read = parse(Format::Yaml, written.expose()).unwrap();
            assert_eq!(
                shown(&read.branches, false),
                shown(&document.branches, false),
                "{text}"
            );
        }
    }
}

fn yaml_files(seed: u64, count: usize, comments: usize, allowed_percent: usize) {
    let mut random = Random::new(seed);
    let files = std::iter::repeat_with(|| yaml::file(&mut random, comments));
    compare_batches(&Sops::new(), files.take(count).collect(), allowed_percent);
}

/// Joins the files that we accept to files of many documents and compares document by document.
fn compare_batches(sops: &Sops, files: Vec<String>, allowed_percent: usize) {
    let accepted: Vec<String> = files
        .into_iter()
        .filter(|text| parse(Format::Yaml, text.as_bytes()).is_ok())
        .collect();
    let (mut compared, mut excused) = (0, 0);
    for batch in accepted.chunks(BATCH) {
        let text = batch.join("\n---\n");
        let Ok(document) = parse(Format::Yaml, text.as_bytes()) else {
            panic!("files that are read alone are not read together:\n{text}");
        };
        let ours = emit(Format::Yaml, &document.branches, &EmitOptions::default()).unwrap();
        let ours = documents(std::str::from_utf8(ours.expose()).unwrap());
        let theirs = sops.canonical(Format::Yaml, text.as_bytes()).unwrap();
        assert_eq!(ours.len(), theirs.len(), "{text}");
        for ((ours, theirs), branch) in ours.iter().zip(&theirs).zip(&document.branches) {
            compared += 1;
            if ours == theirs {
                continue;
            }
            let tree = shown(std::slice::from_ref(branch), true);
            let again = parse(Format::Yaml, theirs.as_bytes());
            let again = again.map(|document| shown(&document.branches, true));
            assert_ne!(
                again.as_ref(),
                Ok(&tree),
                "sops writes otherwise:\n{theirs}\nours:\n{ours}"
            );
            excused += 1;
            // Ours loses no value then either.
            let read = parse(Format::Yaml, ours.as_bytes()).unwrap();
            let values = |branches| shown(branches, false);
            assert_eq!(
                values(&read.branches),
                values(std::slice::from_ref(branch)),
                "{ours}"
            );
        }
    }
    assert!(compared > 100, "only {compared} documents were compared");
    assert!(
        excused * 100 <= compared * allowed_percent,
        "{excused} of {compared} differ"
    );
}

fn flat_files(format: Format, seed: u64, count: usize, generate: impl Fn(&mut Random) -> String) {
    let sops = Sops::new();
    let mut random = Random::new(seed);
    let (mut same, mut excused) = (0, 0);
    for _ in 0..count {
        let text = generate(&mut random);
        let theirs = sops.canonical(format, text.as_bytes());
        let document = match parse(format, text.as_bytes()) {
            Ok(document) => document,
            Err(error) => {
                // What `sops` would lose in silence.
                let lossy =
                    error.reason.contains("sops drops") || error.reason.contains("stands behind");
                assert!(theirs.is_err() || lossy, "we refuse: {error}\n{text}");
                continue;
            }
        };
        let Ok(theirs) = theirs else {
            // go-ini fails on empty lines of comment.
            assert!(
                format == Format::Ini && text.contains([';', '#']),
                "sops refuses:\n{text}"
            );
            continue;
        };
        let ours = document.emit_canonical(&EmitOptions::default()).unwrap();
        if ours.expose() == theirs[0].as_bytes() {
            same += 1;
            continue;
        }
        let tree = shown(&document.branches, true);
        let again = parse(format, theirs[0].as_bytes()).map(|again| shown(&again.branches, true));
        let ours = String::from_utf8_lossy(ours.expose()).into_owned();
        assert_ne!(
            again,
            Ok(tree),
            "sops writes otherwise:\n{}\nours:\n{ours}",
            theirs[0]
        );
        excused += 1;
    }
    assert!(
        same > count / 2,
        "{same} of {count} are the same, {excused} excused"
    );
}

/// Found by fuzzing: a key that begins with a byte-order mark, which would be lost on reading.
#[test]
fn a_key_that_reads_as_a_byte_order_mark_is_not_written() {
    let text = "\u{feff}\u{feff}a = b\n";
    let document = parse(Format::Ini, text.as_bytes()).unwrap();
    assert_eq!(document.splice().unwrap().expose(), text.as_bytes());
    assert!(document.emit_canonical(&EmitOptions::default()).is_err());
}
