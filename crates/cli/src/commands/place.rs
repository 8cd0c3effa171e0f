//! Places in a document that are not there: what is.

use std::path::Path as FilePath;

use nixseal_document::path::{Path, PathFault};
use nixseal_document::tree::{Map, Node};

use crate::failure::Failure;

/// How many keys are named.
const NAMED: usize = 8;

/// A failure that names the keys where one is missing. Keys are no secret in a SOPS file.
pub(crate) fn keys_near(map: &Map, fault: PathFault, file: &FilePath) -> Failure {
    let failure = Failure::new(format!("'{}': {fault}", file.display()));
    let PathFault::NoKey { at, .. } = fault else {
        return failure;
    };
    let near = match at.0.is_empty() {
        true => Some(map),
        false => at.find(map).and_then(Node::as_map),
    };
    let keys: Vec<String> = near
        .into_iter()
        .flat_map(Map::pairs)
        .map(|pair| {
            let step = nixseal_document::path::Step::Key(pair.key.clone());
            Path(vec![step]).to_string()
        })
        .collect();
    let more = keys.len().saturating_sub(NAMED);
    let named = keys
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match (named.is_empty(), more) {
        (true, _) => failure,
        (false, 0) => failure.hint(format!("the keys there: {named}")),
        (false, more) => failure.hint(format!("the keys there: {named} and {more} more")),
    }
}
