//! What is told of SOPS files that were written.

use std::time::SystemTime;

use nixseal_document::path::Path;
use nixseal_repository::sops::{Sealed, SopsDrift};
use nixseal_sops::Moment;

use super::Session;
use super::target::SopsContext;

/// How many values are named one by one.
const NAMED: usize = 8;

/// The time of this run.
pub(crate) fn now() -> Moment {
    Moment::of(SystemTime::now())
}

/// A file that was written, and which values stood in clear before.
pub(crate) struct Written<'a> {
    pub(crate) sealed: &'a Sealed,
    pub(crate) clear_before: &'a [Path],
}

/// Tells which values stand in clear that did not before, and whether the layout was lost.
pub(crate) fn say_clear(session: &Session<'_>, around: &SopsContext, written: &Written<'_>) {
    let Written {
        sealed,
        clear_before,
    } = written;
    let ui = &session.context.ui;
    let name = around.path.display();
    if let Some(reason) = &sealed.layout_lost {
        ui.warn(format!(
            "the layout of '{name}' could not be kept, it is that of sops now: {reason}"
        ));
    }
    let known: std::collections::HashSet<String> =
        clear_before.iter().map(ToString::to_string).collect();
    let fresh: Vec<String> = sealed
        .clear
        .iter()
        .map(ToString::to_string)
        .filter(|path| !known.contains(path))
        .collect();
    if fresh.is_empty() {
        return;
    }
    let mut named = fresh
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if fresh.len() > NAMED {
        named.push_str(&format!(" and {} more", fresh.len() - NAMED));
    }
    ui.warn(format!(
        "not encrypted in '{name}', as its rule wants it: {named}"
    ));
}

/// Tells how a file differs from its rule.
pub(crate) fn report(session: &Session<'_>, around: &SopsContext, drift: &SopsDrift) {
    let name = around.path.display();
    session.context.ui.warn(format!(
        "'{name}' differs from its rule ({}); to bring it in line: nixseal rekey {name}",
        drift.summary(&around.owners())
    ));
}
