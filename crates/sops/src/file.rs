//! Whole files in memory: from bytes to documents and back.
//!
//! [`EncryptedFile`] is what stands on the disk, [`DecryptedFile`] what people read and change.
//! A binary file stands on the disk as JSON.

use nixseal_base::secret::SecretBytes;
use nixseal_document::tree::Map;
use nixseal_document::{
    Document, EmitError, EmitOptions, Format, ParseErrorKind, SpliceError, emit, emit_owned,
    parse_owned,
};

use crate::data_key::DataKey;
use crate::envelope::{DecryptOptions, Envelope, MetadataPlace};
use crate::error::Error;
use crate::key_groups::{DecryptionOrder, Owners};
use crate::master_key::KeySources;
use crate::metadata::{KeyId, Metadata, MetadataError, Moment};
use crate::stash::Stash;
use crate::walk::{ClearValues, ListComments, walk};

/// How an encrypted file is written.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    /// As `sops` 3.13.3 writes it.
    Canonical(EmitOptions),
    /// In the text that was read: only values that changed, and metadata, are replaced.
    Kept,
}

/// An encrypted file, its metadata apart from its values.
#[derive(Debug)]
pub struct EncryptedFile {
    document: Document,
    /// Metadata of the file.
    pub envelope: Envelope,
}

/// A decrypted file, ready to be read, changed and encrypted again.
#[derive(Debug)]
pub struct DecryptedFile {
    /// The plain documents.
    pub document: Document,
    /// Metadata of the file.
    pub envelope: Envelope,
    /// Nonces of the values, to keep unchanged ones verbatim; only with the same data key.
    pub stash: Stash,
    /// How many comments that should be encrypted stand in clear.
    pub clear_comments: usize,
}

impl EncryptedFile {
    /// Reads an encrypted file.
    ///
    /// # Errors
    /// [`Error::EncryptedSyntax`], [`Error::Metadata`].
    pub fn parse(format: Format, bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_owned(format, SecretBytes::copy_of(bytes))
    }

    /// Reads an encrypted file whose bytes the caller gives up.
    ///
    /// # Errors
    /// Those of [`Self::parse`].
    pub fn parse_owned(format: Format, bytes: SecretBytes) -> Result<Self, Error> {
        // At the end, in what `sops` writes.
        let named = bytes.expose().windows(4).rev().any(|word| word == b"sops");
        let document = parse_owned(stored_format(format), bytes);
        let mut document = document.map_err(|error| match error.kind {
            // `sops` misses the metadata before it walks the tree.
            ParseErrorKind::NonStringKey | ParseErrorKind::NumberRange if !named => {
                Error::Metadata(MetadataError::Missing)
            }
            _ => Error::EncryptedSyntax(error),
        })?;
        let envelope = Envelope::take(&mut document.branches, format)?;
        Ok(Self { document, envelope })
    }

    /// Wipes the text that was read: a large file that is only shown then takes less memory.
    /// [`Layout::Kept`] is not possible from then on.
    pub fn forget_text(&mut self) {
        self.document.forget_text();
    }

    /// What the file says about its encryption.
    pub fn metadata(&self) -> &Metadata {
        &self.envelope.metadata
    }

    /// The documents without the metadata, values encrypted.
    pub fn documents(&self) -> &[Map] {
        &self.document.branches
    }

    /// Where values stand in clear that the metadata say are encrypted, their keys joined by dots.
    /// Such a file cannot be decrypted; somebody typed into it.
    ///
    /// # Errors
    /// [`Error::Decrypt`] for nesting that nobody writes.
    pub fn values_in_clear(&mut self) -> Result<Vec<String>, Error> {
        let mut clear = ClearValues::default();
        let selector = &self.envelope.metadata.selector;
        walk(&mut self.document.branches, selector, &mut clear).map_err(Error::Decrypt)?;
        Ok(clear.found)
    }

    /// The documents with their text, encrypted, without the metadata: to show them.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Recovers the data key.
    ///
    /// # Errors
    /// [`Error::Recovery`] says for every recipient why not.
    pub fn unlock(
        &self,
        sources: &KeySources<'_>,
        order: &DecryptionOrder,
        owners: &Owners,
    ) -> Result<DataKey, Error> {
        self.envelope.unlock(sources, order, owners)
    }

