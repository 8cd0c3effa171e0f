//! Paths such as `["a"][0]` of `--extract`.

use nixseal_document::path::{Path, Step};
use nixseal_document::tree::{Map, Node};
use nixseal_sops::change::index::{self, IndexError};

use super::failure::{Failure, code};

/// Reads a path; an empty text is the whole document.
///
/// # Errors
/// With the exit code of the original, also where it crashes.
pub(super) fn parse(text: &str) -> Result<Path, Failure> {
    index::parse(text).map_err(|error| {
        let code = match error {
            IndexError::Impossible { .. } => code::INPUT,
            IndexError::Syntax(_) => code::TREE_PATH,
        };
        Failure::new(code, format!("error parsing --extract path: {error}"))
    })
}

/// The value at a path that has at least one step.
///
/// # Errors
/// Which step leads nowhere, in the words and with the exit code of the original; it crashes on a
/// key below anything but a map.
pub(super) fn find<'a>(path: &Path, map: &'a Map) -> Result<&'a Node, Failure> {
    let mut steps = path.0.iter();
    let mut found = match steps.next() {
        Some(Step::Key(key)) => map.get(key).ok_or_else(|| not_found(key))?,
        Some(Step::Index(index)) => return Err(no_list(*index)),
        None => return Err(nowhere("the path is empty")),
    };
    for step in steps {
        found = match (step, found) {
            (Step::Key(key), Node::Map(map)) => map.get(key).ok_or_else(|| not_found(key))?,
            (Step::Key(key), _) => {
                let reason = format!("component ['{key}'] is a key, but tree part is not a map");
                let Failure { message, .. } = nowhere(&reason);
                return Err(Failure::new(code::INPUT, message));
            }
            (Step::Index(index), Node::List(list)) => list
                .get(*index)
                .ok_or_else(|| nowhere(&format!("component [{index}] accesses out of bounds")))?,
            (Step::Index(index), _) => return Err(no_list(*index)),
        };
    }
    Ok(found)
}

fn nowhere(reason: &str) -> Failure {
    Failure::generic(format!("error truncating tree: {reason}"))
}

fn not_found(key: &str) -> Failure {
    nowhere(&format!("component ['{key}'] not found"))
}

fn no_list(index: usize) -> Failure {
    nowhere(&format!(
        "component [{index}] is integer, but tree part is not a slice"
    ))
}
