//! One recipient's view.

use nixseal_git::history::{Evidence, FileTrace, Past, Trace, ValueTrace, Verdict, trace};
use nixseal_repository::holders::Subject;
use serde_json::{Value, json};

use super::overview::{commit_json, commit_text};
use super::shown;
use crate::commands::Session;
use crate::failure::Failure;
use crate::ui::Style;
use crate::ui::table::{self, Cell};

/// A recipient, and what it can open and could.
pub(super) struct Person {
    pub(super) wanted: String,
    pub(super) subject: Subject,
    pub(super) trace: Trace,
}

impl Person {
    /// Whom the user means.
    pub(super) fn find(past: &Past, wanted: &str) -> Result<Self, Failure> {
        let subject = past.holders.find(wanted).ok_or_else(|| {
            let names: Vec<&str> = past.holders.names().into_iter().collect();
            let failure = Failure::new(format!("no recipient is, or was, called '{wanted}'"));
            match names.is_empty() {
                true => failure.hint("give the public key instead"),
                false => failure.hint(format!("there are: {}", table::plain(&names.join(", ")))),
            }
        })?;
        Ok(Self {
            wanted: wanted.to_owned(),
            trace: trace(past, &subject),
            subject,
        })
    }

    pub(super) fn print(&self, session: &Session<'_>, past: &Past) {
        let ui = &session.context.ui;
        let files = &self.trace.files;
        let now = files
            .iter()
            .filter(|file| file.span.until.is_none())
            .count();
        let (before, name) = (files.len() - now, &self.wanted);
        ui.line(format!(
            "{name}: can open {now} now, could once open {before} more"
        ));
        for id in &self.subject.keys {
            let known = past.holders.get(id);
            let key = known.map_or(id.as_str(), |holder| &holder.key);
            ui.line(format!("  {}", table::plain(key)));
        }
        if files.is_empty() {
            return;
        }
        ui.line("");
        let mut lines = Vec::new();
        for file in files {
            let path = shown(session, &past.top.join(&file.path));
            for (verdict, values) in by_verdict(file) {
                lines.push(vec![
                    Cell::plain(path.clone()),
                    Cell::plain(span_text(past, file)),
                    Cell::styled(style(verdict), advice(verdict)),
                    Cell::plain(values_text(past, file, &values)),
                ]);
            }
        }
        table::print(ui, &["FILE", "OPENS", "WHAT TO DO", "VALUES"], &lines);
    }

    pub(super) fn json(&self, session: &Session<'_>, past: &Past) -> Value {
        let key = |id| {
            let known = past.holders.get(id);
            let names: Vec<&String> = known.iter().flat_map(|holder| &holder.names).collect();
            let key = known.map_or(id.as_str(), |holder| &holder.key);
            json!({ "key": key, "names": names })
        };
        let keys: Vec<Value> = self.subject.keys.iter().map(key).collect();
        let files: Vec<Value> = self
            .trace
            .files
            .iter()
            .map(|file| file_json(session, past, file))
            .collect();
        json!({ "wanted": self.wanted, "keys": keys, "files": files })
    }
}

fn file_json(session: &Session<'_>, past: &Past, file: &FileTrace) -> Value {
    let path = past.top.join(&file.path);
    let value = |value: &ValueTrace| {
        json!({
            "key": value.key,
            "verdict": value.verdict.name(),
            "changed": value.changed.map(|when| commit_json(past, when)),
        })
    };
    json!({
        "name": shown(session, &path),
        "path": path.display().to_string(),
        "kind": file.kind,
        "opens": if file.span.until.is_none() { "now" } else { "before" },
        "since": commit_json(past, file.span.since),
        "until": file.span.until.map(|when| commit_json(past, when)),
        "evidence": file.evidence.name(),
        "shared": file.shared,
        "verdict": file.verdict.name(),
        "values": file.values.iter().map(value).collect::<Vec<_>>(),
    })
}

/// When a file can be opened, and how sure that is.
pub(super) fn span_text(past: &Past, file: &FileTrace) -> String {
    let mut text = match file.span.until {
        None => "now".to_owned(),
        Some(None) => "until the work tree".to_owned(),
        Some(when) => format!("until {}", commit_text(past, when)),
    };
    match file.evidence {
        Evidence::Rule => text.push_str(", by its rule"),
        Evidence::Clear => text.push_str(", was in clear"),
        Evidence::Metadata | Evidence::Lock | Evidence::Stanza => {}
    }
    if file.shared {
        text.push_str(", with other groups");
    }
    text
}

/// What to do, in few words.
pub(super) fn advice(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rotate => "give a new value",
        Verdict::Unknown => "not known if changed since: give a new value",
        Verdict::Gone => "gone: give a new value where it is in use",
        Verdict::Changed => "changed since: nothing",
    }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Rotate => Style::Bad,
        Verdict::Unknown | Verdict::Gone => Style::Odd,
        Verdict::Changed => Style::Good,
    }
}

/// The values of a file, those with the same advice together.
pub(super) fn by_verdict(file: &FileTrace) -> Vec<(Verdict, Vec<&ValueTrace>)> {
    if file.values.is_empty() {
        return vec![(file.verdict, Vec::new())];
    }
    let all = [
        Verdict::Rotate,
        Verdict::Unknown,
        Verdict::Gone,
        Verdict::Changed,
    ];
    let group = |verdict| {
        let values = file.values.iter().filter(|value| value.verdict == verdict);
        (verdict, values.collect::<Vec<_>>())
    };
    let groups = all.into_iter().map(group);
    groups.filter(|(_, values)| !values.is_empty()).collect()
}

/// Which values, and since when they are others.
pub(super) fn values_text(past: &Past, file: &FileTrace, values: &[&ValueTrace]) -> String {
    if values.len() == file.values.len() && values.len() > 1 && !has_times(values) {
        return format!("all {}", values.len());
    }
    let text = |value: &&ValueTrace| match value.changed {
        Some(when) => format!("{} in {}", value.key, commit_text(past, when)),
        None => value.key.clone(),
    };
    values.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn has_times(values: &[&ValueTrace]) -> bool {
    values.iter().any(|value| value.changed.is_some())
}
