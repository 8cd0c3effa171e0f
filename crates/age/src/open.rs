//! Opens files.

use std::io::{self, Read, Write};

use nixseal_base::secret::SecretBytes;

use crate::armor::{Armor, ArmorWriter};
use crate::error::Error;
use crate::header::Header;
use crate::input::Input;
use crate::stream::{self, NONCE_SIZE, Open, PayloadKey, StreamReader};
use crate::{FileKey, Recipient};

/// Decrypts a file that is in memory; `unlock` finds the file key for its
/// header.
///
/// # Errors
/// [`Error`]s of the format, and those of `unlock`.
pub fn decrypt_bytes<E: From<Error>>(
    file: &[u8],
    unlock: impl FnOnce(&Header) -> Result<FileKey, E>,
) -> Result<SecretBytes, E> {
    let plaintext = OpenFile::parse(file)?.decrypt(unlock)?;
    // Never longer than the file, so the buffer is not moved while it grows.
    let mut buffer = zeroize::Zeroizing::new(Vec::with_capacity(file.len()));
    plaintext.write_to(&mut *buffer)?;
    Ok(SecretBytes::new(std::mem::take(&mut *buffer)))
}

/// A file of which the header is read and the payload is not.
pub struct OpenFile<R> {
    header: Header,
    input: Input<R>,
    nonce: [u8; NONCE_SIZE],
}

impl<R: Read> OpenFile<R> {
    /// Reads the header of a file, armored or not.
    ///
    /// # Errors
    /// [`Error::NotAge`], [`Error::Header`], [`Error::Armor`], [`Error::Read`].
    pub fn parse(reader: R) -> Result<Self, Error> {
        let mut input = Input::new(reader)?;
        let header = Header::read(&mut input)?;
        let mut nonce = [0; NONCE_SIZE];
        input
            .read_exact(&mut nonce)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => Error::Header {
                    line: header
                        .to_bytes()
                        .iter()
                        .filter(|byte| **byte == b'\n')
                        .count()
                        + 1,
                    reason: "the file ends behind the header, it was cut off".to_owned(),
                },
                _ => Error::from_read(error),
            })?;
        Ok(Self {
            header,
            input,
            nonce,
        })
    }

    /// The header: who can open the file.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the file is written as text.
    pub fn is_armored(&self) -> bool {
        self.input.is_armored()
    }

    /// How the file is written.
    pub fn armor(&self) -> Armor {
        if self.is_armored() {
            Armor::Armored
        } else {
            Armor::Binary
        }
    }

    /// Reads to the end and counts: the bytes of the encrypted payload, which grow with those of
    /// the plaintext. Equal plaintexts have payloads of equal length.
    ///
    /// # Errors
    /// [`Error::Armor`], [`Error::Read`].
    pub fn payload_length(mut self) -> Result<u64, Error> {
        io::copy(&mut self.input, &mut io::sink()).map_err(Error::from_read)
    }

    /// Opens the payload with the key that `unlock` finds for the header.
    ///
    /// # Errors
    /// Those of `unlock`, and [`Error::BadMac`].
    pub fn decrypt<E: From<Error>>(
        self,
        unlock: impl FnOnce(&Header) -> Result<FileKey, E>,
    ) -> Result<Plaintext<R>, E> {
        let file_key = unlock(&self.header)?;
        Ok(self.with_file_key(&file_key)?)
    }

    /// Opens the payload with a key that is known.
    ///
    /// # Errors
    /// [`Error::BadMac`] when it is not the key of this file.
    pub fn with_file_key(self, file_key: &FileKey) -> Result<Plaintext<R>, Error> {
        self.header.check_mac(file_key)?;
        Ok(Plaintext {
            key: stream::payload_key(file_key, &self.nonce),
            input: self.input,
        })
    }

    /// Writes the file again for `recipients`, with the same key: only the
    /// header is new, the payload is copied as it is, unread.
    ///
    /// Legal only when recipients are added: whoever could open the old file
    /// can open the new one. The caller decides.
    ///
    /// # Errors
    /// [`Error::BadMac`] when `file_key` is not the key of this file; those of
    /// [`Header::wrap`]; the reader's and the writer's.
    pub fn rewrap(
        mut self,
        file_key: &FileKey,
        recipients: &[impl Recipient],
        mut output: impl Write,
        armor: Armor,
    ) -> Result<(), Error> {
        self.header.check_mac(file_key)?;
        self.header = Header::wrap(file_key, recipients)?;
        match armor {
            Armor::Binary => self.copy(&mut output)?,
            Armor::Armored => {
                let mut armored = ArmorWriter::new(&mut output);
                self.copy(&mut armored)?;
                armored.finish().map_err(Error::from_write)?;
            }
        }
        output.flush().map_err(Error::from_write)
    }

    fn copy(&mut self, output: &mut impl Write) -> Result<(), Error> {
        let mut start = self.header.to_bytes();
        start.extend_from_slice(&self.nonce);
        output.write_all(&start).map_err(Error::from_write)?;
        let mut block = vec![0; 64 * 1024];
        loop {
            let count = match self.input.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::from_read(error)),
            };
            let bytes = block.get(..count).unwrap_or_default();
            output.write_all(bytes).map_err(Error::from_write)?;
        }
    }
}

/// A payload that is ready to be decrypted.
pub struct Plaintext<R> {
    key: PayloadKey,
    input: Input<R>,
}

impl<R: Read> Plaintext<R> {
    /// Decrypts everything to `output` and gives the number of bytes. Every
    /// byte that is written was authenticated, but only success says that none
    /// is missing. Constant memory; long payloads are worked off by several
    /// threads, hence the `Send`.
    ///
    /// # Errors
    /// [`Error::Payload`], [`Error::Armor`], the reader's and the writer's.
    pub fn write_to(self, output: impl Write + Send) -> Result<u64, Error>
    where
        R: Send,
    {
        stream::run(Open(self.key), self.input, output)
    }

    /// Decrypts everything into memory.
    ///
    /// # Errors
    /// Those of [`write_to`](Self::write_to), and [`Error::Read`] when the text
    /// has more than `limit` bytes.
    pub fn read_all(self, limit: usize) -> Result<SecretBytes, Error> {
        SecretBytes::read_from(self.into_reader(), limit).map_err(Error::from_read)
    }

    /// A reader of the plaintext, for callers that pull. It works in the
    /// calling thread; its errors go through [`Error::from_read`].
    pub fn into_reader(self) -> impl Read {
        StreamReader::new(self.key, self.input)
    }
}
