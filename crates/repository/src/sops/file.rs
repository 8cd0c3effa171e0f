//! One SOPS file: read once, parsed once, opened, changed, and sealed again.

use std::path::{Path, PathBuf};

use nixseal_base::fs::{self, Version};
use nixseal_base::secret::SecretBytes;
use nixseal_document::{Document, EmitOptions, Format, emit, parse};
use nixseal_sops::config::Encryption;
use nixseal_sops::key_groups::{Owners, wrap};
use nixseal_sops::{
    DataKey, DecryptOptions, DecryptedFile, EncryptedFile, Envelope, Error, ListComments, Metadata,
    Moment, Selector, file,
};

use super::error::SopsError;
use super::keys::SopsKeys;
use super::kind::candidates;
use super::write::Sealed;
use crate::secret::FILE_LIMIT;

/// An encrypted file. Its metadata are known without any key.
#[derive(Debug)]
pub struct SopsFile {
    /// Where it was read, as the caller named it.
    pub path: PathBuf,
    /// What it says.
    pub encrypted: EncryptedFile,
    stamp: Version,
}

impl SopsFile {
    /// Reads the file at `path`. Its format is `format`, or else told by its name and content.
    ///
    /// # Errors
    /// [`SopsError::Fs`]; [`SopsError::NotSops`] and [`SopsError::File`] when it is none or
    /// damaged.
    pub fn read(path: &Path, format: Option<Format>) -> Result<Self, SopsError> {
        // First the stamp: a change while reading must not go unseen.
        let stamp = Version::of(path);
        let content = fs::read(path, FILE_LIMIT)?;
        Self::stamped(path, &content, format, stamp)
    }

    /// The file at `path` with its content, and the stamp from before that was read.
    pub(super) fn stamped(
        path: &Path,
        content: &[u8],
        format: Option<Format>,
        stamp: Version,
    ) -> Result<Self, SopsError> {
        let encrypted = match format {
            Some(format) => EncryptedFile::parse(format, content),
            None => parse_any(path, content),
        };
        Ok(Self {
            path: path.to_owned(),
            encrypted: encrypted.map_err(|error| SopsError::file("read", path, error))?,
            stamp,
        })
    }

    /// A version of the file at `path` that is not, or not only, there: in git for example.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn version(path: &Path, content: &[u8]) -> Result<Self, SopsError> {
        Self::stamped(path, content, None, Version::of(path))
    }

    /// Its format; binary files stand on the disk as JSON.
    pub fn format(&self) -> Format {
        self.encrypted.envelope.format()
    }

    /// Who can open it, and how its values are chosen.
    pub fn metadata(&self) -> &Metadata {
        self.encrypted.metadata()
    }

    /// Values that stand in clear in it, comments, nulls and empty texts not counted.
    pub fn clear_values(&self) -> Vec<nixseal_document::path::Path> {
        super::write::clear_values(&self.encrypted)
    }

    /// Recovers the data key; `owners` name recipients in the failure.
    ///
    /// # Errors
    /// [`SopsError::File`] with [`Error::Recovery`].
    pub fn unlock(&self, keys: &SopsKeys<'_>, owners: &Owners) -> Result<DataKey, SopsError> {
        keys.unlock(&self.encrypted.envelope, owners)
            .map_err(|error| SopsError::file("open", &self.path, error))
    }

    /// Decrypts all values and checks the MAC unless told not to.
    ///
    /// # Errors
    /// [`SopsError::File`].
    pub fn decrypt(self, key: DataKey, ignore_mac: bool) -> Result<OpenSopsFile, SopsError> {
        let Self {
            path,
            encrypted,
            stamp,
        } = self;
        let options = DecryptOptions {
            ignore_mac,
            keep_nonces: true,
        };
        match encrypted.decrypt(&key, options) {
            Ok(decrypted) => Ok(OpenSopsFile {
                path,
                decrypted,
                key,
                stamp,
            }),
            Err(error) => Err(SopsError::file("decrypt", &path, error)),
        }
    }

    /// [`Self::unlock`] and [`Self::decrypt`].
    ///
    /// # Errors
    /// Theirs.
    pub fn open(
        self,
        keys: &SopsKeys<'_>,
        owners: &Owners,
        ignore_mac: bool,
    ) -> Result<OpenSopsFile, SopsError> {
        let key = self.unlock(keys, owners)?;
        self.decrypt(key, ignore_mac)
    }

    /// The same file changed as a whole; `action` says in failures what was done.
    ///
    /// # Errors
    /// [`SopsError::File`].
    pub fn map(
        self,
        action: &'static str,
        change: impl FnOnce(EncryptedFile) -> Result<EncryptedFile, Error>,
    ) -> Result<Self, SopsError> {
        match change(self.encrypted) {
            Ok(encrypted) => Ok(Self { encrypted, ..self }),
            Err(error) => Err(SopsError::file(action, &self.path, error)),
        }
    }

    /// The file for writing, after its metadata were changed: in the layout it has, or where that
    /// cannot be, as `sops` writes it with `fallback`.
    ///
    /// # Errors
    /// [`SopsError::File`].
    pub fn seal(self, fallback: EmitOptions) -> Result<Sealed, SopsError> {
        emitted(self.path, self.encrypted, self.stamp, fallback)
    }
}

