//! One key of a keyring: when to try it, and trying it.

use std::sync::Arc;

use super::Interaction;
use super::unlock::{Attempt, Once, ask};
use crate::identity_file::{EncryptedIdentities, IdentityFileError, IdentityKind, ParsedIdentity};
use crate::native::X25519Identity;
use crate::recipients::ParsedRecipient;
use crate::ssh::{
    Ed25519PrivateKey, SshAlgorithm, SshIdentity, SshKeyError, SshKeyFile, SshPublicKey,
};
use crate::{FileKey, Identity, Stanza, UnwrapError};

const X25519: &str = "X25519";
const HYBRID: &str = "mlkem768x25519";

/// When a key is tried: cheap before dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Curve operations, a tenth of a millisecond.
    Native,
    /// The same twice.
    PlainEd25519,
    /// Tens of milliseconds.
    PlainRsa,
    /// A question, whose answer will most likely open the file.
    LockedMatch,
    /// A question about a key whose derived X25519 key may be meant.
    LockedMaybe,
    /// A question and a second of work.
    LockedFile,
    /// A process, perhaps a touch.
    Plugin,
}

impl Stage {
    pub(super) const ALL: [Self; 7] = [
        Self::Native,
        Self::PlainEd25519,
        Self::PlainRsa,
        Self::LockedMatch,
        Self::LockedMaybe,
        Self::LockedFile,
        Self::Plugin,
    ];

    /// Whether neither the user nor another program is needed.
    pub(super) fn is_cheap(self) -> bool {
        self < Self::LockedMatch
    }
}

/// Whether a key has to do with a file.
pub(super) enum Relevance {
    Try(Stage),
    Skip(String),
}

/// A key and where it came from.
pub(super) struct Key {
    pub(super) source: String,
    kind: Kind,
}

enum Kind {
    Ready(ParsedIdentity),
    Ssh {
        file: SshKeyFile,
        opened: Once<SshPair>,
    },
    Encrypted {
        file: EncryptedIdentities,
        opened: Once<Vec<ParsedIdentity>>,
    },
}

/// Both identities of an SSH key.
struct SshPair {
    native: SshIdentity,
    derived: Option<X25519Identity>,
}

impl Key {
    pub(super) fn of_identity(source: String, identity: ParsedIdentity) -> Self {
        Self {
            source,
            kind: Kind::Ready(identity),
        }
    }

    pub(super) fn plugin(source: String, identity: ParsedIdentity) -> Self {
        Self::of_identity(source, identity)
    }

    pub(super) fn ssh(source: String, file: SshKeyFile) -> Self {
        let opened = Once::new();
        Self {
            source,
            kind: Kind::Ssh { file, opened },
        }
    }

    pub(super) fn encrypted(source: String, file: EncryptedIdentities) -> Self {
        let opened = Once::new();
        Self {
            source,
            kind: Kind::Encrypted { file, opened },
        }
    }

    /// The public half, as far as it is known without a passphrase.
    pub(super) fn public(&self) -> Option<String> {
        match &self.kind {
            Kind::Ready(identity) => Some(identity.to_string()),
            Kind::Ssh { file, .. } => {
                let public = file.public()?;
                Some(format!(
                    "{} {}",
                    public.algorithm().name(),
                    public.fingerprint()
                ))
            }
            Kind::Encrypted { .. } => None,
        }
    }

    /// Recipients that this key opens files of, as far as known.
    pub(super) fn recipients(&self) -> Vec<ParsedRecipient> {
        match &self.kind {
            Kind::Ready(identity) => identity.recipient().cloned().into_iter().collect(),
            Kind::Ssh { file, .. } => {
                let Some(public) = file.public() else {
                    return Vec::new();
                };
                let native = ParsedRecipient::of_ssh_key(public.clone()).ok();
                let derived = ParsedRecipient::derived_from(public);
                native.into_iter().chain(derived).collect()
            }
            Kind::Encrypted { opened, .. } => match opened.peek() {
                Some(Ok(identities)) => identities
                    .iter()
                    .filter_map(|one| one.recipient().cloned())
                    .collect(),
                _ => Vec::new(),
            },
        }
    }

    /// Compares with the stanzas before anything is unlocked.
    pub(super) fn relevance(&self, stanzas: &[Stanza]) -> Relevance {
        let has = |kind: &str| stanzas.iter().any(|stanza| stanza.tag == kind);
        let wants = |kind: &str, stage| match has(kind) {
            true => Relevance::Try(stage),
            false => Relevance::Skip(format!("the file has no {kind} stanza")),
        };
        match &self.kind {
            Kind::Ready(identity) => match identity.kind() {
                IdentityKind::X25519 => wants(X25519, Stage::Native),
                IdentityKind::Hybrid => wants(HYBRID, Stage::Native),
                IdentityKind::Plugin(_) => Relevance::Try(Stage::Plugin),
            },
            Kind::Encrypted { opened, .. } => match opened.peek() {
                Some(Ok(identities)) if !identities.iter().any(is_plugin) => {
                    Relevance::Try(Stage::Native)
                }
                _ if stanzas.iter().all(|stanza| stanza.tag.starts_with("ssh-")) => {
                    Relevance::Skip("the file has SSH stanzas only".to_owned())
                }
                _ => Relevance::Try(Stage::LockedFile),
            },
            Kind::Ssh { file, opened } => {
                let locked = file.needs_passphrase() && !matches!(opened.peek(), Some(Ok(_)));
                ssh_relevance(file, locked, stanzas)
            }
        }
    }

