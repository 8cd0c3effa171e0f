//! `sops updatekeys`: the keys of files brought in line with the configuration file.

use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use nixseal_base::clock::rfc3339;
use nixseal_sops::change::recipients::{RecipientsChange, kept_threshold};
use nixseal_sops::config::Encryption;
use nixseal_sops::key_groups::DecryptionOrder;
use nixseal_sops::{EncryptedFile, KeyId};

use super::change::{self, rewrap_failure};
use super::failure::{Failure, Outcome, code};
use super::log;
use super::session::Session;
use super::streams::Content;
use crate::personalities::go_text::path_error;
use crate::ui::{Style, Ui};

/// Runs it.
pub(super) fn run(session: &Session<'_>) -> Outcome {
    // A broken one fails file by file.
    if matches!(session.config(), Ok(None)) {
        return Err(Failure::generic("config file not found"));
    }
    match session.arguments {
        [] => Err(Failure::new(code::NO_FILE, "Error: no file specified")),
        [file] => update(session, &session.absolute(file)).map(|()| 0),
        files => {
            let mut failed = 0;
            for file in files {
                if let Err(failure) = update(session, &session.absolute(file)) {
                    failed += 1;
                    log::failed(&session.context.ui, &failure.message);
                }
            }
            if failed == 0 {
                return Ok(0);
            }
            Err(Failure::generic(format!("failed updating {failed} key(s)")))
        }
    }
}

fn update(session: &Session<'_>, path: &Path) -> Result<(), Failure> {
    let ui = &session.context.ui;
    let data = path
        .metadata()
        .map_err(|cause| Failure::generic(path_error("stat", path, &cause)))?;
    if data.is_dir() {
        return Err(Failure::generic("can't operate on a directory"));
    }
    let format = session.input_format(path)?;
    let shown = path.display();
    note(session, &format!("Syncing keys for file {shown}"));
    let file = EncryptedFile::parse(format, session.read(Some(path))?.expose())?;
    let mut file = session.with_selector(file);
    let rule = rule(session, path)?;
    let threshold = kept_threshold(file.metadata(), &rule.groups);
    let change = RecipientsChange::of(file.metadata(), &rule.groups, threshold);
    if !change.is_needed() {
        note(session, &format!("File {shown} already up to date"));
        return Ok(());
    }
    show(ui, &change);
    if !session.flags.is_on("yes") && !is_okay(ui, &mut io::stdin().lock())? {
        note(session, &format!("File {shown} left unchanged"));
        return Ok(());
    }
    let key = session.unlock(&file, &DecryptionOrder::default())?;
    let now = session.now();
    session
        .keys()?
        .with(|sources| file.rewrap(&key, &rule.groups, threshold, sources, &now))
        .map_err(rewrap_failure)?;
    let bytes = change::written(session, file)?;
    let written = session.replace(path, bytes.expose(), Content::Encrypted);
    written.map_err(|failure| failure.of_writing("could not open file for writing: "))?;
    note(session, &format!("File {shown} synced with new keys"));
    Ok(())
}

fn rule<'a>(session: &'a Session<'_>, path: &Path) -> Result<&'a Encryption, Failure> {
    session.rule(path)?.ok_or_else(|| {
        let config = session.config().ok().flatten();
        let config = config.map_or_else(String::new, |loaded| loaded.path.display().to_string());
        Failure::generic(format!(
            "The config file {config} does not contain any creation rule"
        ))
    })
}

/// A line of the log that this command has besides the usual one.
fn note(session: &Session<'_>, message: &str) {
    let time = rfc3339(SystemTime::now());
    let time = time.replace('-', "/").replace('T', " ").replace('Z', "");
    session.context.ui.say(format_args!("{time} {message}"));
}

fn show(ui: &Ui, change: &RecipientsChange) {
    ui.line("The following changes will be made to the file's groups:");
    let (old, new) = (change.old_threshold, change.new_threshold);
    if old > 0 && old == new {
        ui.line(format_args!("shamir_threshold: {new}"));
    } else {
        if new > 0 {
            ui.data(
                ui.styled(Style::Good, &format!("+++ shamir_threshold: {new}\n"))
                    .as_bytes(),
            );
        }
        if old > 0 {
            ui.data(
                ui.styled(Style::Gone, &format!("--- shamir_threshold: {old}\n"))
                    .as_bytes(),
            );
        }
    }
    for (index, group) in change.groups.iter().enumerate() {
        ui.data(
            ui.styled(Style::Title, &format!("Group {}\n", index + 1))
                .as_bytes(),
        );
        for id in &group.kept {
            ui.line(format_args!("    {id}"));
        }
        let listed = |style: Style, mark: &str, ids: &[KeyId]| {
            for id in ids {
                ui.data(ui.styled(style, &format!("{mark} {id}\n")).as_bytes());
            }
        };
        listed(Style::Good, "+++", &group.added);
        listed(Style::Gone, "---", &group.removed);
    }
}

/// Asks until the answer is `y` or `n`.
fn is_okay(ui: &Ui, input: &mut impl Read) -> Result<bool, Failure> {
    loop {
        ui.ask("Is this okay? (y/n):");
        let word = only_word(input).map_err(Failure::generic)?;
        match word.as_slice() {
            b"y" => return Ok(true),
            b"n" => return Ok(false),
            _ => {}
        }
    }
}

/// The one word of the next line, read as Go's `Scanln` does.
fn only_word(input: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut word = Vec::new();
    let mut ended = false;
    loop {
        let mut byte = [0];
        let read = input.read(&mut byte).map_err(|error| error.to_string())?;
        match byte {
            _ if read == 0 && word.is_empty() => return Err("EOF".to_owned()),
            _ if read == 0 => return Ok(word),
            [b'\n'] if word.is_empty() => return Err("unexpected newline".to_owned()),
            [b'\n'] => return Ok(word),
            [byte] if byte.is_ascii_whitespace() => ended = !word.is_empty(),
            _ if ended => return Err("expected newline".to_owned()),
            [byte] => word.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_word() {
        for (text, expected) in [
            ("y\nz", Ok("y")),
            ("  yes  \r\n", Ok("yes")),
            ("n", Ok("n")),
            ("", Err("EOF")),
            ("\ny\n", Err("unexpected newline")),
            ("y z\n", Err("expected newline")),
        ] {
            let word = only_word(&mut text.as_bytes());
            let word = word.map(|word| String::from_utf8(word).unwrap());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(word, expected, "{text:?}");
        }
    }
}
