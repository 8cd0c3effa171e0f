//! `nixseal init`: a first rules file.

use std::path::{Path, PathBuf};

use nixseal_age::recipients::parse_recipient;
use nixseal_base::fs::{Batch, Creation, read_secret};
use nixseal_nix::rules::{NewRecipient, NewRule, render};

use super::Session;
use crate::args::Init;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Largest public key file that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// Writes `secrets.nix` with the keys that are named, or else with the user's
/// own and this host's.
pub(crate) fn run(context: &Context, arguments: &Init) -> Outcome {
    if arguments.rules.symlink_metadata().is_ok() {
        let path = arguments.rules.display();
        return Err(Failure::new(format!("'{path}' exists already"))
            .hint("add keys to it in your editor; `nixseal status` shows what it says"));
    }
    let session = Session::new(context)?;
    let mut keys = Vec::new();
    for recipient in &arguments.recipient {
        keys.push(named(&session, recipient)?);
    }
    if keys.is_empty() {
        keys = found(&session);
    }
    if keys.is_empty() {
        return Err(
            Failure::new("no public key of yours or of this host was found")
                .hint("make one with `nixseal key new -o ~/.config/age/keys.txt`")
                .hint("or name one: nixseal init -r me=age1…"),
        );
    }
    let secrets: Vec<&str> = match arguments.secret.is_empty() {
        true => vec!["secrets/example.age"],
        false => arguments.secret.iter().map(String::as_str).collect(),
    };
    let batch = Batch::new();
    let everybody: Vec<usize> = (0..keys.len()).collect();
    let rules: Vec<NewRule> = secrets
        .iter()
        .map(|&name| NewRule {
            name: name.to_owned(),
            recipients: everybody.clone(),
        })
        .collect();
    batch.stage(
        &arguments.rules,
        render(&keys, &rules).as_bytes(),
        Creation::PUBLIC,
    )?;
    batch.commit()?;
    let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    let path = arguments.rules.display();
    context
        .ui
        .say(format!("wrote {path} for {}", names.join(", ")));
    context.ui.say(format!(
        "next: nixseal edit {}",
        secrets.first().copied().unwrap_or_default()
    ));
    Ok(Exit::Done)
}

/// `NAME=KEY`, where the key may be a file.
fn named(session: &Session<'_>, argument: &str) -> Result<NewRecipient, Failure> {
    let (name, key) = argument.split_once('=').ok_or_else(|| {
        Failure::usage(format!(
            "'{argument}' is not NAME=KEY, for example me=age1…"
        ))
    })?;
    if !is_identifier(name) {
        return Err(Failure::usage(format!(
            "'{name}' cannot be a name in Nix: use letters, digits, - and _"
        )));
    }
    let key = match Path::new(key).is_file() {
        true => read_secret(Path::new(key), LIMIT)?
            .as_text()
            .and_then(public_line)
            .ok_or_else(|| Failure::new(format!("no public key in '{key}'")))?,
        false => key.trim().to_owned(),
    };
    parse_recipient(&key, &session.asks)?;
    Ok(NewRecipient {
        name: name.to_owned(),
        key,
    })
}

/// The user's own key and this host's, where they usually are.
fn found(session: &Session<'_>) -> Vec<NewRecipient> {
    let environment = &session.context.environment;
    let own: Vec<PathBuf> = environment
        .config_home()
        .map(|folder| folder.join("age/keys.txt"))
        .into_iter()
        .chain(
            environment
                .home()
                .map(|home| home.join(".ssh/id_ed25519.pub")),
        )
        .collect();
    let host = PathBuf::from("/etc/ssh/ssh_host_ed25519_key.pub");
    let first = |paths: &[PathBuf]| {
        // An age key file holds the private half too, so it is read as a secret.
        paths
            .iter()
            .find_map(|path| public_line(read_secret(path, LIMIT).ok()?.as_text()?))
    };
    let mut keys = Vec::new();
    let recipient = |name: &str, key| NewRecipient {
        name: name.to_owned(),
        key,
    };
    keys.extend(first(&own).map(|key| recipient("user", key)));
    keys.extend(first(&[host]).map(|key| recipient("host", key)));
    keys.retain(|one| parse_recipient(&one.key, &session.asks).is_ok());
    keys
}

/// The first public key of a `.pub` file, or that in the comment of an age key
/// file.
fn public_line(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let key = line.strip_prefix("# public key: ").unwrap_or(line).trim();
        let public = key.starts_with("age1") || key.starts_with("ssh-");
        public.then(|| key.to_owned())
    })
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|other| other.is_ascii_alphanumeric() || "-_'".contains(other))
}
