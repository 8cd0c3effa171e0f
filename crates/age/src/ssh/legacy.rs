//! PKCS#1 PEM with `Proc-Type: 4,ENCRYPTED` (RFC 1421 headers, OpenSSL's key
//! derivation), as `ssh-keygen -m PEM` and `openssl genrsa -aes128` write it.

use md5::{Digest as _, Md5};
use nixseal_base::secret::{SecretBytes, SecretText};
use ssh_cipher::Cipher;
use zeroize::{Zeroize as _, Zeroizing};

use super::SshKeyError;
use super::pem::Pem;

/// An encrypted block: cipher, initialisation vector, ciphertext.
pub(super) struct LegacyPem {
    cipher: Cipher,
    iv: Vec<u8>,
    data: SecretBytes,
}

impl LegacyPem {
    pub(super) fn parse(pem: &Pem) -> Result<Self, SshKeyError> {
        let info = pem
            .header("DEK-Info")
            .ok_or_else(|| SshKeyError::malformed("the 'DEK-Info' line is missing"))?;
        let (name, iv) = info
            .split_once(',')
            .ok_or_else(|| SshKeyError::malformed("the 'DEK-Info' line is damaged"))?;
        let cipher = match name.trim() {
            "AES-128-CBC" => Cipher::Aes128Cbc,
            "AES-192-CBC" => Cipher::Aes192Cbc,
            "AES-256-CBC" => Cipher::Aes256Cbc,
            "DES-EDE3-CBC" => Cipher::TdesCbc,
            other => return Err(SshKeyError::UnsupportedProtection(other.to_owned())),
        };
        let iv = decode_hex(iv.trim())
            .filter(|iv| iv.len() == cipher.block_size())
            .ok_or_else(|| SshKeyError::malformed("the 'DEK-Info' line is damaged"))?;
        if pem.data.is_empty() || !pem.data.len().is_multiple_of(cipher.block_size()) {
            return Err(SshKeyError::malformed(
                "the protected part has an odd length",
            ));
        }
        Ok(Self {
            cipher,
            iv,
            data: pem.data.duplicate(),
        })
    }

    /// The PKCS#1 DER inside; a wrong passphrase shows in the padding or later
    /// in the DER.
    pub(super) fn decrypt(&self, passphrase: &SecretText) -> Result<SecretBytes, SshKeyError> {
        let (length, _) = self.cipher.key_and_iv_size().unwrap_or((0, 0));
        let key = derive(passphrase.expose().as_bytes(), &self.iv, length);
        let mut data = Zeroizing::new(self.data.expose().to_vec());
        self.cipher
            .decrypt(&key, &self.iv, &mut data, None)
            .map_err(|_| SshKeyError::WrongPassphrase)?;
        let padding = usize::from(data.last().copied().unwrap_or(0));
        let kept = data.len().checked_sub(padding);
        let kept = kept.filter(|_| (1..=self.cipher.block_size()).contains(&padding));
        let kept = kept.ok_or(SshKeyError::WrongPassphrase)?;
        let (content, end) = data.split_at(kept);
        if end.iter().any(|byte| usize::from(*byte) != padding) {
            return Err(SshKeyError::WrongPassphrase);
        }
        Ok(SecretBytes::copy_of(content))
    }
}

/// OpenSSL's `EVP_BytesToKey` with MD5, one round, and the first eight bytes of
/// the initialisation vector as salt.
fn derive(passphrase: &[u8], iv: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let salt = iv.get(..8).unwrap_or(iv);
    let mut output = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut previous = Zeroizing::new(Vec::new());
    while output.len() < length {
        let mut digest = Md5::new()
            .chain_update(previous.as_slice())
            .chain_update(passphrase)
            .chain_update(salt)
            .finalize();
        output.extend_from_slice(&digest);
        *previous = digest.to_vec();
        digest.as_mut_slice().zeroize();
    }
    output.truncate(length);
    output
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|letter| u8::try_from(letter.to_digit(16)?).ok())
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_strictly() {
        assert_eq!(decode_hex("00fF10"), Some(vec![0, 255, 16]));
        assert_eq!(decode_hex("0"), None);
        assert_eq!(decode_hex("0g"), None);
    }
}
