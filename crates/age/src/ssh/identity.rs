//! Unwrapping a file key with an SSH private key.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::recipient::wrapping_key;
use super::rsa_key::Opener;
use super::{Ed25519PrivateKey, SshAlgorithm, SshPrivateKey, SshPublicKey};
use crate::{FileKey, Identity, Stanza, UnwrapError, derive, encoding};

/// An SSH private key as an identity for its own stanzas. Shown as its public
/// key's fingerprint.
pub struct SshIdentity {
    public: SshPublicKey,
    tag: String,
    secret: Secret,
}

enum Secret {
    Ed25519(Arc<SshPrivateKey>, Zeroizing<[u8; 32]>),
    Rsa(Box<Opener>),
}

impl SshIdentity {
    /// Makes an identity of an unlocked key.
    pub fn new(key: &Arc<SshPrivateKey>) -> Self {
        let public = key.public().clone();
        let secret = match key.as_ref() {
            SshPrivateKey::Ed25519(ed25519) => {
                Secret::Ed25519(Arc::clone(key), ed25519.x25519_scalar())
            }
            SshPrivateKey::Rsa(rsa) => Secret::Rsa(Box::new(Opener::new(rsa.numbers().clone()))),
        };
        Self {
            tag: public.tag(),
            public,
            secret,
        }
    }

    /// The public half.
    pub fn public(&self) -> &SshPublicKey {
        &self.public
    }

    /// The key that `ssh-to-age` would derive; none for RSA.
    pub fn ed25519(&self) -> Option<&Ed25519PrivateKey> {
        match &self.secret {
            Secret::Ed25519(key, _) => key.ed25519(),
            Secret::Rsa(_) => None,
        }
    }

    fn unwrap_one(&self, stanza: &Stanza) -> Result<FileKey, UnwrapError> {
        let algorithm = self.public.algorithm();
        if stanza.tag != algorithm.name() {
            return Err(UnwrapError::NoMatch);
        }
        let share = check_shape(algorithm, stanza)?;
        if stanza.args.first() != Some(&self.tag) {
            return Err(UnwrapError::NoMatch);
        }
        let opened = match &self.secret {
            Secret::Rsa(opener) => opener.open(&stanza.body),
            Secret::Ed25519(_, scalar) => {
                let recipient = self.public.x25519().ok_or(UnwrapError::NoMatch)?;
                let key = wrapping_key(&self.public, &recipient, scalar, &share, &share)
                    .ok_or_else(|| malformed(stanza, "the share is a point of low order"))?;
                if stanza.body.len() != derive::WRAPPED_SIZE {
                    return Err(malformed(stanza, "the wrapped file key has a wrong length"));
                }
                derive::unwrap_file_key(&key, &stanza.body)
            }
        };
        opened.ok_or_else(|| {
            UnwrapError::Unusable(format!(
                "the {} stanza names this key but does not open with it",
                stanza.tag
            ))
        })
    }
}

/// What Go age checks before it compares tags; gives the ephemeral share.
fn check_shape(algorithm: SshAlgorithm, stanza: &Stanza) -> Result<[u8; 32], UnwrapError> {
    match (algorithm, stanza.args.as_slice()) {
        (SshAlgorithm::Rsa, [_tag]) => Ok([0; 32]),
        (SshAlgorithm::Ed25519, [_tag, share]) => encoding::decode_array(share)
            .map_err(|reason| malformed(stanza, &format!("its share: {reason}"))),
        (_, args) => {
            let reason = format!("it has {} arguments", args.len());
            Err(malformed(stanza, &reason))
        }
    }
}

fn malformed(stanza: &Stanza, reason: &str) -> UnwrapError {
    UnwrapError::Malformed {
        tag: stanza.tag.clone(),
        reason: reason.to_owned(),
    }
}

impl fmt::Display for SshIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.public.algorithm().name();
        write!(formatter, "{name} {}", self.public.fingerprint())
    }
}

impl Identity for SshIdentity {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        for stanza in stanzas {
            match self.unwrap_one(stanza) {
                Err(UnwrapError::NoMatch) => {}
                other => return other,
            }
        }
        Err(UnwrapError::NoMatch)
    }
}
