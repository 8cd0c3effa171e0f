//! The key that encrypts a file's values.

use std::fmt;

use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

/// 32 random bytes, the AES-256 key of one file. Wrapped for recipients in its metadata.
#[derive(PartialEq, Eq)]
pub struct DataKey(Zeroizing<[u8; Self::SIZE]>);

impl DataKey {
    /// Length in bytes.
    pub const SIZE: usize = 32;

    /// A fresh random key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; Self::SIZE]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// The key in those bytes; none unless there are exactly [`Self::SIZE`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; Self::SIZE]);
        if bytes.len() != Self::SIZE {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// A second, equally guarded copy.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// The bytes, to be wrapped or to encrypt with.
    pub fn expose(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    /// The bytes in the shape in which recipients wrap them.
    pub fn to_secret(&self) -> SecretBytes {
        SecretBytes::copy_of(self.expose())
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey(..)")
    }
}
