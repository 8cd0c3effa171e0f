//! Every rule does what its page says, and the pages are what the code says.

use std::fmt::Write as _;
use std::path::Path;

use nixseal_lint::rule::{ALL, Rule, Severity};
use nixseal_lint::{Nowhere, lint_text, on_big_stack};
use nixseal_testkit::reference::{page, section};

fn found(text: &str) -> Vec<&'static str> {
    let found = on_big_stack(|| lint_text(text, None, Path::new("a.nix"), &Nowhere)).unwrap();
    found.iter().map(|one| one.rule.id).collect()
}

#[test]
fn every_example_is_found_and_its_safe_form_is_not() {
    for rule in ALL.iter().filter(|rule| rule.about_text) {
        assert_eq!(found(rule.bad), [rule.id], "{}", rule.bad);
        assert!(
            found(rule.good).is_empty(),
            "{}: {:?}",
            rule.good,
            found(rule.good)
        );
    }
}

#[test]
fn the_page_of_rules_is_what_the_code_says() {
    let mut text = String::new();
    for rule in ALL {
        text.push_str(&section_of(rule));
    }
    section(&page("lint/rules.md"), "rules", &text, "");
}

#[test]
fn ids_are_there_once_and_say_nothing_twice() {
    let mut ids: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ALL.len());
    for rule in ALL {
        assert!(
            rule.id
                .chars()
                .all(|one| one.is_ascii_lowercase() || one == '-'),
            "{}",
            rule.id
        );
    }
}

fn section_of(rule: &Rule) -> String {
    let mut text = format!("## {}\n\n", rule.id);
    let sentence = |text: &str| {
        let mut characters = text.chars();
        let first: String = characters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        format!("{first}{}", characters.as_str())
    };
    let _ = writeln!(
        text,
        "{}: {}. {}.\n",
        rule.severity.name(),
        rule.title,
        sentence(rule.why)
    );
    let _ = writeln!(text, "Instead: {}.\n", rule.instead);
    if rule.about_text {
        let _ = writeln!(
            text,
            "```nix\n# found\n{}\n# safe\n{}\n```\n",
            rule.bad.trim_end(),
            rule.good.trim_end()
        );
    } else {
        let _ = writeln!(text, "Found: {}. Safe: {}.\n", rule.bad, rule.good);
    }
    let allow = match (rule.severity, rule.about_text) {
        (Severity::Note, _) => "It never makes a check fail.\n\n".to_owned(),
        (_, true) => format!("Allow: `# nixseal: allow {} REASON`\n\n", rule.id),
        (_, false) => String::new(),
    };
    text + &allow
}
