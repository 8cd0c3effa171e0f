//! Passphrases (C2SP age, "The scrypt recipient type"). Such a file has no
//! other recipients.

use std::fmt;

use nixseal_base::secret::SecretText;
use zeroize::Zeroizing;

use super::{check_body, malformed};
use crate::{FileKey, Identity, Recipient, Stanza, UnwrapError, WrapError, Wrapped};
use crate::{derive, encoding};

const TAG: &str = "scrypt";
const LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
const SALT_SIZE: usize = 16;

/// Work factor of new files, as log₂ of scrypt's N: about a second and 256 MiB.
pub const DEFAULT_WORK_FACTOR: u8 = 18;

/// Largest work factor that is accepted when opening, as in Go age: some 15
/// seconds and 4 GiB.
pub const MAX_WORK_FACTOR: u8 = 22;

/// Encrypts to a passphrase.
pub struct ScryptRecipient {
    passphrase: SecretText,
    work_factor: u8,
}

impl ScryptRecipient {
    /// Takes over a passphrase. An empty one is refused when it is used.
    pub fn new(passphrase: SecretText) -> Self {
        Self {
            passphrase,
            work_factor: DEFAULT_WORK_FACTOR,
        }
    }

    /// Sets log₂ of scrypt's N, which is kept between 1 and
    /// [`MAX_WORK_FACTOR`].
    #[must_use]
    pub fn with_work_factor(mut self, work_factor: u8) -> Self {
        self.work_factor = work_factor.clamp(1, MAX_WORK_FACTOR);
        self
    }
}

impl fmt::Display for ScryptRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("passphrase")
    }
}

impl Recipient for ScryptRecipient {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        if self.passphrase.is_empty() {
            return Err(WrapError::Refused {
                recipient: self.to_string(),
                reason: "the passphrase is empty".to_owned(),
            });
        }
        let mut salt = [0; SALT_SIZE];
        getrandom::fill(&mut salt)?;
        let key = wrapping_key(&self.passphrase, &salt, self.work_factor).map_err(|reason| {
            WrapError::Refused {
                recipient: self.to_string(),
                reason: reason.to_owned(),
            }
        })?;
        let stanza = Stanza {
            tag: TAG.to_owned(),
            args: vec![encoding::encode(&salt), self.work_factor.to_string()],
            body: derive::wrap_file_key(&key, file_key),
        };
        Ok(Wrapped {
            stanzas: vec![stanza],
            ..Wrapped::default()
        })
    }
}

/// Opens files that are encrypted to a passphrase.
pub struct ScryptIdentity {
    passphrase: SecretText,
    max_work_factor: u8,
}

impl ScryptIdentity {
    /// Takes over a passphrase. An empty one is refused when it is used.
    pub fn new(passphrase: SecretText) -> Self {
        Self {
            passphrase,
            max_work_factor: MAX_WORK_FACTOR,
        }
    }

    /// Sets the largest log₂ of scrypt's N that is accepted, which bounds the
    /// work that somebody else's file can cause.
    #[must_use]
    pub fn with_max_work_factor(mut self, max_work_factor: u8) -> Self {
        self.max_work_factor = max_work_factor;
        self
    }

    fn unwrap_one(&self, stanza: &Stanza) -> Result<FileKey, UnwrapError> {
        let [salt, work_factor] = stanza.args.as_slice() else {
            let count = stanza.args.len();
            return Err(malformed(
                stanza,
                format!("{count} arguments instead of two"),
            ));
        };
        let salt: [u8; SALT_SIZE] = encoding::decode_array(salt)
            .map_err(|reason| malformed(stanza, format!("salt: {reason}")))?;
        check_body(stanza)?;
        let work_factor = self.parse_work_factor(stanza, work_factor)?;
        let key = wrapping_key(&self.passphrase, &salt, work_factor)
            .map_err(|reason| malformed(stanza, reason))?;
        derive::unwrap_file_key(&key, &stanza.body).ok_or(UnwrapError::WrongPassphrase)
    }

    /// Decimal digits without sign or leading zero.
    fn parse_work_factor(&self, stanza: &Stanza, text: &str) -> Result<u8, UnwrapError> {
        if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed(
                stanza,
                format!("work factor '{text}' is not a number"),
            ));
        }
        match text.parse() {
            Ok(work_factor) if work_factor <= self.max_work_factor => Ok(work_factor),
            _ => Err(malformed(
                stanza,
                format!(
                    "work factor {text} is too large, at most {} is accepted",
                    self.max_work_factor
                ),
            )),
        }
    }
}

impl fmt::Display for ScryptIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("passphrase")
    }
}

impl Identity for ScryptIdentity {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        match stanzas {
            [only] if only.tag == TAG => self.unwrap_one(only),
            several => match several.iter().find(|stanza| stanza.tag == TAG) {
                Some(stanza) => Err(malformed(stanza, "it must be the only one")),
                None => Err(UnwrapError::NoMatch),
            },
        }
    }
}

fn wrapping_key(
    passphrase: &SecretText,
    salt: &[u8; SALT_SIZE],
    work_factor: u8,
) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    const TOO_LARGE: &str = "the work factor is too large for this machine";
    let salt = [LABEL, salt].concat();
    let parameters = ::scrypt::Params::new(work_factor, 8, 1).map_err(|_| TOO_LARGE)?;
    let mut key = Zeroizing::new([0; 32]);
    let passphrase = passphrase.expose().as_bytes();
    ::scrypt::scrypt(passphrase, &salt, &parameters, key.as_mut_slice()).map_err(|_| TOO_LARGE)?;
    Ok(key)
}