    /// Decrypts all values and checks the MAC.
    ///
    /// # Errors
    /// Those of [`Envelope::decrypt`].
    pub fn decrypt(self, key: &DataKey, options: DecryptOptions) -> Result<DecryptedFile, Error> {
        let Self {
            mut document,
            envelope,
        } = self;
        let decrypted = envelope.decrypt(&mut document.branches, key, options)?;
        let (stash, clear_comments) = (decrypted.stash, decrypted.clear_comments);
        Ok(DecryptedFile {
            document,
            envelope,
            stash,
            clear_comments,
        })
    }

    /// Wraps the data key for other recipients; values and MAC stay. Whether anything changed.
    ///
    /// # Errors
    /// [`Error::Wrap`]; nothing is changed then.
    pub fn rewrap(
        &mut self,
        key: &DataKey,
        groups: &[Vec<KeyId>],
        threshold: u32,
        sources: &KeySources<'_>,
        now: &Moment,
    ) -> Result<bool, Error> {
        self.envelope.rewrap(key, groups, threshold, sources, now)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`Error::Emit`], [`Error::Splice`].
    pub fn emit(self, layout: Layout) -> Result<SecretBytes, Error> {
        let Self {
            mut document,
            envelope,
        } = self;
        let format = stored_format(envelope.format());
        // Only YAML holds all documents, and the MAC is over all of them.
        if document.branches.len() > 1 && format != Format::Yaml {
            return Err(EmitError::Documents(format).into());
        }
        match layout {
            Layout::Canonical(options) => {
                let mut branches = document.into_branches();
                envelope.put(&mut branches, MetadataPlace::End);
                Ok(emit_owned(format, branches, &options)?)
            }
            // The text is there in the format that was read.
            Layout::Kept if document.format() != format => {
                envelope.put(&mut document.branches, MetadataPlace::End);
                Ok(emit(format, &document.branches, &EmitOptions::default())?)
            }
            Layout::Kept => {
                envelope.put(&mut document.branches, MetadataPlace::Kept);
                Ok(document.splice()?)
            }
        }
    }
}

impl EncryptedFile {
    /// Writes the file as [`Layout::Kept`]; where that is not safe, as [`Layout::Canonical`] with
    /// `fallback`, and says why.
    ///
    /// # Errors
    /// [`Error::Emit`].
    pub fn emit_kept(
        self,
        fallback: EmitOptions,
    ) -> Result<(SecretBytes, Option<SpliceError>), Error> {
        let Self {
            mut document,
            envelope,
        } = self;
        let format = stored_format(envelope.format());
        let mut unsafe_change = None;
        if document.format() == format {
            envelope.put(&mut document.branches, MetadataPlace::Kept);
            match document.splice() {
                Ok(bytes) => return Ok((bytes, None)),
                Err(error) => unsafe_change = Some(error),
            }
        } else {
            envelope.put(&mut document.branches, MetadataPlace::End);
        }
        Ok((emit(format, &document.branches, &fallback)?, unsafe_change))
    }
}

impl DecryptedFile {
    /// Encrypts all values again. What did not change stays verbatim.
    ///
    /// # Errors
    /// Those of [`Envelope::encrypt`].
    pub fn encrypt(
        self,
        key: &DataKey,
        list_comments: ListComments,
        now: Moment,
    ) -> Result<EncryptedFile, Error> {
        let Self {
            mut document,
            mut envelope,
            mut stash,
            ..
        } = self;
        let documents = &mut document.branches;
        envelope.encrypt(documents, key, Some(&mut stash), list_comments, now)?;
        Ok(EncryptedFile { document, envelope })
    }
}

/// Encrypts plain documents into a file of `format`.
///
/// # Errors
/// [`Error::Empty`], [`Error::AlreadyEncrypted`], and those of [`Envelope::encrypt`].
pub fn encrypt(
    document: Document,
    format: Format,
    metadata: Metadata,
    key: &DataKey,
    list_comments: ListComments,
    now: Moment,
) -> Result<EncryptedFile, Error> {
    let mut document = document;
    let mut envelope = Envelope::new(&document.branches, metadata, format)?;
    envelope.encrypt(&mut document.branches, key, None, list_comments, now)?;
    Ok(EncryptedFile { document, envelope })
}

/// The format in which an encrypted file stands on the disk.
pub fn stored_format(format: Format) -> Format {
    if format == Format::Binary {
        Format::Json
    } else {
        format
    }
}
