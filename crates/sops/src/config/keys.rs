//! Keys as rules and command lines write them.

use nixseal_age::keyring::Interaction;
use nixseal_age::parse_recipient;
use nixseal_base::env::Environment;

use crate::metadata::{KeyId, KeyKind};

/// A text that names no key of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a key of {}: {reason}", .kind.title())]
pub struct KeyTextError {
    /// The kind that was expected.
    pub kind: KeyKind,
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl KeyId {
    /// Reads one key as rules and flags of `sops` write it: an age recipient, a fingerprint, an
    /// ARN with perhaps `+` and the ARN of a role, a resource, a URL of Azure or Vault.
    ///
    /// # Errors
    /// When it cannot be one of that kind.
    pub fn parse(kind: KeyKind, text: &str) -> Result<Self, KeyTextError> {
        let text = text.trim();
        let wrong = |reason: &str| KeyTextError {
            kind,
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let joined = text.replace(' ', "");
        match kind {
            KeyKind::Age => {
                let interaction = Interaction::silent(Environment::default());
                match parse_recipient(text, &interaction) {
                    Ok(_) => Ok(Self::age(text)),
                    Err(error) => Err(wrong(&error.to_string())),
                }
            }
            KeyKind::Pgp if joined.is_empty() => Err(wrong("it is empty")),
            KeyKind::Pgp => Ok(Self::pgp(text)),
            KeyKind::GcpKms => Ok(Self::new(kind, &[("resource_id", &joined)])),
            KeyKind::Kms => Ok(match joined.find("+arn:") {
                Some(at) if at > 0 => {
                    let (arn, role) = joined.split_at_checked(at).unwrap_or((&joined, ""));
                    let role = role.strip_prefix('+').unwrap_or(role);
                    Self::new(kind, &[("arn", arn), ("role", role)])
                }
                _ => Self::new(kind, &[("arn", &joined)]),
            }),
            KeyKind::HcKms => match text.split_once(':') {
                Some((region, id)) if !region.trim().is_empty() && !id.trim().is_empty() => {
                    Ok(Self::new(kind, &[("key_id", text)]))
                }
                _ => Err(wrong("expected 'region:key-uuid'")),
            },
            KeyKind::AzureKv => {
                azure(text).ok_or_else(|| wrong("expected 'https://VAULT/keys/NAME/VERSION'"))
            }
            KeyKind::HcVault => vault(text).ok_or_else(|| {
                wrong("expected a URL like 'https://vault.example.com:8200/v1/transit/keys/NAME'")
            }),
        }
    }
}

fn azure(text: &str) -> Option<KeyId> {
    let host = text.strip_prefix("https://")?;
    let (host, path) = host.split_once("/keys/")?;
    let (name, version) = path.split_once('/').unwrap_or((path, ""));
    if host.is_empty() || host.contains('/') || name.is_empty() || version.contains('/') {
        return None;
    }
    let url = format!("https://{host}");
    let fields = [
        ("vault_url", url.as_str()),
        ("name", name),
        ("version", version),
    ];
    Some(KeyId::new(KeyKind::AzureKv, &fields))
}

fn vault(text: &str) -> Option<KeyId> {
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let [version, engine @ .., keys, name] = parts.as_slice() else {
        return None;
    };
    let digits = version.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let whole = [scheme, host, name, keys]
        .iter()
        .all(|part| !part.is_empty());
    if !digits || !whole || engine.is_empty() || engine.iter().any(|part| part.is_empty()) {
        return None;
    }
    let (address, engine) = (format!("{scheme}://{host}"), engine.join("/"));
    let fields = [
        ("vault_address", address.as_str()),
        ("engine_path", &engine),
        ("key_name", name),
    ];
    Some(KeyId::new(KeyKind::HcVault, &fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_kinds() {
        let age = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        for (kind, text, shown) in [
            (KeyKind::Age, age, age),
            (KeyKind::Pgp, "FBC7 B9E2", "FBC7B9E2"),
            (
                KeyKind::Kms,
                "arn:aws:kms:r:1:key/a",
                "arn:aws:kms:r:1:key/a",
            ),
            (KeyKind::Kms, "arn:k:a+b + arn:iam:r", "arn:k:a+b+arn:iam:r"),
            (KeyKind::GcpKms, "projects/p", "projects/p"),
            (KeyKind::HcKms, "r:u", "r:u"),
            (
                KeyKind::AzureKv,
                "https://v.net/keys/n/7",
                "https://v.net/keys/n/7",
            ),
            (
                KeyKind::AzureKv,
                "https://v.net/keys/n",
                "https://v.net/keys/n/",
            ),
            (
                KeyKind::HcVault,
                "https://v:8200/v1/a/b/keys/k",
                "https://v:8200/v1/a/b/keys/k",
            ),
        ] {
            assert_eq!(KeyId::parse(kind, text).unwrap().to_string(), shown);
        }
        let role = KeyId::parse(KeyKind::Kms, "arn:k:a+b+arn:iam:r").unwrap();
        assert_eq!(
            (role.field("arn"), role.field("role")),
            ("arn:k:a+b", "arn:iam:r")
        );
    }

    #[test]
    fn texts_that_are_no_keys() {
        for (kind, text) in [
            (KeyKind::Age, "age1x"),
            (KeyKind::Age, ""),
            (KeyKind::Pgp, " "),
            (KeyKind::HcKms, "r:"),
            (KeyKind::AzureKv, "http://v/keys/n"),
            (KeyKind::AzureKv, "https://v/keys/n/7/8"),
            (KeyKind::HcVault, "v/v1/a/keys/k"),
            (KeyKind::HcVault, "https://v/prefix/v1/a/keys/k"),
            (KeyKind::HcVault, "https://v/v1/keys/k"),
        ] {
            assert!(KeyId::parse(kind, text).is_err(), "{text}");
        }
    }
}
