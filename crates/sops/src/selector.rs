//! Which values of a file are encrypted: one of SOPS's six selectors.

use std::fmt;

use regex::bytes::Regex;

use crate::pattern;

/// The suffix of keys that stay in clear when a file says nothing else.
pub const DEFAULT_UNENCRYPTED_SUFFIX: &str = "_unencrypted";

/// The six ways to choose; the names are those of the fields in metadata and rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SelectorKind {
    /// Encrypted is what follows or stands under a comment that matches, but not that comment.
    EncryptedCommentRegex,
    /// Encrypted is what has a key on its path that matches.
    EncryptedRegex,
    /// Encrypted is what has a key on its path that ends so.
    EncryptedSuffix,
    /// In clear stays what follows or stands under a comment that matches, and that comment.
    UnencryptedCommentRegex,
    /// In clear stays what has a key on its path that matches.
    UnencryptedRegex,
    /// In clear stays what has a key on its path that ends so.
    UnencryptedSuffix,
}

impl SelectorKind {
    /// All of them, by name.
    pub const ALL: [Self; 6] = [
        Self::EncryptedCommentRegex,
        Self::EncryptedRegex,
        Self::EncryptedSuffix,
        Self::UnencryptedCommentRegex,
        Self::UnencryptedRegex,
        Self::UnencryptedSuffix,
    ];

    /// The name of its field.
    pub fn field(self) -> &'static str {
        match self {
            Self::EncryptedCommentRegex => "encrypted_comment_regex",
            Self::EncryptedRegex => "encrypted_regex",
            Self::EncryptedSuffix => "encrypted_suffix",
            Self::UnencryptedCommentRegex => "unencrypted_comment_regex",
            Self::UnencryptedRegex => "unencrypted_regex",
            Self::UnencryptedSuffix => "unencrypted_suffix",
        }
    }

    fn is_regex(self) -> bool {
        !matches!(self, Self::EncryptedSuffix | Self::UnencryptedSuffix)
    }
}

/// Which values are encrypted.
#[derive(Clone)]
pub enum Selector {
    /// All of them: binary files.
    Everything,
    /// Those that a suffix or a pattern chooses.
    By {
        /// The way to choose.
        kind: SelectorKind,
        /// The suffix or pattern, as written.
        text: String,
        /// The compiled pattern; none for suffixes.
        regex: Option<Regex>,
    },
}

/// A pattern that SOPS would ignore in silence, encrypting nothing or everything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} '{text}' is not a valid regular expression: {reason}", kind.field())]
pub struct InvalidRegex {
    /// Which field.
    pub kind: SelectorKind,
    /// The pattern as written.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Selector {
    /// The selector of that field.
    ///
    /// # Errors
    /// When it is a regular expression and not a valid one (RE2 syntax).
    pub fn new(kind: SelectorKind, text: &str) -> Result<Self, InvalidRegex> {
        let compiled = kind.is_regex().then(|| pattern::compile(text)).transpose();
        let invalid = |reason| InvalidRegex {
            kind,
            text: text.to_owned(),
            reason,
        };
        Ok(Self::By {
            kind,
            text: text.to_owned(),
            regex: compiled.map_err(invalid)?,
        })
    }

    /// The suffix that SOPS assumes where nothing is said.
    pub fn default_suffix() -> Self {
        let (kind, text) = (
            SelectorKind::UnencryptedSuffix,
            DEFAULT_UNENCRYPTED_SUFFIX.to_owned(),
        );
        Self::By {
            kind,
            text,
            regex: None,
        }
    }

    /// The field and its text; none for [`Selector::Everything`].
    pub fn field(&self) -> Option<(SelectorKind, &str)> {
        match self {
            Self::Everything => None,
            Self::By { kind, text, .. } => Some((*kind, text)),
        }
    }

    /// Whether comments, not keys, decide.
    pub(crate) fn is_by_comment(&self) -> bool {
        use SelectorKind::{EncryptedCommentRegex, UnencryptedCommentRegex};
        matches!(
            self.field(),
            Some((EncryptedCommentRegex | UnencryptedCommentRegex, _))
        )
    }

    /// Whether a key on the path decides for all below it.
    pub(crate) fn matches_key(&self, key: &str) -> bool {
        match self {
            Self::By { kind, text, regex } if !self.is_by_comment() => match regex {
                Some(regex) => regex.is_match(key.as_bytes()),
                None => {
                    debug_assert!(!kind.is_regex());
                    key.ends_with(text.as_str())
                }
            },
            _ => false,
        }
    }

    /// Whether a comment decides for what follows it.
    pub(crate) fn matches_comment(&self, comment: &[u8]) -> bool {
        match self {
            Self::By {
                regex: Some(regex), ..
            } if self.is_by_comment() => regex.is_match(comment),
            _ => false,
        }
    }

    /// Whether what a key or a comment matched is encrypted, else what none matched.
    pub(crate) fn encrypts(&self, matched: bool) -> bool {
        use SelectorKind::{EncryptedCommentRegex, EncryptedRegex, EncryptedSuffix};
        match self.field() {
            None => true,
            Some((EncryptedCommentRegex | EncryptedRegex | EncryptedSuffix, _)) => matched,
            Some(_) => !matched,
        }
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.field() == other.field()
    }
}

impl Eq for Selector {}

/// The field and its text.
impl fmt::Debug for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field() {
            None => formatter.write_str("everything"),
            Some((kind, text)) => write!(formatter, "{}: {text:?}", kind.field()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_decide() {
        for (kind, text, key, encrypted) in [
            (SelectorKind::UnencryptedSuffix, "_u", "a_u", false),
            (SelectorKind::UnencryptedSuffix, "_u", "a_ux", true),
            (SelectorKind::EncryptedSuffix, "_e", "a_e", true),
            (SelectorKind::EncryptedSuffix, "_e", "a", false),
            (
                SelectorKind::EncryptedRegex,
                "^(data|stringData)$",
                "data",
                true,
            ),
            (
                SelectorKind::EncryptedRegex,
                "^(data|stringData)$",
                "metadata",
                false,
            ),
            (SelectorKind::UnencryptedRegex, "^meta", "metadata", false),
            (SelectorKind::UnencryptedRegex, "^meta", "data", true),
        ] {
            let selector = Selector::new(kind, text).unwrap();
            let matched = selector.matches_key(key);
            assert_eq!(selector.encrypts(matched), encrypted, "{selector:?} {key}");
            assert!(!selector.matches_comment(key.as_bytes()));
        }
        assert!(Selector::Everything.encrypts(false));
    }

    #[test]
    fn an_invalid_regex_is_an_error() {
        let error = Selector::new(SelectorKind::EncryptedRegex, "(")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("encrypted_regex '(' is not a valid regular expression"),
            "{error}"
        );
        assert!(Selector::new(SelectorKind::EncryptedSuffix, "(").is_ok());
    }
}
