//! `nixseal rules`: what the rules file says, evaluated.

use serde_json::{Map, Value, json};

use super::Session;
use crate::args::RulesCommand;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Prints every rule.
pub(crate) fn run(context: &Context, arguments: &RulesCommand) -> Outcome {
    let session = Session::new(context)?;
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
