//! Master keys as metadata lists them: who they are, and the data key wrapped for them.

use std::collections::BTreeMap;
use std::fmt;

use super::moment::Moment;

/// The kinds of master keys; the names are those of the lists in metadata and of
/// `--decryption-order`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// age: X25519, hybrid, SSH, plugins.
    Age,
    /// Azure Key Vault.
    AzureKv,
    /// Google Cloud KMS.
    GcpKms,
    /// HashiCorp Vault's transit engine.
    HcVault,
    /// Huawei Cloud KMS.
    HcKms,
    /// AWS KMS.
    Kms,
    /// OpenPGP.
    Pgp,
}

impl KeyKind {
    /// All kinds in the order in which `sops` reads their lists into a group.
    pub const ALL: [Self; 7] = [
        Self::Kms,
        Self::GcpKms,
        Self::HcKms,
        Self::AzureKv,
        Self::HcVault,
        Self::Pgp,
        Self::Age,
    ];

    /// The name of its list.
    pub fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::AzureKv => "azure_kv",
            Self::GcpKms => "gcp_kms",
            Self::HcVault => "hc_vault",
            Self::HcKms => "hckms",
            Self::Kms => "kms",
            Self::Pgp => "pgp",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What people call it, for messages.
    pub fn title(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::AzureKv => "Azure Key Vault",
            Self::GcpKms => "Google Cloud KMS",
            Self::HcVault => "HashiCorp Vault",
            Self::HcKms => "Huawei Cloud KMS",
            Self::Kms => "AWS KMS",
            Self::Pgp => "OpenPGP",
        }
    }

    /// Its text fields, without `created_at` and `enc`: name, and whether it is written even if
    /// empty.
    pub(super) fn fields(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::Age => &[("recipient", true)],
            Self::AzureKv => &[("name", true), ("vault_url", true), ("version", true)],
            Self::GcpKms => &[("resource_id", true)],
            Self::HcVault => &[
                ("engine_path", true),
                ("key_name", true),
                ("vault_address", true),
            ],
            Self::HcKms => &[("key_id", true)],
            Self::Kms => &[("arn", true), ("aws_profile", true), ("role", false)],
            Self::Pgp => &[("fp", true)],
        }
    }

    /// Whether its entries say when they were made.
    pub(crate) fn is_dated(self) -> bool {
        self != Self::Age
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Who a data key is wrapped for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyId {
    kind: KeyKind,
    /// Text fields by name; [`KeyKind::fields`] lists them.
    fields: BTreeMap<&'static str, String>,
    /// Encryption context of AWS KMS.
    context: BTreeMap<String, Option<String>>,
}

impl KeyId {
    /// An age recipient as written: `age1…`, `ssh-ed25519 …`.
    pub fn age(recipient: &str) -> Self {
        Self::new(KeyKind::Age, &[("recipient", recipient)])
    }

    /// An OpenPGP key by its fingerprint; blanks in it are dropped, as `sops` does.
    pub fn pgp(fingerprint: &str) -> Self {
        Self::new(KeyKind::Pgp, &[("fp", &fingerprint.replace(' ', ""))])
    }

    /// A key of any kind. Fields that the kind does not have are dropped, missing ones are empty.
    pub fn new(kind: KeyKind, fields: &[(&str, &str)]) -> Self {
        let value = |name: &str| fields.iter().find(|(field, _)| *field == name);
        let fields = kind.fields().iter().map(|(name, _)| {
            (
                *name,
                value(name).map_or_else(String::new, |(_, value)| (*value).to_owned()),
            )
        });
        Self {
            kind,
            fields: fields.collect(),
            context: BTreeMap::new(),
        }
    }

    /// The same key of AWS KMS with an encryption context.
    #[must_use]
    pub fn with_context(mut self, context: BTreeMap<String, Option<String>>) -> Self {
        self.context = context;
        self
    }

    /// Its kind.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// One of its fields; empty where it has none of that name.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Its encryption context; empty but for AWS KMS.
    pub fn context(&self) -> &BTreeMap<String, Option<String>> {
        &self.context
    }
}

/// As `sops` names it in messages, in `--rm-…` flags, and to tell doubles.
impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = |name: &str| self.field(name);
        match self.kind {
            KeyKind::Age => formatter.write_str(field("recipient")),
            KeyKind::GcpKms => formatter.write_str(field("resource_id")),
            KeyKind::HcKms => formatter.write_str(field("key_id")),
            KeyKind::Pgp => formatter.write_str(field("fp")),
            KeyKind::AzureKv => {
                let (url, name, version) = (field("vault_url"), field("name"), field("version"));
                write!(formatter, "{url}/keys/{name}/{version}")
            }
            KeyKind::HcVault => {
                let (address, path) = (field("vault_address"), field("engine_path"));
                write!(formatter, "{address}/v1/{path}/keys/{}", field("key_name"))
            }
            KeyKind::Kms => {
                formatter.write_str(field("arn"))?;
                if !field("role").is_empty() {
                    write!(formatter, "+{}", field("role"))?;
                }
                let pair = |(key, value): (&String, &Option<String>)| {
                    format!("{key}:{}", value.as_deref().unwrap_or_default())
                };
                let context: Vec<String> = self.context.iter().map(pair).collect();
                let context = context.join(",");
                match (context.as_str(), field("aws_profile")) {
                    ("", "") => Ok(()),
                    (context, "") => write!(formatter, "|{context}"),
                    (context, profile) => write!(formatter, "|{context}|{profile}"),
                }
            }
        }
    }
}

/// A master key with the data key, or a share of it, wrapped for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// Who can unwrap it.
    pub id: KeyId,
    /// When the entry was made; kept when the data key is wrapped anew. None for age.
    pub created_at: Option<Moment>,
    /// The wrapped key, in the text form of its kind.
    pub enc: String,
}

/// Master keys of which any one opens the group's share of the data key.
pub type KeyGroup = Vec<WrappedKey>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_as_sops_names_them() {
        let arn = "arn:aws:kms:eu-west-1:1:key/a";
        let kms = KeyId::new(
            KeyKind::Kms,
            &[("arn", arn), ("role", "arn:aws:iam::1:role/r")],
        );
        assert_eq!(kms.to_string(), format!("{arn}+arn:aws:iam::1:role/r"));
        let context = BTreeMap::from([
            ("b".to_owned(), Some("2".to_owned())),
            ("a".to_owned(), Some("1".to_owned())),
        ]);
        let kms = KeyId::new(KeyKind::Kms, &[("arn", arn), ("aws_profile", "p")]);
        assert_eq!(kms.to_string(), format!("{arn}||p"));
        assert_eq!(
            kms.with_context(context).to_string(),
            format!("{arn}|a:1,b:2|p")
        );
        let url = [("vault_url", "https://v"), ("name", "n"), ("version", "7")];
        assert_eq!(
            KeyId::new(KeyKind::AzureKv, &url).to_string(),
            "https://v/keys/n/7"
        );
        let vault = [
            ("vault_address", "https://v"),
            ("engine_path", "t"),
            ("key_name", "k"),
        ];
        assert_eq!(
            KeyId::new(KeyKind::HcVault, &vault).to_string(),
            "https://v/v1/t/keys/k"
        );
        assert_eq!(KeyId::pgp("AB CD").to_string(), "ABCD");
        assert!(
            KeyKind::ALL
                .iter()
                .all(|kind| KeyKind::from_name(kind.name()) == Some(*kind))
        );
    }
}
