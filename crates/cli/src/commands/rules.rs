//! `nixseal rules`: what the rules file says, evaluated.

use nixseal_nix::eval::file_to_json;
use nixseal_repository::locate::rules_file;
use serde_json::{Map, Value, json};

use super::Session;
use crate::args::RulesCommand;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Prints every rule.
pub(crate) fn run(context: &Context, arguments: &RulesCommand) -> Outcome {
    let session = Session::new(context)?;
    if arguments.value {
        return value(&session, arguments);
    }
    let repository = session.repository(&arguments.rules, None)?;
    let unusable = repository.unusable();
    if !unusable.is_empty() {
        return Err(Failure {
            exit: Exit::Failed,
            diagnostics: unusable,
        });
    }
    let mut all = Map::new();
    for secret in &repository.secrets {
        let readers = secret.readers.as_deref().unwrap_or_default();
        if arguments.json {
            let keys: Vec<Value> = readers
                .iter()
                .map(|reader| json!({ "key": reader.recipient.canonical(), "name": reader.label }))
                .collect();
            all.insert(
                secret.name.clone(),
                json!({ "recipients": keys, "armor": secret.armor }),
            );
        } else {
            let labels: Vec<&str> = readers.iter().map(|reader| &*reader.label).collect();
            context
                .ui
                .line(format!("{}: {}", secret.name, labels.join(" ")));
        }
    }
    if arguments.json {
        context.ui.line(format!("{:#}", Value::Object(all)));
    }
    Ok(Exit::Done)
}

/// Prints what the file evaluates to, whatever that is.
fn value(session: &Session<'_>, arguments: &RulesCommand) -> Outcome {
    let environment = &session.context.environment;
    let named = arguments.rules.rules.as_deref();
    let path = rules_file(named, environment, None, &session.current)?;
    let mut json = file_to_json(&path, environment)
        .map_err(|error| Failure::of(error.diagnostic().clone()))?;
    json.push('\n');
    session.context.ui.data(json.as_bytes());
    Ok(Exit::Done)
}
