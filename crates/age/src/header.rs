//! The header of an age file: who can open it, authenticated by the file key.
//!
//! Follows the C2SP age specification, sections "Header" and "Header MAC", as
//! strictly as Go age does: one text for one header, so that what was read is
//! written back byte for byte. Unlike Go age, headers over [`MAX_HEADER`]
//! bytes are refused, to bound the memory that a hostile file can claim.

use std::io::{BufRead, Read};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::{FileKey, Identity, Stanza, UnwrapError, derive, encoding};

/// Largest header that is read, in bytes: some 5,000 post-quantum stanzas or
/// 80,000 X25519 ones.
pub const MAX_HEADER: usize = 8 * 1024 * 1024;

/// The first line of every binary age file, without its line end.
pub(crate) const INTRO: &str = "age-encryption.org/v1";

/// What every version's first line begins with.
const INTRO_STEM: &str = "age-encryption.org/";

const STANZA_PREFIX: &str = "->";
const FOOTER_PREFIX: &str = "---";

/// A header that obeys the format. Whether it belongs to a file key shows in
/// [`check_mac`](Self::check_mac).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    stanzas: Vec<Stanza>,
    mac: [u8; 32],
}

impl Header {
    /// Reads a header up to its last line end; the reader is then at the
    /// payload.
    ///
    /// # Errors
    /// [`Error::NotAge`], [`Error::Header`] with the line, or the reader's own.
    pub fn read(reader: &mut impl BufRead) -> Result<Self, Error> {
        let mut lines = Lines {
            reader,
            line: 0,
            left: MAX_HEADER,
        };
        lines.intro()?;
        let mut stanzas = Vec::new();
        loop {
            let line = lines.next()?;
            if line.starts_with(FOOTER_PREFIX.as_bytes()) {
                let mac = lines.footer(&line)?;
                let passphrases = stanzas
                    .iter()
                    .filter(|stanza: &&Stanza| stanza.is_passphrase());
                if stanzas.len() > 1 && passphrases.count() > 0 {
                    return Err(lines.error("a passphrase stanza must be the only one"));
                }
                return Ok(Self { stanzas, mac });
            }
            let mut stanza = lines.opening(&line)?;
            stanza.body = lines.body()?;
            stanzas.push(stanza);
        }
    }

    /// A header of `stanzas`, authenticated by `file_key`.
    pub fn seal(stanzas: Vec<Stanza>, file_key: &FileKey) -> Self {
        let mut header = Self {
            stanzas,
            mac: [0; 32],
        };
        header.mac = header
            .authenticator(file_key)
            .finalize()
            .into_bytes()
            .into();
        header
    }

    /// The stanzas, in the order of the file.
    pub fn stanzas(&self) -> &[Stanza] {
        &self.stanzas
    }

    /// Whether the file is encrypted to a passphrase alone.
    pub fn is_passphrase(&self) -> bool {
        matches!(self.stanzas.as_slice(), [only] if only.is_passphrase())
    }

    /// Checks that the header was made by somebody who knew `file_key`.
    ///
    /// # Errors
    /// [`Error::BadMac`].
    pub fn check_mac(&self, file_key: &FileKey) -> Result<(), Error> {
        self.authenticator(file_key)
            .verify_slice(&self.mac)
            .map_err(|_| Error::BadMac)
    }

    /// Asks each identity in turn for the file key and checks the header with it.
    ///
    /// # Errors
    /// [`Error::NoMatch`] when no stanza is for any of them,
    /// [`Error::WrongPassphrase`], [`Error::Unwrap`]
    /// when one fails otherwise (the others are then not asked, as in Go age),
    /// [`Error::BadMac`].
    pub fn unlock(&self, identities: &[impl Identity]) -> Result<FileKey, Error> {
        let mut wrong_passphrase = false;
        for identity in identities {
            match identity.unwrap(&self.stanzas) {
                Ok(file_key) => {
                    self.check_mac(&file_key)?;
                    return Ok(file_key);
                }
                Err(UnwrapError::NoMatch) => {}
                Err(UnwrapError::WrongPassphrase) => wrong_passphrase = true,
                Err(source) => {
                    return Err(Error::Unwrap {
                        identity: identity.to_string(),
                        source,
                    });
                }
            }
        }
        if wrong_passphrase {
            return Err(Error::WrongPassphrase);
        }
        Err(Error::NoMatch {
            kinds: self.stanzas.iter().map(|one| one.tag.clone()).collect(),
        })
    }

    /// The header as it stands in a binary file, with its last line end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = self.unauthenticated();
        text.push(' ');
        text.push_str(&encoding::encode(&self.mac));
        text.push('\n');
        text.into_bytes()
    }

    /// Everything the MAC covers: up to and with `---`.
    fn unauthenticated(&self) -> String {
        let mut text = format!("{INTRO}\n");
        for stanza in &self.stanzas {
            write_stanza(&mut text, stanza);
        }
        text.push_str(FOOTER_PREFIX);
        text
    }

    fn authenticator(&self, file_key: &FileKey) -> Hmac<Sha256> {
        let key: Zeroizing<[u8; 32]> = derive::hkdf(&[], file_key.expose(), b"header");
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_slice())
            .expect("HMAC takes keys of any length");
        mac.update(self.unauthenticated().as_bytes());
        mac
    }
}

impl Stanza {
    /// Whether the stanza is of the passphrase kind, which stands alone.
    pub(crate) fn is_passphrase(&self) -> bool {
        self.tag == "scrypt"
    }
}

