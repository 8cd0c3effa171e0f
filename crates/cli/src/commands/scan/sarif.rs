//! The result as SARIF 2.1.0, which code hosts and editors show.

use std::path::Path;

use nixseal_scan::finding::{Finding, Place, Subject};
use nixseal_scan::origin::Origin;
use nixseal_scan::shapes::Shapes;
use serde_json::{Value, json};

use super::{Scanned, report};
use crate::context::Context;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Id of the rule for values of secrets.
const LEAK: &str = "leaked-secret";

/// Prints one log with one run.
pub(super) fn print(context: &Context, result: &Scanned) {
    let results: Vec<_> = result
        .findings
        .iter()
        .map(|(finding, origin)| outcome(result, finding, origin))
        .collect();
    let notices: Vec<_> = result
        .unread
        .iter()
        .map(|unread| {
            let path = result.shown(unread.path.as_os_str().as_encoded_bytes());
            json!({
                "level": "error",
                "message": { "text": format!("cannot read '{path}': {}", unread.cause) },
            })
        })
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "nixseal",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules(),
            }},
            "invocations": [{
                "executionSuccessful": result.unread.is_empty() && result.failures.is_empty(),
                "toolExecutionNotifications": notices,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    context.ui.line(format!("{log:#}"));
}

fn rules() -> Vec<Value> {
    let rule = |id: &str, text: String| json!({ "id": id, "shortDescription": { "text": text } });
    let mut rules = vec![rule(
        LEAK,
        "The value of a secret stands in clear or encoded".to_owned(),
    )];
    for (id, what) in Shapes::all() {
        if rules.iter().all(|rule| rule["id"] != id) {
            rules.push(rule(id, format!("Something that looks like {what}")));
        }
    }
    rules
}

fn outcome(result: &Scanned, finding: &Finding, origin: &Origin) -> Value {
    let id = match finding.subject {
        Subject::Secret { .. } => LEAK,
        Subject::Shape { id, .. } => id,
    };
    let how = result.shown(origin.how(finding.place));
    let advice = origin.advice().join("; ");
    let text = format!("{}: {how}; {advice}", report::subject(finding));
    let mut location = json!({ "artifactLocation": { "uri": uri(result, &finding.path) } });
    if let Place::Content { offset } = finding.place {
        location["region"] = match origin.line {
            Some(line) => json!({ "startLine": line, "byteOffset": offset }),
            None => json!({ "byteOffset": offset }),
        };
    }
    json!({
        "ruleId": id,
        "level": "error",
        "message": { "text": text },
        "locations": [{ "physicalLocation": location }],
        "occurrenceCount": finding.count,
    })
}

/// `file://` and the absolute path, percent-encoded.
fn uri(result: &Scanned, path: &Path) -> String {
    use std::fmt::Write as _;
    let mut uri = "file://".to_owned();
    for byte in result.search.masked(path.as_os_str().as_encoded_bytes()) {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
