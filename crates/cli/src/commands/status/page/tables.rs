//! The tables of the page.

use std::collections::HashMap;
use std::path::PathBuf;

use nixseal_git::history::{FileTrace, Past, Verdict, trace};
use nixseal_repository::holders::Subject;
use nixseal_repository::matrix::Access;

use super::Input;
use super::html::Html;
use crate::commands::status::overview::{Overview, commit_text};
use crate::commands::status::recipient::{advice, by_verdict, span_text, values_text};
use crate::commands::status::{ages as ages_view, loose, shown};

/// Every file with its state, its recipients and the age of its oldest value.
pub(super) fn files(html: &mut Html, input: &Input<'_>) {
    let oldest = oldest(input.overview);
    html.raw("<section id=\"files\"><h2>Files</h2>\n");
    let columns = [
        ("File", ""),
        ("Kind", ""),
        ("State", ""),
        ("Oldest value, days", "number"),
        ("Recipients", ""),
    ];
    html.table("", "all-files", &columns);
    for file in input.files {
        let text = |name: &str| file[name].as_str().unwrap_or_default();
        let path = PathBuf::from(text("path"));
        html.raw("<tr><th scope=\"row\" class=\"file\">")
            .text(&shown(input.session, &path));
        html.raw("</th><td>").text(text("kind")).raw("</td><td>");
        let state = text("state");
        html.pill(state_class(state), &state.replace('-', " "));
        match oldest.get(&path) {
            Some(days) => {
                html.raw("</td><td class=\"number\" data-value=\"")
                    .number(*days);
                html.raw("\">").number(*days);
            }
            None => {
                html.raw("</td><td class=\"number\" data-value=\"-1\">");
            }
        }
        html.raw("</td><td>");
        let recipients = file["recipients"].as_array().into_iter().flatten();
        let names: Vec<&str> = recipients.filter_map(|one| one["name"].as_str()).collect();
        html.text(&names.join(", ")).raw("</td></tr>\n");
    }
    html.end_table().raw("</section>\n");
}

/// Days of the oldest value of each file, by absolute path.
fn oldest(overview: &Overview) -> HashMap<PathBuf, i64> {
    let mut oldest: HashMap<PathBuf, i64> = HashMap::new();
    if let Some(past) = &overview.past {
        for age in &overview.ages {
            if let Some(days) = overview.days(past, age.oldest) {
                let known = oldest.entry(past.top.join(&age.path)).or_insert(days);
                *known = days.max(*known);
            }
        }
    }
    oldest
}

fn state_class(state: &str) -> &'static str {
    match state {
        "up-to-date" => "good",
        "not-encrypted" | "unreadable" | "damaged" | "bad-rule" => "bad",
        _ => "odd",
    }
}

/// Files against recipients.
pub(super) fn matrix(html: &mut Html, input: &Input<'_>) {
    let matrix = &input.overview.matrix;
    html.raw("<section id=\"matrix\"><h2>Who can read what</h2>\n<p>");
    html.raw("<span class=\"reads\">●</span> can open it &ensp; <span class=\"added\">+</span> after the next rekey &ensp; ");
    html.raw("<span class=\"left\">−</span> can open it still, against its rule &ensp; ");
    html.raw("<span class=\"ruled\">○</span> by its rule; the file does not tell</p>\n");
    let mut columns = vec![("File", "")];
    columns.extend(
        matrix
            .columns
            .iter()
            .map(|column| (column.name.as_str(), "")),
    );
    html.table("matrix", "all-access", &columns);
    for row in &matrix.rows {
        let cells = || row.cells.iter().zip(&matrix.columns);
        let file = shown(input.session, &row.path);
        html.raw("<tr data-text=\"").text(&file);
        for (_, column) in cells().filter(|(access, _)| access.is_some()) {
            html.raw(" ").text(&column.name);
        }
        html.raw("\"><th scope=\"row\" class=\"file\">")
            .text(&file)
            .raw("</th>");
        for (access, column) in cells() {
            let (sign, order) = match access {
                None => ("", 4),
                Some(Access::Reads) => ("●", 0),
                Some(Access::Ruled) => ("○", 1),
                Some(Access::Left) => ("−", 2),
                Some(Access::Added) => ("+", 3),
            };
            html.raw("<td data-value=\"").number(order);
            if let Some(access) = access {
                html.raw("\" class=\"").raw(access.name());
                html.raw("\" title=\"").text(&column.name);
            }
            html.raw("\">").raw(sign).raw("</td>");
        }
        html.raw("</tr>\n");
    }
    html.end_table().raw("</section>\n");
}

/// Everybody, and what each could open once.
pub(super) fn recipients(html: &mut Html, input: &Input<'_>) {
    html.raw("<section id=\"recipients\"><h2>Recipients</h2>\n");
    let Some(past) = &input.overview.past else {
        html.raw("<p>Without a history nothing is known of what was.</p></section>\n");
        return;
    };
    html.raw("<p>If a key is lost: its owner may know every value that it can open now, and those it could open once which did not change since.</p>\n");
    let mut people: Vec<(String, Subject, Vec<FileTrace>)> = past
        .holders
        .subjects()
        .into_iter()
        .map(|subject| (name(past, &subject), trace(past, &subject).files, subject))
        .map(|(name, files, subject)| (name, subject, files))
        .filter(|(_, _, files)| !files.is_empty())
        .collect();
    people.sort_by(|one, two| one.0.cmp(&two.0));
    let columns = [
        ("Recipient", ""),
        ("Opens now", "number"),
        ("Could once", "number"),
        ("To give anew if lost", "number"),
        ("Keys", ""),
    ];
    html.table("", "all-recipients", &columns);
    for (name, subject, files) in &people {
        let now = files
            .iter()
            .filter(|file| file.span.until.is_none())
            .count();
        let anew = files
            .iter()
            .filter(|file| file.verdict != Verdict::Changed)
            .count();
        html.raw("<tr><th scope=\"row\">").text(name).raw("</th>");
        for count in [now, files.len() - now, anew] {
            html.raw("<td class=\"number\" data-value=\"")
                .number(count as u64);
            html.raw("\">").number(count as u64).raw("</td>");
        }
        html.raw("<td class=\"key\">");
        for (index, id) in subject.keys.iter().enumerate() {
            let key = past.holders.get(id).map_or(id.as_str(), |one| &one.key);
            html.raw(if index > 0 { "<br>" } else { "" })
                .text(&shorten(key));
        }
        html.raw("</td></tr>\n");
    }
    html.end_table();
    for (name, _, files) in &people {
        once(html, input, past, name, files);
    }
    html.raw("</section>\n");
}

