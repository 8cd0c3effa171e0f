//! A text between decryption and encryption: what the editor sees, and what becomes of it.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_document::{Document, Format, emit, parse};
use nixseal_sops::{
    DataKey, DecryptOptions, EncryptedFile, Envelope, Error, KeyId, MetadataPlace, Stash,
    stored_format,
};

use super::examples;
use crate::personalities::sops::encrypt::list_comments;
use crate::personalities::sops::failure::{Failure, code};
use crate::personalities::sops::session::Session;

/// Exit code when the data key of a new file cannot be wrapped.
const NOT_WRAPPED: u8 = 128;

/// A file that is being edited.
pub(super) struct Draft {
    envelope: Envelope,
    key: DataKey,
    stash: Stash,
    text: SecretBytes,
    format: Format,
    /// Whether the text has the metadata too.
    shows_keys: bool,
}

/// Why a text cannot be encrypted; the user may correct it.
pub(super) struct Refused {
    /// What is wrong, in the words of the original.
    pub(super) message: &'static str,
    /// Why.
    pub(super) reason: String,
}

impl Draft {
    /// Opens a file.
    pub(super) fn of_file(
        session: &Session<'_>,
        file: &Path,
        name: &Path,
    ) -> Result<Self, Failure> {
        let (input, output) = (session.input_format(name)?, session.output_format(name)?);
        let order = session.order()?;
        let bytes = session.read(Some(file))?;
        let options = DecryptOptions {
            ignore_mac: session.flags.is_on("ignore-mac"),
            keep_nonces: true,
        };
        let encrypted = EncryptedFile::parse(input, bytes.expose())?;
        let (opened, key) = session.open(encrypted, &order, options)?;
        // The text that comes back has no places of the old one.
        let envelope = opened.envelope.into_format(output);
        Self::new(session, opened.document, envelope, key, opened.stash)
    }

    /// Begins a file with an example, its keys by rule and flags.
    pub(super) fn example(session: &Session<'_>, name: &Path) -> Result<Self, Failure> {
        let (input, output) = (session.input_format(name)?, session.output_format(name)?);
        session.order()?;
        let plan = session.plan(name, input)?;
        let document = parse(output, examples::of(output).as_bytes()).map_err(Error::from)?;
        let now = session.now();
        let key = DataKey::generate().map_err(Error::from)?;
        let metadata = plan.metadata(session, &key, &now).map_err(not_wrapped)?;
        let envelope = Envelope::new(&document.branches, metadata, output)?;
        Self::new(session, document, envelope, key, Stash::default())
    }

    fn new(
        session: &Session<'_>,
        document: Document,
        envelope: Envelope,
        key: DataKey,
        stash: Stash,
    ) -> Result<Self, Failure> {
        let format = envelope.format();
        let shows_keys = session.flags.is_on("show-master-keys");
        let (text, envelope) = if shows_keys {
            with_keys(session, document, envelope)?
        } else {
            (plain_text(session, &document, format)?, envelope)
        };
        Ok(Self {
            envelope,
            key,
            stash,
            text,
            format,
            shows_keys,
        })
    }

    /// What the editor sees.
    pub(super) fn text(&self) -> &SecretBytes {
        &self.text
    }

