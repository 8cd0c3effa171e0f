//! Public keys with the signatures that say what each of them is for, and the choice of the one
//! to encrypt to.
//!
//! The rules are those of GnuPG (`g10/getkey.c`: `merge_selfsigs` and `finish_lookup`): of all
//! subkeys that encrypt, the one made last; else the primary key. Whom a key belongs to is no
//! question here: the user named it by its fingerprint.

use std::fmt;
use std::time::SystemTime;

use nixseal_base::clock::rfc3339;
use pgp::composed::{Deserializable as _, SignedPublicKey, SignedPublicSubKey, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{Packet, PublicKey, PublicSubkey, Signature, SignatureType, SubpacketData};
use pgp::types::{KeyDetails, KeyVersion, SignedUser, Tag, Timestamp};

use super::name::KeyName;
use super::packets::{
    Frames, PUBLIC_KEY, PUBLIC_SUBKEY, SECRET_KEY, SECRET_SUBKEY, SIGNATURE, USER_ATTRIBUTE,
    USER_ID,
};

/// A public key to encrypt to.
#[derive(Clone)]
pub(super) enum RecipientKey {
    Primary(PublicKey),
    Subkey(PublicSubkey),
}

impl RecipientKey {
    /// What all keys tell about themselves.
    pub(super) fn details(&self) -> &dyn KeyDetails {
        match self {
            Self::Primary(key) => key,
            Self::Subkey(key) => key,
        }
    }
}

/// Why a certificate cannot be encrypted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Its owner revoked it.
    Revoked,
    /// Its time is over since then, in seconds since 1970.
    Expired(u64),
    /// No signature of the key itself vouches for it.
    Unsigned,
    /// It signs only, or all its encryption keys are revoked or expired.
    NoEncryptionKey,
    /// The very key that was asked for does not encrypt, or is revoked or expired.
    ThisKey,
    /// A version that GnuPG does not know.
    Version,
}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Revoked => "it is revoked",
            Self::Expired(since) => {
                let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(*since);
                return write!(formatter, "it expired on {}", rfc3339(moment));
            }
            Self::Unsigned => "it has no valid signature of its own",
            Self::NoEncryptionKey => {
                "none of its keys can be encrypted to: they are for other uses, revoked or expired"
            }
            Self::ThisKey => "this very key is for other uses, revoked or expired",
            Self::Version => "only keys of version 4 can be encrypted to",
        };
        formatter.write_str(text)
    }
}

/// Reads one transferable key, of either half, if the key of that name is in it. Packets that the
/// library does not know are left out, with the signatures on them.
pub(super) fn parse(block: &[u8], name: &KeyName) -> Option<SignedPublicKey> {
    let mut packets = Vec::new();
    let mut keep = true;
    let mut found = false;
    let mut secret = false;
    for frame in Frames::new(block) {
        match frame.tag {
            SIGNATURE if !keep => continue,
            SIGNATURE => {
                packets.extend(frame.parse());
                continue;
            }
            SECRET_KEY | PUBLIC_KEY | SECRET_SUBKEY | PUBLIC_SUBKEY | USER_ID | USER_ATTRIBUTE => {}
            _ => continue,
        }
        let packet = frame.parse();
        keep = packet.is_some();
        secret |= frame.tag == SECRET_KEY;
        found |= packet.as_ref().is_some_and(|packet| is_named(packet, name));
        packets.extend(packet);
    }
    if !found {
        return None;
    }
    let packets = packets.into_iter().map(Ok);
    if secret {
        let key = SignedSecretKey::from_packets(packets.peekable()).next()?;
        key.ok().map(SignedPublicKey::from)
    } else {
        SignedPublicKey::from_packets(packets.peekable())
            .next()?
            .ok()
    }
}

fn is_named(packet: &Packet, name: &KeyName) -> bool {
    match packet {
        Packet::PublicKey(key) => name.is(key),
        Packet::PublicSubkey(key) => name.is(key),
        Packet::SecretKey(key) => name.is(key),
        Packet::SecretSubkey(key) => name.is(key),
        _ => false,
    }
}

