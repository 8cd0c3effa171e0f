//! A proof without keys and without root that a manifest can be installed on its host.

use crate::activate::Options;
use crate::manifest::Manifest;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The option, secret or place at fault.
    pub subject: String,
    /// What is wrong.
    pub message: String,
}

/// Everything that is wrong with a manifest and the files that it names.
pub fn check(_manifest: &Manifest, _options: &Options<'_>) -> Vec<Finding> {
    Vec::new()
}
