//! Messages: a session key, encrypted to keys, and the data under it.
//!
//! What is read is bounded: by [`LIMIT`] before and after decryption and after each decompression,
//! and packets in packets by [`DEPTH`]. A wrapped data key needs a thousandth of that.

use std::io::BufReader;

use nixseal_base::secret::SecretBytes;
use pgp::bytes::Bytes;
use pgp::composed::{
    ArmorOptions, DecryptionOptions, Edata, Esk, Message, MessageBuilder, PlainSessionKey,
};
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{Packet, PacketParser, PublicKeyEncryptedSessionKey};
use pgp::types::{DecryptionKey as _, EskType, Password, Seipdv1ReadMode};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::armor;
use super::certificate::RecipientKey;
use super::secrets::PrivateKey;
use crate::{PgpError, reason};

/// The longest message and plaintext, in bytes.
const LIMIT: usize = 1 << 20;
/// How deep data may be compressed: GnuPG does it once.
const DEPTH: usize = 4;
/// The most keys that one message may be for.
const RECIPIENTS: usize = 100;

/// Encrypts to one key, with AES-256 and a modification detection code: all that reads OpenPGP
/// today reads that. The armor has no line end at its end.
pub(super) fn seal(key: &RecipientKey, plaintext: &SecretBytes) -> Result<String, PgpError> {
    let failed = |error: pgp::errors::Error| PgpError::Encryption(reason::of(&error));
    let content = Bytes::from_owner(Zeroizing::new(plaintext.expose().to_vec()));
    let mut message =
        MessageBuilder::from_bytes("", content).seipd_v1(OsRng, SymmetricKeyAlgorithm::AES256);
    match key {
        RecipientKey::Primary(key) => message.encrypt_to_key(OsRng, key),
        RecipientKey::Subkey(key) => message.encrypt_to_key(OsRng, key),
    }
    .map_err(failed)?;
    let armored = message.to_armored_string(OsRng, ArmorOptions::default());
    Ok(armored.map_err(failed)?.trim_end().to_owned())
}

/// A message whose armor was read.
pub(super) struct SealedMessage {
    bytes: SecretBytes,
    recipients: Vec<PublicKeyEncryptedSessionKey>,
}

impl SealedMessage {
    /// Reads for whom the message is.
    pub(super) fn parse(text: &str) -> Result<Self, PgpError> {
        if text.len() > LIMIT {
            return Err(PgpError::Damaged(format!("it has more than {LIMIT} bytes")));
        }
        let bytes = armor::message(text.as_bytes()).map_err(PgpError::Damaged)?;
        let (recipients, _) = open_envelope(&bytes)?;
        if recipients.len() > RECIPIENTS {
            let reason = format!("it is for more than {RECIPIENTS} keys");
            return Err(PgpError::Damaged(reason));
        }
        Ok(Self { bytes, recipients })
    }

    /// Whether the message names this key (`Some(true)`), hides for whom it is (`Some(false)`),
    /// or names others only.
    pub(super) fn is_for(&self, key: &RecipientKey) -> Option<bool> {
        let matching = self.recipients.iter().filter(|one| match key {
            RecipientKey::Primary(key) => one.match_identity(key),
            RecipientKey::Subkey(key) => one.match_identity(key),
        });
        matching.map(|one| !is_hidden(one)).max()
    }

    /// The keys it is for, as words.
    pub(super) fn recipients(&self) -> String {
        let names: Vec<String> = self
            .recipients
            .iter()
            .map(|one| match one.id() {
                Ok(id) if id.is_wildcard() => "a hidden recipient".to_owned(),
                Ok(id) => format!("key {}", id.to_string().to_uppercase()),
                Err(_) => "a key of another version".to_owned(),
            })
            .collect();
        match names.is_empty() {
            true => "any key: it is for a passphrase".to_owned(),
            false => names.join(" or "),
        }
    }

