//! `sops` without a command: `-e`, `-d`, `-r`, `--set`, and editing where none of them is given.

use std::path::Path;

use super::failure::{Failure, Outcome, code};
use super::log;
use super::session::Session;
use super::streams::{Content, refuse_missing};
use super::{decrypt, edit, encrypt, rotate, set};

/// Which of the flags that stand for commands are given.
#[derive(Clone, Copy)]
struct Modes {
    encrypt: bool,
    decrypt: bool,
    rotate: bool,
    set: bool,
}

impl Modes {
    fn of(session: &Session<'_>) -> Self {
        Self {
            encrypt: session.flags.is_on("encrypt"),
            decrypt: session.flags.is_on("decrypt"),
            rotate: session.flags.is_on("rotate"),
            set: !session.flags.text("set").is_empty(),
        }
    }

    fn count(self) -> usize {
        let given = [self.encrypt, self.decrypt, self.rotate, self.set];
        given.into_iter().filter(|given| *given).count()
    }
}

/// Flags that add or remove keys.
const CHANGE_KEYS: [&str; 14] = [
    "add-kms",
    "add-pgp",
    "add-gcp-kms",
    "add-hckms",
    "add-hc-vault-transit",
    "add-azure-kv",
    "add-age",
    "rm-kms",
    "rm-pgp",
    "rm-gcp-kms",
    "rm-hckms",
    "rm-hc-vault-transit",
    "rm-azure-kv",
    "rm-age",
];

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    let Some(file) = session.file() else {
        return Err(Failure::new(code::NO_FILE, "Error: no file specified"));
    };
    session.warn_of_more_arguments();
    session.refuse_two_outputs()?;
    let modes = Modes::of(session);
    check_existence(session, modes, &file)?;
    if modes.count() > 1 {
        log::warn(
            &session.context.ui,
            "More than one command (--encrypt, --decrypt, --rotate, --set) has been specified. \
             Only the changes made by the last one will be visible. \
             Note that this behavior is deprecated and will cause an error eventually.",
        );
    }
    let name = session.name_of(&file);
    let others = modes.decrypt || modes.rotate || modes.set;
    // Everything but plain decryption needs a rule that matches, whether it is used or not.
    if modes.encrypt || modes.rotate || modes.set || modes.count() == 0 {
        session.rule(&name)?;
    }
    if modes.encrypt && others {
        // Its result is never seen, but it needs to know for whom it would be.
        session.plan(&name, session.input_format(&name)?)?;
    }
    if modes.set {
        return set::old_style(session, &file, &name);
    }
    if modes.rotate {
        let rotated = rotate::rotate(session, &file, &name)?;
        session.deliver(Some(&file), rotated.expose(), Content::Encrypted)?;
        return Ok(0);
    }
    if modes.decrypt {
        let plain = decrypt::decrypt(session, Some(&file), &name)?;
        session.deliver(Some(&file), plain.expose(), Content::Plain)?;
        return Ok(0);
    }
    if modes.encrypt {
        let encrypted = encrypt::encrypt_file(session, Some(&file), &name)?;
        session.deliver(Some(&file), encrypted.expose(), Content::Encrypted)?;
        return Ok(0);
    }
    edit::edit(session, &file, &name)
}

/// Refuses files that are not there, where one is needed.
fn check_existence(session: &Session<'_>, modes: Modes, file: &Path) -> Result<(), Failure> {
    let missing = refuse_missing(file);
    let changes = CHANGE_KEYS
        .iter()
        .any(|flag| !session.flags.text(flag).is_empty());
    if missing.is_err() && changes {
        let file = file.display();
        let message = format!(
            "Error: cannot add or remove keys on non-existent file \"{file}\", \
             use `--kms` and `--pgp` instead."
        );
        return Err(Failure::new(code::CHANGE_KEYS, message));
    }
    if modes.encrypt || modes.decrypt || modes.rotate {
        missing?;
    }
    Ok(())
}
