//! Making values: passwords, random bytes, words and keys.
//!
//! Every draw comes from the system's random generator, without bias.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use nixseal_age::X25519Identity;
use nixseal_base::secret::{SecretBytes, SecretText};
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::{Cipher, Kdf, LineEnding};
use zeroize::Zeroizing;

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generator {
    /// So many letters and digits.
    Password(usize),
    /// So many random bytes as hexadecimal digits.
    Hex(usize),
    /// So many random bytes as padded base64.
    Base64(usize),
    /// So many words of the BIP 39 list (11 bits each), joined by hyphens.
    Passphrase(usize),
    /// An OpenSSH private key with this comment.
    SshEd25519(String),
    /// An age identity.
    AgeKey,
    /// A WireGuard private key as `wg genkey` prints it.
    Wireguard,
}

/// A value, and what of it may be shown.
pub struct Generated {
    /// The secret. Keys that live in files end with a line end, others do not.
    pub value: SecretBytes,
    /// The public half of a key.
    pub public: Option<String>,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The length is none that makes sense.
    #[error("a length of {0} cannot be made; give 1 to 65536")]
    Length(usize),
    /// The system gives no randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The key could not be written down.
    #[error("cannot encode the key: {0}")]
    Encoding(String),
}

const LONGEST: usize = 65_536;

impl Generator {
    /// Makes a value.
    ///
    /// # Errors
    /// When the length is 0 or above 65536, or there is no randomness.
    pub fn generate(&self) -> Result<Generated, GenerateError> {
        match self {
            Self::Password(length) => password(checked(*length)?).map(secret),
            Self::Hex(length) => {
                let bytes = random(checked(*length)?)?;
                let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
                for byte in bytes.iter() {
                    let _ = write!(text, "{byte:02x}");
                }
                Ok(secret(text))
            }
            Self::Base64(length) => {
                let bytes = random(checked(*length)?)?;
                Ok(secret(Zeroizing::new(STANDARD.encode(&*bytes))))
            }
            Self::Passphrase(words) => passphrase(checked(*words)?).map(secret),
            Self::SshEd25519(comment) => ssh_ed25519(comment, None),
            Self::AgeKey => age_key(),
            Self::Wireguard => wireguard(),
        }
    }
}

fn checked(length: usize) -> Result<usize, GenerateError> {
    if (1..=LONGEST).contains(&length) {
        Ok(length)
    } else {
        Err(GenerateError::Length(length))
    }
}

fn secret(text: Zeroizing<String>) -> Generated {
    Generated {
        value: SecretBytes::copy_of(text.as_bytes()),
        public: None,
    }
}

fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, GenerateError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A number below `count`, every one equally likely: draws beyond the largest
/// multiple of `count` are thrown away.
fn below(count: u16) -> Result<u16, GenerateError> {
    let fair = u16::MAX - u16::MAX % count;
    loop {
        let mut bytes = [0; 2];
        getrandom::fill(&mut bytes)?;
        let number = u16::from_le_bytes(bytes);
        if number < fair {
            return Ok(number % count);
        }
    }
}

fn password(length: usize) -> Result<Zeroizing<String>, GenerateError> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = Zeroizing::new(String::with_capacity(length));
    for _ in 0..length {
        text.push(char::from(ALPHABET[usize::from(below(62)?)]));
    }
    Ok(text)
}

/// Words of the BIP 39 list, joined by hyphens: 11 bits a word.
///
/// # Errors
/// When there is no randomness.
pub fn passphrase(words: usize) -> Result<Zeroizing<String>, GenerateError> {
    let list = bip39::Language::English.word_list();
    let longest_word = 8;
    let mut text = Zeroizing::new(String::with_capacity(words * (longest_word + 1)));
    for index in 0..words {
        if index > 0 {
            text.push('-');
        }
        text.push_str(list[usize::from(below(2048)?)]);
    }
    Ok(text)
}

