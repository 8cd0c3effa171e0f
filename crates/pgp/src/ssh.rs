//! RSA keys of SSH hosts as OpenPGP keys, as `ssh-to-pgp` and `sops-nix` make them: made at the
//! beginning of 1970, so that the fingerprint follows from the key alone; one key for all uses,
//! no subkey, and always the same user. The signature over it has that time too, so the whole
//! result is the same every time.

use std::cmp::Ordering;

use nixseal_base::secret::SecretText;
use pgp::composed::{ArmorOptions, SignedKeyDetails, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{
    KeyFlags, PacketHeader, PublicKey, SecretKey, SignatureConfig, SignatureType, Subpacket,
    SubpacketData, UserId,
};
use pgp::types::{
    KeyDetails as _, PacketHeaderVersion, Password, PlainSecretParams, SecretParams, Tag, Timestamp,
};
use zeroize::Zeroizing;

use crate::{PgpError, reason};

/// The user of all such keys.
pub const USER: &str = "root (Imported from SSH) <root@localhost>";

/// The numbers of a private RSA key, big-endian.
#[derive(Clone, Copy)]
pub struct RsaNumbers<'a> {
    /// The modulus, n.
    pub modulus: &'a [u8],
    /// The public exponent, e.
    pub public_exponent: &'a [u8],
    /// The private exponent, d.
    pub private_exponent: &'a [u8],
    /// The two primes, in any order.
    pub primes: [&'a [u8]; 2],
}

/// An OpenPGP key that was an SSH key.
pub struct FromSsh {
    /// 40 upper-case hexadecimal digits.
    pub fingerprint: String,
    /// The public half, armored, with a line end.
    pub public: String,
    /// The private half, armored and without protection, with a line end.
    pub secret: SecretText,
}

/// Makes an OpenPGP key of a private RSA key.
///
/// # Errors
/// When the numbers make no key, or one of more than 8192 bits.
pub fn from_rsa(numbers: &RsaNumbers<'_>) -> Result<FromSsh, PgpError> {
    let key = secret_key(numbers)?;
    let details = details(&key).map_err(failed)?;
    let fingerprint = format!("{:X}", key.fingerprint());
    let secret = SignedSecretKey::new(key, details, Vec::new(), Vec::new());
    let armor = ArmorOptions::default;
    let public = secret.to_public_key().to_armored_string(armor());
    Ok(FromSsh {
        fingerprint,
        public: public.map_err(failed)?,
        secret: SecretText::new(secret.to_armored_string(armor()).map_err(failed)?),
    })
}

/// The fingerprint that [`from_rsa`] gives, from the public numbers alone.
///
/// # Errors
/// As [`from_rsa`].
pub fn rsa_fingerprint(modulus: &[u8], public_exponent: &[u8]) -> Result<String, PgpError> {
    let key = public_key(modulus, public_exponent)?;
    Ok(format!("{:X}", key.fingerprint()))
}

fn secret_key(numbers: &RsaNumbers<'_>) -> Result<SecretKey, PgpError> {
    let public = public_key(numbers.modulus, numbers.public_exponent)?;
    let [first, second] = numbers.primes.map(significant);
    // OpenPGP wants the smaller one first, and no number twice.
    let (small, large) = match (first.len(), first).cmp(&(second.len(), second)) {
        Ordering::Less => (first, second),
        Ordering::Equal => return Err(no_key()),
        Ordering::Greater => (second, first),
    };
    let mut secret = Zeroizing::new(Vec::with_capacity(4 * numbers.modulus.len() + 8));
    // The last number follows from the others: the library works it out by itself.
    for number in [numbers.private_exponent, small, large, &[1]] {
        push(&mut secret, number);
    }
    let secret = PlainSecretParams::try_from_reader_no_checksum(
        secret.as_slice(),
        public.version(),
        public.algorithm(),
        public.public_params(),
    );
    let secret = SecretParams::Plain(secret.map_err(failed)?);
    SecretKey::new(public, secret).map_err(failed)
}

fn public_key(modulus: &[u8], public_exponent: &[u8]) -> Result<PublicKey, PgpError> {
    let body = public_body(modulus, public_exponent);
    let length = u32::try_from(body.len()).map_err(|_| no_key())?;
    let header = PacketHeader::new_fixed(Tag::PublicKey, length);
    PublicKey::try_from_reader(header, body.as_slice()).map_err(failed)
}

/// Version, time, algorithm and numbers (RFC 9580, section 5.5.2).
fn public_body(modulus: &[u8], public_exponent: &[u8]) -> Vec<u8> {
    let mut body = vec![4, 0, 0, 0, 0, PublicKeyAlgorithm::RSA.into()];
    push(&mut body, modulus);
    push(&mut body, public_exponent);
    body
}

/// A number with its length in bits before it.
fn push(body: &mut Vec<u8>, number: &[u8]) {
    let number = significant(number);
    let zeros = number
        .first()
        .map_or(0, |first| first.leading_zeros() as usize);
    // What does not fit is far too large for a key: the library refuses it.
    let bits = u16::try_from(number.len() * 8 - zeros).unwrap_or(u16::MAX);
    body.extend(bits.to_be_bytes());
    body.extend_from_slice(number);
}

fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The user, and the key's signature on it.
fn details(key: &SecretKey) -> pgp::errors::Result<SignedKeyDetails> {
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(true);
    flags.set_encrypt_comms(true);
    flags.set_encrypt_storage(true);
    let mut config = SignatureConfig::v4(
        SignatureType::CertPositive,
        PublicKeyAlgorithm::RSA,
        HashAlgorithm::Sha256,
    );
    let beginning = Timestamp::from_secs(0);
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::SignatureCreationTime(beginning))?,
        Subpacket::regular(SubpacketData::KeyFlags(flags))?,
        Subpacket::regular(SubpacketData::IsPrimary(true))?,
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    let issuer = SubpacketData::IssuerKeyId(key.legacy_key_id());
    config.unhashed_subpackets = vec![Subpacket::regular(issuer)?];
    let user = UserId::from_str(PacketHeaderVersion::New, USER)?;
    let public = key.public_key();
    let signature =
        config.sign_certification(key, public, &Password::empty(), Tag::UserId, &user)?;
    let user = user.into_signed(signature);
    Ok(SignedKeyDetails::new(
        Vec::new(),
        Vec::new(),
        vec![user],
        Vec::new(),
    ))
}

fn failed(error: pgp::errors::Error) -> PgpError {
    PgpError::Conversion(reason::of(&error))
}

fn no_key() -> PgpError {
    PgpError::Conversion("the numbers make no key".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_make_no_key_are_refused() {
        let numbers = |modulus, prime| RsaNumbers {
            modulus,
            public_exponent: &[1, 0, 1],
            private_exponent: &[5],
            primes: [prime, prime],
        };
        for (modulus, prime) in [
            (&[][..], &[][..]),
            (&[0], &[0]),
            (&[15], &[3]),
            (&[9], &[3]),
        ] {
            assert!(from_rsa(&numbers(modulus, prime)).is_err(), "{modulus:?}");
        }
        let huge = vec![255; 9000];
        assert!(from_rsa(&numbers(&huge, &[3])).is_err());
        assert!(rsa_fingerprint(&huge, &[1, 0, 1]).is_err());
        assert!(rsa_fingerprint(&[], &[]).is_err());
    }
}
