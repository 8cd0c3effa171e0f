//! What `set`, `unset` and `rotate` have in common: a file is decrypted, changed and written
//! again.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::Map;
use nixseal_sops::key_groups::DecryptionOrder;
use nixseal_sops::{DataKey, DecryptOptions, DecryptedFile, EncryptedFile, Error};

use super::encrypt::list_comments;
use super::failure::{Failure, wrap_reasons};
use super::session::Session;

/// Exit code for a bad path or value of `set` and `unset`.
pub(super) const SET_FORMAT: u8 = 7;

/// Decrypts a file so that what does not change stays verbatim.
pub(super) fn open(
    session: &Session<'_>,
    file: &Path,
    name: &Path,
    order: &DecryptionOrder,
) -> Result<(DecryptedFile, DataKey), Failure> {
    let input = session.input_format(name)?;
    let bytes = session.read(Some(file))?;
    let encrypted = session.with_selector(EncryptedFile::parse(input, bytes.expose())?);
    drop(bytes);
    let options = DecryptOptions {
        ignore_mac: session.flags.is_on("ignore-mac"),
        keep_nonces: true,
    };
    session.open(encrypted, order, options)
}

/// The first document, which is the one that is changed.
pub(super) fn first(opened: &mut DecryptedFile) -> Result<&mut Map, Failure> {
    let first = opened.document.branches.first_mut();
    first.ok_or_else(|| Error::Empty.into())
}

/// Encrypts a changed file again, in the format of the output.
pub(super) fn encrypted(
    session: &Session<'_>,
    opened: DecryptedFile,
    key: &DataKey,
    name: &Path,
) -> Result<SecretBytes, Failure> {
    let opened = converted(session, opened, name)?;
    let encrypted = opened.encrypt(key, list_comments(session), session.now())?;
    written(session, encrypted)
}

/// The same file in the format of the output.
pub(super) fn converted(
    session: &Session<'_>,
    mut opened: DecryptedFile,
    name: &Path,
) -> Result<DecryptedFile, Failure> {
    let output = session.output_format(name)?;
    if output != opened.envelope.format() {
        opened.envelope = opened.envelope.into_format(output);
    }
    Ok(opened)
}

/// The bytes of an encrypted file.
pub(super) fn written(session: &Session<'_>, file: EncryptedFile) -> Result<SecretBytes, Failure> {
    let layout = session.layout(file.envelope.format());
    Ok(file.emit(layout)?)
}

/// An error of regrouped recipients; the original has other words here than for new data keys.
pub(super) fn rewrap_failure(error: Error) -> Failure {
    match error {
        Error::Wrap(error) => Failure::generic(format!(
            "error updating one or more master keys: [{}]",
            wrap_reasons(&error)
        )),
        other => other.into(),
    }
}
