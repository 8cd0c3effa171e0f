//! age plugins (C2SP age-plugin): recipients `age1NAME1…` and identities
//! `AGE-PLUGIN-NAME-1…`, served by the program `age-plugin-NAME`.
//!
//! Each operation starts the program once, as Go age does. Nothing ends a slow
//! plugin: it may wait for a touch; after five seconds the user is told.

mod connection;
mod identity;
mod message;
mod recipient;
mod session;

pub use identity::PluginIdentity;
pub use recipient::PluginRecipient;

use crate::bech32;

/// What plugin names may consist of besides ASCII letters and digits (C2SP
/// age-plugin, "Encodings").
const PUNCTUATION: &str = "+-._";

/// Why an encoded plugin recipient or identity is refused; never its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PluginNameError {
    /// The Bech32 is damaged.
    #[error("{0}")]
    Encoding(&'static str),
    /// The prefix is of another kind.
    #[error("it does not begin with '{0}'")]
    Prefix(&'static str),
    /// The name could not be that of a program.
    #[error("invalid plugin name '{0}'")]
    Name(String),
}

/// The plugin's name in `age1NAME1…`.
fn recipient_name(text: &str) -> Result<String, PluginNameError> {
    let decoded = bech32::decode(text).map_err(PluginNameError::Encoding)?;
    let name = decoded.prefix.strip_prefix("age1");
    checked(name.ok_or(PluginNameError::Prefix("age1"))?)
}

/// The plugin's name in `AGE-PLUGIN-NAME-1…`, in lower case.
fn identity_name(text: &str) -> Result<String, PluginNameError> {
    let decoded = bech32::decode(text).map_err(PluginNameError::Encoding)?;
    let name = decoded.prefix.strip_prefix("AGE-PLUGIN-");
    let name = name.and_then(|name| name.strip_suffix('-'));
    let name = name.ok_or(PluginNameError::Prefix("AGE-PLUGIN-"))?;
    checked(&name.to_ascii_lowercase())
}

fn checked(name: &str) -> Result<String, PluginNameError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || PUNCTUATION.contains(letter);
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(PluginNameError::Name(name.to_owned()));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_encoding() {
        let recipient = bech32::encode_lower("age1yubikey", &[1, 2]);
        assert_eq!(recipient_name(&recipient), Ok("yubikey".to_owned()));
        let identity = bech32::encode_upper("AGE-PLUGIN-FIDO2-HMAC-", &[]);
        assert_eq!(identity_name(&identity), Ok("fido2-hmac".to_owned()));
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let recipient = bech32::encode_lower("age1../x", &[1]);
        assert!(matches!(
            recipient_name(&recipient),
            Err(PluginNameError::Name(_))
        ));
        let empty = bech32::encode_upper("AGE-PLUGIN--", &[]);
        assert!(matches!(
            identity_name(&empty),
            Err(PluginNameError::Name(_))
        ));
        let native = bech32::encode_lower("age", &[7; 32]);
        assert!(matches!(
            recipient_name(&native),
            Err(PluginNameError::Prefix(_))
        ));
    }
}
