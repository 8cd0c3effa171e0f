//! Paths such as `["a"][0]`, which `--extract`, `set` and `unset` take.

use nixseal_document::path::{Path, Step};
use nixseal_document::tree::{Map, Node};
use nixseal_sops::change::index;

/// Reads a path; an empty text is the whole document.
///
/// # Errors
/// One line with the reason.
pub(super) fn parse(text: &str) -> Result<Path, String> {
    index::parse(text).map_err(|error| error.to_string())
}

/// The value at a path that has at least one step.
///
/// # Errors
/// Which step leads nowhere, in the words of the original.
pub(super) fn find<'a>(path: &Path, map: &'a Map) -> Result<&'a Node, String> {
    let mut steps = path.0.iter();
    let mut found = match steps.next() {
        Some(Step::Key(key)) => map.get(key).ok_or_else(|| not_found(key))?,
        Some(Step::Index(index)) => return Err(no_list(*index)),
        None => return Err("the path is empty".to_owned()),
    };
    for step in steps {
        found = match (step, found) {
            (Step::Key(key), Node::Map(map)) => map.get(key).ok_or_else(|| not_found(key))?,
            (Step::Key(key), _) => return Err(not_found(key)),
            (Step::Index(index), Node::List(list)) => list
                .get(*index)
                .ok_or_else(|| format!("component [{index}] accesses out of bounds"))?,
            (Step::Index(index), _) => return Err(no_list(*index)),
        };
    }
    Ok(found)
}

fn not_found(key: &str) -> String {
    format!("component ['{key}'] not found")
}

fn no_list(index: usize) -> String {
    format!("component [{index}] is integer, but tree part is not a slice")
}