/// Reads a file whose format is not named: the first of the likely ones in which it has metadata.
fn parse_any(path: &Path, content: &[u8]) -> Result<EncryptedFile, Error> {
    let mut first = None;
    for format in candidates(path, content) {
        match EncryptedFile::parse(format, content) {
            Ok(file) if format == Format::Binary && !is_one_value(&file) => {}
            Ok(file) => return Ok(file),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| nixseal_sops::MetadataError::Missing.into()))
}

/// Whether it can be a binary file: these have the key `data` alone.
fn is_one_value(file: &EncryptedFile) -> bool {
    let [map] = file.documents() else {
        return false;
    };
    let mut pairs = map.pairs();
    let is_data = pairs
        .next()
        .is_some_and(|pair| pair.key == "data" && pair.value.as_str().is_some());
    is_data && pairs.next().is_none()
}

/// A decrypted file, to be read, or changed and sealed again.
#[derive(Debug)]
pub struct OpenSopsFile {
    /// Where it was read.
    pub path: PathBuf,
    /// What it holds.
    pub decrypted: DecryptedFile,
    key: DataKey,
    stamp: Version,
}

impl OpenSopsFile {
    /// Its format.
    pub fn format(&self) -> Format {
        self.decrypted.envelope.format()
    }

    /// The plain documents.
    pub fn document(&self) -> &Document {
        &self.decrypted.document
    }

    /// The plain documents, to change them.
    pub fn document_mut(&mut self) -> &mut Document {
        &mut self.decrypted.document
    }

    /// The data key, for other files that shall have the same.
    pub fn key(&self) -> &DataKey {
        &self.key
    }

    /// The plain text in the layout of the file. Where that cannot be kept, as `sops` prints it
    /// with `fallback`.
    ///
    /// # Errors
    /// [`SopsError::File`] when the format cannot hold the values.
    pub fn plaintext(&self, fallback: &EmitOptions) -> Result<SecretBytes, SopsError> {
        let document = &self.decrypted.document;
        if self.format() == document.format()
            && let Ok(text) = document.splice()
        {
            return Ok(match self.format() {
                Format::Ini => without_blank_end(&text),
                _ => text,
            });
        }
        emit(self.format(), &document.branches, fallback)
            .map_err(|error| SopsError::file("show", &self.path, error.into()))
    }

    /// Whether a text could stand in the place of these documents.
    ///
    /// # Errors
    /// [`SopsError::Plaintext`] when it is not of the file's format; [`SopsError::File`] when it
    /// is empty or encrypted already.
    pub fn check(&self, text: &SecretBytes) -> Result<(), SopsError> {
        let metadata = &self.decrypted.envelope.metadata;
        check(&self.path, self.format(), text, metadata)
    }

