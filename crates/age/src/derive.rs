//! Key derivation and the wrapping of file keys, shared by all native kinds.

use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::FileKey;

/// Length of a wrapped file key: the key and a tag.
pub(crate) const WRAPPED_SIZE: usize = FileKey::SIZE + 16;

/// HKDF-SHA-256 (RFC 5869) for a key of 32 bytes.
pub(crate) fn hkdf(salt: &[u8], secret: &[u8], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), secret)
        .expand(label, key.as_mut_slice())
        .expect("32 bytes are within HKDF's limit");
    key
}

/// Wraps `file_key` with a key that is used once (hence the fixed nonce).
pub(crate) fn wrap_file_key(wrapping_key: &[u8; 32], file_key: &FileKey) -> Vec<u8> {
    let mut wrapped = Zeroizing::new(*file_key.expose());
    let tag = ChaCha20Poly1305::new(wrapping_key.into())
        .encrypt_inout_detached(&Nonce::default(), &[], wrapped.as_mut_slice().into())
        .expect("16 bytes are within the cipher's limit");
    [wrapped.as_slice(), &tag].concat()
}

/// Reverses [`wrap_file_key`]. `None` when the key is another one or `wrapped`
/// was changed; the caller has checked the length.
pub(crate) fn unwrap_file_key(wrapping_key: &[u8; 32], wrapped: &[u8]) -> Option<FileKey> {
    let (bytes, tag) = wrapped.split_first_chunk::<{ FileKey::SIZE }>()?;
    let tag = Tag::try_from(tag).ok()?;
    let mut bytes = Zeroizing::new(*bytes);
    ChaCha20Poly1305::new(wrapping_key.into())
        .decrypt_inout_detached(&Nonce::default(), &[], bytes.as_mut_slice().into(), &tag)
        .ok()?;
    Some(FileKey::new(*bytes))
}
