//! File keys wrapped by HPKE (RFC 9180), as the newer kinds of recipients do:
//! base mode, HKDF-SHA-256, ChaCha20-Poly1305, and a label as the info.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};

use crate::FileKey;

/// Wraps `file_key` and gives the encapsulated key and the stanza's body.
pub(super) fn wrap<K: Kem>(
    recipient: &K::PublicKey,
    label: &[u8],
    file_key: &FileKey,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let mode = OpModeS::Base;
    let (encapsulated, body) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, K>(
        &mode,
        recipient,
        label,
        file_key.expose(),
        &[],
    )
    .ok()?;
    Some((encapsulated.to_bytes().to_vec(), body))
}

/// Reverses [`wrap`]. `None` when the file key was wrapped for another key, or
/// `encapsulated` is none.
pub(super) fn unwrap<K: Kem>(
    identity: &K::PrivateKey,
    label: &[u8],
    encapsulated: &[u8],
    body: &[u8],
) -> Option<FileKey> {
    let encapsulated = K::EncappedKey::from_bytes(encapsulated).ok()?;
    let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, K>(
        &OpModeR::Base,
        identity,
        &encapsulated,
        label,
        body,
        &[],
    );
    let opened = zeroize::Zeroizing::new(opened.ok()?);
    opened.as_slice().try_into().ok().map(FileKey::new)
}
