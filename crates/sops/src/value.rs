//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
//!
//! Read as leniently as `sops` does (text after the bracket, unused bits in base64), written in
//! exactly one way: a nonce of 32 bytes, padded standard base64.

mod in_place;

use aes_gcm::aead::array::ArraySize;
use aes_gcm::aead::consts::{U12, U16, U32};
use aes_gcm::aes::Aes256;
use aes_gcm::{AeadInOut as _, AesGcm, KeyInit as _};
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use nixseal_base::secret::{SecretBytes, wipe};

use crate::data_key::DataKey;
use crate::plain::Tag;

/// The nonce that SOPS calls IV.
pub(crate) type Iv = [u8; 32];

const START: &[u8] = b"ENC[AES256_GCM,data:";
const GCM_TAG: usize = 16;
/// From this size on a value may be all of a file.
const LARGE: usize = 1 << 20;
/// Room for the metadata of that file.
const AROUND: usize = 64 * 1024;
/// Characters of a nonce in base64.
const IV_TEXT: usize = 44;
/// Characters of a tag in base64.
const TAG_TEXT: usize = 24;

/// Go's decoder ignores the unused bits of the last character.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Why an encrypted value could not be opened. Never names the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not of the form `ENC[…]`.
    #[error("it is not encrypted: expected a value of the form ENC[AES256_GCM,…]")]
    NotEncrypted,
    /// Of that form, with a damaged part.
    #[error("the encrypted value is malformed: its {0} is not base64")]
    Base64(&'static str),
    /// Parts of impossible sizes.
    #[error("the encrypted value is malformed: its {part} has {length} bytes")]
    Length {
        /// `iv` or `tag`.
        part: &'static str,
        /// Bytes found.
        length: usize,
    },
    /// A type that SOPS does not have.
    #[error("the encrypted value has the unknown type '{0}'")]
    UnknownType(String),
    /// Changed, moved to another key, or encrypted with another data key.
    #[error("it does not authenticate: it was changed, moved or encrypted with another data key")]
    NotAuthentic,
    /// More than GCM can encrypt under one nonce: 64 GiB.
    #[error("it is too long to be encrypted as one value")]
    TooLong,
    /// Authentic bytes that are no value of the type.
    #[error("the decrypted value is not a valid {0}")]
    NotOfType(&'static str),
}

/// An encrypted value, taken apart.
pub(crate) struct Sealed {
    data: Vec<u8>,
    iv: Nonce,
    tag: [u8; GCM_TAG],
    pub(crate) kind: Tag,
}

impl Sealed {
    /// Takes an encrypted value apart.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ValueError> {
        let [data, iv, tag, kind] = split(text).ok_or(ValueError::NotEncrypted)?;
        let iv = Nonce::parse(iv)?;
        let tag = match decode_exact(tag) {
            Some(tag) => tag,
            None => {
                let tag = decode(tag, "tag")?;
                <[u8; GCM_TAG]>::try_from(tag.as_slice()).map_err(|_| ValueError::Length {
                    part: "tag",
                    length: tag.len(),
                })?
            }
        };
        let unknown = || ValueError::UnknownType(String::from_utf8_lossy(kind).into_owned());
        let kind = Tag::from_name(kind).ok_or_else(unknown)?;
        Ok(Self {
            data: decode(data, "data")?,
            iv,
            tag,
            kind,
        })
    }

    /// The nonce, if it is of the length in use today.
    pub(crate) fn iv(&self) -> Option<Iv> {
        match self.iv {
            Nonce::Usual(iv) => Some(iv),
            Nonce::Other(_) => None,
        }
    }
}

/// A nonce as it was read.
enum Nonce {
    Usual(Iv),
    Other(Vec<u8>),
}

impl Nonce {
    fn parse(text: &[u8]) -> Result<Self, ValueError> {
        if let Some(iv) = decode_exact(text) {
            return Ok(Self::Usual(iv));
        }
        let iv = decode(text, "iv")?;
        Ok(match <Iv>::try_from(iv.as_slice()) {
            Ok(iv) => Self::Usual(iv),
            Err(_) => Self::Other(iv),
        })
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Usual(iv) => iv,
            Self::Other(iv) => iv,
        }
    }
}

/// Encrypts and decrypts values with one data key.
pub(crate) struct Cipher {
    aes: Aes256,
    gcm: AesGcm<Aes256, U32>,
}

impl Cipher {
    pub(crate) fn new(key: &DataKey) -> Self {
        let aes = Aes256::new(key.expose().into());
        Self {
            gcm: AesGcm::from(aes.clone()),
            aes,
        }
    }

