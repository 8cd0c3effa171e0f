//! The key of one file's payload.

use std::fmt;

use zeroize::Zeroizing;

/// 16 random bytes from which the keys of header and payload are derived.
pub struct FileKey(Zeroizing<[u8; Self::SIZE]>);

impl FileKey {
    /// Length in bytes (age v1, "File key").
    pub const SIZE: usize = 16;

    /// Takes over the bytes of an unwrapped key.
    pub fn new(bytes: [u8; Self::SIZE]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A fresh random key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; Self::SIZE]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// The bytes, to be wrapped or derived from.
    pub fn expose(&self) -> &[u8; Self::SIZE] {
        &self.0
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FileKey(..)")
    }
}
