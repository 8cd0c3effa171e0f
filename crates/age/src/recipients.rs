//! Recipients as people write them: on the command line, in rules files and in
//! recipients files (age(1), "RECIPIENTS AND IDENTITIES").

mod file;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use file::{RecipientsFile, RecipientsFileError, parse_recipients_file};

use crate::keyring::Interaction;
use crate::native::{HybridRecipient, KeyError, TagRecipient, X25519Recipient};
use crate::plugin::{PluginNameError, PluginRecipient};
use crate::ssh::{SshAlgorithm, SshKeyError, SshPublicKey, SshRecipient};
use crate::{FileKey, Recipient, WrapError, Wrapped};

/// How much of a long key a label shows at its start.
const LABEL_START: usize = 12;
/// And at its end.
const LABEL_END: usize = 6;

/// The kinds of recipients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecipientKind {
    /// `age1…`.
    X25519,
    /// `age1pq1…`, post-quantum.
    Hybrid,
    /// `age1tag1…`, a hardware key.
    Tag,
    /// `age1tagpq1…`, a post-quantum hardware key.
    HybridTag,
    /// `ssh-ed25519`.
    SshEd25519,
    /// `ssh-rsa`.
    SshRsa,
    /// `age1NAME1…`, with the plugin's name.
    Plugin(String),
}

/// A recipient that was read from text.
///
/// Equal, ordered and shown by its canonical text, in which the comment of an
/// SSH key is left out.
#[derive(Clone)]
pub struct ParsedRecipient {
    recipient: Arc<dyn Recipient>,
    kind: RecipientKind,
    canonical: String,
    ssh: Option<SshPublicKey>,
}

impl ParsedRecipient {
    /// The recipient itself, to be shared.
    pub fn recipient(&self) -> Arc<dyn Recipient> {
        Arc::clone(&self.recipient)
    }

    /// Its kind.
    pub fn kind(&self) -> &RecipientKind {
        &self.kind
    }

    /// The text that says the same of every spelling of this recipient.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The SSH key, if it is one; with its comment.
    pub fn ssh_key(&self) -> Option<&SshPublicKey> {
        self.ssh.as_ref()
    }

    /// The first argument of its stanzas, which only SSH keys have.
    pub fn ssh_tag(&self) -> Option<String> {
        self.ssh.as_ref().map(SshPublicKey::tag)
    }

    /// The tag (first word) of its stanzas; plugins choose theirs freely.
    pub fn stanza_kind(&self) -> Option<&'static str> {
        match self.kind {
            RecipientKind::X25519 => Some("X25519"),
            RecipientKind::Hybrid => Some("mlkem768x25519"),
            RecipientKind::Tag => Some("p256tag"),
            RecipientKind::HybridTag => Some("mlkem768p256tag"),
            RecipientKind::SshEd25519 => Some("ssh-ed25519"),
            RecipientKind::SshRsa => Some("ssh-rsa"),
            RecipientKind::Plugin(_) => None,
        }
    }

    /// A short name for tables: the comment of an SSH key, else the ends of the
    /// key.
    pub fn label(&self) -> String {
        let (prefix, key) = match &self.ssh {
            Some(key) if !key.comment().is_empty() => {
                return format!("{} {}", key.algorithm().name(), key.comment());
            }
            Some(key) => {
                let name = key.algorithm().name();
                (format!("{name} "), self.canonical.get(name.len() + 1..))
            }
            None => (String::new(), None),
        };
        let key = key.unwrap_or(&self.canonical);
        let end = key.len().saturating_sub(LABEL_END);
        match (key.get(..LABEL_START), key.get(end..)) {
            (Some(first), Some(last)) if prefix.is_empty() && end > LABEL_START => {
                format!("{first}…{last}")
            }
            (_, Some(last)) => format!("{prefix}…{last}"),
            _ => key.to_owned(),
        }
    }

    /// The recipient that `ssh-to-age` makes of a key; none for RSA.
    pub fn derived_from(key: &SshPublicKey) -> Option<Self> {
        let recipient = key.age_recipient()?;
        Some(Self::native(recipient, RecipientKind::X25519))
    }

    fn native(recipient: impl Recipient + 'static, kind: RecipientKind) -> Self {
        Self {
            canonical: recipient.to_string(),
            recipient: Arc::new(recipient),
            kind,
            ssh: None,
        }
    }

    /// The recipient of an SSH key.
    ///
    /// # Errors
    /// When the key is too short.
    pub fn of_ssh_key(key: SshPublicKey) -> Result<Self, SshKeyError> {
        let kind = match key.algorithm() {
            SshAlgorithm::Ed25519 => RecipientKind::SshEd25519,
            SshAlgorithm::Rsa => RecipientKind::SshRsa,
        };
        let recipient = SshRecipient::new(key.clone())?;
        Ok(Self {
            canonical: key.to_string(),
            recipient: Arc::new(recipient),
            kind,
            ssh: Some(key),
        })
    }
}