    /// Tries to open a file, unlocking the key first where necessary.
    pub(super) fn unwrap(
        &self,
        stanzas: &[Stanza],
        interaction: &Arc<Interaction>,
        attempts: u32,
    ) -> Result<FileKey, UnwrapError> {
        match &self.kind {
            Kind::Ready(identity) => identity.unwrap(stanzas),
            Kind::Ssh { file, opened } => opened
                .get(|| unlock_ssh(&self.source, file, interaction, attempts))
                .map_err(UnwrapError::Unusable)?
                .unwrap(stanzas),
            Kind::Encrypted { file, opened } => {
                let identities = opened
                    .get(|| unlock_file(&self.source, file, interaction, attempts))
                    .map_err(UnwrapError::Unusable)?;
                first_match(identities.iter(), stanzas)
            }
        }
    }

    /// Whether opening would need a passphrase that was not given yet, and has
    /// not been refused.
    pub(super) fn may_be_unlocked(&self) -> bool {
        match &self.kind {
            Kind::Ready(_) => true,
            Kind::Ssh { opened, .. } => !matches!(opened.peek(), Some(Err(_))),
            Kind::Encrypted { opened, .. } => !matches!(opened.peek(), Some(Err(_))),
        }
    }

    /// Whether a stanza carries the tag of this SSH key: then it opens the file.
    pub(super) fn is_named_in(&self, stanzas: &[Stanza]) -> bool {
        match &self.kind {
            Kind::Ssh { file, .. } => file
                .public()
                .is_some_and(|public| is_named(public, stanzas)),
            Kind::Ready(_) | Kind::Encrypted { .. } => false,
        }
    }
}

impl Identity for SshPair {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        match (self.native.unwrap(stanzas), &self.derived) {
            (Err(UnwrapError::NoMatch), Some(derived)) => derived.unwrap(stanzas),
            (result, _) => result,
        }
    }
}

impl std::fmt::Display for SshPair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.native.fmt(formatter)
    }
}

fn is_plugin(identity: &ParsedIdentity) -> bool {
    matches!(identity.kind(), IdentityKind::Plugin(_))
}

/// Plugins last, as between keys of their own.
fn first_match<'a>(
    identities: impl Iterator<Item = &'a ParsedIdentity> + Clone,
    stanzas: &[Stanza],
) -> Result<FileKey, UnwrapError> {
    let (plain, plugins) = (identities.clone(), identities);
    let ordered = plain
        .filter(|identity| !is_plugin(identity))
        .chain(plugins.filter(|identity| is_plugin(identity)));
    for identity in ordered {
        match identity.unwrap(stanzas) {
            Err(UnwrapError::NoMatch) => {}
            other => return other,
        }
    }
    Err(UnwrapError::NoMatch)
}

fn is_named(public: &SshPublicKey, stanzas: &[Stanza]) -> bool {
    let (kind, tag) = (public.algorithm().name(), public.tag());
    stanzas
        .iter()
        .any(|stanza| stanza.tag == kind && stanza.args.first() == Some(&tag))
}

fn ssh_relevance(file: &SshKeyFile, locked: bool, stanzas: &[Stanza]) -> Relevance {
    let has = |kind: &str| stanzas.iter().any(|stanza| stanza.tag == kind);
    let Some(public) = file.public() else {
        let possible = match file.algorithm() {
            Some(algorithm) => has(algorithm.name()),
            None => has("ssh-rsa") || has("ssh-ed25519") || has(X25519),
        };
        return match possible {
            true => Relevance::Try(Stage::LockedMaybe),
            false => Relevance::Skip("the file has no stanza for such a key".to_owned()),
        };
    };
    let named = is_named(public, stanzas);
    let derived = public.algorithm() == SshAlgorithm::Ed25519 && has(X25519);
    match (named, derived, locked, public.algorithm()) {
        (false, false, _, algorithm) => Relevance::Skip(format!(
            "no {} stanza has its tag '{}'",
            algorithm.name(),
            public.tag()
        )),
        (true, _, true, _) => Relevance::Try(Stage::LockedMatch),
        (false, true, true, _) => Relevance::Try(Stage::LockedMaybe),
        (_, _, false, SshAlgorithm::Ed25519) => Relevance::Try(Stage::PlainEd25519),
        (_, _, false, SshAlgorithm::Rsa) => Relevance::Try(Stage::PlainRsa),
    }
}

fn unlock_ssh(
    source: &str,
    file: &SshKeyFile,
    interaction: &Interaction,
    attempts: u32,
) -> Result<SshPair, String> {
    let key = if file.needs_passphrase() {
        // The words Go age uses, which scripts look for.
        let question = format!("Enter passphrase for {source:?}");
        ask(interaction, &question, attempts, |passphrase| {
            match file.unlock(Some(passphrase)) {
                Ok(key) => Attempt::Opened(key),
                Err(SshKeyError::WrongPassphrase) => Attempt::WrongPassphrase,
                Err(other) => Attempt::Failed(other.to_string()),
            }
        })?
    } else {
        file.unlock(None).map_err(|error| error.to_string())?
    };
    let key = Arc::new(key);
    let derived = key.ed25519().map(Ed25519PrivateKey::age_identity);
    Ok(SshPair {
        native: SshIdentity::new(&key),
        derived,
    })
}

fn unlock_file(
    source: &str,
    file: &EncryptedIdentities,
    interaction: &Arc<Interaction>,
    attempts: u32,
) -> Result<Vec<ParsedIdentity>, String> {
    let question = format!("Enter passphrase for identity file {source:?}");
    ask(interaction, &question, attempts, |passphrase| {
        match file.unlock(passphrase, interaction) {
            Ok(identities) => Attempt::Opened(identities),
            Err(IdentityFileError::WrongPassphrase { .. }) => Attempt::WrongPassphrase,
            Err(other) => Attempt::Failed(other.reason()),
        }
    })
}