    /// Puts the documents of another text in the place of these: the file will have the layout of
    /// that text. Values that do not change keep their encrypted form.
    ///
    /// # Errors
    /// [`SopsError::Plaintext`], [`SopsError::File`]; [`Self::check`] tells before.
    pub fn replace(self, text: &SecretBytes) -> Result<Self, SopsError> {
        let (path, format) = (self.path, self.decrypted.envelope.format());
        match self.decrypted.edited(text.expose()) {
            Ok(decrypted) => Ok(Self {
                path,
                decrypted,
                ..self
            }),
            Err(Error::Parse(source)) => Err(SopsError::Plaintext {
                name: path.display().to_string(),
                format,
                source,
            }),
            Err(error) => Err(SopsError::file("encrypt", &path, error)),
        }
    }

    /// A file at `path` of another format that the same people can open with the same data key.
    pub fn companion(&self, path: &Path, format: Format) -> NewSopsFile {
        NewSopsFile {
            path: path.to_owned(),
            format,
            key: self.key.duplicate(),
            metadata: for_same_people(&self.decrypted.envelope.metadata, format),
            stamp: Version::of(path),
        }
    }

    /// Encrypts it again as of `now`, with the same data key: in the layout it has, or where that
    /// cannot be, as `sops` writes it with `fallback`.
    ///
    /// # Errors
    /// [`SopsError::File`].
    pub fn seal(self, now: Moment, fallback: EmitOptions) -> Result<Sealed, SopsError> {
        let Self {
            path,
            decrypted,
            key,
            stamp,
        } = self;
        match decrypted.encrypt(&key, ListComments::Comments, now) {
            Ok(encrypted) => emitted(path, encrypted, stamp, fallback),
            Err(error) => Err(SopsError::file("encrypt", &path, error)),
        }
    }
}

/// A text without the blank line that stood before the section of the metadata.
fn without_blank_end(text: &SecretBytes) -> SecretBytes {
    let mut bytes = text.expose();
    for (end, one) in [(&b"\n\n"[..], 1), (b"\r\n\r\n", 2)] {
        while bytes.ends_with(end) {
            bytes = bytes.get(..bytes.len() - one).unwrap_or(bytes);
        }
    }
    SecretBytes::copy_of(bytes)
}

/// A file that is not there yet: its data key and who will be able to open it.
#[derive(Debug)]
pub struct NewSopsFile {
    path: PathBuf,
    format: Format,
    key: DataKey,
    metadata: Metadata,
    stamp: Version,
}

impl NewSopsFile {
    /// Makes a data key and wraps it for the keys of a rule; fails here, before anybody types
    /// anything, when that cannot be done.
    ///
    /// # Errors
    /// [`SopsError::File`].
    pub fn prepare(
        path: &Path,
        format: Format,
        rule: &Encryption,
        keys: &SopsKeys<'_>,
        now: &Moment,
    ) -> Result<Self, SopsError> {
        let failed = |error| SopsError::file("create", path, error);
        let key = DataKey::generate().map_err(|error| failed(error.into()))?;
        let (groups, threshold) = (&rule.groups, rule.shamir_threshold);
        let wrapped = wrap(&key, groups, threshold, &[], &keys.sources(), now)
            .map_err(|error| failed(error.into()))?;
        let structured = format != Format::Binary;
        let selector = rule.selector.clone().filter(|_| structured);
        let default = match structured {
            true => Selector::default_suffix(),
            false => Selector::Everything,
        };
        let mut metadata = Metadata::new(wrapped, selector.unwrap_or(default), now.clone());
        if groups.len() > 1 {
            let all = u32::try_from(groups.len()).unwrap_or(u32::MAX);
            metadata.shamir_threshold = if threshold == 0 { all } else { threshold };
        }
        metadata.mac_only_encrypted = rule.mac_only_encrypted && structured;
        Ok(Self {
            path: path.to_owned(),
            format,
            key,
            metadata,
            stamp: Version::of(path),
        })
    }

