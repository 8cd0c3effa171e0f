//! The result for people.

use std::collections::{BTreeMap, BTreeSet};

use nixseal_base::diag::Diagnostic;
use nixseal_scan::finding::{Finding, Place, Subject};
use nixseal_scan::suitable::Reason;

use super::Scanned;
use crate::context::Context;
use crate::ui::{Style, counted};

/// Most files that could not be read and are named.
const MOST_UNREAD: usize = 10;

/// Prints each finding with its explanation, and what to do.
pub(super) fn findings(context: &Context, result: &Scanned) {
    let ui = &context.ui;
    let mut advice: Vec<&str> = Vec::new();
    for (finding, origin) in &result.findings {
        let path = result.shown(finding.path.as_os_str().as_encoded_bytes());
        let place = match (finding.place, origin.line) {
            (Place::Content { offset }, Some(line)) => format!(":{line}: byte {offset}: "),
            (Place::Content { offset }, None) => format!(": byte {offset}: "),
            (Place::Name, _) => ": in its name: ".to_owned(),
            (Place::Target, _) => ": in its target: ".to_owned(),
        };
        let times = match finding.count {
            1 => String::new(),
            count => format!(", {count} times"),
        };
        let what = result.shown(subject(finding));
        ui.line(format!(
            "{}{place}{what}{times}",
            ui.styled(Style::Bold, &path)
        ));
        ui.line(format!("    {}", result.shown(origin.how(finding.place))));
        for sentence in origin.advice() {
            if !advice.contains(&sentence) {
                advice.push(sentence);
            }
        }
    }
    if !advice.is_empty() {
        ui.line("");
    }
    for sentence in advice {
        ui.line(format!(
            "{} {sentence}",
            ui.styled(Style::Bold, "what to do:")
        ));
    }
}

/// What was found, in words.
pub(super) fn subject(finding: &Finding) -> String {
    match &finding.subject {
        Subject::Secret {
            name,
            part,
            encoding,
        } => format!("{}'{name}' ({encoding})", part.words()),
        Subject::Shape { id, what } => format!("{what} ({id})"),
    }
}

/// Tells on standard error what was not searched, and what was.
pub(super) fn rest(context: &Context, result: &Scanned) {
    let ui = &context.ui;
    for failure in &result.failures {
        ui.report(failure);
    }
    if !result.locked.is_empty() {
        ui.warn(format!(
            "not searched for, as no key here opens them: {}",
            quoted(result.locked.iter())
        ));
    }
    let mut reasons: BTreeMap<Reason, BTreeSet<&String>> = BTreeMap::new();
    for one in &result.unsearchable {
        reasons.entry(one.reason).or_default().insert(&one.name);
    }
    for (reason, names) in reasons {
        let list = quoted(names.into_iter());
        ui.warn(format!(
            "not searched for, because {}: {list}",
            reason.text()
        ));
    }
    for unread in result.unread.iter().take(MOST_UNREAD) {
        let path = result.shown(unread.path.as_os_str().as_encoded_bytes());
        ui.report(&Diagnostic::error(format!(
            "cannot read '{path}': {}",
            unread.cause
        )));
    }
    if result.unread.len() > MOST_UNREAD {
        let more = result.unread.len() - MOST_UNREAD;
        ui.report(&Diagnostic::error(format!("cannot read {more} more files")));
    }
    ui.say(summary(result));
}

fn quoted<'n>(names: impl Iterator<Item = &'n String>) -> String {
    let names: Vec<_> = names.map(|name| format!("'{name}'")).collect();
    names.join(", ")
}

fn summary(result: &Scanned) -> String {
    let totals = &result.totals;
    let mut subjects = Vec::new();
    if result.search.values.is_some() {
        subjects.push(format!(
            "{} in {}",
            counted(result.secrets, "secret"),
            counted(result.forms, "form")
        ));
    }
    if result.search.shapes.is_some() {
        subjects.push("what looks like a secret".to_owned());
    }
    let subjects = match subjects.is_empty() {
        true => "nothing".to_owned(),
        false => subjects.join(" and "),
    };
    let found = match result.findings.len() {
        0 => "nothing was found".to_owned(),
        many => counted(many, "finding"),
    };
    format!(
        "searched {}, {} and {} ({:.1} MB) for {subjects}: {found}",
        counted(totals.files, "file"),
        counted(totals.folders, "folder"),
        counted(totals.links, "link"),
        totals.bytes as f64 / 1e6
    )
}
