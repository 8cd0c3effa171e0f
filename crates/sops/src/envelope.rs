//! Encrypting and decrypting the trees of a file, and the metadata around them.
//!
//! An [`Envelope`] is what remains of an encrypted file when its documents are taken out: they
//! stay with the caller, who knows their text, and are worked on in place. After an error they
//! are neither plain nor encrypted: drop them.

use nixseal_document::Format;
use nixseal_document::tree::{Map, Value};

use crate::data_key::DataKey;
use crate::error::Error;
use crate::key_groups::{self, DecryptionOrder, Owners, Previous};
use crate::mac::Mac;
use crate::master_key::KeySources;
use crate::metadata::{self, Block, KeyId, Metadata, Moment};
use crate::plain::{Tag, typed};
use crate::stash::Stash;
use crate::value::{Cipher, Iv, Sealed, ValueError};
use crate::walk::{self, Decryptor, Encryptor, ListComments};

/// Metadata of a file and where they stood.
#[derive(Debug)]
pub struct Envelope {
    /// What the file says about its encryption.
    pub metadata: Metadata,
    blocks: Vec<Block>,
    format: Format,
}

/// How to decrypt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecryptOptions {
    /// Accept values that the MAC does not fit. Each value authenticates by itself nevertheless.
    pub ignore_mac: bool,
    /// Keep nonces, so that what does not change stays verbatim when it is encrypted again.
    pub keep_nonces: bool,
}

/// What decrypting gave besides the plain documents.
#[derive(Debug)]
pub struct Decrypted {
    /// Nonces of the values, empty unless asked for.
    pub stash: Stash,
    /// How many comments that should be encrypted stand in clear.
    pub clear_comments: usize,
}

/// Where metadata are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataPlace {
    /// At the end, as `sops` does.
    End,
    /// Where they stood, with those parts of the text that do not change.
    Kept,
}

impl Envelope {
    /// Takes the metadata out of the documents of an encrypted file.
    ///
    /// # Errors
    /// [`Error::Metadata`] when there are none or they are damaged.
    pub fn take(documents: &mut [Map], format: Format) -> Result<Self, Error> {
        let (metadata, blocks) = metadata::extract(documents, format)?;
        Ok(Self {
            metadata,
            blocks,
            format,
        })
    }

    /// The envelope of a file that is not encrypted yet.
    ///
    /// # Errors
    /// [`Error::Empty`] without documents; [`Error::AlreadyEncrypted`] when one has a key that
    /// metadata need.
    pub fn new(documents: &[Map], metadata: Metadata, format: Format) -> Result<Self, Error> {
        if documents.is_empty() {
            return Err(Error::Empty);
        }
        refuse_metadata(documents, format)?;
        Ok(Self {
            metadata,
            blocks: Vec::new(),
            format,
        })
    }

    /// The format of the encrypted file.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Where the one block of metadata stood in the text: its beginning and end.
    pub(crate) fn only_block(&self) -> Option<(usize, usize)> {
        match self.blocks.as_slice() {
            [block] => block.place(),
            _ => None,
        }
    }

    /// The same metadata for documents that are to be written in another format, or anew.
    #[must_use]
    pub fn into_format(self, format: Format) -> Self {
        Self {
            blocks: Vec::new(),
            format,
            ..self
        }
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
        Ok(key_groups::recover(&self.metadata, sources, order, owners)?)
    }

    /// Decrypts the documents in place and checks the MAC.
    ///
    /// # Errors
    /// [`Error::Metadata`] for a version that `sops` would refuse, [`Error::Decrypt`],
    /// [`Error::MacUnreadable`], [`Error::MacMismatch`].
    pub fn decrypt(
        &self,
        documents: &mut [Map],
        key: &DataKey,
        options: DecryptOptions,
    ) -> Result<Decrypted, Error> {
        self.metadata.check_version()?;
        let cipher = Cipher::new(key);
        let mut stash = Stash::default();
        let mac = Mac::new(self.metadata.mac_only_encrypted);
        let mut decryptor = Decryptor::new(&cipher, mac, options.keep_nonces.then_some(&mut stash));
        let selector = &self.metadata.selector;
        let rest = if options.keep_nonces {
            walk::walk(documents, selector, &mut decryptor).map(|()| None)
        } else {
            let rest = decryptor.of_rest();
            walk::walk_in_halves(documents, selector, &mut decryptor, rest)
        };
        let (computed, clear_comments) = decryptor.finish(rest.map_err(Error::Decrypt)?);
        if !options.ignore_mac {
            let stored = self.stored_mac(&cipher).map_err(Error::MacUnreadable)?;
            if stored.as_deref() != Some(computed.as_str()) {
                return Err(Error::MacMismatch { stored, computed });
            }
        }
        Ok(Decrypted {
            stash,
            clear_comments,
        })
    }

