//! `sops decrypt`, and `sops -d`.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_document::path::Path as TreePath;
use nixseal_document::tree::{Node, Scalar, Value};
use nixseal_document::{EmitError, Format, emit, emit_owned, emit_value};
use nixseal_sops::{DecryptOptions, DecryptedFile};

use super::failure::{Failure, Outcome, code, unfit};
use super::session::Session;
use super::streams::Content;
use super::tree_path;

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let file = session.file_or_input()?;
    let name = session.name_of(file.as_deref().unwrap_or(Path::new("")));
    let plain = decrypt(session, file.as_deref(), &name)?;
    session.deliver(file.as_deref(), plain.expose(), Content::Plain)?;
    Ok(0)
}

/// Decrypts a file, or the part of it that `--extract` names.
pub(super) fn decrypt(
    session: &Session<'_>,
    file: Option<&Path>,
    name: &Path,
) -> Result<SecretBytes, Failure> {
    let (input, output) = (session.input_format(name)?, session.output_format(name)?);
    let order = session.order()?;
    let path = tree_path::parse(&session.flags.text("extract"))?;
    let bytes = session.read(file)?;
    let mut encrypted = session.parse(input, bytes)?;
    if !session.keeps_layout() {
        encrypted.forget_text();
    }
    let options = DecryptOptions {
        ignore_mac: session.flags.is_on("ignore-mac"),
        keep_nonces: false,
    };
    let (opened, _) = session.open(encrypted, &order, options)?;
    if path.0.is_empty() {
        whole(session, opened, output)
    } else {
        extract(session, opened, &path, output)
    }
}

fn whole(
    session: &Session<'_>,
    opened: DecryptedFile,
    output: Format,
) -> Result<SecretBytes, Failure> {
    let document = opened.document;
    if session.keeps_layout() && document.format() == output {
        return document
            .splice()
            .map_err(|error| Failure::from(nixseal_sops::Error::from(error)));
    }
    let options = session.emit_options(output);
    // A large file need not be in memory three times.
    emit_owned(output, document.into_branches(), &options).map_err(dump)
}

fn extract(
    session: &Session<'_>,
    opened: DecryptedFile,
    path: &TreePath,
    output: Format,
) -> Result<SecretBytes, Failure> {
    let mut branches = opened.document.branches;
    let first = branches
        .first_mut()
        .ok_or_else(|| Failure::generic("error truncating tree: there is no document"))?;
    tree_path::find(path, first)?;
    let options = session.emit_options(output);
    match path.remove(first) {
        Err(fault) => Err(Failure::generic(format!("error truncating tree: {fault}"))),
        Ok(Node::Map(map)) => {
            *first = map;
            emit(output, &branches, &options).map_err(dump)
        }
        Ok(node) => match node.as_scalar().map(Scalar::value) {
            Some(Value::String(bytes) | Value::Bytes(bytes)) => Ok(bytes.duplicate()),
            _ => emit_value(output, &node, &options)
                .map_err(|error| Failure::new(code::DUMP, format!("Error dumping tree: {error}"))),
        },
    }
}

/// A tree that its format cannot hold.
fn dump(error: EmitError) -> Failure {
    let failure = |reason: &str| Failure::new(code::DUMP, format!("Error dumping file: {reason}"));
    match error {
        EmitError::NotBinary => failure(
            "error emitting binary store: no binary data found in tree\n\n\
             This is likely not an encrypted binary file? \
             If not, use --output-type to select the correct output type.",
        ),
        other => failure(&unfit(&other)),
    }
}