    /// The format it will have.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When it was prepared.
    pub(super) fn last_modified(&self) -> &Moment {
        &self.metadata.last_modified
    }

    /// As [`OpenSopsFile::companion`].
    pub fn companion(&self, path: &Path, format: Format) -> Self {
        Self {
            path: path.to_owned(),
            format,
            key: self.key.duplicate(),
            metadata: for_same_people(&self.metadata, format),
            stamp: Version::of(path),
        }
    }

    /// As [`OpenSopsFile::check`].
    ///
    /// # Errors
    /// [`SopsError::Plaintext`], [`SopsError::File`].
    pub fn check(&self, text: &SecretBytes) -> Result<(), SopsError> {
        check(&self.path, self.format, text, &self.metadata)
    }

    /// Encrypts a text as of `now`, in its own layout, or where that cannot be, as `sops` writes
    /// it with `fallback`.
    ///
    /// # Errors
    /// [`SopsError::Plaintext`], [`SopsError::File`].
    pub fn seal(
        self,
        text: &SecretBytes,
        now: Moment,
        fallback: EmitOptions,
    ) -> Result<Sealed, SopsError> {
        let document = parse_plain(&self.path, self.format, text)?;
        self.seal_document(document, now, fallback)
    }

    /// Encrypts documents as of `now`; as [`Self::seal`].
    ///
    /// # Errors
    /// [`SopsError::File`].
    pub fn seal_document(
        self,
        document: Document,
        now: Moment,
        fallback: EmitOptions,
    ) -> Result<Sealed, SopsError> {
        let Self {
            path,
            format,
            key,
            metadata,
            stamp,
        } = self;
        let comments = ListComments::Comments;
        match file::encrypt(document, format, metadata, &key, comments, now) {
            Ok(encrypted) => emitted(path, encrypted, stamp, fallback),
            Err(error) => Err(SopsError::file("encrypt", &path, error)),
        }
    }
}

/// The metadata of a file that the same people can open.
fn for_same_people(own: &Metadata, format: Format) -> Metadata {
    let structured = format != Format::Binary;
    let selector = match structured {
        true => own.selector.clone(),
        false => Selector::Everything,
    };
    let mut metadata = Metadata::new(own.groups.clone(), selector, own.last_modified.clone());
    metadata.shamir_threshold = own.shamir_threshold;
    metadata.mac_only_encrypted = own.mac_only_encrypted && structured;
    metadata
}

/// Whether a text can be encrypted: of its format, not empty, not encrypted already.
fn check(
    path: &Path,
    format: Format,
    text: &SecretBytes,
    metadata: &Metadata,
) -> Result<(), SopsError> {
    let document = parse_plain(path, format, text)?;
    match Envelope::new(
        &document.branches,
        for_same_people(metadata, format),
        format,
    ) {
        Ok(_) => Ok(()),
        Err(error) => Err(SopsError::file("encrypt", path, error)),
    }
}

fn parse_plain(path: &Path, format: Format, text: &SecretBytes) -> Result<Document, SopsError> {
    parse(format, text.expose()).map_err(|source| SopsError::Plaintext {
        name: path.display().to_string(),
        format,
        source,
    })
}

fn emitted(
    path: PathBuf,
    encrypted: EncryptedFile,
    stamp: Version,
    fallback: EmitOptions,
) -> Result<Sealed, SopsError> {
    let clear = super::write::clear_values(&encrypted);
    match encrypted.emit_kept(fallback) {
        Ok((content, unsafe_change)) => Ok(Sealed::new(path, content, stamp, clear, unsafe_change)),
        Err(error) => Err(SopsError::file("write", &path, error)),
    }
}
