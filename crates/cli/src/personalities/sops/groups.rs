//! `sops groups add` and `sops groups delete`.

use std::path::PathBuf;

use nixseal_sops::change::recipients;
use nixseal_sops::key_groups::DecryptionOrder;
use nixseal_sops::{DataKey, EncryptedFile, Error, KeyId, KeyKind};

use super::change::{self, rewrap_failure};
use super::failure::{Failure, Outcome, code};
use super::log;
use super::session::Session;
use super::streams::Content;
use crate::personalities::go_text::quoted;

/// Flags that name keys, in the order in which they are put into the group.
const KINDS: [(&str, KeyKind); 7] = [
    ("pgp", KeyKind::Pgp),
    ("kms", KeyKind::Kms),
    ("gcp-kms", KeyKind::GcpKms),
    ("hckms", KeyKind::HcKms),
    ("hc-vault-transit", KeyKind::HcVault),
    ("azure-kv", KeyKind::AzureKv),
    ("age", KeyKind::Age),
];

/// Runs `sops groups add`.
pub(super) fn add(session: &Session<'_>) -> Outcome {
    if !session.arguments.is_empty() {
        return Err(Failure::generic("error: no positional arguments allowed"));
    }
    let group = named_keys(session)?;
    let file = Regrouped::open(session)?;
    let mut groups = recipients::ids(&file.encrypted.metadata().groups);
    groups.push(group);
    file.write(session, &groups)
}

/// Runs `sops groups delete`.
pub(super) fn delete(session: &Session<'_>) -> Outcome {
    let [index] = session.arguments else {
        return Err(Failure::generic(
            "error: exactly one positional argument (index) required",
        ));
    };
    let text = index.to_string_lossy();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(index) = text.parse::<u32>().ok().filter(|_| digits) else {
        let reason = if digits {
            "value out of range"
        } else {
            "invalid syntax"
        };
        let text = quoted(text.as_bytes());
        return fatal(
            session,
            &format!(
                "failed to parse [index] argument: strconv.ParseUint: parsing {text}: {reason}"
            ),
        );
    };
    let file = Regrouped::open(session)?;
    let mut groups = recipients::ids(&file.encrypted.metadata().groups);
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    if index >= groups.len() {
        // The original crashes with this code.
        let message = format!(
            "there is no key group {index}: the file has {} of them, counted from 0",
            groups.len()
        );
        return Err(Failure::new(code::INPUT, message));
    }
    groups.remove(index);
    let (threshold, count) = (file.threshold, groups.len());
    if u32::try_from(count).is_ok_and(|count| count < threshold) {
        return fatal(
            session,
            &format!(
                "removing this key group will make the Shamir threshold impossible to satisfy: \
                 Shamir threshold is {threshold}, but we only have {count} key groups"
            ),
        );
    }
    file.write(session, &groups)
}

/// The file of a command, opened.
struct Regrouped {
    path: PathBuf,
    encrypted: EncryptedFile,
    key: DataKey,
    /// The threshold that it gets.
    threshold: u32,
}

impl Regrouped {
    fn open(session: &Session<'_>) -> Result<Self, Failure> {
        let path = session.flags.path("file").unwrap_or_default();
        session.output_format(&path)?;
        let bytes = session.read(Some(&path))?;
        let encrypted = EncryptedFile::parse(session.input_format(&path)?, bytes.expose())?;
        let encrypted = session.with_selector(encrypted);
        let threshold = match session.flags.number("shamir-secret-sharing-threshold") {
            0 => encrypted.metadata().shamir_threshold,
            number => u32::try_from(number).map_err(|_| {
                Failure::generic("--shamir-secret-sharing-threshold cannot be negative")
            })?,
        };
        let key = unlock(session, &encrypted)?;
        Ok(Self {
            path,
            encrypted,
            key,
            threshold,
        })
    }

    fn write(mut self, session: &Session<'_>, groups: &[Vec<KeyId>]) -> Outcome {
        let now = session.now();
        let (key, threshold) = (&self.key, self.threshold);
        let encrypted = &mut self.encrypted;
        session
            .keys()?
            .with(|sources| encrypted.rewrap(key, groups, threshold, sources, &now))
            .map_err(rewrap_failure)?;
        let bytes = change::written(session, self.encrypted)?;
        let written = session.deliver(Some(&self.path), bytes.expose(), Content::Encrypted);
        written.map_err(|failure| failure.of_writing(""))?;
        Ok(0)
    }
}

/// The original has another message and exit code here than elsewhere.
fn unlock(session: &Session<'_>, file: &EncryptedFile) -> Result<DataKey, Failure> {
    let (order, owners) = (DecryptionOrder::default(), session.owners());
    let key = session
        .keys()?
        .with(|sources| file.unlock(sources, &order, &owners));
    key.map_err(|error| match error {
        Error::Recovery(failure) => Failure::generic(format!(
            "Error getting data key: {} successful groups required, got {}\n{failure}",
            failure.required,
            failure.opened()
        )),
        other => other.into(),
    })
}

fn named_keys(session: &Session<'_>) -> Result<Vec<KeyId>, Failure> {
    let context = session.encryption_context()?;
    let mut group = Vec::new();
    for (flag, kind) in KINDS {
        for text in session.flags.texts(flag) {
            // Only recipients of age may share one flag.
            let several = kind == KeyKind::Age;
            let parts = text.split(|character| several && character == ',');
            for part in parts {
                let key = session.key(kind, part, &context);
                group.push(key.map_err(|failure| Failure {
                    message: format!("Failed to add key: {}", failure.message),
                    ..failure
                })?);
            }
        }
    }
    if group.is_empty() {
        return Err(Failure::generic("the new key group would have no keys")
            .hint("name keys with --age, --pgp or another flag"));
    }
    Ok(group)
}

fn fatal(session: &Session<'_>, message: &str) -> Outcome {
    log::fatal(&session.context.ui, message);
    Ok(code::GENERIC)
}
