//! Twenty thousand random files through our readers and writers and those of the real `sops`: the
//! same verdict, the same tree with every comment, the same bytes in canonical layout, and without
//! a change the same file. Whatever differs is a defect of `sops` that has a name in [`DEFECTS`].

#[path = "support/dump.rs"]
mod dump;

use std::collections::BTreeMap;

use nixseal_document::{Document, EmitOptions, Format, ParseError, parse};
use nixseal_testkit::documents::{Choices, flat, yaml};
use nixseal_testkit::oracle::{Answer, Oracle, Refusal};

use dump::{dump, tokens, values, without_type};

/// Where we differ from `sops` on purpose, each with the smallest file that shows it, and how many
/// of the files below do.
const DEFECTS: &[(&str, &str, usize)] = &[
    (
        "yaml: text that begins with blanks or empty lines gets a wrong indentation indicator",
        "a:\n- >\n\n   b\n",
        230,
    ),
    ("yaml: a comment is not read", "a: { # c\n  }\n", 105),
    ("yaml: a comment is not written", "? a\n:\n- [b] # c\n", 13),
    (
        "yaml: a comment is written where it belongs to something else",
        "a:\n- [1]\n# c\n",
        48,
    ),
    (
        "yaml: a comment goes astray and an indentation indicator is wrong",
        "a:\n- >\n\n   b\n- [1]\n# c\n",
        4,
    ),
    (
        "ini: a value that ends with a backslash is not quoted",
        "a = b\\ ; c\n",
        28,
    ),
    (
        "ini: an empty line of comment crashes it",
        "#\na = b ; c\n",
        20,
    ),
    ("ini: comments at the end of the file vanish", "# a\n", 548),
    (
        "ini: comments behind values in backticks vanish",
        "a = `b` ; c\nd = e ; f\n",
        16,
    ),
    (
        "ini: of a key that stands twice, the last remains",
        "a = 1\na = 2\n",
        45,
    ),
];

/// How many files of each format.
const FILES: [(Format, usize); 4] = [
    (Format::Yaml, 11_000),
    (Format::Json, 3_000),
    (Format::Dotenv, 3_000),
    (Format::Ini, 3_500),
];

#[test]
fn both_agree_but_for_named_defects() {
    let mut oracle = Oracle::new();
    let mut found: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut same, mut refused, mut total) = (0, 0, 0);
    for (format, count) in FILES {
        let mut random = Choices::new(100);
        for index in 0..count {
            let text = generated(format, index, &mut random);
            total += 1;
            match verdict(&mut oracle, format, &text) {
                Ok(Same::Read) => same += 1,
                Ok(Same::Refused) => refused += 1,
                Err(defect) => {
                    let name = format!("{format}: {defect}");
                    let entry = found.entry(name).or_insert((0, text.clone()));
                    entry.0 += 1;
                    if text.len() < entry.1.len() {
                        entry.1 = text;
                    }
                }
            }
        }
    }
    let counted: BTreeMap<&str, usize> = found
        .iter()
        .map(|(name, (count, _))| (name.as_str(), *count))
        .collect();
    let expected: BTreeMap<&str, usize> = DEFECTS
        .iter()
        .map(|(name, _, count)| (*name, *count))
        .collect();
    assert_eq!(
        counted, expected,
        "{same} same, {refused} refused of {total}; examples: {found:#?}"
    );
    assert!(
        total > 20_000 && same > 15_000,
        "{same} of {total} are the same"
    );
}

/// The examples of the table show what they are there for.
#[test]
fn every_defect_has_an_example() {
    let mut oracle = Oracle::new();
    for (name, example, _) in DEFECTS {
        let format = Format::ALL
            .into_iter()
            .find(|format| name.starts_with(format.name()));
        let format = format.expect("the name begins with a format");
        let verdict = verdict(&mut oracle, format, example);
        let verdict = verdict.map_err(|defect| format!("{format}: {defect}"));
        assert_eq!(verdict, Err((*name).to_owned()), "{example}");
    }
}

fn generated(format: Format, index: usize, random: &mut Choices) -> String {
    match format {
        Format::Yaml => {
            let text = yaml::file(random, if index.is_multiple_of(3) { 0 } else { 12 });
            if index.is_multiple_of(10) {
                text.replace('\n', "\r\n")
            } else {
                text
            }
        }
        Format::Json => flat::json(random),
        Format::Dotenv => flat::dotenv(random),
        Format::Ini | Format::Binary => flat::ini(random),
    }
}

/// How both agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Same {
    Read,
    Refused,
}

/// The defect of `sops` is named; what has no name says so.
fn verdict(oracle: &mut Oracle, format: Format, text: &str) -> Result<Same, String> {
    let theirs = oracle.plain(format.name(), text.as_bytes());
    match (parse(format, text.as_bytes()), theirs) {
        (Err(error), Err(_)) => {
            assert!(
                error.position.line > 0 && !error.reason.is_empty(),
                "{text}"
            );
            Ok(Same::Refused)
        }
        (Err(error), Ok(_)) => Err(we_refuse(&error)),
        (Ok(document), Err(theirs)) => {
            check_splice(&document, text);
            Err(they_refuse(&document, &theirs))
        }
        (Ok(document), Ok(theirs)) => {
            check_splice(&document, text);
            both_read(oracle, format, &document, &theirs)
        }
    }
}

/// Without a change every byte stays.
fn check_splice(document: &Document, text: &str) {
    let spliced = document
        .splice()
        .unwrap_or_else(|error| panic!("{error}:\n{text}"));
    assert!(spliced.expose() == text.as_bytes(), "{text}");
}

