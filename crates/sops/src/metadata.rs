//! The `sops` block of a file: who can open it, its MAC, and how its values are chosen.
//!
//! Read in every layout that `sops` 3.13.3 reads (any order, weakly typed, empty lists of old
//! versions), and written as it writes: keys sorted, what is empty left out.

mod entry;
mod flat;
mod moment;
mod place;
mod read;
mod write;

use nixseal_document::tree::Node;

pub use entry::{KeyGroup, KeyId, KeyKind, WrappedKey};
pub use moment::Moment;
pub(crate) use place::{Block, attach, extract, metadata_key};

use crate::selector::Selector;

/// The version that we write: readers older than it still read what we write.
pub const SOPS_VERSION: &str = "3.13.3";

/// Everything that a file says about its encryption.
#[derive(Debug)]
pub struct Metadata {
    /// Groups of master keys: one that wraps the data key, or several that wrap shares of it.
    pub groups: Vec<KeyGroup>,
    /// How many groups must take part; 0 where the file does not say.
    pub shamir_threshold: u32,
    /// When the values were last encrypted.
    pub last_modified: Moment,
    /// The encrypted MAC; empty where the file has none.
    pub mac: String,
    /// Which values are encrypted.
    pub selector: Selector,
    /// Whether values in clear are outside of the MAC.
    pub mac_only_encrypted: bool,
    /// The version of SOPS that wrote the file; may be empty or odd, see [`Self::check_version`].
    pub version: String,
    /// Fields that we do not know, kept as they are: a newer `sops` may need them.
    unknown: Vec<(String, Node)>,
}

impl Metadata {
    /// Metadata of a new file, without a MAC yet.
    pub fn new(groups: Vec<KeyGroup>, selector: Selector, last_modified: Moment) -> Self {
        Self {
            groups,
            shamir_threshold: 0,
            last_modified,
            mac: String::new(),
            selector,
            mac_only_encrypted: false,
            version: SOPS_VERSION.to_owned(),
            unknown: Vec::new(),
        }
    }

    /// All master keys with the number of their group, in file order.
    pub fn keys(&self) -> impl Iterator<Item = (usize, &WrappedKey)> {
        let groups = self.groups.iter().enumerate();
        groups.flat_map(|(index, group)| group.iter().map(move |key| (index, key)))
    }

    /// Says that a file is ours now, unless a newer version wrote it, as editing does.
    pub fn raise_version(&mut self) {
        if numbers(&self.version) < numbers(SOPS_VERSION) {
            SOPS_VERSION.clone_into(&mut self.version);
        }
    }

    /// Refuses versions that `sops` refuses when it decrypts: anything but `x.y.z` and `1.…`.
    ///
    /// # Errors
    /// When the version is missing or no semantic version.
    pub fn check_version(&self) -> Result<(), MetadataError> {
        let version = self.version.strip_prefix('v').unwrap_or(&self.version);
        if self.version.starts_with("1.") || is_semantic(version) {
            return Ok(());
        }
        let reason = format!("'{}' is not a version of the form 3.13.3", self.version);
        Err(MetadataError::new("version", reason))
    }
}

/// What is wrong with the metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// There is none: the file is not encrypted.
    #[error("the file is not encrypted: it has no sops metadata")]
    Missing,
    /// No list of master keys has an entry.
    #[error("sops metadata: nobody can open the file, it lists no keys")]
    NoKeys,
    /// One part of it is.
    #[error("sops metadata, '{key}': {reason}")]
    Field {
        /// Path of the key below `sops`; empty for the block itself.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

impl MetadataError {
    fn new(key: &str, reason: impl Into<String>) -> Self {
        let key = if key.is_empty() { "sops" } else { key };
        Self::Field {
            key: key.to_owned(),
            reason: reason.into(),
        }
    }
}

/// The numbers of a version, to compare; what is none counts as 0. Of two that differ in what
/// follows the numbers only, neither is newer here: we never write such versions.
fn numbers(version: &str) -> Vec<u64> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    core.split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

/// Three numbers without leading zeros, then perhaps `-` or `+` and more.
fn is_semantic(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let plain = |text: &&str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits && (text.len() == 1 || !text.starts_with('0'))
    };
    numbers.len() == 3 && numbers.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_only_rise() {
        for (before, after) in [
            ("3.9.4", SOPS_VERSION),
            ("3.13.3", "3.13.3"),
            ("3.14.0", "3.14.0"),
            ("1.5", SOPS_VERSION),
        ] {
            let moment = Moment::parse("2026-11-23T06:46:17Z").unwrap();
            let mut metadata = Metadata::new(Vec::new(), Selector::Everything, moment);
            metadata.version = before.to_owned();
            metadata.raise_version();
            assert_eq!(metadata.version, after, "{before}");
        }
    }

    #[test]
    fn versions_are_checked_as_sops_does() {
        for (version, good) in [
            ("3.13.3", true),
            ("v3.0.0", true),
            ("3.0.0-rc1", true),
            ("1.5", true),
            ("1.14.0", true),
            ("3.8", false),
            ("", false),
            ("3.08.1", false),
            ("3.8.1.2", false),
            ("x.y.z", false),
        ] {
            let moment = Moment::parse("2026-11-23T06:46:17Z").unwrap();
            let mut metadata = Metadata::new(Vec::new(), Selector::Everything, moment);
            metadata.version = version.to_owned();
            assert_eq!(metadata.check_version().is_ok(), good, "{version}");
        }
    }
}
