//! `sops set`, and `sops --set`.

use std::path::Path;

use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;
use nixseal_document::path::{Path as TreePath, PathFault};
use nixseal_document::tree::Node;
use nixseal_sops::change::{index, value};

use super::change::{self, SET_FORMAT};
use super::failure::{Failure, Outcome, code};
use super::session::Session;
use super::streams::Content;
use crate::input::input_or_nothing;
use crate::personalities::go_text::path_error;

/// Largest value.
const VALUE_LIMIT: usize = 1 << 32;

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let (from_file, from_stdin) = (
        session.flags.is_on("value-file"),
        session.flags.is_on("value-stdin"),
    );
    if from_file && from_stdin {
        return Err(Failure::generic(
            "Error: cannot use both --value-file and --value-stdin",
        ));
    }
    let (file, path, value) = match (session.arguments, from_stdin) {
        ([file, path], true) => (file, path, None),
        ([file, path, value], false) => (file, path, Some(value)),
        (_, true) => {
            return Err(Failure::new(
                code::NO_FILE,
                "Error: file specified, or index and value are missing. \
                 Need precisely 2 positional arguments since --value-stdin is used.",
            ));
        }
        (_, false) => {
            return Err(Failure::new(
                code::NO_FILE,
                "Error: no file specified, or index and value are missing. \
                 Need precisely 3 positional arguments.",
            ));
        }
    };
    let file = session.absolute(file);
    session.output_format(&file)?;
    let path = index::parse(&path.to_string_lossy()).map_err(|error| {
        let hint = "a path looks like this: '[\"key\"][0]'";
        wrong_path(&error, "Invalid set index format").hint(hint)
    })?;
    let text = match value {
        None => input_or_nothing(VALUE_LIMIT).map_err(|failure| {
            let reason = failure.diagnostics.first().map(ToString::to_string);
            Failure::generic(reason.unwrap_or_default())
        })?,
        Some(name) if from_file => fs::read_secret(Path::new(name), VALUE_LIMIT)
            .map_err(|error| Failure::generic(path_error("open", &error.path, &error.cause)))?,
        Some(text) => SecretBytes::copy_of(text.as_encoded_bytes()),
    };
    let new = parsed(&text)?;
    drop(text);
    let Some(bytes) = set(session, &file, &file, &path, new)? else {
        return Ok(0);
    };
    session.replace(&file, bytes.expose(), Content::Encrypted)?;
    Ok(0)
}

/// Runs `sops --set '["a"] "value"'`, which always writes.
pub(super) fn old_style(session: &Session<'_>, file: &Path, name: &Path) -> Outcome {
    let text = session.flags.text("set");
    let format = || Failure::new(SET_FORMAT, "Invalid --set format");
    let at = text.find("] ").ok_or_else(format)?;
    let (path, json) = text.split_at(at + 1);
    let new = parsed(&SecretBytes::copy_of(json.as_bytes()))?;
    let path = index::parse(path).map_err(|error| wrong_path(&error, "Invalid --set format"))?;
    if let Some(bytes) = set(session, file, name, &path, new)? {
        session.replace(file, bytes.expose(), Content::Encrypted)?;
    }
    Ok(0)
}

/// A path that is none: the original has a code for those it does not crash on.
pub(super) fn wrong_path(error: &index::IndexError, message: &str) -> Failure {
    match error {
        index::IndexError::Syntax(reason) => Failure::new(SET_FORMAT, message).hint(reason),
        index::IndexError::Impossible { .. } => Failure::new(code::INPUT, error.to_string()),
    }
}

/// A step where it leads nowhere: the original crashes with this code, or does nothing.
pub(super) fn wrong_step(fault: &PathFault) -> Failure {
    Failure::new(code::INPUT, format!("cannot follow the path: {fault}"))
}

fn parsed(text: &SecretBytes) -> Result<Node, Failure> {
    let invalid = |_| {
        Failure::new(SET_FORMAT, "Value for --set is not valid JSON")
            .hint("a text needs double quotes of its own: '\"text\"'")
    };
    match value::from_json(text.expose()).map_err(invalid)? {
        Node::List(_) => Err(Failure::new(SET_FORMAT, "Invalid --set value format")
            .hint("a list cannot be set as a whole: set its items, or a map that holds it")),
        other => Ok(other),
    }
}

/// The changed file; none where nothing changes and nothing shall be written then.
fn set(
    session: &Session<'_>,
    file: &Path,
    name: &Path,
    path: &TreePath,
    new: Node,
) -> Result<Option<SecretBytes>, Failure> {
    let order = session.order()?;
    let (mut opened, key) = change::open(session, file, name, &order)?;
    let changed = path
        .set(change::first(&mut opened)?, new)
        .map_err(|fault| wrong_step(&fault))?;
    let bytes = change::encrypted(session, opened, &key, name)?;
    Ok((changed || !session.flags.is_on("idempotent")).then_some(bytes))
}
