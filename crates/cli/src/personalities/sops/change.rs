//! What `set`, `unset` and `rotate` have in common: a file is decrypted, changed and written
//! again.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::Map;
use nixseal_sops::key_groups::{DecryptionOrder, WrapError};
use nixseal_sops::{DataKey, DecryptOptions, DecryptedFile, EncryptedFile, Error};

use super::encrypt::list_comments;
use super::failure::{Failure, code};
use super::session::Session;
use crate::personalities::go_text::quoted;

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
    let encrypted = EncryptedFile::parse(input, bytes.expose())?;
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

/// Why a data key could not be wrapped, as the original lists it between brackets.
pub(super) fn wrap_reasons(error: &WrapError) -> String {
    match error {
        WrapError::EmptyGroup(_) => "empty key group provided".to_owned(),
        WrapError::Shamir(error) => {
            format!("could not split data key into parts for Shamir: {error}")
        }
        WrapError::Keys(refused) => {
            let one = |(id, reason): &(nixseal_sops::KeyId, String)| {
                let id = quoted(id.to_string());
                format!("failed to encrypt new data key with master key {id}: {reason}")
            };
            refused.iter().map(one).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// An error of changed recipients, with the words that go before its reasons.
pub(super) fn wrap_failure(error: Error, before: &str) -> Failure {
    match error {
        Error::Wrap(error) => Failure::new(
            code::GENERIC,
            format!("{before}: [{}]", wrap_reasons(&error)),
        ),
        other => other.into(),
    }
}
