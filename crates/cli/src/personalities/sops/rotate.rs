//! `sops rotate`, and `sops -r`.

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_sops::change::recipients;
use nixseal_sops::{KeyId, KeyKind};

use super::change;
use super::encrypt::list_comments;
use super::failure::{Failure, Outcome, code};
use super::session::Session;
use super::streams::Content;
use crate::personalities::go_text::quoted;

/// The flags of each kind behind `add-` and `rm-`, in the order in which keys are added.
const KINDS: [(&str, &str, KeyKind); 7] = [
    ("add-kms", "rm-kms", KeyKind::Kms),
    ("add-pgp", "rm-pgp", KeyKind::Pgp),
    ("add-gcp-kms", "rm-gcp-kms", KeyKind::GcpKms),
    ("add-hckms", "rm-hckms", KeyKind::HcKms),
    ("add-azure-kv", "rm-azure-kv", KeyKind::AzureKv),
    (
        "add-hc-vault-transit",
        "rm-hc-vault-transit",
        KeyKind::HcVault,
    ),
    ("add-age", "rm-age", KeyKind::Age),
];

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let Some(file) = session.file() else {
        return Err(Failure::new(code::NO_FILE, "Error: no file specified"));
    };
    session.warn_of_more_arguments();
    session.refuse_two_outputs()?;
    let changes = KINDS
        .iter()
        .flat_map(|(add, remove, _)| [add, remove])
        .any(|flag| !session.flags.text(flag).is_empty());
    if changes && !file.exists() {
        let file = quoted(file.as_os_str().as_encoded_bytes());
        let message = format!(
            "Error: cannot add or remove keys on non-existent file {file}, \
             use the `edit` subcommand instead."
        );
        return Err(Failure::new(code::CHANGE_KEYS, message));
    }
    let name = session.name_of(&file);
    let bytes = rotate(session, &file, &name)?;
    session.deliver(Some(&file), bytes.expose(), Content::Encrypted)?;
    Ok(0)
}

/// The file with a new data key, and with the recipients that the flags say.
pub(super) fn rotate(
    session: &Session<'_>,
    file: &Path,
    name: &Path,
) -> Result<SecretBytes, Failure> {
    session.output_format(name)?;
    let order = session.order()?;
    let (add, remove) = keys(session)?;
    let (opened, _) = change::open(session, file, name, &order)?;
    let opened = change::converted(session, opened, name)?;
    let metadata = &opened.envelope.metadata;
    let groups = recipients::changed(&metadata.groups, &add, &remove);
    let threshold = metadata.shamir_threshold;
    let (comments, now) = (list_comments(session), session.now());
    let rotated = session
        .keys()?
        .with(|sources| opened.rotate(&groups, threshold, sources, comments, now))?;
    change::written(session, rotated)
}

fn keys(session: &Session<'_>) -> Result<(Vec<KeyId>, Vec<KeyId>), Failure> {
    let context = session.encryption_context()?;
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for (add_flag, remove_flag, kind) in KINDS {
        add.extend(session.keys_of(add_flag, kind, &context)?);
        remove.extend(session.keys_of(remove_flag, kind, &context)?);
    }
    Ok((add, remove))
}
