//! All views as one page that needs nothing from elsewhere. It holds names, public keys and dates,
//! and no values.

mod html;
mod tables;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use self::html::Html;
use super::overview::{Overview, moment};
use crate::commands::Session;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// What the page shows.
pub(super) struct Input<'a> {
    pub(super) overview: &'a Overview,
    pub(super) session: &'a Session<'a>,
    /// Rows of files as JSON has them.
    pub(super) files: &'a [Value],
}

/// The page.
pub(super) fn page(input: &Input<'_>) -> String {
    let mut html = Html::default();
    head(&mut html, input);
    html.raw("<main>\n");
    tables::files(&mut html, input);
    tables::matrix(&mut html, input);
    tables::recipients(&mut html, input);
    tables::ages(&mut html, input);
    tables::unused(&mut html, input);
    html.raw("</main>\n<footer>Made by nixseal without opening anything: names, public keys and dates, no values.</footer>\n");
    html.raw("<script>")
        .raw(SCRIPT)
        .raw("</script>\n</body>\n</html>\n");
    html.finish()
}

/// Only these very texts may run or set styles, and nothing may be loaded or sent.
fn policy() -> String {
    let print = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        print(SCRIPT),
        print(STYLE)
    )
}

fn head(html: &mut Html, input: &Input<'_>) {
    let overview = input.overview;
    let folder = overview.past.as_ref().map(|past| past.top.as_path());
    let folder = folder.unwrap_or(&input.session.current);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"");
    html.raw(&policy()).raw("\">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<meta name=\"referrer\" content=\"no-referrer\">\n<title>Secrets of ");
    html.text(&name).raw("</title>\n<style>").raw(STYLE);
    html.raw("</style>\n</head>\n<body>\n<header><h1>Secrets of ")
        .text(&name);
    html.raw("</h1>\n<p>As of ")
        .text(&moment(overview.now).replace('T', " ").replace('Z', " UTC"));
    match &overview.past {
        Some(past) => {
            html.raw(", from ").number(past.commits.len() as u64);
            html.raw(if past.commits.len() == 1 {
                " commit"
            } else {
                " commits"
            });
            if past.is_shallow {
                html.raw(" of a shallow clone: older versions are not known");
            }
        }
        None => {
            html.raw(", without a history: there is no git repository");
        }
    }
    html.raw(".</p>\n");
    figures(html, input);
    html.raw("</header>\n<div class=\"bar\"><div>");
    html.raw("<input id=\"filter\" type=\"search\" placeholder=\"Filter: file, recipient, state (/)\" aria-label=\"Filter all tables\" autocomplete=\"off\" spellcheck=\"false\">");
    for (id, name) in [
        ("files", "Files"),
        ("matrix", "Who can read"),
        ("recipients", "Recipients"),
        ("ages", "Ages"),
        ("unused", "Unused"),
    ] {
        html.raw("<a href=\"#")
            .raw(id)
            .raw("\">")
            .raw(name)
            .raw("</a>");
    }
    html.raw("<output id=\"count\" for=\"filter\"></output></div></div>\n");
}

fn figures(html: &mut Html, input: &Input<'_>) {
    let overview = input.overview;
    let state = |wanted: &[&str]| {
        let states = input.files.iter().filter_map(|file| file["state"].as_str());
        states.filter(|state| wanted.contains(state)).count()
    };
    let oldest = overview.past.as_ref().and_then(|past| {
        let days = overview
            .ages
            .iter()
            .map(|age| overview.days(past, age.oldest));
        days.flatten().max()
    });
    let loose = |list: fn(&nixseal_repository::loose::Loose) -> usize| {
        overview.loose.as_ref().map_or(0, list)
    };
    let figures: [(&str, usize, &str); 6] = [
        ("files", input.files.len(), ""),
        ("recipients", overview.matrix.columns.len(), ""),
        (
            "differ from their rule",
            state(&["drifted", "unknown"]),
            "odd",
        ),
        (
            "in clear or damaged",
            state(&["not-encrypted", "unreadable", "damaged", "bad-rule"]),
            "bad",
        ),
        ("missing", loose(|found| found.missing.len()), "odd"),
        ("without a rule", loose(|found| found.orphaned.len()), "bad"),
    ];
    html.raw("<dl class=\"figures\">");
    for (name, count, class) in figures {
        let class = if count > 0 { class } else { "" };
        html.raw("<div class=\"")
            .raw(class)
            .raw("\"><dt>")
            .raw(name);
        html.raw("</dt><dd>")
            .number(count as u64)
            .raw("</dd></div>");
    }
    if let Some(days) = oldest {
        html.raw("<div><dt>days, the oldest value</dt><dd>")
            .number(days)
            .raw("</dd></div>");
    }
    html.raw("</dl>\n");
}