fn we_refuse(error: &ParseError) -> String {
    match &error.reason {
        reason if reason.contains("sops drops the first") => {
            "of a key that stands twice, the last remains".to_owned()
        }
        reason => format!("UNNAMED, we refuse: {reason}"),
    }
}

fn they_refuse(document: &Document, theirs: &Refusal) -> String {
    let Refusal { code, message } = theirs;
    match document.format() {
        Format::Ini if message.contains("index out of range [0]") => {
            "an empty line of comment crashes it".to_owned()
        }
        _ => format!("UNNAMED, they refuse: {code} {message}"),
    }
}

fn both_read(
    oracle: &mut Oracle,
    format: Format,
    document: &Document,
    theirs: &Answer,
) -> Result<Same, String> {
    let tree = dump(&document.branches);
    if tree != theirs.tree {
        let text = document.text().unwrap_or_default();
        return Err(other_tree(format, text, &tree, &theirs.tree));
    }
    let ours = match document.emit_canonical(&EmitOptions::default()) {
        Ok(ours) => ours,
        Err(error) => return Err(format!("UNNAMED, we do not write: {error}")),
    };
    if ours.expose() == theirs.file {
        return Ok(Same::Read);
    }
    // Ours is right: what `sops` reads in it is what both have read.
    let again = oracle.plain(format.name(), ours.expose());
    let ours = String::from_utf8_lossy(ours.expose());
    if again.map(|again| values(&again.tree)) != Ok(values(&theirs.tree)) {
        return Err(format!("UNNAMED, they read ours otherwise: {ours}"));
    }
    let again = oracle.plain(format.name(), &theirs.file);
    let file = String::from_utf8_lossy(&theirs.file);
    Err(other_bytes(format, (&ours, &file), &theirs.tree, again))
}

/// A tree with its comments, floats as above.
fn everything(tree: &str) -> String {
    tokens(tree).map(without_type).collect()
}

/// The texts of a tree's comments, sorted.
fn comments(tree: &str) -> Vec<&str> {
    let texts = tokens(tree).filter_map(|token| token.strip_prefix(['C', 'I']));
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts
}

/// Whether some are all of them but for those that are missing.
fn fewer(all: &[&str], some: &[&str]) -> bool {
    let mut rest = all.iter();
    some.len() < all.len() && some.iter().all(|one| rest.any(|other| other == one))
}

/// Whether only the last comment is missing, or its last lines.
fn last_is_cut(ours: &str, theirs: &str) -> bool {
    let in_order = |tree| tokens(tree).filter_map(|token| token.strip_prefix('C'));
    let (all, some) = (
        in_order(ours).collect::<Vec<_>>(),
        in_order(theirs).collect::<Vec<_>>(),
    );
    let Some((last, before)) = all.split_last() else {
        return false;
    };
    some == before
        || some
            .split_last()
            .is_some_and(|(cut, same)| same == before && last.starts_with(cut.trim_end()))
}

fn other_tree(format: Format, text: &str, ours: &str, theirs: &str) -> String {
    match format {
        _ if values(ours) != values(theirs) => "UNNAMED, other values".to_owned(),
        Format::Ini if last_is_cut(ours, theirs) => {
            "comments at the end of the file vanish".to_owned()
        }
        Format::Ini if text.contains("` ;") && fewer(&comments(ours), &comments(theirs)) => {
            "comments behind values in backticks vanish".to_owned()
        }
        Format::Yaml if fewer(&comments(ours), &comments(theirs)) => {
            "a comment is not read".to_owned()
        }
        _ => format!("UNNAMED, other comments: {ours}{theirs}"),
    }
}

/// Names what is wrong with the text that `sops` writes, and reads again.
fn other_bytes(
    format: Format,
    (ours, theirs): (&str, &str),
    tree: &str,
    again: Result<Answer, Refusal>,
) -> String {
    match (format, again) {
        (Format::Yaml, _) if without_indicators(ours) == without_indicators(theirs) => {
            "text that begins with blanks or empty lines gets a wrong indentation indicator"
        }
        (Format::Yaml, Ok(again)) if values(&again.tree) == values(tree) => {
            let (all, some) = (comments(tree), comments(&again.tree));
            if all == some && everything(tree) != everything(&again.tree) {
                "a comment is written where it belongs to something else"
            } else if fewer(&all, &some) {
                "a comment is not written"
            } else {
                return format!("UNNAMED, other bytes:\n{ours}\n{theirs}");
            }
        }
        (Format::Yaml, Err(_)) if without_comments(ours) == without_comments(theirs) => {
            "a comment goes astray and an indentation indicator is wrong"
        }
        (Format::Ini, _) if without_backticks(ours) == without_backticks(theirs) => {
            "a value that ends with a backslash is not quoted"
        }
        (_, again) => return format!("UNNAMED, other bytes:\n{ours}\n{theirs}\n{again:?}"),
    }
    .to_owned()
}

fn without_indicators(text: &str) -> String {
    let mut out = String::new();
    let mut indicator = false;
    for character in text.chars() {
        if !(indicator && character.is_ascii_digit()) {
            out.push(character);
        }
        indicator = character == '|';
    }
    out
}

/// Text that holds `#` is cut too: it is the same in both.
fn without_comments(text: &str) -> String {
    let text = without_indicators(text);
    let lines = text
        .lines()
        .map(|line| line.split_once('#').map_or(line, |(before, _)| before));
    lines
        .map(|line| line.trim_end_matches([' ', ':']))
        .collect()
}

fn without_backticks(text: &str) -> String {
    text.replace("\\`\n", "\\\n").replace("= `", "= ")
}