fn name(past: &Past, subject: &Subject) -> String {
    let mut names: Vec<&str> = Vec::new();
    let holders = || subject.keys.iter().filter_map(|id| past.holders.get(id));
    for holder in holders() {
        for name in &holder.names {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    match names.is_empty() {
        true => holders()
            .map(|one| one.name())
            .next()
            .unwrap_or_default()
            .to_owned(),
        false => names.join(" = "),
    }
}

/// The middle of a long key tells nobody anything.
fn shorten(key: &str) -> String {
    let count = key.chars().count();
    if count <= 90 {
        return key.to_owned();
    }
    let start: String = key.chars().take(50).collect();
    let end: String = key.chars().skip(count - 20).collect();
    format!("{start}…{end}")
}

/// What somebody could open once and cannot now.
fn once(html: &mut Html, input: &Input<'_>, past: &Past, name: &str, files: &[FileTrace]) {
    let before: Vec<&FileTrace> = files
        .iter()
        .filter(|file| file.span.until.is_some())
        .collect();
    if before.is_empty() {
        return;
    }
    html.raw("<details data-text=\"")
        .text(name)
        .raw("\"><summary>");
    html.text(name)
        .raw(" could once open ")
        .number(before.len() as u64);
    html.raw(if before.len() == 1 { " file" } else { " files" });
    html.raw(" more</summary>\n");
    let columns = [
        ("File", ""),
        ("Opened", "when"),
        ("What to do", ""),
        ("Values", ""),
    ];
    html.table("", "", &columns);
    for file in before {
        for (verdict, values) in by_verdict(file) {
            html.raw("<tr data-text=\"").text(name).raw(" ");
            let path = shown(input.session, &past.top.join(&file.path));
            html.text(&path)
                .raw("\"><th scope=\"row\" class=\"file\">")
                .text(&path);
            html.raw("</th><td class=\"when\">")
                .text(&span_text(past, file));
            html.raw("</td><td>")
                .pill(verdict_class(verdict), advice(verdict));
            html.raw("</td><td class=\"file\">")
                .text(&values_text(past, file, &values));
            html.raw("</td></tr>\n");
        }
    }
    html.end_table().raw("</details>\n");
}

fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rotate => "bad",
        Verdict::Unknown | Verdict::Gone => "odd",
        Verdict::Changed => "good",
    }
}

/// How old values are.
pub(super) fn ages(html: &mut Html, input: &Input<'_>) {
    let overview = input.overview;
    html.raw("<section id=\"ages\"><h2>Ages of values</h2>\n");
    let Some(past) = &overview.past else {
        html.raw("<p>Ages are read from git.</p></section>\n");
        return;
    };
    html.raw("<p>Since when the encrypted text is what it is; “perhaps” where the value may only have been encrypted anew. Oldest first.</p>\n");
    let columns = [
        ("Days", "number"),
        ("Changed in", "when"),
        ("File", ""),
        ("Value", ""),
    ];
    html.table("", "all-ages", &columns);
    for age in &overview.ages {
        let days = overview.days(past, age.oldest).unwrap_or(-1);
        html.raw("<tr><td class=\"number\" data-value=\"")
            .number(days)
            .raw("\">");
        html.text(&ages_view::days_text(overview, past, age));
        html.raw("</td><td class=\"when\">")
            .text(&commit_text(past, age.changed));
        html.raw("</td><th scope=\"row\" class=\"file\">");
        html.text(&shown(input.session, &past.top.join(&age.path)));
        html.raw("</th><td class=\"file\">")
            .text(age.key.as_deref().unwrap_or_default());
        html.raw("</td></tr>\n");
    }
    html.end_table().raw("</section>\n");
}

/// What is unused or missing.
pub(super) fn unused(html: &mut Html, input: &Input<'_>) {
    html.raw("<section id=\"unused\"><h2>Unused and missing</h2>\n");
    let Some(found) = &input.overview.loose else {
        html.raw("</section>\n");
        return;
    };
    html.raw("<p>Whether a configuration uses a secret is told by the name of its file in the text of .nix files; a name that is put together while evaluating is not seen.</p>\n");
    html.table("", "all-unused", &[("File", ""), ("What", ""), ("Why", "")]);
    let undeclared = loose::undeclared(found.searched);
    for (paths, class, word, why) in [
        (&found.missing, "odd", "missing", loose::MISSING),
        (&found.orphaned, "bad", "orphan", loose::ORPHANED),
        (&found.undeclared, "", "unused", undeclared.as_str()),
    ] {
        for path in paths {
            html.raw("<tr><th scope=\"row\" class=\"file\">")
                .text(&shown(input.session, path));
            html.raw("</th><td>").pill(class, word);
            html.raw("</td><td>").text(why).raw("</td></tr>\n");
        }
    }
    html.end_table().raw("</section>\n");
}
