//! What an identity may be written as: lines of age identities, a passphrase
//! protected file of such lines, or an SSH private key (age(1), `-i`).

use std::fmt;
use std::sync::Arc;

use nixseal_base::secret::{SecretBytes, SecretText};

use crate::keyring::Interaction;
use crate::native::{HybridIdentity, KeyError, ScryptIdentity, X25519Identity};
use crate::open::decrypt_bytes;
use crate::plugin::{PluginIdentity, PluginNameError};
use crate::recipients::{ParsedRecipient, parse_recipient};
use crate::ssh::{SshKeyError, SshKeyFile};
use crate::{FileKey, Identity, Stanza, UnwrapError};

/// Go age reads no larger file of identities.
pub(crate) const MAXIMUM_FILE: usize = 16 * 1024 * 1024;

/// The kinds of identities in age identity files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityKind {
    /// `AGE-SECRET-KEY-1…`.
    X25519,
    /// `AGE-SECRET-KEY-PQ-1…`.
    Hybrid,
    /// `AGE-PLUGIN-NAME-1…`, with the plugin's name in lower case.
    Plugin(String),
}

/// One identity that was read from text. Shown without its secret.
#[derive(Clone)]
pub struct ParsedIdentity {
    identity: Arc<dyn Identity>,
    kind: IdentityKind,
    recipient: Option<ParsedRecipient>,
}

impl ParsedIdentity {
    /// Its kind.
    pub fn kind(&self) -> &IdentityKind {
        &self.kind
    }

    /// The recipient it opens files of; plugins do not tell.
    pub fn recipient(&self) -> Option<&ParsedRecipient> {
        self.recipient.as_ref()
    }

    /// The identity itself, to be shared.
    pub fn identity(&self) -> Arc<dyn Identity> {
        Arc::clone(&self.identity)
    }

    /// Wraps a plugin identity.
    pub fn of_plugin(identity: PluginIdentity) -> Self {
        Self {
            kind: IdentityKind::Plugin(identity.name().to_owned()),
            identity: Arc::new(identity),
            recipient: None,
        }
    }
}

impl fmt::Display for ParsedIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.identity.fmt(formatter)
    }
}

impl fmt::Debug for ParsedIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ParsedIdentity({self})")
    }
}

impl Identity for ParsedIdentity {
    fn unwrap(&self, stanzas: &[Stanza]) -> Result<FileKey, UnwrapError> {
        self.identity.unwrap(stanzas)
    }
}

/// Why a text is no identity. Never contains the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A public key where a private one belongs.
    #[error("apparent recipient found in identities file")]
    Recipient,
    /// Not the beginning of any identity.
    #[error(
        "unknown identity type (expected AGE-SECRET-KEY-1…, AGE-SECRET-KEY-PQ-1… or AGE-PLUGIN-…)"
    )]
    Unknown,
    /// A damaged native key.
    #[error(transparent)]
    Native(#[from] KeyError),
    /// A damaged plugin identity.
    #[error("malformed plugin identity: {0}")]
    Plugin(#[from] PluginNameError),
}

/// Reads one identity of an age identity file.
///
/// # Errors
/// [`IdentityError`].
pub fn parse_identity(
    text: &str,
    interaction: &Arc<Interaction>,
) -> Result<ParsedIdentity, IdentityError> {
    if text.starts_with("AGE-PLUGIN-") {
        let identity = PluginIdentity::parse(text, interaction)?;
        return Ok(ParsedIdentity::of_plugin(identity));
    }
    if text.starts_with("AGE-SECRET-KEY-PQ-1") {
        let identity = HybridIdentity::parse(text)?;
        let recipient = identity.recipient().to_string();
        return Ok(native(
            identity,
            IdentityKind::Hybrid,
            &recipient,
            interaction,
        ));
    }
    if text.starts_with("AGE-SECRET-KEY-1") {
        let identity = X25519Identity::parse(text)?;
        let recipient = identity.recipient().to_string();
        return Ok(native(
            identity,
            IdentityKind::X25519,
            &recipient,
            interaction,
        ));
    }
    if text.starts_with("age1") || text.starts_with("ssh-") {
        return Err(IdentityError::Recipient);
    }
    Err(IdentityError::Unknown)
}

fn native(
    identity: impl Identity + 'static,
    kind: IdentityKind,
    recipient: &str,
    interaction: &Arc<Interaction>,
) -> ParsedIdentity {
    ParsedIdentity {
        identity: Arc::new(identity),
        kind,
        recipient: parse_recipient(recipient, interaction).ok(),
    }
}

/// How identities stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One a line, as in files.
    Lines,
    /// Separated by any blank space, as SOPS reads `SOPS_AGE_KEY`.
    Words,
}

/// What was found under a name, not unlocked yet.
pub enum IdentityFile {
    /// Identities that are ready.
    Identities(Vec<ParsedIdentity>),
    /// An age file, binary or armored, with identities inside.
    Encrypted(EncryptedIdentities),
    /// An SSH private key, protected or not.
    Ssh(Box<SshKeyFile>),
}

/// An identity file that is itself encrypted with a passphrase.
pub struct EncryptedIdentities {
    name: String,
    contents: SecretBytes,
}

