//! Findings as JSON.

use serde_json::{Value, json};

use crate::finding::Finding;

/// One finding.
pub fn finding(one: &Finding) -> Value {
    let mut value = json!({
        "rule": one.rule.id,
        "severity": one.severity().name(),
        "path": one.path.display().to_string(),
        "message": one.message,
        "help": one.help,
    });
    if let (Some(place), Some(object)) = (&one.place, value.as_object_mut()) {
        object.insert("line".to_owned(), json!(place.start.line));
        object.insert("column".to_owned(), json!(place.start.column));
        object.insert("endLine".to_owned(), json!(place.end.line));
        object.insert("endColumn".to_owned(), json!(place.end.column));
    }
    value
}
