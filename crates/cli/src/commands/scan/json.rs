//! The result for programs.

use nixseal_scan::finding::{Place, Subject};
use nixseal_scan::value::Part;
use serde_json::{Value, json};

use super::Scanned;
use crate::context::Context;

/// Prints one object.
pub(super) fn print(context: &Context, result: &Scanned) {
    let totals = &result.totals;
    let unsearchable: Vec<_> = result
        .unsearchable
        .iter()
        .map(|one| json!({ "secret": one.name, "reason": one.reason.name() }))
        .collect();
    let unread: Vec<_> = result
        .unread
        .iter()
        .map(|one| {
            let path = result.shown(one.path.as_os_str().as_encoded_bytes());
            json!({ "path": path, "reason": one.cause.to_string() })
        })
        .collect();
    let failures: Vec<_> = result.failures.iter().map(ToString::to_string).collect();
    let value = json!({
        "findings": findings(result),
        "unsearchable": unsearchable,
        "locked": result.locked,
        "unread": unread,
        "failures": failures,
        "searched": {
            "secrets": result.secrets,
            "forms": result.forms,
            "shapes": result.search.shapes.is_some(),
            "files": totals.files,
            "bytes": totals.bytes,
            "folders": totals.folders,
            "links": totals.links,
            "special": totals.special,
            "again": totals.again,
            "vanished": totals.vanished,
        },
    });
    context.ui.line(format!("{value:#}"));
}

fn findings(result: &Scanned) -> Vec<Value> {
    let one = |(finding, origin): &(_, nixseal_scan::origin::Origin)| {
        let finding: &nixseal_scan::finding::Finding = finding;
        let (place, offset) = match finding.place {
            Place::Content { offset } => ("content", Some(offset)),
            Place::Name => ("name", None),
            Place::Target => ("target", None),
        };
        let shown = |path: &std::path::Path| result.shown(path.as_os_str().as_encoded_bytes());
        let mut value = json!({
            "path": shown(&finding.path),
            "place": place,
            "offset": offset,
            "line": origin.line,
            "count": finding.count,
            "holder": origin.kind(),
            "object": origin.object.as_deref().map(shown),
            "deriver": origin.deriver.as_ref().map(|deriver| result.shown(deriver)),
            "how": result.shown(origin.how(finding.place)),
            "advice": origin.advice(),
        });
        match &finding.subject {
            Subject::Secret {
                name,
                part,
                encoding,
            } => {
                value["secret"] = json!(name);
                value["part"] = match part {
                    Part::Whole => json!("whole"),
                    Part::Line(line) => json!({ "line": line }),
                    Part::Variable(name) => json!({ "variable": name }),
                };
                value["encoding"] = json!(encoding.name());
            }
            Subject::Shape { id, what } => {
                value["shape"] = json!(id);
                value["what"] = json!(what);
            }
        }
        value
    };
    result.findings.iter().map(one).collect()
}
