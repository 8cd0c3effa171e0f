//! One value of a SOPS file.

use nixseal_base::secret::SecretBytes;
use nixseal_document::path::{Path, PathFault, Step};
use nixseal_document::tree::{Map, Node, Value};
use nixseal_document::{Format, emit};
use nixseal_repository::sops::{NewSopsFile, Sealed, SopsFile};

use super::{typed, value};
use crate::args::Set;
use crate::commands::Session;
use crate::commands::sealed::{Written, now, report, say_clear};
use crate::commands::target::{SopsContext, failed};
use crate::failure::{Exit, Failure, Outcome};

/// Sets a value of a file that is there.
pub(super) fn existing(
    session: &Session<'_>,
    arguments: &Set,
    file: SopsFile,
    around: &SopsContext,
) -> Outcome {
    let ui = &session.context.ui;
    let (format, drift) = (file.format(), around.drift(file.metadata(), file.format()));
    let clear = file.clear_values();
    let path = path(arguments, format)?;
    let name = shown(arguments, &path, format);
    if arguments.if_missing
        && file.encrypted.documents().first().is_some_and(|map| {
            // Keys stand in clear: no key is needed to see that there is a value.
            path.find(map).is_some()
        })
    {
        ui.say(format!("{name} exists, it is kept"));
        return Ok(Exit::Done);
    }
    let keyring = session.sops_keyring(&arguments.identities)?;
    let mut open = file
        .open(&keyring.keys(), &around.owners(), false)
        .map_err(failed)?;
    let generated = value(session.context, arguments)?;
    let map = first(&mut open.document_mut().branches, arguments)?;
    if !put(map, &path, arguments, format, &generated.value)? {
        ui.say(format!("{name} is unchanged"));
        return Ok(Exit::Done);
    }
    let sealed = open
        .seal(now(), around.emit_options(format))
        .map_err(failed)?;
    finish(session, around, &sealed, &clear, &format!("set {name}"))?;
    if let Some(drift) = drift {
        report(session, around, &drift);
    }
    if let Some(public) = generated.public {
        ui.line(public);
    }
    Ok(Exit::Done)
}

/// Makes a file with one value, by its creation rule.
pub(super) fn new(
    session: &Session<'_>,
    arguments: &Set,
    format: Format,
    around: &SopsContext,
) -> Outcome {
    let keyring = session.sops_keyring(&arguments.identities)?;
    let path = path(arguments, format)?;
    let rule = around.required_rule()?;
    let keys = keyring.keys();
    let new = NewSopsFile::prepare(&around.path, format, rule, &keys, &now()).map_err(failed)?;
    let generated = value(session.context, arguments)?;
    let text = if format == Format::Binary {
        generated.value
    } else {
        let mut map = Map::default();
        put(&mut map, &path, arguments, format, &generated.value)?;
        let options = around.emit_options(format);
        emit(format, &[map], &options).map_err(|error| Failure::new(error.to_string()))?
    };
    let sealed = new
        .seal(&text, now(), around.emit_options(format))
        .map_err(failed)?;
    let name = shown(arguments, &path, format);
    finish(session, around, &sealed, &[], &format!("created {name}"))?;
    if let Some(public) = generated.public {
        session.context.ui.line(public);
    }
    Ok(Exit::Done)
}

fn finish(
    session: &Session<'_>,
    around: &SopsContext,
    sealed: &Sealed,
    clear_before: &[Path],
    done: &str,
) -> Result<(), Failure> {
    sealed.write().map_err(failed)?;
    session.context.ui.say(done);
    say_clear(
        session,
        around,
        &Written {
            sealed,
            clear_before,
        },
    );
    Ok(())
}

/// Where the value goes; a binary file is one value.
fn path(arguments: &Set, format: Format) -> Result<Path, Failure> {
    let file = arguments.file.display();
    match (&arguments.key, format) {
        (None, Format::Binary) => Ok(Path(vec![Step::Key("data".to_owned())])),
        (Some(key), Format::Binary) => Err(Failure::usage(format!(
            "'{file}' is one value as a whole: there is no '{key}' in it"
        ))),
        (Some(key), _) => Path::parse(key).map_err(|error| Failure::usage(error.to_string())),
        (None, _) => Err(Failure::usage(format!("which value of '{file}'?"))
            .hint(format!("for example: nixseal set {file} db.password"))),
    }
}

fn shown(arguments: &Set, path: &Path, format: Format) -> String {
    let file = arguments.file.display();
    match format {
        Format::Binary => file.to_string(),
        _ => format!("{path} in {file}"),
    }
}

fn first<'a>(branches: &'a mut [Map], arguments: &Set) -> Result<&'a mut Map, Failure> {
    let none = || Failure::new(format!("'{}' holds no document", arguments.file.display()));
    branches.first_mut().ok_or_else(none)
}

/// Puts the value in its place; whether anything changed.
fn put(
    map: &mut Map,
    path: &Path,
    arguments: &Set,
    format: Format,
    value: &SecretBytes,
) -> Result<bool, Failure> {
    let old = match path.get(map) {
        Ok(node) => Some(node),
        Err(fault) => {
            missing(&fault, arguments)?;
            None
        }
    };
    let was_empty = old.is_none_or(is_empty);
    if value.is_empty() && !was_empty && !arguments.allow_empty {
        return Err(
            Failure::new(format!("an empty value would replace '{path}'"))
                .hint("give a value on standard input, or --allow-empty"),
        );
    }
    let node = match format {
        Format::Binary => Node::scalar(Value::String(value.duplicate())),
        _ => typed::node(arguments, format, old, value)?,
    };
    path.set(map, node)
        .map_err(|fault| refused(&fault, arguments))
}

/// Whether a value may be made where there is none: maps on the way are, but nothing that is
/// there gives way to them, and lists grow one by one.
fn missing(fault: &PathFault, arguments: &Set) -> Result<(), Failure> {
    match fault {
        PathFault::NoKey { .. } => Ok(()),
        PathFault::NoItem { index, length, .. } if index == length => Ok(()),
        PathFault::NoItem { length, .. } => {
            Err(refused(fault, arguments).hint(format!("to add an item: [{length}]")))
        }
        PathFault::BelowValue { at, .. } => Err(refused(fault, arguments).hint(format!(
            "to make room: nixseal unset {} {at}",
            arguments.file.display()
        ))),
        _ => Err(refused(fault, arguments)),
    }
}

fn refused(fault: &PathFault, arguments: &Set) -> Failure {
    Failure::new(format!("'{}': {fault}", arguments.file.display()))
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Scalar(scalar) => match scalar.value() {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        },
        _ => false,
    }
}
