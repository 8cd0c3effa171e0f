//! A text between decryption and encryption: what the editor sees, and what becomes of it.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_document::{Document, Format, emit, parse};
use nixseal_sops::change::recipients::ids;
use nixseal_sops::{
    DataKey, DecryptOptions, DecryptedFile, Envelope, Error, KeyGroup, MetadataPlace, Stash,
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
    /// There until it is encrypted again.
    opened: Option<DecryptedFile>,
    key: DataKey,
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
        let encrypted = session.parse(input, bytes)?;
        let (mut opened, key) = session.open(encrypted, &order, options)?;
        if output != input {
            opened.envelope = opened.envelope.into_format(output);
        }
        Self::new(session, opened, key)
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
        let opened = DecryptedFile {
            document,
            envelope,
            stash: Stash::default(),
            clear_comments: 0,
        };
        Self::new(session, opened, key)
    }

    fn new(session: &Session<'_>, opened: DecryptedFile, key: DataKey) -> Result<Self, Failure> {
        let format = opened.envelope.format();
        let shows_keys = session.flags.is_on("show-master-keys");
        let (text, opened) = if shows_keys {
            with_keys(session, opened)?
        } else {
            (plain_text(session, &opened.document, format)?, opened)
        };
        Ok(Self {
            opened: Some(opened),
            key,
            text,
            format,
            shows_keys,
        })
    }

    /// What the editor sees.
    pub(super) fn text(&self) -> &SecretBytes {
        &self.text
    }

    /// Encrypts what the editor left; gives the file. The inner error is for the user to correct.
    pub(super) fn accept(
        &mut self,
        session: &Session<'_>,
        text: &SecretBytes,
    ) -> Result<Result<SecretBytes, Refused>, Failure> {
        let edited = match self.check(session, text) {
            Ok(edited) => edited,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(mut opened) = self.opened.take() else {
            return Err(Failure::generic("the file was encrypted already"));
        };
        match edited {
            // The text is a whole file, metadata included.
            Some((document, envelope)) => {
                opened.stash.forget_places();
                let groups = opened.envelope.metadata.groups;
                (opened.document, opened.envelope) = (document, envelope);
                rewrap(session, &mut opened.envelope, groups, &self.key)?;
            }
            None => opened = opened.edited(text.expose())?,
        }
        opened.envelope.metadata.raise_version();
        let encrypted = opened.encrypt(&self.key, list_comments(session), session.now())?;
        if session.keeps_layout() {
            let options = session.emit_options(self.format);
            return Ok(Ok(encrypted.emit_kept(options)?.0));
        }
        Ok(Ok(encrypted.emit(session.layout(self.format))?))
    }

    /// Whether the text can be encrypted, found by doing so: nothing may be lost for a reason
    /// that the user can put right. Gives document and metadata where the text has both.
    fn check(
        &mut self,
        session: &Session<'_>,
        text: &SecretBytes,
    ) -> Result<Option<(Document, Envelope)>, Refused> {
        let refused = |message, reason: &dyn std::fmt::Display| Refused {
            message,
            reason: reason.to_string(),
        };
        let format = if self.shows_keys {
            stored_format(self.format)
        } else {
            self.format
        };
        let mut trial = parse(format, text.expose()).map_err(|error| {
            let message = "Could not load tree, probably due to invalid syntax.";
            refused(message, &error)
        })?;
        let (key, comments) = (&self.key, list_comments(session));
        let Some(opened) = &mut self.opened else {
            return Ok(None);
        };
        let invalid = |error: Error| refused("SOPS metadata is invalid.", &error);
        let mut taken = None;
        if self.shows_keys {
            taken = Some(Envelope::take(&mut trial.branches, self.format).map_err(invalid)?);
        }
        let envelope = taken.as_mut().unwrap_or(&mut opened.envelope);
        if envelope.metadata.keys().next().is_none() {
            let message = "No master keys were provided, so sops can't encrypt the file.";
            return Err(refused(message, &"no keys"));
        }
        let not_valid = |error: &Error| refused("Tree not valid for encryption.", error);
        if trial.branches.is_empty() {
            return Err(not_valid(&Error::Empty));
        }
        let now = session.now();
        let tried = envelope.encrypt(&mut trial.branches, key, None, comments, now);
        tried.map_err(|error| not_valid(&error))?;
        if !self.shows_keys {
            return Ok(None);
        }
        let again = || -> Result<(Document, Envelope), Error> {
            let mut document = parse(format, text.expose()).map_err(Error::EncryptedSyntax)?;
            let envelope = Envelope::take(&mut document.branches, self.format)?;
            Ok((document, envelope))
        };
        again().map(Some).map_err(invalid)
    }
}

/// Gives the data key to keys that the user added to the metadata; `groups` are those of before.
fn rewrap(
    session: &Session<'_>,
    envelope: &mut Envelope,
    groups: Vec<KeyGroup>,
    key: &DataKey,
) -> Result<(), Failure> {
    let (wanted, threshold) = (
        ids(&envelope.metadata.groups),
        envelope.metadata.shamir_threshold,
    );
    envelope.metadata.groups = groups;
    let (keys, now) = (session.keys()?, session.now());
    keys.with(|sources| envelope.rewrap(key, &wanted, threshold, sources, &now))?;
    Ok(())
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

/// The plain text with the metadata below it, and the file again.
fn with_keys(
    session: &Session<'_>,
    opened: DecryptedFile,
) -> Result<(SecretBytes, DecryptedFile), Failure> {
    let DecryptedFile {
        mut document,
        envelope,
        stash,
        clear_comments,
    } = opened;
    let format = envelope.format();
    let stored = stored_format(format);
    envelope.put(&mut document.branches, MetadataPlace::End);
    let options = session.emit_options(format);
    let text = emit(stored, &document.branches, &options).map_err(Error::from)?;
    let mut document = parse(stored, text.expose()).map_err(Error::from)?;
    let envelope = Envelope::take(&mut document.branches, format)?;
    let opened = DecryptedFile {
        document,
        envelope,
        stash,
        clear_comments,
    };
    Ok((text, opened))
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
