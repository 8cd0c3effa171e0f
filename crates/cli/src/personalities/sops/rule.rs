//! How new files are encrypted: the creation rule, and the flags that override it.

use std::collections::BTreeMap;
use std::path::Path;

use nixseal_document::Format;
use nixseal_sops::config::{Encryption, RuleError};
use nixseal_sops::key_groups::wrap;
use nixseal_sops::{DataKey, KeyId, KeyKind, Metadata, Moment, Selector, SelectorKind};

use super::failure::{Failure, code};
use super::log;
use super::session::Session;

/// Who can open a file and which of its values are encrypted.
#[derive(Debug)]
pub(super) struct Plan {
    /// Key groups.
    pub(super) groups: Vec<Vec<KeyId>>,
    /// How many of them must take part; 0 where nobody says.
    pub(super) threshold: u32,
    /// Which values are encrypted.
    pub(super) selector: Selector,
    /// Whether values in clear are outside of the MAC.
    pub(super) mac_only_encrypted: bool,
}

/// Flags that name keys, in the order in which they are put into a group.
const KEY_FLAGS: [(&str, KeyKind); 7] = [
    ("kms", KeyKind::Kms),
    ("gcp-kms", KeyKind::GcpKms),
    ("hckms", KeyKind::HcKms),
    ("azure-kv", KeyKind::AzureKv),
    ("pgp", KeyKind::Pgp),
    ("hc-vault-transit", KeyKind::HcVault),
    ("age", KeyKind::Age),
];

const ONE_SELECTOR: &str = "Error: cannot use more than one of encrypted_suffix, \
     unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or \
     unencrypted_comment_regex in the same file";

const ONE_SELECTOR_A_RULE: &str = "error loading config: cannot use more than one of \
     encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, \
     encrypted_comment_regex, or unencrypted_comment_regex for the same rule: ";

