//! Creation rules, destination rules and store options.

use std::collections::BTreeMap;

use nixseal_base::diag::Diagnostic;
use nixseal_base::span::Span;
use regex::bytes::Regex;

use super::Config;
use super::anchors::Anchors;
use super::reader::{Fields, Read, Spanned, span_of};
use crate::key_groups::Owners;
use crate::metadata::{KeyId, KeyKind};
use crate::pattern;
use crate::selector::{Selector, SelectorKind};
use nixseal_document::tree::Map;

/// How files are encrypted for which a rule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// Key groups; one of them may be empty, which nothing can be encrypted to.
    pub groups: Vec<Vec<KeyId>>,
    /// How many groups must take part; 0 where the rule does not say.
    pub shamir_threshold: u32,
    /// Which values are encrypted, where the rule says so.
    pub selector: Option<Selector>,
    /// Whether values in clear are outside of the MAC.
    pub mac_only_encrypted: bool,
}

/// A rule for files by their paths. Broken parts are errors only when they are needed.
#[derive(Debug)]
pub struct CreationRule {
    /// The expression as written; none matches every path.
    pub path_regex: Option<String>,
    /// Where the rule stands.
    pub span: Span,
    pattern: Option<Result<Regex, Diagnostic>>,
    encryption: Result<Encryption, Box<Diagnostic>>,
}

impl CreationRule {
    /// Whether the rule is for a path.
    ///
    /// # Errors
    /// When its expression is invalid.
    pub fn matches(&self, path: &str) -> Result<bool, &Diagnostic> {
        match &self.pattern {
            None => Ok(true),
            Some(Ok(regex)) => Ok(regex.is_match(path.as_bytes())),
            Some(Err(error)) => Err(error),
        }
    }

    /// How to encrypt.
    ///
    /// # Errors
    /// What is wrong with keys or selectors, with its place.
    pub fn encryption(&self) -> Result<&Encryption, &Diagnostic> {
        self.encryption.as_ref().map_err(AsRef::as_ref)
    }

    pub(super) fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let pattern = self
            .pattern
            .as_ref()
            .and_then(|pattern| pattern.as_ref().err());
        pattern.into_iter().chain(self.encryption().err())
    }
}

/// A version of Vault's key-value engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultVersion {
    /// Without versions of values.
    One,
    /// With them.
    Two,
}

/// Where `publish` puts files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Google Cloud Storage.
    Gcs {
        /// Bucket.
        bucket: String,
        /// Put before names.
        prefix: String,
    },
    /// Amazon S3.
    S3 {
        /// Bucket.
        bucket: String,
        /// Put before names.
        prefix: String,
    },
    /// HashiCorp Vault.
    Vault {
        /// Path below the mount.
        path: String,
        /// Address; empty for that of the environment.
        address: String,
        /// Name of the mount.
        mount: String,
        /// Version of the engine.
        version: VaultVersion,
    },
}

/// A rule for `publish`.
#[derive(Debug)]
pub struct DestinationRule {
    /// The expression as written; none matches every path.
    pub path_regex: Option<String>,
    /// Where to; none where the rule does not say.
    pub destination: Option<Destination>,
    /// How to encrypt the published copy; groups without keys for as it is.
    pub recreation_rule: Option<CreationRule>,
    /// Leave the suffix out of the name.
    pub omit_extensions: bool,
    pattern: Option<Regex>,
}

impl DestinationRule {
    pub(super) fn matches(&self, path: &str) -> bool {
        self.pattern
            .as_ref()
            .is_none_or(|regex| regex.is_match(path.as_bytes()))
    }
}

/// Reads everything into `config`.
pub(super) fn read(root: &Map, config: &mut Config) -> Read<()> {
    let source = std::sync::Arc::clone(&config.source);
    let fields = Fields {
        map: root,
        source: &source,
    };
    let anchors = Anchors::collect(root, &source.text);
    let mut owners = Owners::default();
    if let Some(rules) = fields.maps("creation_rules")? {
        let mut read = Vec::with_capacity(rules.len());
        for rule in rules {
            read.push(creation_rule(rule, &anchors, &mut owners)?);
        }
        config.creation_rules = Some(read);
    }
    for rule in fields.maps("destination_rules")?.unwrap_or_default() {
        config
            .destination_rules
            .push(destination_rule(rule, &anchors, &mut owners)?);
    }
    if let Some(stores) = fields.map("stores")? {
        let indent = |name: &str| match stores.map(name)? {
            Some(store) => store.integer("indent"),
            None => Ok(None),
        };
        config.yaml_indent = indent("yaml")?;
        config.json_indent = indent("json")?;
        config.json_binary_indent = indent("json_binary")?;
    }
    config.owners = owners;
    Ok(())
}

