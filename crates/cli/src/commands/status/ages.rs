//! How old values are, the oldest first.

use nixseal_git::history::{Age, Past};
use serde_json::{Value, json};

use super::overview::{Overview, commit_json, commit_text};
use super::shown;
use crate::commands::Session;
use crate::ui::table::{self, Cell};

pub(super) fn print(session: &Session<'_>, overview: &Overview) {
    let Some(past) = &overview.past else {
        return;
    };
    let line = |age: &Age| {
        vec![
            Cell::plain(days_text(overview, past, age)),
            Cell::plain(commit_text(past, age.changed)),
            Cell::plain(shown(session, &past.top.join(&age.path))),
            Cell::plain(age.key.clone().unwrap_or_default()),
        ]
    };
    let lines: Vec<Vec<Cell>> = overview.ages.iter().map(line).collect();
    let header = ["AGE IN DAYS", "CHANGED IN", "FILE", "VALUE"];
    table::print(&session.context.ui, &header, &lines);
}

/// `12`, or `12, perhaps 400` where the value may only have been encrypted anew.
pub(super) fn days_text(overview: &Overview, past: &Past, age: &Age) -> String {
    let days = |when| overview.days(past, when);
    match (days(age.changed), days(age.oldest)) {
        (Some(days), Some(oldest)) if age.may_be_older() && days != oldest => {
            format!("{days}, perhaps {oldest}")
        }
        (Some(days), _) => days.to_string(),
        (None, Some(oldest)) => format!("new, perhaps {oldest}"),
        (None, None) => "new".to_owned(),
    }
}

pub(super) fn json(session: &Session<'_>, overview: &Overview, past: &Past) -> Value {
    let one = |age: &Age| {
        let path = past.top.join(&age.path);
        json!({
            "name": shown(session, &path),
            "path": path.display().to_string(),
            "key": age.key,
            "days": overview.days(past, age.changed),
            "changed": commit_json(past, age.changed),
            "may_be_older": age.may_be_older(),
            "oldest_days": overview.days(past, age.oldest),
            "oldest": commit_json(past, age.oldest),
        })
    };
    overview.ages.iter().map(one).collect()
}
