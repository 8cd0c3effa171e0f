//! SSH keys of the host: what is said about them, and RSA keys as OpenPGP keys.

use nixseal_age::ssh::{SshKeyError, SshKeyFile, SshPrivateKey};
use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;
use nixseal_pgp::{OpenPgp, PgpError, Readiness};

use super::{KEY_LIMIT, Speaker, go_cause};
use crate::manifest::SshKey;

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
        keys: &[SshKey],
        speaker: &Speaker<'_>,
        warned: bool,
        told: bool,
    ) -> Self {
        let warn = |line: String| {
            if warned {
                speaker.events.err(&line);
            }
        };
        let mut numbers = Vec::new();
        for SshKey { path, age, openpgp } in keys {
            let shown = path.display();
            let content = match fs::read_secret(path, KEY_LIMIT) {
                Ok(content) => content,
                Err(error) => {
                    let cause = go_cause("open", path, &error.cause);
                    warn(format!("Cannot read ssh key '{shown}': {cause}"));
                    continue;
                }
            };
            // A manifest of sops-nix says of each key what it is for.
            let either = *age && *openpgp;
            match (private_key(&content), age, openpgp) {
                (Ok(SshPrivateKey::Rsa(key)), _, true) => {
                    let bytes = key.number_bytes();
                    if told && let Some(fingerprint) = fingerprint(&bytes) {
                        let program = speaker.program;
                        speaker.events.out(&format!(
                            "{program}: Imported {shown} as GPG key with fingerprint {fingerprint}"
                        ));
                    }
                    numbers.push(bytes);
                }
                (Ok(SshPrivateKey::Ed25519(key)), true, _) => {
                    if told {
                        let (program, public) = (speaker.program, key.age_identity().recipient());
                        speaker.events.err(&format!(
                            "{program}: Imported {shown} as age key with fingerprint {public}"
                        ));
                    }
                }
                (Ok(_), true, _) => warn(format!(
                    "Cannot convert ssh key '{shown}': got ssh-rsa key type but: only ed25519 \
                     keys are supported"
                )),
                (Ok(_), false, _) => warn(
                    "failed to parse private ssh key: only RSA keys are supported right now, \
                     got: *ed25519.PrivateKey"
                        .to_owned(),
                ),
                (Err(error), true, _) if !either => warn(format!(
                    "Cannot convert ssh key '{shown}': failed to parse ssh private key: {error}"
                )),
                (Err(error), ..) if either => {
                    warn(format!("Cannot use ssh key '{shown}': {error}"));
                }
                (Err(error), ..) => warn(format!("failed to parse private ssh key: {error}")),
            }
        }
        Self::of(numbers)
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

    fn made(&self) -> &nixseal_pgp::KeyFiles {
        self.made.get_or_init(|| {
            let armored: Vec<_> = self.keys.iter().filter_map(armored).collect();
            nixseal_pgp::KeyFiles::at_hand(&armored, "the RSA keys of this host")
        })
    }
}

/// The OpenPGP key of a key with two primes, which all SSH keys have.
#[cfg(feature = "openpgp")]
fn armored(
    numbers: &nixseal_age::ssh::RsaNumberBytes,
) -> Option<nixseal_base::secret::SecretText> {
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
