//! Why nothing opened a file: every stanza, and every identity with its reason.

use std::fmt;

/// The full account; shown as a text of several lines, or taken apart for JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenFailure {
    /// The file, as the caller named it.
    pub file: String,
    /// A stanza that an identity understands is malformed: the file is refused
    /// whatever other keys there may be.
    pub malformed: Option<String>,
    /// The stanzas of the header, in order.
    pub stanzas: Vec<StanzaReport>,
    /// The identities, in the order in which they would be tried.
    pub identities: Vec<IdentityReport>,
    /// Places where there was nothing.
    pub absent: Vec<String>,
}

/// One stanza of the header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StanzaReport {
    /// Its kind: `X25519`, `ssh-ed25519`, …
    pub kind: String,
    /// The tag in stanzas for SSH keys.
    pub ssh_tag: Option<String>,
    /// The name under which that key is known.
    pub known_as: Option<String>,
}

/// One identity, or one place where identities could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityReport {
    /// Path, variable or plugin it comes from.
    pub source: String,
    /// Public half, where it is known.
    pub public: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was tried, and no stanza is for it.
    NoMatch,
    /// It was not tried, since the stanzas say that it cannot help.
    NotTried(String),
    /// It may be the right one, but could not be used.
    Failed(String),
    /// Its file or command could not be read.
    Unreadable(String),
}

impl Outcome {
    /// One word for JSON: `no-match`, `not-tried`, `failed`, `unreadable`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoMatch => "no-match",
            Self::NotTried(_) => "not-tried",
            Self::Failed(_) => "failed",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// The reason, where the word does not say it.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::NoMatch => None,
            Self::NotTried(reason) | Self::Failed(reason) | Self::Unreadable(reason) => {
                Some(reason)
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMatch => formatter.write_str("tried, but no stanza is for it"),
            Self::NotTried(reason) => write!(formatter, "not tried, {reason}"),
            Self::Failed(reason) => formatter.write_str(reason),
            Self::Unreadable(reason) => write!(formatter, "cannot be used: {reason}"),
        }
    }
}

impl StanzaReport {
    fn note(&self) -> String {
        match (&self.ssh_tag, &self.known_as, self.kind.as_str()) {
            (Some(tag), Some(name), _) => format!(" with tag '{tag}', the key of {name}"),
            (Some(tag), None, _) => format!(" with tag '{tag}'"),
            (None, _, "X25519" | "mlkem768x25519") => " (does not say for whom)".to_owned(),
            (None, _, "scrypt") => " (a passphrase, not a key)".to_owned(),
            (None, ..) => String::new(),
        }
    }
}

impl fmt::Display for OpenFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.malformed {
            Some(reason) => write!(formatter, "'{}' cannot be opened: {reason}", self.file)?,
            None => write!(formatter, "no identity opens '{}'", self.file)?,
        }
        formatter.write_str("\n  encrypted to:")?;
        for (line, count) in counted(self.stanzas.iter().map(|one| (&one.kind, one.note()))) {
            let (kind, note) = line;
            match count {
                1 => write!(formatter, "\n    {kind}{note}")?,
                count => write!(formatter, "\n    {count} × {kind}{note}")?,
            }
        }
        if self.identities.is_empty() {
            formatter.write_str("\n  identities: none found")?;
        } else {
            formatter.write_str("\n  identities:")?;
        }
        for identity in &self.identities {
            write!(formatter, "\n    {}", identity.source)?;
            if let Some(public) = &identity.public {
                write!(formatter, " ({public})")?;
            }
            write!(formatter, ": {}", identity.outcome)?;
        }
        if !self.absent.is_empty() {
            write!(formatter, "\n  nothing at: {}", self.absent.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for OpenFailure {}

/// Equal items once, with how often they come, in the order of the first.
fn counted<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for item in items {
        match counts.iter_mut().find(|(known, _)| *known == item) {
            Some((_, count)) => *count += 1,
            None => counts.push((item, 1)),
        }
    }
    counts
}
