//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::finding::Finding;
use crate::rule::Rule;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log of one run with all of `findings`.
pub fn log(findings: &[Finding]) -> Value {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rules: Vec<Value> = Vec::new();
    for finding in findings {
        numbers.entry(finding.rule.id).or_insert_with(|| {
            rules.push(rule(finding.rule));
            rules.len() - 1
        });
    }
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            result(
                finding,
                numbers.get(finding.rule.id).copied().unwrap_or_default(),
            )
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "nixseal",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": { "text": rule.instead },
        "defaultConfiguration": { "level": rule.severity.name() },
    })
}

fn result(finding: &Finding, number: usize) -> Value {
    let mut location = json!({ "artifactLocation": artifact(&finding.path) });
    if let (Some(place), Some(object)) = (&finding.place, location.as_object_mut()) {
        let region = json!({
            "startLine": place.start.line,
            "startColumn": place.start.column,
            "endLine": place.end.line,
            "endColumn": place.end.column,
        });
        object.insert("region".to_owned(), region);
    }
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": number,
        "level": finding.severity().name(),
        "message": { "text": format!("{}; {}", finding.message, finding.help) },
        "locations": [{ "physicalLocation": location }],
    })
}

/// Relative paths are from the top of the checkout.
fn artifact(path: &Path) -> Value {
    use std::os::unix::ffi::OsStrExt as _;
    let mut uri = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(*byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    match path.is_absolute() {
        true => json!({ "uri": format!("file://{uri}") }),
        false => json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }),
    }
}