impl Session<'_> {
    /// The creation rule for a file. None without a configuration file or rules in it.
    ///
    /// # Errors
    /// When no rule matches, or the one that does is broken.
    pub(super) fn rule(&self, name: &Path) -> Result<Option<&Encryption>, Failure> {
        let Some(loaded) = self.config()? else {
            return Ok(None);
        };
        let rule = loaded.config.creation_rule(loaded.directory(), name);
        let rule = rule.map_err(|error| match error {
            RuleError::NoMatch { config, file } => {
                Failure::generic("error loading config: no matching creation rules found").hint(
                    format_args!("'{}' has no rule for '{file}'", config.display()),
                )
            }
            RuleError::Broken(diagnostic) => {
                Failure::generic(format!("can not compile regexp: {diagnostic}"))
            }
            other => Failure::generic(format!("error loading config: {other}")),
        })?;
        let encryption = rule.map(nixseal_sops::config::CreationRule::encryption);
        encryption.transpose().map_err(|diagnostic| {
            let words = if diagnostic.message.contains("one selector") {
                ONE_SELECTOR_A_RULE
            } else {
                "error loading config: "
            };
            let failure = Failure::generic(format!("{words}{diagnostic}"));
            diagnostic
                .hints
                .iter()
                .fold(failure, |failure, hint| failure.hint(hint))
        })
    }

    /// How a new file of that name is encrypted; `input` is the format of its plaintext.
    pub(super) fn plan(&self, name: &Path, input: Format) -> Result<Plan, Failure> {
        let rule = self.rule(name)?;
        let selector = self.selector(rule, input)?;
        let groups = match (self.flag_keys()?, rule) {
            (Some(group), _) => vec![group],
            (None, Some(rule)) => rule.groups.clone(),
            (None, None) => {
                return Err(Failure::generic(
                    "config file not found, or has no creation rules, and no keys provided \
                     through command line options",
                ));
            }
        };
        if groups.iter().all(|group| !group.is_empty()) {
            self.warn_about_config();
        }
        let mac_only_encrypted = input != Format::Binary
            && (self.global.is_on("mac-only-encrypted")
                || rule.is_some_and(|rule| rule.mac_only_encrypted));
        let threshold = match self.flags.number("shamir-secret-sharing-threshold") {
            0 => rule.map_or(0, |rule| rule.shamir_threshold),
            number => u32::try_from(number).map_err(|_| {
                Failure::generic("--shamir-secret-sharing-threshold cannot be negative")
            })?,
        };
        Ok(Plan {
            groups,
            threshold,
            selector,
            mac_only_encrypted,
        })
    }

    /// What is odd about the configuration file matters to those who encrypt with it.
    fn warn_about_config(&self) {
        if let Ok(Some(loaded)) = self.config() {
            for diagnostic in loaded.config.diagnostics() {
                log::warn(&self.context.ui, &diagnostic.to_string());
            }
        }
    }

    fn selector(&self, rule: Option<&Encryption>, input: Format) -> Result<Selector, Failure> {
        let of_rule = rule.and_then(|rule| rule.selector.as_ref());
        let mut texts: BTreeMap<SelectorKind, String> = BTreeMap::new();
        if let Some((kind, text)) = of_rule.and_then(Selector::field) {
            texts.insert(kind, text.to_owned());
        }
        for kind in SelectorKind::ALL {
            let flag = kind.field().replace('_', "-");
            let text = self.selector_flag(&flag);
            if !text.is_empty() {
                texts.insert(kind, text);
            }
        }
        if input == Format::Binary {
            for kind in texts.keys() {
                let message = format!(
                    "{} does not make sense for binary files, which are one value, and will be \
                     ignored.",
                    kind.field()
                );
                log::warn(&self.context.ui, &message);
            }
            return Ok(Selector::Everything);
        }
        let mut texts = texts.into_iter();
        match (texts.next(), texts.next()) {
            (None, _) => Ok(Selector::default_suffix()),
            (Some((kind, text)), None) => {
                Selector::new(kind, &text).map_err(|error| Failure::generic(error.to_string()))
            }
            (Some(_), Some(_)) => Err(Failure::conflict(ONE_SELECTOR)),
        }
    }

    /// The comment selectors are flags of the whole line only. The original ignores them before a
    /// subcommand; here they count.
    fn selector_flag(&self, flag: &str) -> String {
        let own = self.flags.text(flag);
        if own.is_empty() && flag.contains("-comment-") {
            return self.global.text(flag).into_owned();
        }
        own.into_owned()
    }

    /// The group of keys that flags or their variables name; none where they name no key.
    fn flag_keys(&self) -> Result<Option<Vec<KeyId>>, Failure> {
        let context = self.encryption_context()?;
        let given = KEY_FLAGS
            .iter()
            .any(|(flag, _)| !self.flags.text(flag).is_empty());
        if !given {
            return Ok(None);
        }
        let mut group = Vec::new();
        for (flag, kind) in KEY_FLAGS {
            group.extend(self.keys_of(flag, kind, &context)?);
        }
        Ok(Some(group))
    }

    /// The keys in a flag's comma-separated list.
    pub(super) fn keys_of(
        &self,
        flag: &str,
        kind: KeyKind,
        context: &BTreeMap<String, Option<String>>,
    ) -> Result<Vec<KeyId>, Failure> {
        let text = self.flags.text(flag);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let keys = text.split(',').map(|text| self.key(kind, text, context));
        keys.collect()
    }

    /// One key as flags write it.
    pub(super) fn key(
        &self,
        kind: KeyKind,
        text: &str,
        context: &BTreeMap<String, Option<String>>,
    ) -> Result<KeyId, Failure> {
        let id = KeyId::parse(kind, text)?;
        if kind != KeyKind::Kms {
            return Ok(id);
        }
        let profile = self.flags.text("aws-profile");
        let (arn, role) = (id.field("arn"), id.field("role"));
        let fields = [("arn", arn), ("role", role), ("aws_profile", &*profile)];
        Ok(KeyId::new(kind, &fields).with_context(context.clone()))
    }

    /// The pairs of `--encryption-context`.
    pub(super) fn encryption_context(&self) -> Result<BTreeMap<String, Option<String>>, Failure> {
        let text = self.flags.text("encryption-context");
        let mut context = BTreeMap::new();
        if text.is_empty() {
            return Ok(context);
        }
        for pair in text.split(',') {
            let (key, value) = pair.split_once(':').ok_or_else(|| {
                Failure::new(code::CONTEXT, "Invalid KMS encryption context format")
            })?;
            if value.contains(':') {
                return Err(Failure::new(
                    code::CONTEXT,
                    "Invalid KMS encryption context format",
                ));
            }
            context.insert(key.to_owned(), Some(value.to_owned()));
        }
        Ok(context)
    }
}

impl Plan {
    /// Metadata of a new file without keys.
    pub(super) fn bare(&self, now: &Moment) -> Metadata {
        let mut metadata = Metadata::new(Vec::new(), self.selector.clone(), now.clone());
        metadata.mac_only_encrypted = self.mac_only_encrypted;
        metadata
    }

    /// Metadata of a new file, `key` wrapped for everybody in it.
    pub(super) fn metadata(
        &self,
        session: &Session<'_>,
        key: &DataKey,
        now: &Moment,
    ) -> Result<Metadata, Failure> {
        let keys = session.keys()?;
        if keys.are_off() {
            return Err(Failure::generic(
                "Could not generate data key: \
                 [no key services provided, cannot update master keys]",
            ));
        }
        let (groups, threshold) = (&self.groups, self.threshold);
        if session.verbose {
            // The original prints addresses of what it keeps the keys in.
            let names = |group: &Vec<KeyId>| {
                let names: Vec<_> = group.iter().map(ToString::to_string).collect();
                format!(" [{}]", names.join(" "))
            };
            let names: String = groups.iter().map(names).collect();
            let message = format!("Master keys available: {names}");
            log::debug(&session.context.ui, "CMD", &message);
        }
        let wrapped = keys.with(|sources| wrap(key, groups, threshold, &[], sources, now))?;
        let mut metadata = self.bare(now);
        metadata.shamir_threshold = match (wrapped.len(), threshold) {
            (groups @ 2.., 0) => u32::try_from(groups).unwrap_or(u32::MAX),
            _ => threshold,
        };
        metadata.groups = wrapped;
        Ok(metadata)
    }
}
