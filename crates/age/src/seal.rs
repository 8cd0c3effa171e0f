//! Encrypts files.

use std::io::{self, Read, Write};

use crate::armor::{Armor, ArmorWriter};
use crate::error::Error;
use crate::header::{self, Header};
use crate::native::POST_QUANTUM;
use crate::stream::{self, NONCE_SIZE, PayloadKey, Seal, StreamWriter};
use crate::{FileKey, Recipient, Stanza, WrapError};

/// Encrypts `input` to `recipients` and gives the number of plaintext bytes.
///
/// Reads to the end of `input` in constant memory; long inputs are worked off
/// by several threads, hence the `Send`. Give a [`File`](std::fs::File) rather
/// than a standard stream, which buffers by lines.
///
/// # Errors
/// Those of [`Encryptor::new`], of the reader and of the writer; what was
/// written until then is not a whole file.
pub fn encrypt(
    recipients: &[impl Recipient],
    input: impl Read + Send,
    output: impl Write + Send,
    armor: Armor,
) -> Result<u64, Error> {
    Encryptor::new(recipients)?.encrypt(input, output, armor)
}

/// Encrypts `plaintext` to `recipients`, in memory.
///
/// # Errors
/// Those of [`Encryptor::new`].
pub fn encrypt_bytes(
    recipients: &[impl Recipient],
    plaintext: &[u8],
    armor: Armor,
) -> Result<Vec<u8>, Error> {
    let mut output = Vec::with_capacity(plaintext.len() + 1024);
    encrypt(recipients, plaintext, &mut output, armor)?;
    Ok(output)
}

/// A fresh file key, wrapped for the recipients of one file.
#[derive(Debug)]
pub struct Encryptor {
    header: Header,
    file_key: FileKey,
}

impl Encryptor {
    /// Wraps a fresh file key for each of `recipients`.
    ///
    /// # Errors
    /// [`Error::NoRecipients`]; [`Error::Wrap`] when a recipient refuses;
    /// [`Error::MixedSecurity`], [`Error::Incompatible`] or
    /// [`Error::PassphraseNotAlone`] when they do not fit together.
    pub fn new(recipients: &[impl Recipient]) -> Result<Self, Error> {
        let file_key = FileKey::generate()?;
        let header = Header::wrap(&file_key, recipients)?;
        Ok(Self { header, file_key })
    }

    /// The header that will be written.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Encrypts `input`; see [`encrypt`].
    ///
    /// # Errors
    /// The reader's and the writer's.
    pub fn encrypt(
        self,
        input: impl Read + Send,
        mut output: impl Write + Send,
        armor: Armor,
    ) -> Result<u64, Error> {
        match armor {
            Armor::Binary => self.encrypt_binary(input, output),
            Armor::Armored => {
                let mut armored = ArmorWriter::new(&mut output);
                let count = self.encrypt_binary(input, &mut armored)?;
                armored
                    .finish()
                    .and_then(Write::flush)
                    .map_err(Error::from_write)?;
                Ok(count)
            }
        }
    }

    /// A writer for the plaintext, for callers that push. It works in the
    /// calling thread and has to be finished.
    ///
    /// # Errors
    /// The output's, to which header and nonce are written.
    pub fn writer<W: Write>(self, output: W, armor: Armor) -> Result<EncryptWriter<W>, Error> {
        let mut output = match armor {
            Armor::Binary => Output::Binary(output),
            Armor::Armored => Output::Armored(ArmorWriter::new(output)),
        };
        let key = self.start(&mut output)?;
        Ok(EncryptWriter(StreamWriter::new(key, output)))
    }

    fn encrypt_binary(
        self,
        input: impl Read + Send,
        mut output: impl Write + Send,
    ) -> Result<u64, Error> {
        let key = self.start(&mut output)?;
        let mut input = Counted { input, count: 0 };
        stream::run(Seal(key), &mut input, output)?;
        Ok(input.count)
    }

    /// Writes everything that stands before the chunks.
    fn start(&self, output: &mut impl Write) -> Result<PayloadKey, Error> {
        let mut nonce = [0; NONCE_SIZE];
        getrandom::fill(&mut nonce)?;
        let mut start = self.header.to_bytes();
        start.extend_from_slice(&nonce);
        output.write_all(&start).map_err(Error::from_write)?;
        Ok(stream::payload_key(&self.file_key, &nonce))
    }
}

impl Header {
    /// A header that wraps `file_key` for each of `recipients`.
    ///
    /// With the file key of an existing file this is a re-wrap: legal only when
    /// recipients are added, since whoever could open the old file knows the
    /// key. The caller decides.
    ///
    /// # Errors
    /// Those of [`Encryptor::new`].
    pub fn wrap(file_key: &FileKey, recipients: &[impl Recipient]) -> Result<Self, Error> {
        let mut stanzas: Vec<Stanza> = Vec::with_capacity(recipients.len());
        let mut first = None;
        for recipient in recipients {
            let wrapped = recipient.wrap(file_key)?;
            match &first {
                None => first = Some((recipient, wrapped.labels)),
                Some((other, labels)) if *labels != wrapped.labels => {
                    let other = (other.to_string(), labels.contains(POST_QUANTUM));
                    let this = (recipient.to_string(), wrapped.labels.contains(POST_QUANTUM));
                    return Err(incompatible(other, this));
                }
                Some(_) => {}
            }
            if wrapped.stanzas.is_empty() || !wrapped.stanzas.iter().all(header::is_writable) {
                return Err(Error::Wrap(WrapError::Refused {
                    recipient: recipient.to_string(),
                    reason: "it gave no stanza that a header can carry".to_owned(),
                }));
            }
            stanzas.extend(wrapped.stanzas);
        }
        if stanzas.is_empty() {
            return Err(Error::NoRecipients);
        }
        if stanzas.len() > 1 && stanzas.iter().any(Stanza::is_passphrase) {
            return Err(Error::PassphraseNotAlone);
        }
        Ok(Self::seal(stanzas, file_key))
    }
}

/// The error for two recipients, each with whether it is post-quantum.
fn incompatible(first: (String, bool), second: (String, bool)) -> Error {
    match (first, second) {
        ((post_quantum, true), (classic, false)) | ((classic, false), (post_quantum, true)) => {
            Error::MixedSecurity {
                post_quantum,
                classic,
            }
        }
        ((first, _), (second, _)) => Error::Incompatible { first, second },
    }
}

/// Encrypts what is written to it; see [`Encryptor::writer`].
pub struct EncryptWriter<W: Write>(StreamWriter<Output<W>>);

impl<W: Write> EncryptWriter<W> {
    /// Writes the end of the file, flushes and gives the output back. A file
    /// that was not finished is refused by readers as cut off.
    ///
    /// # Errors
    /// The output's.
    pub fn finish(self) -> Result<W, Error> {
        let finish = || {
            let mut output = match self.0.finish()? {
                Output::Binary(output) => output,
                Output::Armored(armored) => armored.finish()?,
            };
            output.flush()?;
            Ok(output)
        };
        finish().map_err(Error::from_write)
    }
}

impl<W: Write> Write for EncryptWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Where a file goes, as bytes or as text.
enum Output<W> {
    Binary(W),
    Armored(ArmorWriter<W>),
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Binary(output) => output.write(bytes),
            Self::Armored(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Binary(output) => output.flush(),
            Self::Armored(output) => output.flush(),
        }
    }
}

/// Counts what is read.
struct Counted<R> {
    input: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}