fn creation_rule(
    fields: Fields<'_>,
    anchors: &Anchors<'_>,
    owners: &mut Owners,
) -> Read<CreationRule> {
    let path_regex = fields.text("path_regex")?;
    let pattern = path_regex
        .as_ref()
        .map(|text| compile(fields, "path_regex", text));
    let threshold = fields.integer("shamir_threshold")?.unwrap_or(0);
    let threshold = u32::try_from(threshold).map_err(|_| {
        let span = fields
            .pair("shamir_threshold")
            .map(|pair| span_of(&pair.value));
        fields.error(
            span.unwrap_or_default(),
            "'shamir_threshold' cannot be negative",
        )
    })?;
    let mut texts = BTreeMap::new();
    for kind in SelectorKind::ALL {
        if let Some(text) = fields.text(kind.field())? {
            texts.insert(kind, text);
        }
    }
    let mac_only_encrypted = fields.flag("mac_only_encrypted")?;
    let mut reader = KeyReader { anchors, owners };
    let encryption = reader.groups(fields).and_then(|groups| {
        let selector = selector(fields, &texts)?;
        Ok(Encryption {
            groups,
            shamir_threshold: threshold,
            selector,
            mac_only_encrypted,
        })
    });
    Ok(CreationRule {
        path_regex: path_regex.map(|regex| regex.text),
        span: fields.span(),
        pattern,
        encryption: encryption.map_err(Box::new),
    })
}

fn compile(fields: Fields<'_>, name: &str, text: &Spanned) -> Result<Regex, Diagnostic> {
    pattern::compile(&text.text).map_err(|reason| {
        let message = format!(
            "{name} '{}' is not a valid regular expression: {reason}",
            text.text
        );
        fields.error(text.span, message)
    })
}

fn selector(fields: Fields<'_>, texts: &BTreeMap<SelectorKind, Spanned>) -> Read<Option<Selector>> {
    let mut texts = texts.iter();
    let Some((kind, text)) = texts.next() else {
        return Ok(None);
    };
    if let Some((other, text)) = texts.next() {
        let message = format!(
            "a rule can have one selector only: '{}' or '{}'",
            kind.field(),
            other.field()
        );
        return Err(fields.error(text.span, message));
    }
    let selector = Selector::new(*kind, &text.text);
    selector.map(Some).map_err(|error| {
        fields
            .error(text.span, error.to_string())
            .hint("sops ignores such an expression and leaves all values in clear")
    })
}

/// Reads keys and notes their names.
struct KeyReader<'a> {
    anchors: &'a Anchors<'a>,
    owners: &'a mut Owners,
}

impl KeyReader<'_> {
    fn groups(&mut self, fields: Fields<'_>) -> Read<Vec<Vec<KeyId>>> {
        let groups = fields.maps("key_groups")?.unwrap_or_default();
        if groups.is_empty() {
            return Ok(vec![self.flat(fields)?]);
        }
        groups
            .into_iter()
            .map(|group| self.group(group, 0))
            .collect()
    }

    /// Keys that stand in the rule itself, in the order of `sops`; doubles stay.
    fn flat(&mut self, fields: Fields<'_>) -> Read<Vec<KeyId>> {
        let profile = fields
            .text("aws_profile")?
            .map(|profile| profile.text)
            .unwrap_or_default();
        let mut group = Vec::new();
        for (kind, name) in [
            (KeyKind::Age, "age"),
            (KeyKind::Pgp, "pgp"),
            (KeyKind::Kms, "kms"),
            (KeyKind::GcpKms, "gcp_kms"),
            (KeyKind::HcKms, "hckms"),
            (KeyKind::AzureKv, "azure_keyvault"),
            (KeyKind::HcVault, "hc_vault_transit_uri"),
        ] {
            for text in fields.texts_or_commas(name)? {
                let mut id = self.key(fields, kind, &text)?;
                if kind == KeyKind::Kms {
                    let (arn, role) = (id.field("arn"), id.field("role"));
                    let parts = [("arn", arn), ("role", role), ("aws_profile", &profile)];
                    id = KeyId::new(kind, &parts);
                }
                group.push(id);
            }
        }
        Ok(group)
    }

    /// A group of its own: merged groups first, doubles left out.
    fn group(&mut self, fields: Fields<'_>, depth: usize) -> Read<Vec<KeyId>> {
        if depth > 16 {
            return Err(fields.error(fields.span(), "groups are merged too deeply"));
        }
        let mut group = Vec::new();
        for merged in fields.maps("merge")?.unwrap_or_default() {
            group.extend(self.group(merged, depth + 1)?);
        }
        for text in fields.texts("age")? {
            for part in text.text.split(',') {
                let part = Spanned {
                    text: part.to_owned(),
                    span: text.span,
                };
                group.push(self.key(fields, KeyKind::Age, &part)?);
            }
        }
        for text in fields.texts("pgp")? {
            group.push(self.key(fields, KeyKind::Pgp, &text)?);
        }
        for key in fields.maps("kms")?.unwrap_or_default() {
            group.push(kms(key)?);
        }
        for (kind, list, names) in [
            (
                KeyKind::GcpKms,
                "gcp_kms",
                &[("resource_id", "resource_id")][..],
            ),
            (KeyKind::HcKms, "hckms", &[("key_id", "key_id")]),
            (
                KeyKind::AzureKv,
                "azure_keyvault",
                &[
                    ("vaultUrl", "vault_url"),
                    ("key", "name"),
                    ("version", "version"),
                ],
            ),
        ] {
            for key in fields.maps(list)?.unwrap_or_default() {
                group.push(plain_key(key, kind, names)?);
            }
        }
        for text in fields.texts("hc_vault")? {
            group.push(self.key(fields, KeyKind::HcVault, &text)?);
        }
        let mut unique: Vec<KeyId> = Vec::with_capacity(group.len());
        for id in group {
            let same =
                |known: &KeyId| known.kind() == id.kind() && known.to_string() == id.to_string();
            if !unique.iter().any(same) {
                unique.push(id);
            }
        }
        Ok(unique)
    }

    fn key(&mut self, fields: Fields<'_>, kind: KeyKind, text: &Spanned) -> Read<KeyId> {
        let id = KeyId::parse(kind, &text.text)
            .map_err(|error| fields.error(text.span, error.to_string()))?;
        if let Some(name) = self.anchors.name(text.span) {
            self.owners.add(&id, name);
        }
        Ok(id)
    }
}

