//! The message where nobody can open a file.

use nixseal_age::keyring::Outcome;
use nixseal_sops::KeyKind;
use nixseal_sops::key_groups::{KeyReport, RecoveryFailure};

/// The state of groups and keys, and what begins and ends it, stand as in the original; beside
/// each key stands whose it is and why it failed, and below them which identities there are.
pub(super) fn text(failure: &RecoveryFailure) -> String {
    let mut text = "Failed to get the data key required to decrypt the SOPS file.\n".to_owned();
    for (index, group) in failure.groups.iter().enumerate() {
        let opened = group.opened_by.as_ref();
        let state = if opened.is_some() {
            "SUCCESS"
        } else {
            "FAILED"
        };
        text.push_str(&format!("\nGroup {index}: {state}\n"));
        if let Some(id) = opened {
            text.push_str(&format!("  {id}: SUCCESS\n"));
        }
        for KeyReport { id, owner, reason } in &group.failures {
            let owner = owner.as_ref().map(|owner| format!(" of {owner}"));
            let (kind, owner) = (id.kind(), owner.unwrap_or_default());
            text.push_str(&format!("  {id}: FAILED\n    - | "));
            if kind == KeyKind::Age {
                text.push_str(words_for_age(failure));
            }
            text.push_str(&format!("{kind} key{owner}: {reason}\n"));
        }
    }
    text.push_str(&format!("\n{}\n", trailer(failure)));
    let account = failure.to_string();
    let mut lines = account.lines();
    let summary = lines.next().unwrap_or_default();
    if failure.fault.is_some() {
        text.push_str(&format!("\n{summary}"));
    }
    // Groups and keys stand above; what follows them are the identities.
    for line in lines.skip_while(|line| !IDENTITIES.iter().any(|start| line.starts_with(start))) {
        text.push_str(&format!("\n{line}"));
    }
    text
}

/// How the account of identities begins.
const IDENTITIES: [&str; 2] = ["  age identities at hand:", "  no age identity at:"];

/// What scripts look for where no identity could be read, and where none is the right one.
fn words_for_age(failure: &RecoveryFailure) -> &'static str {
    let tried = |outcome: &Outcome| matches!(outcome, Outcome::NoMatch | Outcome::NotTried(_));
    if failure
        .identities
        .iter()
        .any(|identity| tried(&identity.outcome))
    {
        "failed to create reader for decrypting sops data key with\n      \
         | age: identity did not match any of the recipients\n      | "
    } else {
        "failed to load age identities\n      | "
    }
}

fn trailer(failure: &RecoveryFailure) -> String {
    match failure.threshold {
        0 => "Recovery failed because no master key was able to decrypt the file. In\n\
              order for SOPS to recover the file, at least one key has to be successful,\n\
              but none were."
            .to_owned(),
        threshold => format!(
            "Recovery failed because the file was encrypted with a Shamir threshold of\n\
             {threshold}, but only {} part(s) were successfully recovered, one for each \
             successful\nkey group.",
            failure.opened()
        ),
    }
}