/// Makes an OpenSSH ed25519 key, encrypted with `passphrase` where one is given
/// (AES-256-CTR, bcrypt with 16 rounds, as `ssh-keygen` does it).
///
/// # Errors
/// When there is no randomness or the comment cannot be encoded.
pub fn ssh_ed25519(
    comment: &str,
    passphrase: Option<&SecretText>,
) -> Result<Generated, GenerateError> {
    let failed = |error: ssh_key::Error| GenerateError::Encoding(error.to_string());
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice())?;
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let pair = KeypairData::Ed25519(Ed25519Keypair {
        public: Ed25519PublicKey(public),
        private: Ed25519PrivateKey::from_bytes(&seed),
    });
    let mut key = ssh_key::PrivateKey::new(pair, comment).map_err(failed)?;
    let public = key.public_key().to_openssh().map_err(failed)?;
    if let Some(passphrase) = passphrase {
        let kdf = Kdf::Bcrypt {
            salt: random(16)?.to_vec(),
            rounds: 16,
        };
        let mut check = [0; 4];
        getrandom::fill(&mut check)?;
        let check = u32::from_le_bytes(check);
        key = key
            .encrypt_with(Cipher::Aes256Ctr, kdf, check, passphrase.expose())
            .map_err(failed)?;
    }
    let text = key.to_openssh(LineEnding::LF).map_err(failed)?;
    Ok(Generated {
        value: SecretBytes::copy_of(text.as_bytes()),
        public: Some(public),
    })
}

fn age_key() -> Result<Generated, GenerateError> {
    let identity = X25519Identity::generate()?;
    let mut value = Zeroizing::new(String::from(identity.to_secret_text().expose()));
    value.push('\n');
    let value = SecretBytes::copy_of(value.as_bytes());
    Ok(Generated {
        value,
        public: Some(identity.recipient().to_string()),
    })
}

fn wireguard() -> Result<Generated, GenerateError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    // Clamped as `wg genkey` does (RFC 7748, section 5).
    bytes[0] &= 248;
    bytes[31] = bytes[31] & 127 | 64;
    let private = x25519_dalek::StaticSecret::from(*bytes);
    let public = x25519_dalek::PublicKey::from(&private);
    let mut value = Zeroizing::new(STANDARD.encode(*bytes));
    value.push('\n');
    let value = SecretBytes::copy_of(value.as_bytes());
    Ok(Generated {
        value,
        public: Some(STANDARD.encode(public.as_bytes())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(generator: &Generator) -> (String, Option<String>) {
        let generated = generator.generate().unwrap();
        let value = String::from_utf8(generated.value.expose().to_vec()).unwrap();
        (value, generated.public)
    }

    #[test]
    fn lengths_are_as_asked() {
        assert_eq!(text(&Generator::Password(40)).0.len(), 40);
        assert_eq!(text(&Generator::Hex(16)).0.len(), 32);
        assert_eq!(
            STANDARD
                .decode(text(&Generator::Base64(33)).0)
                .unwrap()
                .len(),
            33
        );
        assert_eq!(text(&Generator::Passphrase(7)).0.split('-').count(), 7);
        assert!(Generator::Password(0).generate().is_err());
        assert!(Generator::Hex(usize::MAX).generate().is_err());
    }

    #[test]
    fn every_character_of_the_alphabet_comes() {
        let drawn: std::collections::BTreeSet<char> =
            text(&Generator::Password(20_000)).0.chars().collect();
        assert_eq!(drawn.len(), 62);
        assert!(drawn.iter().all(char::is_ascii_alphanumeric));
    }

    #[test]
    fn an_ssh_key_is_read_again() {
        let (private, public) = text(&Generator::SshEd25519("me@here".to_owned()));
        let key = ssh_key::PrivateKey::from_openssh(&private).unwrap();
        assert_eq!(key.public_key().to_openssh().unwrap(), public.unwrap());
        assert_eq!(key.comment(), "me@here");
    }

    #[test]
    fn a_protected_ssh_key_opens_with_its_passphrase() {
        let passphrase = SecretText::new("correct horse".to_owned());
        let made = ssh_ed25519("", Some(&passphrase)).unwrap();
        let key = ssh_key::PrivateKey::from_openssh(made.value.expose()).unwrap();
        assert!(key.is_encrypted() && key.decrypt("wrong").is_err());
        assert_eq!(
            key.decrypt("correct horse")
                .unwrap()
                .public_key()
                .to_openssh()
                .ok(),
            made.public
        );
    }

    #[test]
    fn the_wireguard_keys_belong_together() {
        let (private, public) = text(&Generator::Wireguard);
        let bytes: [u8; 32] = STANDARD
            .decode(private.trim_end())
            .unwrap()
            .try_into()
            .unwrap();
        let expected = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(bytes));
        assert_eq!(public.unwrap(), STANDARD.encode(expected.as_bytes()));
    }
}