fn kms(key: Fields<'_>) -> Read<KeyId> {
    let names = [
        ("arn", "arn"),
        ("role", "role"),
        ("aws_profile", "aws_profile"),
    ];
    let id = plain_key(key, KeyKind::Kms, &names)?;
    let mut context = BTreeMap::new();
    if let Some(fields) = key.map("context")? {
        for pair in fields.map.pairs() {
            let value = fields.text(&pair.key)?.map(|value| value.text);
            context.insert(pair.key.clone(), Some(value.unwrap_or_default()));
        }
    }
    Ok(id.with_context(context))
}

/// A key whose parts have fields of their own.
fn plain_key(key: Fields<'_>, kind: KeyKind, names: &[(&str, &'static str)]) -> Read<KeyId> {
    let mut parts = Vec::new();
    for (name, field) in names {
        parts.push((
            *field,
            key.text(name)?.map(|text| text.text).unwrap_or_default(),
        ));
    }
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    Ok(KeyId::new(kind, &parts))
}

fn destination_rule(
    fields: Fields<'_>,
    anchors: &Anchors<'_>,
    owners: &mut Owners,
) -> Read<DestinationRule> {
    let path_regex = fields.text("path_regex")?;
    let pattern = path_regex
        .as_ref()
        .map(|text| compile(fields, "path_regex", text))
        .transpose()?;
    let text = |name: &str| Ok(fields.text(name)?.map(|text| text.text).unwrap_or_default());
    let mut destinations = Vec::new();
    if let Some(bucket) = fields.text("s3_bucket")? {
        destinations.push(Destination::S3 {
            bucket: bucket.text,
            prefix: text("s3_prefix")?,
        });
    }
    if let Some(bucket) = fields.text("gcs_bucket")? {
        destinations.push(Destination::Gcs {
            bucket: bucket.text,
            prefix: text("gcs_prefix")?,
        });
    }
    if let Some(path) = fields.text("vault_path")? {
        let mount = fields.text("vault_kv_mount_name")?;
        destinations.push(Destination::Vault {
            path: path.text,
            address: text("vault_address")?,
            mount: mount.map_or_else(|| "secret/".to_owned(), |mount| mount.text),
            version: match fields.integer("vault_kv_version")? {
                Some(1) => VaultVersion::One,
                _ => VaultVersion::Two,
            },
        });
    }
    if destinations.len() > 1 {
        return Err(fields.error(
            fields.span(),
            "a destination rule can have one destination only",
        ));
    }
    let recreation = fields.map("recreation_rule")?;
    Ok(DestinationRule {
        path_regex: path_regex.map(|regex| regex.text),
        destination: destinations.pop(),
        recreation_rule: recreation
            .map(|rule| creation_rule(rule, anchors, owners))
            .transpose()?,
        omit_extensions: fields.flag("omit_extensions")?,
        pattern,
    })
}