/// Why an identity file is refused. Lines are not repeated, they are secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityFileError {
    /// The file cannot be read.
    #[error("identity file '{name}': {reason}")]
    Unreadable {
        /// Path or other name.
        name: String,
        /// From the system.
        reason: String,
    },
    /// A line is no identity.
    #[error("identity file '{name}': error at line {line}: {reason}")]
    Line {
        /// Path or other name.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Why.
        reason: IdentityError,
    },
    /// The file is not text.
    #[error("identity file '{name}': not valid UTF-8")]
    NotText {
        /// Path or other name.
        name: String,
    },
    /// The file holds comments only.
    #[error("identity file '{name}': no identities found")]
    Empty {
        /// Path or other name.
        name: String,
    },
    /// An SSH key that cannot be used.
    #[error("SSH key '{name}': {reason}")]
    Ssh {
        /// Path or other name.
        name: String,
        /// Why.
        reason: SshKeyError,
    },
    /// A protected identity file does not decrypt.
    #[error("identity file '{name}': {reason}")]
    Encrypted {
        /// Path or other name.
        name: String,
        /// Why.
        reason: String,
    },
    /// The passphrase of a protected identity file is another one.
    #[error("identity file '{name}': wrong passphrase")]
    WrongPassphrase {
        /// Path or other name.
        name: String,
    },
}

impl IdentityFileError {
    /// The error without the name of the file, for lists that show it already.
    pub fn reason(&self) -> String {
        match self {
            Self::Unreadable { reason, .. } | Self::Encrypted { reason, .. } => reason.clone(),
            Self::Line { line, reason, .. } => format!("error at line {line}: {reason}"),
            Self::NotText { .. } => "not valid UTF-8".to_owned(),
            Self::Empty { .. } => "no identities found".to_owned(),
            Self::Ssh { reason, .. } => reason.to_string(),
            Self::WrongPassphrase { .. } => "wrong passphrase".to_owned(),
        }
    }
}

/// Tells what `contents` are, as Go age does: by the first bytes. `name` is for
/// messages.
///
/// # Errors
/// [`IdentityFileError`].
pub fn parse_identity_file(
    name: &str,
    contents: SecretBytes,
    layout: Layout,
    interaction: &Arc<Interaction>,
) -> Result<IdentityFile, IdentityFileError> {
    let bytes = contents.expose();
    if bytes.starts_with(b"age-encryption") || bytes.starts_with(b"-----BEGIN AGE") {
        let name = name.to_owned();
        return Ok(IdentityFile::Encrypted(EncryptedIdentities {
            name,
            contents,
        }));
    }
    if bytes.starts_with(b"-----BEGIN") {
        let file = SshKeyFile::parse(bytes).map_err(|reason| IdentityFileError::Ssh {
            name: name.to_owned(),
            reason,
        })?;
        return Ok(IdentityFile::Ssh(Box::new(file)));
    }
    parse_lines(name, bytes, layout, interaction).map(IdentityFile::Identities)
}

fn parse_lines(
    name: &str,
    bytes: &[u8],
    layout: Layout,
    interaction: &Arc<Interaction>,
) -> Result<Vec<ParsedIdentity>, IdentityFileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| IdentityFileError::NotText {
        name: name.to_owned(),
    })?;
    let mut identities = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.starts_with('#') {
            continue;
        }
        let parts: Vec<&str> = match layout {
            Layout::Lines => vec![content.trim_end()],
            Layout::Words => content.split_whitespace().collect(),
        };
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let identity = parse_identity(part, interaction);
            identities.push(identity.map_err(|reason| IdentityFileError::Line {
                name: name.to_owned(),
                line,
                reason,
            })?);
        }
    }
    if identities.is_empty() {
        return Err(IdentityFileError::Empty {
            name: name.to_owned(),
        });
    }
    Ok(identities)
}

impl EncryptedIdentities {
    /// Decrypts the file and reads the identities in it.
    ///
    /// # Errors
    /// [`IdentityFileError::WrongPassphrase`], or what is wrong with the file.
    pub fn unlock(
        &self,
        passphrase: &SecretText,
        interaction: &Arc<Interaction>,
    ) -> Result<Vec<ParsedIdentity>, IdentityFileError> {
        let plain = decrypt_bytes(self.contents.expose(), |header| {
            if !header.is_passphrase() {
                return Err(Locked::NoPassphrase);
            }
            let identity = ScryptIdentity::new(passphrase.duplicate());
            match identity.unwrap(header.stanzas()) {
                Ok(file_key) => Ok(file_key),
                Err(UnwrapError::WrongPassphrase) => Err(Locked::Wrong),
                Err(other) => Err(Locked::Other(other.to_string())),
            }
        });
        let name = self.name.clone();
        let plain = plain.map_err(|error| match error {
            Locked::Wrong => IdentityFileError::WrongPassphrase { name },
            Locked::NoPassphrase => IdentityFileError::Encrypted {
                name,
                reason: "it is encrypted with age, but not with a passphrase".to_owned(),
            },
            Locked::Other(reason) => IdentityFileError::Encrypted { name, reason },
        })?;
        parse_lines(&self.name, plain.expose(), Layout::Lines, interaction)
    }
}

/// Why a protected identity file stayed closed.
enum Locked {
    Wrong,
    NoPassphrase,
    Other(String),
}

impl From<crate::error::Error> for Locked {
    fn from(error: crate::error::Error) -> Self {
        Self::Other(error.to_string())
    }
}
