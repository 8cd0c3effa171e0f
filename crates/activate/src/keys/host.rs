//! SSH keys of the host: what is said about them, and RSA keys as OpenPGP keys.

use nixseal_age::ssh::{SshKeyError, SshKeyFile, SshPrivateKey};
use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;
use nixseal_pgp::{OpenPgp, PgpError, Readiness};

use super::{KEY_LIMIT, Speaker, go_cause};
use crate::manifest::{Identities, SshKey};

/// RSA keys; the OpenPGP keys are made when a file needs one.
pub(super) struct HostKeys {
    #[cfg(feature = "openpgp")]
    made: std::sync::OnceLock<nixseal_pgp::KeyFiles>,
    #[cfg(feature = "openpgp")]
    keys: Vec<nixseal_age::ssh::RsaNumberBytes>,
}

impl HostKeys {
    /// Reads the keys; with `warned`, says which cannot be used, with `told`, which can.
    pub(super) fn read(
        identities: &Identities,
        speaker: &Speaker<'_>,
        warned: bool,
        told: bool,
    ) -> Self {
        let mut numbers = Vec::new();
        for key in &identities.ssh_keys {
            match key_of(key) {
                Ok(SshPrivateKey::Rsa(rsa)) => {
                    let bytes = rsa.number_bytes();
                    if told && let Some(fingerprint) = fingerprint(&bytes) {
                        speaker.events.out(&format!(
                            "{}: Imported {} as GPG key with fingerprint {fingerprint}",
                            speaker.program,
                            key.path.display()
                        ));
                    }
                    numbers.push(bytes);
                }
                Ok(SshPrivateKey::Ed25519(ed25519)) if told => speaker.events.err(&format!(
                    "{}: Imported {} as age key with fingerprint {}",
                    speaker.program,
                    key.path.display(),
                    ed25519.age_identity().recipient()
                )),
                Err(line) if warned => speaker.events.err(&line),
                _ => {}
            }
        }
        for path in &identities.files {
            let content = fs::read_secret(path, KEY_LIMIT).unwrap_or_default();
            if let Ok(SshPrivateKey::Rsa(key)) = private_key(&content) {
                numbers.push(key.number_bytes());
            }
        }
        Self::of(numbers)
    }
}

/// The key, or what is said about it where it does not serve.
fn key_of(key: &SshKey) -> Result<SshPrivateKey, String> {
    let shown = key.path.display();
    let content = fs::read_secret(&key.path, KEY_LIMIT).map_err(|error| {
        let cause = go_cause("open", &key.path, &error.cause);
        format!("Cannot read ssh key '{shown}': {cause}")
    })?;
    // A manifest of sops-nix says of each key what it is for, ours does not.
    match (private_key(&content), key.age, key.openpgp) {
        (Ok(SshPrivateKey::Rsa(_)), true, false) => Err(format!(
            "Cannot convert ssh key '{shown}': got *rsa.PrivateKey key type but: only ed25519 keys \
             are supported"
        )),
        (Ok(SshPrivateKey::Ed25519(_)), false, _) => Err(
            "failed to parse private ssh key: only RSA keys are supported right now, got: \
             *ed25519.PrivateKey"
                .to_owned(),
        ),
        (Ok(private), ..) => Ok(private),
        (Err(error), true, true) => Err(format!("Cannot use ssh key '{shown}': {error}")),
        (Err(error), true, false) => Err(format!(
            "Cannot convert ssh key '{shown}': failed to parse ssh private key: {}",
            go_words(&error)
        )),
        (Err(error), false, _) => Err(format!(
            "failed to parse private ssh key: {}",
            go_words(&error)
        )),
    }
}

/// What Go says of a key that it cannot read, where it is one of the usual reasons.
fn go_words(error: &SshKeyError) -> String {
    match error {
        SshKeyError::PassphraseNeeded => "ssh: this private key is passphrase protected".to_owned(),
        SshKeyError::Malformed(reason) if reason.contains("BEGIN") => {
            "ssh: no key found".to_owned()
        }
        SshKeyError::UnsupportedType(kind) if kind.starts_with("ecdsa") => {
            "only RSA keys are supported right now, got: *ecdsa.PrivateKey".to_owned()
        }
        other => other.to_string(),
    }
}

fn private_key(content: &SecretBytes) -> Result<SshPrivateKey, SshKeyError> {
    SshKeyFile::parse(content.expose())?.unlock(None)
}

#[cfg(feature = "openpgp")]
fn fingerprint(numbers: &nixseal_age::ssh::RsaNumberBytes) -> Option<String> {
    nixseal_pgp::ssh::rsa_fingerprint(&numbers.modulus, &numbers.public_exponent)
        .ok()
        .map(|fingerprint| fingerprint.to_lowercase())
}

#[cfg(not(feature = "openpgp"))]
fn fingerprint(_numbers: &nixseal_age::ssh::RsaNumberBytes) -> Option<String> {
    None
}

#[cfg(feature = "openpgp")]
impl HostKeys {
    fn of(keys: Vec<nixseal_age::ssh::RsaNumberBytes>) -> Self {
        Self {
            made: std::sync::OnceLock::new(),
            keys,
        }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn made(&self) -> &nixseal_pgp::KeyFiles {
        self.made.get_or_init(|| {
            let armored: Vec<_> = self.keys.iter().filter_map(armored).collect();
            nixseal_pgp::KeyFiles::at_hand(&armored, "the RSA keys of this host")
        })
    }
}

/// The OpenPGP key of a key with two primes, which all SSH keys have.
#[cfg(feature = "openpgp")]
fn armored(numbers: &nixseal_age::ssh::RsaNumberBytes) -> Option<nixseal_base::secret::SecretText> {
    let [first, second] = numbers.primes.as_slice() else {
        return None;
    };
    let made = nixseal_pgp::ssh::from_rsa(&nixseal_pgp::ssh::RsaNumbers {
        modulus: &numbers.modulus,
        public_exponent: &numbers.public_exponent,
        private_exponent: &numbers.private_exponent,
        primes: [first, second],
    });
    made.ok().map(|made| made.secret)
}

#[cfg(feature = "openpgp")]
impl OpenPgp for HostKeys {
    fn encrypt(&self, fingerprint: &str, plaintext: &SecretBytes) -> Result<String, PgpError> {
        self.made().encrypt(fingerprint, plaintext)
    }

    fn decrypt(&self, message: &str) -> Result<SecretBytes, PgpError> {
        self.made().decrypt(message)
    }

    fn readiness(&self, message: &str) -> Readiness {
        self.made().readiness(message)
    }
}

#[cfg(not(feature = "openpgp"))]
impl HostKeys {
    fn of(_keys: Vec<nixseal_age::ssh::RsaNumberBytes>) -> Self {
        Self {}
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        true
    }
}

#[cfg(not(feature = "openpgp"))]
impl OpenPgp for HostKeys {
    fn encrypt(&self, _fingerprint: &str, _plaintext: &SecretBytes) -> Result<String, PgpError> {
        Err(without())
    }

    fn decrypt(&self, _message: &str) -> Result<SecretBytes, PgpError> {
        Err(without())
    }

    fn readiness(&self, _message: &str) -> Readiness {
        Readiness::Hopeless
    }
}

#[cfg(not(feature = "openpgp"))]
fn without() -> PgpError {
    PgpError::NoKey("this program was built without OpenPGP".to_owned())
}