    /// Opens a value; `context` is the additional data: the path of its key.
    pub(crate) fn open(&self, sealed: Sealed, context: &[u8]) -> Result<SecretBytes, ValueError> {
        let Sealed {
            mut data, iv, tag, ..
        } = sealed;
        let iv = iv.bytes();
        let buffer = data.as_mut_slice();
        let opened = match iv.len() {
            32 => open_with(&self.gcm, iv, context, buffer, tag),
            // Sizes that others have written; SOPS itself never did.
            12 => open_with(
                &AesGcm::<_, U12>::from(self.aes.clone()),
                iv,
                context,
                buffer,
                tag,
            ),
            16 => open_with(
                &AesGcm::<_, U16>::from(self.aes.clone()),
                iv,
                context,
                buffer,
                tag,
            ),
            length => return Err(ValueError::Length { part: "iv", length }),
        };
        let data = SecretBytes::new(data);
        opened.map_err(|_| ValueError::NotAuthentic)?;
        Ok(data)
    }

    /// Encrypts a value; `context` is the additional data: the path of its key.
    pub(crate) fn seal(
        &self,
        plain: &[u8],
        kind: Tag,
        context: &[u8],
        iv: &Iv,
    ) -> Result<Vec<u8>, ValueError> {
        // The value is encrypted where its text will stand: of a large one there is no other copy.
        let data = START.len()..START.len() + in_place::encoded_len(plain.len());
        let end = ",iv:,tag:,type:]".len() + IV_TEXT + TAG_TEXT + kind.name().len();
        // In a binary file the rest of the file is put around it.
        let around = if plain.len() < LARGE { 0 } else { AROUND };
        let mut text = vec![0; data.end + end + around];
        text.truncate(data.end);
        let (start, data) = text.split_at_mut(data.start);
        start.copy_from_slice(START);
        let (_, buffer) = data.split_at_mut(data.len() - plain.len());
        buffer.copy_from_slice(plain);
        let sealed = self
            .gcm
            .encrypt_inout_detached(iv.into(), context, (&mut *buffer).into());
        if sealed.is_err() {
            wipe(buffer);
        }
        let tag = sealed.map_err(|_| ValueError::TooLong)?;
        in_place::encode(data, plain.len());
        text.extend_from_slice(b",iv:");
        text.extend_from_slice(&encoded::<IV_TEXT>(iv));
        text.extend_from_slice(b",tag:");
        text.extend_from_slice(&encoded::<TAG_TEXT>(&tag));
        text.extend_from_slice(b",type:");
        text.extend_from_slice(kind.name().as_bytes());
        text.push(b']');
        Ok(text)
    }
}

/// A nonce or a tag in base64, which is `LENGTH` characters long.
fn encoded<const LENGTH: usize>(bytes: &[u8]) -> [u8; LENGTH] {
    let mut text = [0; LENGTH];
    // It fits, by the lengths of what is given.
    let _ = STANDARD.encode_slice(bytes, &mut text);
    text
}

fn open_with<Size: ArraySize>(
    gcm: &AesGcm<Aes256, Size>,
    iv: &[u8],
    context: &[u8],
    buffer: &mut [u8],
    tag: [u8; GCM_TAG],
) -> Result<(), aes_gcm::Error> {
    let iv = iv.try_into().map_err(|_| aes_gcm::Error)?;
    gcm.decrypt_inout_detached(iv, context, buffer.into(), &tag.into())
}

/// The four parts of an encrypted value, still encoded. As in SOPS's pattern, every part is as
/// long as it can be and none spans lines; what follows the last bracket does not matter.
fn split(text: &[u8]) -> Option<[&[u8]; 4]> {
    let rest = text.strip_prefix(START)?;
    let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
    let (rest, _) = cut_last(line, b"]")?;
    let (rest, kind) = cut_last(rest, b",type:")?;
    let (rest, tag) = cut_last(rest, b",tag:")?;
    let (data, iv) = cut_last(rest, b",iv:")?;
    let parts = [data, iv, tag, kind];
    (!parts.iter().any(|part| part.is_empty())).then_some(parts)
}

fn cut_last<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *mark.first()?;
    let mut end = text.len();
    loop {
        let at = memchr::memrchr(first, text.get(..end)?)?;
        let (before, after) = text.split_at_checked(at)?;
        if let Some(after) = after.strip_prefix(mark) {
            return Some((before, after));
        }
        end = at;
    }
}