impl fmt::Display for ParsedRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.canonical)
    }
}

impl fmt::Debug for ParsedRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ParsedRecipient({self})")
    }
}

impl PartialEq for ParsedRecipient {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for ParsedRecipient {}

impl Hash for ParsedRecipient {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl Ord for ParsedRecipient {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

impl PartialOrd for ParsedRecipient {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Recipient for ParsedRecipient {
    fn wrap(&self, file_key: &FileKey) -> Result<Wrapped, WrapError> {
        self.recipient.wrap(file_key)
    }
}

/// Why a text is no recipient. What might be a secret is never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    /// Nothing but blank space.
    #[error("a recipient is empty")]
    Empty,
    /// A private key where a public one belongs.
    #[error(
        "this is a private key, not a recipient (it is not shown here); write its public half \
         instead, which `age-keygen -y` or `ssh-keygen -y` print, and replace the key if others \
         may have seen it"
    )]
    PrivateKey,
    /// `github:user`, which age has removed.
    #[error(
        "'{0}': recipients from GitHub are not supported by age; download \
         https://github.com/{user}.keys and use it as a recipients file",
        user = .0.trim_start_matches("github:")
    )]
    GitHub(String),
    /// Not the beginning of any recipient.
    #[error("unknown recipient type: '{0}' (expected age1…, ssh-ed25519 … or ssh-rsa …)")]
    Unknown(String),
    /// Options before the key, as in `authorized_keys`.
    #[error("'{0}': remove what comes before the key type, age does not accept it")]
    Options(String),
    /// A damaged native key.
    #[error(transparent)]
    Native(#[from] KeyError),
    /// A damaged or unusable SSH key.
    #[error("malformed SSH recipient '{text}': {reason}")]
    Ssh {
        /// The key as written, shortened.
        text: String,
        /// Why.
        reason: SshKeyError,
    },
    /// A damaged plugin recipient.
    #[error("malformed plugin recipient '{text}': {reason}")]
    Plugin {
        /// The text.
        text: String,
        /// Why.
        reason: PluginNameError,
    },
}

/// Reads one recipient of any kind; blank space around it does not matter.
/// Plugins ask through `interaction` when they are used.
///
/// # Errors
/// [`RecipientError`].
pub fn parse_recipient(
    text: &str,
    interaction: &Arc<Interaction>,
) -> Result<ParsedRecipient, RecipientError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(RecipientError::Empty);
    }
    if looks_private(text) {
        return Err(RecipientError::PrivateKey);
    }
    if text.starts_with("age1tag1") || text.starts_with("age1tagpq1") {
        let recipient = TagRecipient::parse(text)?;
        let kind = match recipient.is_post_quantum() {
            true => RecipientKind::HybridTag,
            false => RecipientKind::Tag,
        };
        return Ok(ParsedRecipient::native(recipient, kind));
    }
    if text.starts_with("age1pq1") {
        let recipient = HybridRecipient::parse(text)?;
        return Ok(ParsedRecipient::native(recipient, RecipientKind::Hybrid));
    }
    if let Some(rest) = text.strip_prefix("age1") {
        if rest.contains('1') {
            return parse_plugin(text, interaction);
        }
        let recipient = X25519Recipient::parse(text)?;
        return Ok(ParsedRecipient::native(recipient, RecipientKind::X25519));
    }
    if text.starts_with("ssh-") {
        return parse_ssh(text);
    }
    Err(unknown(text))
}