    /// Decrypts with an unlocked key.
    pub(super) fn open(&self, key: &PrivateKey) -> Result<SecretBytes, PgpError> {
        let mut failure = None;
        for recipient in &self.recipients {
            match session_key(recipient, key).map(|found| found.map(|key| self.payload(&key))) {
                Ok(None) => {}
                Ok(Some(Ok(plaintext))) => return Ok(plaintext),
                Ok(Some(Err(error))) => failure = Some(error),
                Err(error) => failure = Some(malformed(error)),
            }
        }
        Err(failure.unwrap_or_else(|| damaged("it is for no such key")))
    }

    fn payload(&self, key: &PlainSessionKey) -> Result<SecretBytes, PgpError> {
        let (_, mut data) = open_envelope(&self.bytes)?;
        let options = DecryptionOptions::new()
            // What GnuPG 2.4 makes for keys of its own.
            .enable_gnupg_aead()
            .set_seipdv1_read_mode(Seipdv1ReadMode::CheckFirst {
                max_message_size: LIMIT,
            });
        data.decrypt_with_options(key, options).map_err(malformed)?;
        let packets = SecretBytes::read_from(data, LIMIT).map_err(unreadable)?;
        literal(packets, DEPTH)
    }
}

fn damaged(reason: &str) -> PgpError {
    PgpError::Damaged(reason.to_owned())
}

fn malformed(error: pgp::errors::Error) -> PgpError {
    PgpError::Damaged(reason::of(&error))
}

fn unreadable(error: std::io::Error) -> PgpError {
    PgpError::Damaged(reason::of_reading(&error))
}

fn is_hidden(recipient: &PublicKeyEncryptedSessionKey) -> bool {
    recipient.id().is_ok_and(pgp::types::KeyId::is_wildcard)
}

fn open_envelope(
    bytes: &SecretBytes,
) -> Result<(Vec<PublicKeyEncryptedSessionKey>, Edata<'_>), PgpError> {
    let message = Message::from_bytes(BufReader::new(bytes.expose())).map_err(malformed)?;
    let Message::Encrypted { esk, edata, .. } = message else {
        return Err(damaged("it is not encrypted"));
    };
    let recipients = esk.into_iter().filter_map(|one| match one {
        Esk::PublicKeyEncryptedSessionKey(one) => Some(one),
        Esk::SymKeyEncryptedSessionKey(_) => None,
    });
    Ok((recipients.collect(), edata))
}

/// The session key, if it is encrypted to `key`.
fn session_key(
    recipient: &PublicKeyEncryptedSessionKey,
    key: &PrivateKey,
) -> pgp::errors::Result<Option<PlainSessionKey>> {
    let matches = match key {
        PrivateKey::Primary(key) => recipient.match_identity(key),
        PrivateKey::Subkey(key) => recipient.match_identity(key),
    };
    if !matches || recipient.id().is_err() {
        return Ok(None);
    }
    let (values, none) = (recipient.values()?, Password::empty());
    match key {
        PrivateKey::Primary(key) => key.decrypt(&none, values, EskType::V3_4),
        PrivateKey::Subkey(key) => key.decrypt(&none, values, EskType::V3_4),
    }?
    .map(Some)
}

/// The data itself, out of its compression; signatures around it are left aside, as the metadata
/// of a file has its own protection.
fn literal(packets: SecretBytes, depth: usize) -> Result<SecretBytes, PgpError> {
    if depth == 0 {
        return Err(damaged("it is compressed too many times"));
    }
    for packet in PacketParser::new(packets.expose()) {
        match packet.map_err(malformed)? {
            Packet::LiteralData(data) => return Ok(SecretBytes::copy_of(data.data())),
            Packet::CompressedData(data) => {
                let reader = data.decompress().map_err(malformed)?;
                let inner = SecretBytes::read_from(reader, LIMIT).map_err(unreadable)?;
                return literal(inner, depth - 1);
            }
            Packet::OnePassSignature(_) | Packet::Signature(_) => {}
            Packet::Marker(_) | Packet::Padding(_) => {}
            _ => return Err(damaged("there is something else than data in it")),
        }
    }
    Err(damaged("there is no data in it"))
}
