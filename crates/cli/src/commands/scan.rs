//! `nixseal scan`: are values of secrets where they should not be?

mod json;
mod live;
mod place;
mod report;
mod sarif;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use nixseal_scan::finding::{Finding, Totals, Unread};
use nixseal_scan::matcher::Matcher;
use nixseal_scan::origin::{Origin, explain};
use nixseal_scan::pattern::Patterns;
use nixseal_scan::shapes::Shapes;
use nixseal_scan::store::{known, object_of};
use nixseal_scan::value::Unsearchable;
use nixseal_scan::walk::Search;

use self::values::Values;
use super::Session;
use crate::args::Scan;
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::ui::progress::Tally;

/// Searches, explains and reports.
pub(crate) fn run(context: &Context, arguments: &Scan) -> Outcome {
    let session = Session::new(context)?;
    let roots = place::roots(&session, arguments)?;
    let values = Values::gather(&session, arguments)?;
    let skipped = values.files.clone();
    let mut result = Scanned::begin(arguments, values);
    let outcome = {
        let tally = Tally::new(&context.ui, "searched");
        result.search.walk(&roots, &skipped, &tally)
    };
    result.totals = outcome.totals;
    result.unread = outcome.unread;
    result.explain(&session, outcome.findings);
    if arguments.json {
        json::print(context, &result);
    } else if arguments.sarif {
        sarif::print(context, &result);
    } else {
        report::findings(context, &result);
    }
    report::rest(context, &result);
    Ok(result.exit())
}

/// All that is reported.
struct Scanned {
    search: Search,
    /// Number of secrets that were looked for.
    secrets: usize,
    /// Number of forms of these.
    forms: usize,
    unsearchable: Vec<Unsearchable>,
    /// Secrets that nobody here can open.
    locked: Vec<String>,
    /// Why secrets could not be read.
    failures: Vec<nixseal_base::diag::Diagnostic>,
    findings: Vec<(Finding, Origin)>,
    unread: Vec<Unread>,
    totals: Totals,
}

impl Scanned {
    fn begin(arguments: &Scan, values: Values) -> Self {
        let Values {
            values,
            locked,
            failures,
            ..
        } = values;
        let patterns = Patterns::new(values);
        let unsearchable = patterns.unsearchable.clone();
        let (secrets, forms) = (patterns.secrets.len(), patterns.len());
        // Without a value to look for, what looks like one is better than nothing.
        let with_shapes = arguments.shapes || (secrets == 0 && unsearchable.is_empty());
        Self {
            search: Search {
                values: (forms > 0).then(|| Matcher::new(patterns)),
                shapes: with_shapes.then(Shapes::new),
            },
            secrets,
            forms,
            unsearchable,
            locked,
            failures,
            findings: Vec::new(),
            unread: Vec::new(),
            totals: Totals::default(),
        }
    }

    fn explain(&mut self, session: &Session<'_>, findings: Vec<Finding>) {
        let mut objects: Vec<PathBuf> = findings
            .iter()
            .filter_map(|finding| object_of(&finding.path))
            .collect();
        objects.dedup();
        let known = match place::program(session, "nix") {
            Some(nix) => known(&nix, &objects),
            None => BTreeMap::new(),
        };
        self.findings = findings
            .into_iter()
            .map(|finding| {
                let origin = explain(&finding, &known);
                (finding, origin)
            })
            .collect();
    }

    fn exit(&self) -> Exit {
        if !self.findings.is_empty() {
            Exit::Found
        } else if !self.unread.is_empty() || !self.failures.is_empty() {
            Exit::Failed
        } else {
            Exit::Done
        }
    }

    /// A text that may hold a value, or move the terminal, for people and programs.
    fn shown(&self, text: impl AsRef<[u8]>) -> String {
        let text = self.search.masked(text.as_ref());
        let mut shown = String::with_capacity(text.len());
        for part in text.utf8_chunks() {
            for one in part.valid().chars() {
                match one.is_control() {
                    true => shown.extend(one.escape_default()),
                    false => shown.push(one),
                }
            }
            for byte in part.invalid() {
                shown.push_str(&format!("\\x{byte:02x}"));
            }
        }
        shown
    }
}
