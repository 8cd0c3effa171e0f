//! `nixseal encrypt`: any file or stream to given recipients.

use std::path::Path;
use std::sync::Arc;

use nixseal_age::recipients::{ParsedRecipient, parse_recipient, parse_recipients_file};
use nixseal_age::{Armor, Encryptor, ScryptRecipient};
use nixseal_base::fs::read;

use super::Session;
use super::streams::{self, Target};
use crate::args::Encrypt;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::ui::UserPrompter;

/// Largest recipients file, in bytes.
const LIMIT: usize = 64 * 1024 * 1024;

/// Encrypts a stream of any length in constant memory.
pub(crate) fn run(context: &Context, arguments: &Encrypt) -> Outcome {
    let session = Session::new(context)?;
    let encryptor = if arguments.passphrase {
        Encryptor::new(&[passphrase(context)?])?
    } else {
        Encryptor::new(&recipients(&session, arguments)?)?
    };
    let armor = if arguments.armor {
        Armor::Armored
    } else {
        Armor::Binary
    };
    if armor == Armor::Binary && arguments.output.is_none() && context.ui.out_is_terminal() {
        return Err(
            Failure::usage("an encrypted file is no text for a terminal")
                .hint("write it to a file with -o, or as text with --armor"),
        );
    }
    let input = streams::input(arguments.input.as_deref())?;
    let mut target = Target::create(arguments.output.as_deref(), streams::Secrecy::Public)?;
    encryptor.encrypt(input, &mut target, armor)?;
    target.finish()?;
    Ok(Exit::Done)
}

fn recipients(
    session: &Session<'_>,
    arguments: &Encrypt,
) -> Result<Vec<Arc<ParsedRecipient>>, Failure> {
    let mut recipients = Vec::new();
    for text in &arguments.recipient {
        recipients.push(Arc::new(parse_recipient(text, &session.asks)?));
    }
    for path in &arguments.recipients_file {
        recipients.extend(of_file(session, path)?);
    }
    if recipients.is_empty() {
        return Err(
            Failure::usage("no recipients").hint("name some with -r or -R, or use --passphrase")
        );
    }
    Ok(recipients)
}

fn of_file(session: &Session<'_>, path: &Path) -> Result<Vec<Arc<ParsedRecipient>>, Failure> {
    let content = read(path, LIMIT)?;
    let file = parse_recipients_file(&path.display().to_string(), &content, &session.asks)?;
    for warning in &file.warnings {
        session.context.ui.warn(warning.to_string());
    }
    Ok(file.recipients.into_iter().map(Arc::new).collect())
}

fn passphrase(context: &Context) -> Result<ScryptRecipient, Failure> {
    let passphrase = streams::new_passphrase(&UserPrompter::new(&context.environment))?;
    Ok(ScryptRecipient::new(passphrase))
}