    fn stored_mac(&self, cipher: &Cipher) -> Result<Option<String>, ValueError> {
        if self.metadata.mac.is_empty() {
            return Ok(None);
        }
        let sealed = Sealed::parse(self.metadata.mac.as_bytes())?;
        let context = self.metadata.last_modified.as_str().as_bytes();
        let tag = sealed.kind;
        let value = typed(cipher.open(sealed, context)?, tag);
        let text = value
            .as_ref()
            .and_then(Value::as_str)
            .filter(|_| tag == Tag::Str);
        text.map(|text| Some(text.to_owned()))
            .ok_or(ValueError::NotOfType("str"))
    }

    /// Encrypts the documents in place, and makes the MAC for them as of `now`. Values whose
    /// nonces are in `stash` stay verbatim if the key is the same.
    ///
    /// # Errors
    /// [`Error::AlreadyEncrypted`], [`Error::Encrypt`], [`Error::MacEncryption`].
    pub fn encrypt(
        &mut self,
        documents: &mut [Map],
        key: &DataKey,
        stash: Option<&mut Stash>,
        list_comments: ListComments,
        now: Moment,
    ) -> Result<(), Error> {
        refuse_metadata(documents, self.format)?;
        let cipher = Cipher::new(key);
        let mac = Mac::new(self.metadata.mac_only_encrypted);
        let selector = &self.metadata.selector;
        let known = stash.is_some();
        let mut encryptor = Encryptor::new(&cipher, mac, selector, stash, list_comments);
        let rest = if known {
            walk::walk(documents, selector, &mut encryptor).map(|()| None)
        } else {
            let rest = encryptor.of_rest();
            walk::walk_in_halves(documents, selector, &mut encryptor, rest)
        };
        let mac = encryptor.finish(rest.map_err(Error::Encrypt)?);
        let mut iv: Iv = [0; 32];
        getrandom::fill(&mut iv)?;
        let sealed = cipher.seal(mac.as_bytes(), Tag::Str, now.as_str().as_bytes(), &iv);
        let sealed = sealed.map_err(|error| Error::MacEncryption(error.to_string()))?;
        self.metadata.mac =
            String::from_utf8(sealed).map_err(|error| Error::MacEncryption(error.to_string()))?;
        self.metadata.last_modified = now;
        Ok(())
    }

    /// Wraps the data key of the file for `groups`; values and MAC stay as they are. Entries of
    /// recipients that stay are kept where the format allows it. Gives whether the metadata
    /// changed.
    ///
    /// # Errors
    /// [`Error::Wrap`]; the metadata are unchanged then.
    pub fn rewrap(
        &mut self,
        key: &DataKey,
        groups: &[Vec<KeyId>],
        threshold: u32,
        sources: &KeySources<'_>,
        now: &Moment,
    ) -> Result<bool, Error> {
        let threshold = effective(threshold, groups);
        let metadata = &self.metadata;
        let same = metadata.groups.len() == groups.len()
            && metadata
                .groups
                .iter()
                .zip(groups)
                .all(|(old, new)| same_keys(old.iter(), new))
            && metadata.shamir_threshold == threshold;
        if same {
            return Ok(false);
        }
        let previous = Previous::SameKey(&metadata.groups);
        let wrapped = key_groups::wrap_after(key, groups, threshold, previous, sources, now)?;
        self.metadata.groups = wrapped;
        self.metadata.shamir_threshold = threshold;
        Ok(true)
    }

    /// Wraps a new data key for `groups`. Entries of recipients that stay keep their date, as
    /// `sops rotate` does.
    ///
    /// # Errors
    /// [`Error::Wrap`]; the metadata are unchanged then.
    pub fn wrap_new_key(
        &mut self,
        key: &DataKey,
        groups: &[Vec<KeyId>],
        threshold: u32,
        sources: &KeySources<'_>,
        now: &Moment,
    ) -> Result<(), Error> {
        let threshold = effective(threshold, groups);
        let previous = Previous::Dates(&self.metadata.groups);
        let wrapped = key_groups::wrap_after(key, groups, threshold, previous, sources, now)?;
        self.metadata.groups = wrapped;
        self.metadata.shamir_threshold = threshold;
        Ok(())
    }

    /// Puts the metadata into the documents: they are a whole encrypted file then.
    pub fn put(self, documents: &mut [Map], place: MetadataPlace) {
        let blocks = if place == MetadataPlace::Kept {
            self.blocks
        } else {
            Vec::new()
        };
        metadata::attach(documents, &self.metadata, self.format, blocks);
    }
}

/// `sops` writes the number of groups down where none is asked for.
fn effective(threshold: u32, groups: &[Vec<KeyId>]) -> u32 {
    if groups.len() > 1 && threshold == 0 {
        u32::try_from(groups.len()).unwrap_or(u32::MAX)
    } else {
        threshold
    }
}

fn same_keys<'a>(
    old: impl Iterator<Item = &'a crate::metadata::WrappedKey>,
    new: &[KeyId],
) -> bool {
    old.map(|key| &key.id).eq(new.iter())
}

/// Refuses documents that have keys where metadata are to stand.
fn refuse_metadata(documents: &[Map], format: Format) -> Result<(), Error> {
    for (document, map) in documents.iter().enumerate() {
        if let Some(key) = metadata::metadata_key(map, format) {
            return Err(Error::AlreadyEncrypted {
                document,
                key: key.to_owned(),
            });
        }
    }
    Ok(())
}