fn parse_plugin(
    text: &str,
    interaction: &Arc<Interaction>,
) -> Result<ParsedRecipient, RecipientError> {
    let recipient =
        PluginRecipient::parse(text, interaction).map_err(|reason| RecipientError::Plugin {
            text: text.to_owned(),
            reason,
        })?;
    let kind = RecipientKind::Plugin(recipient.name().to_owned());
    Ok(ParsedRecipient::native(recipient, kind))
}

fn parse_ssh(text: &str) -> Result<ParsedRecipient, RecipientError> {
    SshPublicKey::parse_file(text)
        .and_then(ParsedRecipient::of_ssh_key)
        .map_err(|reason| RecipientError::Ssh {
            text: shortened(text),
            reason,
        })
}

fn unknown(text: &str) -> RecipientError {
    if text.starts_with("github:") {
        return RecipientError::GitHub(shortened(text));
    }
    match SshPublicKey::parse_line(text) {
        Ok(_) => RecipientError::Options(shortened(text)),
        Err(reason @ SshKeyError::UnsupportedType(_)) => RecipientError::Ssh {
            text: shortened(text),
            reason,
        },
        Err(_) => RecipientError::Unknown(shortened(text)),
    }
}

/// Whether the text holds a private key of any kind, in any case of letters.
fn looks_private(text: &str) -> bool {
    let start: String = text.chars().take(64).collect();
    let start = start.to_ascii_uppercase();
    start.starts_with("AGE-SECRET-KEY-")
        || start.starts_with("AGE-PLUGIN-")
        || start.starts_with("-----BEGIN") && !start.contains("PUBLIC KEY")
}

/// The beginning of a text that may be long.
fn shortened(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let shown: String = first
        .chars()
        .filter(|letter| !letter.is_control())
        .take(60)
        .collect();
    if shown.len() == text.len() {
        shown
    } else {
        format!("{shown}…")
    }
}

#[cfg(test)]
mod tests {
    use nixseal_base::env::Environment;

    use super::*;

    fn parse(text: &str) -> Result<ParsedRecipient, RecipientError> {
        parse_recipient(text, &Interaction::silent(Environment::default()))
    }

    #[test]
    fn private_keys_are_never_repeated() {
        for text in [
            "AGE-SECRET-KEY-1QQQQQQQQQQ",
            "age-secret-key-1qqqqqqqqqq",
            "AGE-PLUGIN-YUBIKEY-1QQQQQQ",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA",
            "-----BEGIN RSA PRIVATE KEY-----",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error, RecipientError::PrivateKey);
            assert!(!error.to_string().contains("QQQ") && !error.to_string().contains("b3Bl"));
        }
    }

    #[test]
    fn errors_name_what_helps() {
        for (text, expected) in [
            ("", "a recipient is empty"),
            ("github:alice", "https://github.com/alice.keys"),
            ("alice", "unknown recipient type: 'alice'"),
            ("age1qqq", "malformed recipient 'age1qqq'"),
            (
                "age1yubikey1qqq",
                "malformed plugin recipient 'age1yubikey1qqq'",
            ),
            (
                "ssh-ed25519 AAAA",
                "malformed SSH recipient 'ssh-ed25519 AAAA'",
            ),
            (
                "ssh-dss AAAAB3NzaC1kc3M=",
                "SSH keys of type 'ssh-dss' cannot be used",
            ),
            (
                "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=",
                "SSH keys of type 'ecdsa-sha2-nistp256' cannot be used",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn long_nonsense_is_shortened() {
        let text = format!("{}\nsecond line", "x".repeat(200));
        let shown = parse(&text).unwrap_err().to_string();
        assert!(shown.len() < 160 && !shown.contains("second"), "{shown}");
    }
}