/// Decodes text of the usual length and spelling.
fn decode_exact<const LENGTH: usize>(text: &[u8]) -> Option<[u8; LENGTH]> {
    if text.len() != LENGTH.div_ceil(3) * 4 {
        return None;
    }
    // The decoder wants room for whole groups.
    let mut bytes = [0; 48];
    let length = LENIENT.decode_slice(text, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// Go's decoder skips carriage returns.
fn decode(text: &[u8], part: &'static str) -> Result<Vec<u8>, ValueError> {
    let decoded = LENIENT.decode(text).or_else(|error| {
        if !text.contains(&b'\r') {
            return Err(error);
        }
        let joined: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\r').collect();
        LENIENT.decode(joined)
    });
    decoded.map_err(|_| ValueError::Base64(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value of SOPS's own tests, under the key of 32 `f` and the context `bar:`.
    const FOO: &str = "ENC[AES256_GCM,data:oYyi,iv:MyIDYbT718JRr11QtBkcj3Dwm4k1aCGZBVeZf0EyV8o=,\
                       tag:t5z2Z023Up0kxwCgw1gNxg==,type:str]";

    fn cipher() -> Cipher {
        Cipher::new(&DataKey::from_bytes(&[b'f'; 32]).unwrap())
    }

    fn open(text: &str, context: &str) -> Result<String, ValueError> {
        let opened = cipher().open(Sealed::parse(text.as_bytes())?, context.as_bytes())?;
        Ok(String::from_utf8_lossy(opened.expose()).into_owned())
    }

    #[test]
    fn opens_a_value_of_sops() {
        assert_eq!(open(FOO, "bar:").as_deref(), Ok("foo"));
        assert_eq!(open(FOO, "baz:"), Err(ValueError::NotAuthentic));
    }

    #[test]
    fn seals_as_sops_does() {
        let sealed = Sealed::parse(FOO.as_bytes()).unwrap();
        let again = cipher()
            .seal(b"foo", Tag::Str, b"bar:", &sealed.iv().unwrap())
            .unwrap();
        assert_eq!(String::from_utf8(again).as_deref(), Ok(FOO));
    }

    #[test]
    fn text_around_the_parts_is_taken_as_sops_takes_it() {
        assert_eq!(
            open(&format!("{FOO} and more\nlines]"), "bar:").as_deref(),
            Ok("foo")
        );
        assert_eq!(
            open(&FOO.replace("oYyi", "oY\ryi"), "bar:").as_deref(),
            Ok("foo")
        );
        let (doubled, unknown) = (format!("{FOO}]"), "str]".to_owned());
        assert_eq!(
            open(&doubled, "bar:"),
            Err(ValueError::UnknownType(unknown))
        );
        for wrong in [
            "",
            "foo",
            &format!(" {FOO}"),
            &FOO.replace("ENC", "enc"),
            &FOO.replace("oYyi", ""),
            &FOO.replace(']', ""),
            &FOO.replace("oYyi", "oY\nyi"),
        ] {
            assert_eq!(
                open(wrong, "bar:"),
                Err(ValueError::NotEncrypted),
                "{wrong}"
            );
        }
        assert_eq!(
            open(&FOO.replace("oYyi", "oYy"), "bar:"),
            Err(ValueError::Base64("data"))
        );
        let tag = ValueError::Length {
            part: "tag",
            length: 15,
        };
        assert_eq!(
            open(
                &FOO.replace("t5z2Z023Up0kxwCgw1gNxg==", "t5z2Z023Up0kxwCgw1gN"),
                "bar:"
            ),
            Err(tag)
        );
    }

    #[test]
    fn shorter_nonces_are_read() {
        let aes = cipher().aes;
        for length in [12, 16] {
            let iv = [7; 16];
            let iv = &iv[..length];
            let mut data = b"secret".to_vec();
            let buffer = data.as_mut_slice().into();
            let tag: [u8; 16] = if length == 12 {
                let gcm = AesGcm::<_, U12>::from(aes.clone());
                gcm.encrypt_inout_detached(iv.try_into().unwrap(), b"a:", buffer)
                    .unwrap()
                    .into()
            } else {
                let gcm = AesGcm::<_, U16>::from(aes.clone());
                gcm.encrypt_inout_detached(iv.try_into().unwrap(), b"a:", buffer)
                    .unwrap()
                    .into()
            };
            let encode = |bytes: &[u8]| STANDARD.encode(bytes);
            let (data, iv, tag) = (encode(&data), encode(iv), encode(&tag));
            let text = format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]");
            assert_eq!(open(&text, "a:").as_deref(), Ok("secret"));
            assert_eq!(Sealed::parse(text.as_bytes()).unwrap().iv(), None);
        }
    }

    #[test]
    fn every_change_to_an_encrypted_value_is_noticed() {
        let original = Sealed::parse(FOO.as_bytes()).unwrap();
        for at in 0..FOO.len() {
            for bit in 0..8 {
                let mut text = FOO.as_bytes().to_vec();
                text[at] ^= 1 << bit;
                let Ok(sealed) = Sealed::parse(&text) else {
                    continue;
                };
                // Bits of base64 that are not used, and the name of the type, change nothing
                // that is authenticated.
                let same = (&sealed.data, sealed.iv.bytes(), sealed.tag)
                    == (&original.data, original.iv.bytes(), original.tag);
                assert_eq!(
                    cipher().open(sealed, b"bar:").is_ok(),
                    same,
                    "byte {at}, bit {bit}"
                );
            }
        }
    }
}