/// How a certificate has to do with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belonging {
    /// It is the name of the primary key, and so of the certificate.
    Primary,
    /// It is the name of a subkey, and the primary key vouches for it.
    Subkey,
    /// It is the name of a key that was put beside the others; anybody can do that.
    Claimed,
}

/// How `certificate` has to do with `name`.
pub(super) fn belonging(certificate: &SignedPublicKey, name: &KeyName) -> Belonging {
    let judge = Judge {
        certificate,
        now: 0,
    };
    let mut subkeys = certificate.public_subkeys.iter();
    if name.is(&certificate.primary_key) {
        Belonging::Primary
    } else if subkeys.any(|subkey| name.is(&subkey.key) && judge.is_bound(subkey)) {
        Belonging::Subkey
    } else {
        Belonging::Claimed
    }
}

/// The key of a certificate to encrypt to.
pub(super) fn encryption_key(
    certificate: &SignedPublicKey,
    name: &KeyName,
    now: SystemTime,
) -> Result<RecipientKey, Unusable> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let primary = &certificate.primary_key;
    if primary.version() != KeyVersion::V4 {
        return Err(Unusable::Version);
    }
    let judge = Judge { certificate, now };
    let primary_encrypts = judge.primary()?;
    let subkeys = certificate.public_subkeys.iter();
    let mut usable = subkeys
        .filter(|subkey| !name.exact || name.is(&subkey.key))
        .filter(|subkey| judge.subkey_encrypts(subkey));
    // Of two from the same second, the first.
    let newest = usable.next().map(|first| {
        usable.fold(first, |best, next| {
            let later = next.key.created_at().as_secs() > best.key.created_at().as_secs();
            if later { next } else { best }
        })
    });
    match newest {
        Some(subkey) => Ok(RecipientKey::Subkey(subkey.key.clone())),
        None if primary_encrypts && (!name.exact || name.is(primary)) => {
            Ok(RecipientKey::Primary(primary.clone()))
        }
        None if name.exact => Err(Unusable::ThisKey),
        None => Err(Unusable::NoEncryptionKey),
    }
}

/// Weighs the signatures of one certificate at one moment (seconds since 1970).
struct Judge<'a> {
    certificate: &'a SignedPublicKey,
    now: u64,
}

