//! PEM envelopes (RFC 7468 and, for `Proc-Type` headers, RFC 1421), read as
//! leniently as Go's and OpenSSL's readers: text before the first line and
//! blank space inside are skipped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

use super::SshKeyError;

/// One decoded block.
pub(super) struct Pem {
    /// The words between `BEGIN` and the dashes.
    pub(super) label: String,
    /// `Name: value` lines before the data.
    pub(super) headers: Vec<(String, String)>,
    /// The data.
    pub(super) data: SecretBytes,
}

impl Pem {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    /// Reads the first block of `text`.
    pub(super) fn parse(text: &str) -> Result<Self, SshKeyError> {
        let mut lines = text.lines().map(str::trim_end);
        let label = lines
            .find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
            .ok_or_else(|| SshKeyError::malformed("there is no '-----BEGIN …-----' line"))?;
        let end = format!("-----END {label}-----");
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        for line in lines {
            if line == end {
                let data = STANDARD
                    .decode(body.as_bytes())
                    .map_err(|_| SshKeyError::malformed("the key data is not base64"))?;
                return Ok(Self {
                    label: label.to_owned(),
                    headers,
                    data: SecretBytes::new(data),
                });
            }
            match line.split_once(':') {
                Some((name, value)) if body.is_empty() => {
                    headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                _ => body.extend(line.chars().filter(|letter| !letter.is_whitespace())),
            }
        }
        Err(SshKeyError::malformed(format!("there is no '{end}' line")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_data_are_told_apart() {
        let text = "note\n-----BEGIN A KEY-----\r\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\nAQI\n D\n\
                    -----END A KEY-----\ntrailing";
        let pem = Pem::parse(text).unwrap();
        assert_eq!(pem.label, "A KEY");
        assert_eq!(pem.header("DEK-Info"), Some("X,00"));
        assert_eq!(pem.data.expose(), [1, 2, 3]);
    }

    #[test]
    fn broken_envelopes_are_refused() {
        for text in [
            "",
            "-----BEGIN A-----\nAQID\n",
            "-----BEGIN A-----\nAQID\n-----END B-----",
            "-----BEGIN A-----\n!!!!\n-----END A-----",
        ] {
            assert!(Pem::parse(text).is_err(), "{text:?}");
        }
    }
}
