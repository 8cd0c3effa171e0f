//! The page of `nixseal check` is what the code says.

use std::fmt::Write as _;

use nixseal_check::kind;
use nixseal_check::rule::ALL;
use nixseal_testkit::reference::{page, section};

#[test]
fn the_table_of_the_reference_is_what_the_code_says() {
    let mut table =
        "| kind | id | severity | what | why | instead |\n|---|---|---|---|---|---|\n".to_owned();
    for rule in ALL {
        let _ = writeln!(
            table,
            "| {} | `{}` | {} | {} | {} | {} |",
            kind(rule).title(),
            rule.id,
            rule.severity.name(),
            rule.title,
            rule.why,
            rule.instead
        );
    }
    section(&page("check.md"), "rules", &table, "");
}

#[test]
fn ids_are_those_of_no_other_rule() {
    for rule in ALL {
        assert!(nixseal_lint::rule::by_id(rule.id).is_none(), "{}", rule.id);
        assert_eq!(ALL.iter().filter(|other| other.id == rule.id).count(), 1);
    }
}
