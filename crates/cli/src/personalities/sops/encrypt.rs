//! `sops encrypt`, and `sops -e`.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_document::{Format, parse_owned};
use nixseal_sops::{DataKey, Envelope, ListComments, file};

use super::failure::{Failure, Outcome};
use super::rule::Plan;
use super::session::Session;
use super::streams::Content;

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    if session.arguments.is_empty()
        && !session.flags.is_on("in-place")
        && session.flags.path("filename-override").is_none()
    {
        return Err(Failure::conflict(
            "Error: must specify --filename-override when reading from stdin",
        ));
    }
    let file = session.file_or_input()?;
    let name = session.name_of(file.as_deref().unwrap_or(Path::new("")));
    let encrypted = encrypt_file(session, file.as_deref(), &name)?;
    session.deliver(file.as_deref(), encrypted.expose(), Content::Encrypted)?;
    Ok(0)
}

/// Encrypts a plain file, or standard input, as the rule for `name` says.
pub(super) fn encrypt_file(
    session: &Session<'_>,
    file: Option<&Path>,
    name: &Path,
) -> Result<SecretBytes, Failure> {
    let (input, output) = (session.input_format(name)?, session.output_format(name)?);
    let plan = session.plan(name, input)?;
    let bytes = session.read(file)?;
    encrypt(session, &plan, bytes, input, output)
}

/// Encrypts the bytes of a plain file.
pub(super) fn encrypt(
    session: &Session<'_>,
    plan: &Plan,
    bytes: SecretBytes,
    input: Format,
    output: Format,
) -> Result<SecretBytes, Failure> {
    let document = parse_owned(input, bytes);
    let document = document.map_err(|error| Failure::of_file(input, error.into()))?;
    let now = session.now();
    // What the file itself forbids comes before what keys do.
    Envelope::new(&document.branches, plan.bare(&now), output)?;
    let key = DataKey::generate().map_err(nixseal_sops::Error::from)?;
    let metadata = plan.metadata(session, &key, &now)?;
    let encrypted = file::encrypt(
        document,
        output,
        metadata,
        &key,
        list_comments(session),
        now,
    )?;
    Ok(encrypted.emit(session.layout(output))?)
}

/// Comments of lists become elements, as in the original, unless the layout is kept.
pub(super) fn list_comments(session: &Session<'_>) -> ListComments {
    if session.keeps_layout() {
        ListComments::Comments
    } else {
        ListComments::Elements
    }
}
