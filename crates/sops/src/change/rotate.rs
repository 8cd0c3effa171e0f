//! A new data key for a file.

use crate::data_key::DataKey;
use crate::error::Error;
use crate::file::{DecryptedFile, EncryptedFile};
use crate::master_key::KeySources;
use crate::metadata::{KeyId, Moment};
use crate::walk::ListComments;

impl DecryptedFile {
    /// Encrypts all values with a new data key that is wrapped for `groups`; `threshold` of them
    /// shall be needed (0: all).
    ///
    /// As with `sops rotate`, recipients that stay keep their date, and the file its version.
    /// Nonces that were kept serve again, which the new key makes harmless.
    ///
    /// # Errors
    /// [`Error::Wrap`], and those of [`DecryptedFile::encrypt`].
    pub fn rotate(
        mut self,
        groups: &[Vec<KeyId>],
        threshold: u32,
        sources: &KeySources<'_>,
        list_comments: ListComments,
        now: Moment,
    ) -> Result<EncryptedFile, Error> {
        let key = DataKey::generate()?;
        self.envelope
            .wrap_new_key(&key, groups, threshold, sources, &now)?;
        self.encrypt(&key, list_comments, now)
    }
}