/// Whether a stanza can be written: tag and arguments of printable ASCII,
/// none of them empty.
pub(crate) fn is_writable(stanza: &Stanza) -> bool {
    is_argument(&stanza.tag) && stanza.args.iter().all(|argument| is_argument(argument))
}

/// Appends `-> tag args…` and the body in lines of 64 columns, of which the
/// last is short, and so possibly empty.
pub(crate) fn write_stanza(text: &mut String, stanza: &Stanza) {
    text.push_str(STANZA_PREFIX);
    for argument in std::iter::once(&stanza.tag).chain(&stanza.args) {
        text.push(' ');
        text.push_str(argument);
    }
    text.push('\n');
    for line in stanza.body.chunks(encoding::LINE_BYTES) {
        text.push_str(&encoding::encode(line));
        text.push('\n');
    }
    if stanza.body.len().is_multiple_of(encoding::LINE_BYTES) {
        text.push('\n');
    }
}

/// The lines of a header, counted and bounded.
struct Lines<'a, R> {
    reader: &'a mut R,
    line: usize,
    left: usize,
}

impl<R: BufRead> Lines<'_, R> {
    fn error(&self, reason: impl Into<String>) -> Error {
        Error::Header {
            line: self.line,
            reason: reason.into(),
        }
    }

    /// The next line without its end.
    fn next(&mut self) -> Result<Vec<u8>, Error> {
        self.line += 1;
        let mut line = Vec::new();
        let mut bounded = Read::take(&mut *self.reader, self.left as u64);
        bounded
            .read_until(b'\n', &mut line)
            .map_err(Error::from_read)?;
        self.left -= line.len().min(self.left);
        match line.pop() {
            Some(b'\n') => Ok(line),
            _ if self.left == 0 => Err(self.error("the header is too long")),
            _ => Err(self.error("the file ends inside the header, it was cut off")),
        }
    }

    fn intro(&mut self) -> Result<(), Error> {
        let not_age = |reason: &str| {
            Err(Error::NotAge {
                reason: reason.to_owned(),
            })
        };
        let start = self.reader.fill_buf().map_err(Error::from_read)?;
        if start.is_empty() {
            return not_age("it is empty");
        }
        // Not even the first line is read when the file is of another kind.
        let compared = start.len().min(INTRO_STEM.len());
        if start.get(..compared) != INTRO_STEM.as_bytes().get(..compared) {
            return not_age("it does not begin with 'age-encryption.org/v1'");
        }
        let line = self.next()?;
        match line.strip_prefix(INTRO_STEM.as_bytes()) {
            Some(b"v1") => Ok(()),
            Some(b"v1\r") => not_age(
                "its line ends were changed, as Windows shells do when output is redirected; \
                 encrypt again with an output option or with armor",
            ),
            Some(version) if is_version(version) => not_age(&format!(
                "format version '{}' is unknown",
                version.escape_ascii()
            )),
            _ => not_age("its first line is not 'age-encryption.org/v1'"),
        }
    }

    /// `-> tag args…`, the body still empty.
    fn opening(&self, line: &[u8]) -> Result<Stanza, Error> {
        let text =
            std::str::from_utf8(line).map_err(|_| self.error("a character outside of ASCII"))?;
        let mut parts = text.split(' ');
        if parts.next() != Some(STANZA_PREFIX) {
            return Err(self.error("expected '-> ' or '--- '"));
        }
        let Some(tag) = parts.next() else {
            return Err(self.error("a stanza without a kind"));
        };
        let args: Vec<String> = parts.map(str::to_owned).collect();
        if !is_argument(tag) || !args.iter().all(|argument| is_argument(argument)) {
            return Err(self.error("an argument is empty or has a character that is not printable"));
        }
        Ok(Stanza {
            tag: tag.to_owned(),
            args,
            body: Vec::new(),
        })
    }

    fn body(&mut self) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        loop {
            let line = self.next()?;
            if line.len() > encoding::COLUMNS {
                return Err(self.error("a line of a stanza is longer than 64 characters"));
            }
            let bytes = match encoding::decode(&line) {
                Ok(bytes) => bytes,
                Err(_) if line.starts_with(b"-") => {
                    return Err(self.error(
                        "the stanza before does not end with a short line (betas of age wrote \
                         such files)",
                    ));
                }
                Err(reason) => return Err(self.error(reason)),
            };
            body.extend_from_slice(&bytes);
            if bytes.len() < encoding::LINE_BYTES {
                return Ok(body);
            }
        }
    }

    /// `--- MAC`.
    fn footer(&self, line: &[u8]) -> Result<[u8; 32], Error> {
        let encoded = line
            .strip_prefix(FOOTER_PREFIX.as_bytes())
            .and_then(|rest| rest.strip_prefix(b" "))
            .ok_or_else(|| self.error("expected '--- ' and the authentication code"))?;
        let mac = encoding::decode(encoded)
            .map_err(|reason| self.error(format!("authentication code: {reason}")))?;
        mac.try_into()
            .map_err(|_| self.error("the authentication code does not have 32 bytes"))
    }
}

fn is_argument(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (33..=126).contains(&byte))
}

fn is_version(text: &[u8]) -> bool {
    matches!(text, [b'v', rest @ ..] if !rest.is_empty() && rest.len() < 8
        && rest.iter().all(u8::is_ascii_alphanumeric))
}
