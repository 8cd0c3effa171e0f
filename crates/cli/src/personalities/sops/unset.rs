//! `sops unset`.

use nixseal_document::path::{PathFault, Step};
use nixseal_sops::change::index;

use super::change;
use super::failure::{Failure, Outcome, code};
use super::session::Session;
use super::set::{wrong_path, wrong_step};
use super::streams::Content;

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let [file, path] = session.arguments else {
        return Err(Failure::new(
            code::NO_FILE,
            "Error: no file specified, or index is missing",
        ));
    };
    let file = session.absolute(file);
    session.output_format(&file)?;
    let path = index::parse(&path.to_string_lossy())
        .map_err(|error| wrong_path(&error, "Invalid unset index format"))?;
    let order = session.order()?;
    let (mut opened, key) = change::open(session, &file, &file, &order)?;
    match path.remove(change::first(&mut opened)?) {
        Ok(removed) => drop(removed),
        Err(fault) => {
            let Some(message) = not_found(&fault) else {
                return Err(other(&fault));
            };
            return if session.flags.is_on("idempotent") {
                Ok(0)
            } else {
                Err(Failure::generic(message))
            };
        }
    }
    let bytes = change::encrypted(session, opened, &key, &file)?;
    session.replace(&file, bytes.expose(), Content::Encrypted)?;
    Ok(0)
}

/// What the original says of a key or item that is not there.
fn not_found(fault: &PathFault) -> Option<String> {
    match fault {
        PathFault::NoKey { key, .. } => Some(format!("Key not found: {key}")),
        PathFault::IndexInMap { index, .. } => Some(format!("Key not found: {index}")),
        PathFault::NoItem { index, .. } => Some(format!("Index {index} out of bounds")),
        _ => None,
    }
}

fn other(fault: &PathFault) -> Failure {
    let PathFault::BelowValue { kind, step, .. } = fault else {
        return wrong_step(fault);
    };
    let kind = match *kind {
        "float" => "float64",
        "null" => "<nil>",
        "timestamp" => "time.Time",
        same => same,
    };
    let step = match step {
        Step::Key(key) => key.clone(),
        Step::Index(index) => index.to_string(),
    };
    Failure::generic(format!("Unsupported type: {kind} for item '{step}'"))
}
