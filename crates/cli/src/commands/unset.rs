//! `nixseal unset`: takes one value out of a SOPS file.

use nixseal_document::path::Path;

use super::Session;
use super::place::keys_near;
use super::sealed::{Written, now, report, say_clear};
use super::target::{Target, failed};
use crate::args::Unset;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Removes a value, or a map or list with all in it.
pub(crate) fn run(context: &Context, arguments: &Unset) -> Outcome {
    let session = Session::new(context)?;
    let shown = arguments.file.display();
    let path = Path::parse(&arguments.key).map_err(|error| Failure::usage(error.to_string()))?;
    let (file, around) = match session.target(&arguments.rules, &arguments.file, None)? {
        Target::Sops(file, around) => (*file, around),
        Target::NewSops(..) => return Err(Failure::new(format!("'{shown}' does not exist"))),
        Target::Age => {
            return Err(
                Failure::usage(format!("'{shown}' is no SOPS file: it has no values"))
                    .hint("a secret of its own ends with its rule and its file"),
            );
        }
    };
    let (format, drift) = (file.format(), around.drift(file.metadata(), file.format()));
    let clear = file.clear_values();
    let keyring = session.sops_keyring(&arguments.identities)?;
    let mut open = file
        .open(&keyring.keys(), &around.owners(), false)
        .map_err(failed)?;
    let branches = &mut open.document_mut().branches;
    let none = || Failure::new(format!("'{shown}' holds no document"));
    let map = branches.first_mut().ok_or_else(none)?;
    if let Err(fault) = path.remove(map) {
        if arguments.if_present {
            context.ui.say(format!("{path} in {shown} is not there"));
            return Ok(Exit::Done);
        }
        return Err(keys_near(map, fault, &arguments.file));
    }
    let sealed = open
        .seal(now(), around.emit_options(format))
        .map_err(failed)?;
    sealed.write().map_err(failed)?;
    context.ui.say(format!("removed {path} from {shown}"));
    let written = Written {
        sealed: &sealed,
        clear_before: &clear,
    };
    say_clear(&session, &around, &written);
    if let Some(drift) = drift {
        report(&session, &around, &drift);
    }
    Ok(Exit::Done)
}
