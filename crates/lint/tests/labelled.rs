//! Precision and recall on a labelled set of snippets in the idioms of real configurations.
//!
//! The figures are in the reference; they must be true, and may not get worse unseen.
//! `UPDATE_GOLDEN=1` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use nixseal_lint::{Nowhere, lint_text, on_big_stack};
use nixseal_testkit::reference::{page, section};

/// A snippet and the rules that must find something in it; none for a good one.
struct Snippet {
    file: &'static str,
    title: String,
    expected: BTreeSet<String>,
    text: String,
}

const FILES: &[(&str, &str)] = &[
    ("bad-literal.txt", include_str!("labelled/bad-literal.txt")),
    ("bad-options.txt", include_str!("labelled/bad-options.txt")),
    ("bad-read.txt", include_str!("labelled/bad-read.txt")),
    ("good.txt", include_str!("labelled/good.txt")),
];

fn snippets() -> Vec<Snippet> {
    let mut snippets = Vec::new();
    for (file, content) in FILES {
        let content = format!("\n{content}");
        for block in content.split("\n--- ").skip(1) {
            let (head, text) = block.split_once('\n').expect("a snippet has a text");
            let (labels, title) = head.split_once(" | ").expect("a snippet has a title");
            let labels = labels.split(',').filter(|label| *label != "good");
            snippets.push(Snippet {
                file,
                title: title.to_owned(),
                expected: labels.map(str::to_owned).collect(),
                text: with_tokens(text),
            });
        }
    }
    snippets
}

/// Tokens are put together here, so that they stand nowhere as a whole: `⟨PREFIX LENGTH⟩`.
fn with_tokens(text: &str) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('⟨') {
        let (token, behind) = behind.split_once('⟩').expect("a token is closed");
        let (prefix, length) = token.rsplit_once(' ').expect("a token has a length");
        let tail = "Zq7Lw2Xt9Kb4Vn6Rj1Ys8Hd3Pm5Gc0FfTaBeUiOo".repeat(3);
        let length: usize = length.parse().expect("a length is a number");
        let _ = write!(made, "{before}{prefix}{}", &tail[..length]);
        rest = behind;
    }
    made + rest
}

/// What became of the snippets of one rule.
#[derive(Default)]
struct Score {
    found: usize,
    missed: usize,
    wrong: usize,
}

impl Score {
    fn row(&self, name: &str) -> String {
        let percent = |part: usize, whole: usize| match whole {
            0 => "–".to_owned(),
            _ => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
        };
        let expected = self.found + self.missed;
        let precision = percent(self.found, self.found + self.wrong);
        let recall = percent(self.found, expected);
        format!(
            "| {name} | {expected} | {} | {} | {precision} | {recall} |\n",
            self.found, self.wrong
        )
    }
}

fn table() -> (String, String) {
    let snippets = snippets();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut differences = String::new();
    for snippet in &snippets {
        let found =
            on_big_stack(|| lint_text(&snippet.text, None, Path::new("a.nix"), &Nowhere)).unwrap();
        assert!(
            found.iter().all(|one| one.rule.id != "not-parsed"),
            "{}, '{}' is not Nix",
            snippet.file,
            snippet.title
        );
        let found: BTreeSet<String> = found.iter().map(|one| one.rule.id.to_owned()).collect();
        for rule in found.union(&snippet.expected) {
            let score = scores.entry(rule.clone()).or_default();
            let what = match (snippet.expected.contains(rule), found.contains(rule)) {
                (true, true) => {
                    score.found += 1;
                    continue;
                }
                (true, false) => {
                    score.missed += 1;
                    "missed"
                }
                _ => {
                    score.wrong += 1;
                    "wrong"
                }
            };
            let _ = writeln!(
                differences,
                "{what} {rule}: {}, '{}'",
                snippet.file, snippet.title
            );
        }
    }
    let good = snippets
        .iter()
        .filter(|snippet| snippet.expected.is_empty())
        .count();
    let mut text = format!(
        "{} snippets: {} with something to find, {good} without.\n\n\
         | rule | to find | found | found wrongly | precision | recall |\n|---|---|---|---|---|---|\n",
        snippets.len(),
        snippets.len() - good
    );
    let mut all = Score::default();
    for (rule, score) in &scores {
        text.push_str(&score.row(&format!("`{rule}`")));
        all.found += score.found;
        all.missed += score.missed;
        all.wrong += score.wrong;
    }
    text.push_str(&all.row("all"));
    (text, differences)
}

#[test]
fn the_figures_of_the_reference_are_true() {
    let (table, differences) = table();
    section(&page("lint/README.md"), "figures", &table, &differences);
}

#[test]
fn there_are_enough_snippets_of_both_kinds() {
    let snippets = snippets();
    let good = snippets
        .iter()
        .filter(|snippet| snippet.expected.is_empty())
        .count();
    assert!(snippets.len() >= 150 && good >= 50 && snippets.len() - good >= 100);
    let titles: BTreeSet<(&str, &str, &str)> = snippets
        .iter()
        .map(|one| (one.file, one.title.as_str(), one.text.as_str()))
        .collect();
    assert_eq!(titles.len(), snippets.len(), "each snippet is there once");
}

/// No finding shows what is between the quotes of a bad value.
#[test]
fn no_finding_shows_a_value() {
    const VALUES: &[&str] = &[
        "sk-live-1234567890abcdef",
        "hunter2",
        "tr0ub4dor",
        "Winter2023",
        "swordfish",
        "q8Zr1vLw0p",
        "Zk3vQ9xTh1Kq8mWz",
        "Zq7Lw2Xt9Kb4Vn6",
        "yAnz5TF1lXXJte",
        "kaffee-und-kuchen",
        "K10c4d8e2f9a7b6",
        "QWERTYUPASDFGHJKLZ",
        "purple-monkey",
        "Camera123",
    ];
    for snippet in snippets()
        .iter()
        .filter(|snippet| !snippet.expected.is_empty())
    {
        let found =
            on_big_stack(|| lint_text(&snippet.text, None, Path::new("a.nix"), &Nowhere)).unwrap();
        let log = nixseal_lint::sarif::log(&found).to_string();
        let shown: String = found.iter().map(shown).collect();
        for value in VALUES {
            assert!(
                !shown.contains(value) && !log.contains(value),
                "'{}' shows {value}: {shown}",
                snippet.title
            );
        }
    }
}

/// All that a finding says; the examples of its rule are no values.
fn shown(one: &nixseal_lint::Finding) -> String {
    format!(
        "{:?}{}{}{}",
        one.place,
        one.message,
        one.help,
        nixseal_lint::json::finding(one)
    )
}
