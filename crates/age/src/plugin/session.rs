//! What both directions of the protocol share: grease, and the plugin's
//! questions to the user.

use nixseal_base::prompt::PromptError;
use nixseal_base::secret::SecretText;

use super::connection::Connection;
use super::message::{Message, printable};
use crate::encoding;
use crate::keyring::Interaction;

/// Sends, two times of three, a message that means nothing, so that plugins
/// keep ignoring what they do not know.
pub(super) fn send_grease(connection: &mut Connection) -> Result<(), String> {
    let mut random = [0; 9];
    getrandom::fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
    let [choice, count, first, second, length, name @ ..] = random;
    if choice % 3 == 0 {
        return Ok(());
    }
    let kind = format!("grease-{:x}", u32::from_be_bytes(name));
    let args = [(first % 100).to_string(), (second % 100).to_string()];
    let args: Vec<&str> = args
        .iter()
        .take(usize::from(count % 3))
        .map(String::as_str)
        .collect();
    let body = vec![first; usize::from(length % 100) * usize::from(choice % 2)];
    connection.send(&kind, &args, &body)
}

/// Answers a message that both directions know; `unsupported` to the rest.
pub(super) fn answer(
    connection: &mut Connection,
    interaction: &Interaction,
    name: &str,
    message: &Message,
) -> Result<(), String> {
    match message.kind.as_str() {
        "msg" => {
            interaction.message(&format!("{name} plugin: {}", message.shown()));
            connection.send("ok", &[], &[])
        }
        "request-secret" => {
            let given = interaction.secret(&question(message));
            reply(connection, given)
        }
        "request-public" => {
            let given = interaction.line(&question(message)).map(SecretText::new);
            reply(connection, given)
        }
        "confirm" => {
            let (yes, no) = choices(&message.args)?;
            match interaction.choose(&question(message), &yes, no.as_deref()) {
                Ok(true) => connection.send("ok", &["yes"], &[]),
                Ok(false) => connection.send("ok", &["no"], &[]),
                Err(_) => connection.send("fail", &[], &[]),
            }
        }
        _ => connection.send("unsupported", &[], &[]),
    }
}

/// The prompter adds its own colon.
fn question(message: &Message) -> String {
    message.shown().trim_end_matches([':', ' ']).to_owned()
}

fn reply(
    connection: &mut Connection,
    given: Result<SecretText, PromptError>,
) -> Result<(), String> {
    match given {
        Ok(text) => connection.send("ok", &[], text.expose().as_bytes()),
        // The plugin then says in its own words what it could not do.
        Err(_) => connection.send("fail", &[], &[]),
    }
}

/// The labels of the two choices, in base64.
fn choices(args: &[String]) -> Result<(String, Option<String>), String> {
    let label = |text: &String| {
        let bytes = encoding::decode(text).map_err(|_| "it sent a damaged question")?;
        Ok::<_, String>(printable(&String::from_utf8_lossy(&bytes)))
    };
    match args {
        [yes] => Ok((label(yes)?, None)),
        [yes, no] => Ok((label(yes)?, Some(label(no)?))),
        _ => Err("it sent a question without choices".to_owned()),
    }
}

/// The index of a file in the plugin's answer: we send one, so it is zero.
pub(super) fn check_index(message: &Message) -> Result<(), String> {
    match message.args.first().map(String::as_str) {
        Some("0") => Ok(()),
        _ => Err(format!(
            "it sent a '{}' for a file it was not given",
            message.kind
        )),
    }
}
