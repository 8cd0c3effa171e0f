//! What a check found, as text.

use std::fmt::Write as _;

use nixseal_lint::Finding;
use nixseal_lint::rule::Severity;

use super::table::plain;
use super::{Style, report};

/// Renders a finding.
///
/// ```text
/// error: readFile copies './token' into the configuration in clear [plaintext-read]
///   --> a.nix:1:7
///    |
///  1 | { x = builtins.readFile ./token; }
///    |       ^^^^^^^^^^^^^^^^^^^^^^^^^
/// why: …
/// hint: …
/// ```
pub(super) fn render(finding: &Finding, paint: impl Fn(Style, &str) -> String) -> String {
    let style = match finding.severity() {
        Severity::Error => Style::Bad,
        Severity::Warning => Style::Odd,
        Severity::Note => Style::Bold,
    };
    let word = paint(style, &format!("{}:", finding.severity().name()));
    let mut text = format!("{word} {} [{}]", plain(&finding.message), finding.rule.id);
    let path = plain(&finding.path.display().to_string());
    match &finding.place {
        None => {
            let _ = write!(text, "\n  --> {path}");
        }
        Some(place) => {
            let (line, column) = (place.start.line, place.start.column);
            let _ = write!(text, "\n  --> {path}:{line}:{column}");
            if !place.line.is_empty() {
                report::quote(&mut text, line, &place.line, place.from, place.width);
            }
        }
    }
    let _ = write!(
        text,
        "\n{} {}",
        paint(Style::Bold, "why:"),
        finding.rule.why
    );
    let _ = write!(
        text,
        "\n{} {}\n",
        paint(Style::Bold, "hint:"),
        plain(&finding.help)
    );
    text
}
