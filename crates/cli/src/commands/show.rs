//! `nixseal show`: a whole secret as it is, or one value of it.

mod age;
mod value;

use nixseal_base::secret::SecretBytes;
use nixseal_document::{EmitOptions, Format, emit};
use nixseal_repository::sops::SopsFile;

use super::Session;
use super::target::{SopsContext, Target, failed};
use crate::args::Show;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Prints a secret. Rules are only needed where the file is named as they do,
/// and to say whose the keys are that it is encrypted to.
pub(crate) fn run(context: &Context, arguments: &Show) -> Outcome {
    let session = Session::new(context)?;
    let target = session.target(&arguments.rules, &arguments.file, arguments.input_format)?;
    let shown = match target {
        Target::Age => age::shown(&session, arguments)?,
        Target::Sops(file, around) => sops(&session, arguments, *file, &around)?,
        Target::NewSops(..) => return Err(missing(arguments)),
    };
    context.ui.data(shown.expose());
    Ok(Exit::Done)
}

fn missing(arguments: &Show) -> Failure {
    let file = arguments.file.display();
    Failure::new(format!("'{file}' does not exist"))
        .hint(format!("create it with `nixseal edit {file}`"))
}

/// The format that was asked for, where one was.
fn wanted(arguments: &Show) -> Option<Format> {
    arguments
        .output_format
        .or_else(|| arguments.json.then_some(Format::Json))
}

fn sops(
    session: &Session<'_>,
    arguments: &Show,
    file: SopsFile,
    around: &SopsContext,
) -> Result<SecretBytes, Failure> {
    let keyring = session.sops_keyring(&arguments.identities)?;
    let owners = around.owners();
    let open = file
        .open(&keyring.keys(), &owners, arguments.ignore_mac)
        .map_err(failed)?;
    let format = open.format();
    let branches = &open.document().branches;
    if let Some(key) = &arguments.key {
        let print = value::Print {
            format,
            wanted: wanted(arguments),
            options: around.emit_options(wanted(arguments).unwrap_or(format)),
        };
        return value::shown(branches, key, &arguments.file, &print);
    }
    match wanted(arguments) {
        Some(other) if other != format => {
            let options = around.emit_options(other);
            emit(other, branches, &options).map_err(|error| unprintable(arguments, other, &error))
        }
        _ => open.plaintext(&around.emit_options(format)).map_err(failed),
    }
}

fn unprintable(arguments: &Show, format: Format, error: &dyn std::error::Error) -> Failure {
    let file = arguments.file.display();
    Failure::new(format!("cannot print '{file}' as {format}: {error}"))
}

/// A part of a plain text, or all of it in another format.
fn of_text(arguments: &Show, format: Format, text: &SecretBytes) -> Result<SecretBytes, Failure> {
    let file = arguments.file.display();
    let parsed = nixseal_document::parse(format, text.expose()).map_err(|error| {
        // The text is a secret: places are told, words are not shown.
        let at = error.position;
        let (line, column) = (at.line, at.column);
        Failure::new(format!(
            "what '{file}' holds is no valid {format}: line {line}, column {column}: {}",
            error.reason
        ))
    })?;
    let wanted = wanted(arguments);
    let options = EmitOptions::default();
    match &arguments.key {
        Some(key) => {
            let print = value::Print {
                format,
                wanted,
                options,
            };
            value::shown(&parsed.branches, key, &arguments.file, &print)
        }
        None => {
            let other = wanted.unwrap_or(format);
            emit(other, &parsed.branches, &options)
                .map_err(|error| unprintable(arguments, other, &error))
        }
    }
}
