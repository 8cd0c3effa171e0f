//! Why a data key could not be recovered: every recipient, whose it is, and why it did not work.

use std::fmt;

use nixseal_age::keyring::{IdentityReport, Outcome};

use crate::metadata::KeyId;

/// The full account; shown as a text of several lines, or taken apart by those who want another
/// wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryFailure {
    /// Every group, in file order.
    pub groups: Vec<GroupReport>,
    /// The threshold of the file as it stands there; 0 when it has none.
    pub threshold: u32,
    /// How many groups must open.
    pub required: usize,
    /// Why groups that opened were of no use.
    pub fault: Option<String>,
    /// age identities that were considered.
    pub identities: Vec<IdentityReport>,
    /// Places where identities could have been.
    pub absent: Vec<String>,
}

/// What became of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupReport {
    /// The key that opened it.
    pub opened_by: Option<KeyId>,
    /// The keys that did not, in the order in which they were tried.
    pub failures: Vec<KeyReport>,
}

/// A master key that did not unwrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// Which one.
    pub id: KeyId,
    /// Whose it is, as far as `.sops.yaml` names its keys.
    pub owner: Option<String>,
    /// Why, in one line.
    pub reason: String,
}

impl RecoveryFailure {
    /// How many groups opened.
    pub fn opened(&self) -> usize {
        self.groups
            .iter()
            .filter(|group| group.opened_by.is_some())
            .count()
    }
}

impl fmt::Display for RecoveryFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.groups.len() > 1;
        if let Some(fault) = &self.fault {
            write!(formatter, "the data key cannot be recovered: {fault}")?;
        } else if several {
            let (opened, all) = (self.opened(), self.groups.len());
            let required = self.required;
            write!(
                formatter,
                "the data key cannot be recovered: {required} of {all} key groups are needed, \
                 {opened} could be opened"
            )?;
        } else {
            formatter.write_str("the data key cannot be recovered: no recipient could open it")?;
        }
        for (index, group) in self.groups.iter().enumerate() {
            if several {
                let state = if group.opened_by.is_some() {
                    "opened"
                } else {
                    "not opened"
                };
                write!(formatter, "\n  group {}: {state}", index + 1)?;
            }
            let indent = if several { "    " } else { "  " };
            if let Some(id) = &group.opened_by {
                write!(formatter, " by {} {id}", id.kind())?;
                continue;
            }
            for KeyReport { id, owner, reason } in &group.failures {
                write!(formatter, "\n{indent}{} {id}", id.kind())?;
                if let Some(owner) = owner {
                    write!(formatter, " ({owner})")?;
                }
                write!(formatter, ": {reason}")?;
            }
        }
        self.show_identities(formatter)
    }
}

impl RecoveryFailure {
    fn show_identities(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.identities.is_empty() {
            formatter.write_str("\n  age identities at hand:")?;
        }
        for IdentityReport {
            source,
            public,
            outcome,
            ..
        } in &self.identities
        {
            write!(formatter, "\n    {source}")?;
            if let Some(public) = public {
                write!(formatter, " ({public})")?;
            }
            // That no recipient is its own is what the whole message says.
            if let Outcome::Failed(reason) | Outcome::Unreadable(reason) = outcome {
                write!(formatter, ": {reason}")?;
            }
        }
        if !self.absent.is_empty() {
            write!(
                formatter,
                "\n  no age identity at: {}",
                self.absent.join(", ")
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for RecoveryFailure {}