impl Judge<'_> {
    /// Whether the primary key encrypts; an error when it, and with it all, is of no use.
    fn primary(&self) -> Result<bool, Unusable> {
        let key = &self.certificate.primary_key;
        let details = &self.certificate.details;
        let verified =
            |signature: &&Signature| is_safe(signature) && signature.verify_key(key).is_ok();
        if details
            .revocation_signatures
            .iter()
            .any(|signature| verified(&signature))
        {
            return Err(Unusable::Revoked);
        }
        let direct = details.direct_signatures.iter();
        let direct = newest(direct.filter(|signature| {
            signature.typ() == Some(SignatureType::Key)
                && !self.is_over(signature)
                && verified(signature)
        }));
        let mut users: Vec<&Signature> = details
            .users
            .iter()
            .filter_map(|user| self.user(user))
            .collect();
        if direct.is_none() && users.is_empty() {
            return Err(Unusable::Unsigned);
        }
        users.retain(|signature| signature.typ() != Some(SignatureType::CertRevocation));
        let users = || users.iter().copied();
        let expiry = direct
            .and_then(lifetime)
            .or_else(|| lifetime(newest(users().filter(|user| lifetime(user).is_some()))?));
        if let Some(over) = end(key.created_at(), expiry).filter(|over| *over <= self.now) {
            return Err(Unusable::Expired(over));
        }
        let usage = direct
            .and_then(encrypts)
            .or_else(|| encrypts(newest(users().filter(|user| encrypts(user).is_some()))?));
        Ok(usage.unwrap_or(true) && can_encrypt(key.algorithm()))
    }

    /// The newest word of the key about one of its users, be it a revocation.
    fn user<'a>(&self, user: &'a SignedUser) -> Option<&'a Signature> {
        let key = &self.certificate.primary_key;
        newest(user.signatures.iter().filter(|signature| {
            is_safe(signature)
                && !self.is_over(signature)
                && signature
                    .verify_certification(key, Tag::UserId, &user.id)
                    .is_ok()
        }))
    }

    /// The valid signatures of one kind about a subkey.
    fn about<'a>(
        &'a self,
        subkey: &'a SignedPublicSubKey,
        kind: SignatureType,
    ) -> impl Iterator<Item = &'a Signature> {
        let primary = &self.certificate.primary_key;
        subkey.signatures.iter().filter(move |signature| {
            signature.typ() == Some(kind)
                && is_safe(signature)
                && signature
                    .verify_subkey_binding(primary, &subkey.key)
                    .is_ok()
        })
    }

    fn is_bound(&self, subkey: &SignedPublicSubKey) -> bool {
        self.about(subkey, SignatureType::SubkeyBinding)
            .next()
            .is_some()
    }

    fn subkey_encrypts(&self, subkey: &SignedPublicSubKey) -> bool {
        let created = subkey.key.created_at();
        if !can_encrypt(subkey.key.algorithm())
            || u64::from(created.as_secs()) > self.now
            || self
                .about(subkey, SignatureType::SubkeyRevocation)
                .next()
                .is_some()
        {
            return false;
        }
        let bindings = self.about(subkey, SignatureType::SubkeyBinding);
        let Some(binding) = newest(bindings.filter(|signature| !self.is_over(signature))) else {
            return false;
        };
        let over = end(created, lifetime(binding));
        over.is_none_or(|over| over > self.now) && encrypts(binding).unwrap_or(true)
    }

    /// Whether the signature itself, not the key, has expired.
    fn is_over(&self, signature: &Signature) -> bool {
        let lifetime = signature.signature_expiration_time();
        let seconds = lifetime
            .map(pgp::types::Duration::as_secs)
            .filter(|seconds| *seconds > 0);
        let created = signature.created().unwrap_or(Timestamp::from_secs(0));
        end(created, seconds).is_some_and(|over| over <= self.now)
    }
}

/// Of two from the same second, the last.
fn newest<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Option<&'a Signature> {
    signatures.max_by_key(|signature| signature.created().map(Timestamp::as_secs))
}

/// GnuPG takes no signature with MD5 for one.
fn is_safe(signature: &Signature) -> bool {
    signature.hash_alg() != Some(HashAlgorithm::Md5)
}

/// How long the key lives, in seconds; none: for ever.
fn lifetime(signature: &Signature) -> Option<u32> {
    let lifetime = signature.key_expiration_time()?.as_secs();
    Some(lifetime).filter(|seconds| *seconds > 0)
}

fn end(created: Timestamp, lifetime: Option<u32>) -> Option<u64> {
    Some(u64::from(created.as_secs()) + u64::from(lifetime?))
}

/// Whether the signature says that the key encrypts; none when it says nothing about uses.
fn encrypts(signature: &Signature) -> Option<bool> {
    let mut subpackets = signature.config()?.hashed_subpackets();
    subpackets.find_map(|subpacket| match &subpacket.data {
        SubpacketData::KeyFlags(flags) => Some(flags.encrypt_comms() || flags.encrypt_storage()),
        _ => None,
    })
}

/// Whether keys of this kind can.
pub(super) fn can_encrypt(algorithm: PublicKeyAlgorithm) -> bool {
    matches!(
        algorithm,
        PublicKeyAlgorithm::RSA
            | PublicKeyAlgorithm::RSAEncrypt
            | PublicKeyAlgorithm::ElgamalEncrypt
            | PublicKeyAlgorithm::Elgamal
            | PublicKeyAlgorithm::ECDH
            | PublicKeyAlgorithm::X25519
            | PublicKeyAlgorithm::X448
    )
}