    /// Encrypts what the editor left. The inner error is for the user to correct.
    pub(super) fn accept(
        &mut self,
        session: &Session<'_>,
        text: &SecretBytes,
    ) -> Result<Result<Document, Refused>, Failure> {
        let refused = |message, reason: &dyn std::fmt::Display| {
            Ok(Err(Refused {
                message,
                reason: reason.to_string(),
            }))
        };
        let format = if self.shows_keys {
            stored_format(self.format)
        } else {
            self.format
        };
        let mut document = match parse(format, text.expose()) {
            Ok(document) => document,
            Err(error) => {
                let message = "Could not load tree, probably due to invalid syntax.";
                return refused(message, &error);
            }
        };
        if self.shows_keys {
            let taken = Envelope::take(&mut document.branches, self.format);
            match taken.and_then(|envelope| self.adopt(session, envelope)) {
                Ok(()) => {}
                Err(error) => return refused("SOPS metadata is invalid.", &error),
            }
        }
        if document.branches.is_empty() {
            return refused("Tree not valid for encryption.", &Error::Empty);
        }
        self.envelope.metadata.raise_version();
        if self.envelope.metadata.keys().next().is_none() {
            let message = "No master keys were provided, so sops can't encrypt the file.";
            return refused(message, &"no keys");
        }
        let (branches, stash) = (&mut document.branches, Some(&mut self.stash));
        let comments = list_comments(session);
        let now = session.now();
        match self
            .envelope
            .encrypt(branches, &self.key, stash, comments, now)
        {
            Ok(()) => Ok(Ok(document)),
            Err(error @ (Error::AlreadyEncrypted { .. } | Error::Encrypt(_))) => {
                refused("Tree not valid for encryption.", &error)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes over metadata that the user may have changed; new keys get the data key.
    fn adopt(&mut self, session: &Session<'_>, envelope: Envelope) -> Result<(), Error> {
        let groups = |envelope: &Envelope| -> Vec<Vec<KeyId>> {
            let groups = envelope.metadata.groups.iter();
            groups
                .map(|group| group.iter().map(|key| key.id.clone()).collect())
                .collect()
        };
        let (before, after) = (groups(&self.envelope), groups(&envelope));
        let threshold = envelope.metadata.shamir_threshold;
        let same = before == after && threshold == self.envelope.metadata.shamir_threshold;
        self.envelope = envelope.into_format(self.format);
        if same {
            return Ok(());
        }
        let now = session.now();
        // Keys were found when the file was opened.
        if let Ok(keys) = session.keys() {
            let (envelope, key) = (&mut self.envelope, &self.key);
            keys.with(|sources| envelope.rewrap(key, &after, threshold, false, sources, &now))?;
        }
        Ok(())
    }

    /// The encrypted file.
    pub(super) fn finish(
        self,
        session: &Session<'_>,
        mut document: Document,
    ) -> Result<SecretBytes, Failure> {
        let stored = stored_format(self.format);
        if session.keeps_layout() && document.format() == stored {
            self.envelope
                .put(&mut document.branches, MetadataPlace::Kept);
            return document.splice().map_err(|error| Error::from(error).into());
        }
        let options = session.emit_options(self.format);
        self.envelope
            .put(&mut document.branches, MetadataPlace::End);
        emit(stored, &document.branches, &options).map_err(|error| Error::from(error).into())
    }
}

/// The plain text in the format in which it will be read again.
fn plain_text(
    session: &Session<'_>,
    document: &Document,
    format: Format,
) -> Result<SecretBytes, Failure> {
    if session.keeps_layout() && document.format() == format {
        return document.splice().map_err(|error| Error::from(error).into());
    }
    let options = session.emit_options(format);
    emit(format, &document.branches, &options).map_err(|error| Error::from(error).into())
}

/// The plain text with the metadata below it, and the metadata again.
fn with_keys(
    session: &Session<'_>,
    mut document: Document,
    envelope: Envelope,
) -> Result<(SecretBytes, Envelope), Failure> {
    let format = envelope.format();
    let stored = stored_format(format);
    envelope.put(&mut document.branches, MetadataPlace::End);
    let options = session.emit_options(format);
    let text = emit(stored, &document.branches, &options).map_err(Error::from)?;
    let mut again = parse(stored, text.expose()).map_err(Error::from)?;
    let envelope = Envelope::take(&mut again.branches, format)?.into_format(format);
    Ok((text, envelope))
}

/// The same failure as editing a new file has it.
fn not_wrapped(failure: Failure) -> Failure {
    let message = match failure.message.strip_prefix("Could not generate data key:") {
        Some(reason) => {
            format!("Error encrypting the data key with one or more master keys:{reason}")
        }
        None => failure.message,
    };
    let code = if failure.code == code::GENERIC {
        NOT_WRAPPED
    } else {
        failure.code
    };
    Failure { code, message }
}
