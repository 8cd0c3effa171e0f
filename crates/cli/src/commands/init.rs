//! `nixseal init`: a first rules file, in Nix or for SOPS.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use nixseal_age::recipients::parse_recipient;
use nixseal_age::ssh::SshPublicKey;
use nixseal_base::fs::{Creation, Output, read_secret};
use nixseal_nix::rules::{NewRecipient, NewRule, render};
use nixseal_sops::config::CONFIG_FILE;

use super::Session;
use crate::args::Init;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// The name of this host's key.
const HOST: &str = "host";

/// Largest public key file that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// Writes `secrets.nix` or `.sops.yaml` with the keys that are named, or else with the user's
/// own and this host's.
pub(crate) fn run(context: &Context, arguments: &Init) -> Outcome {
    let rules_path = match (&arguments.rules, arguments.sops) {
        (Some(path), _) => path.clone(),
        (None, true) => PathBuf::from(CONFIG_FILE),
        (None, false) => PathBuf::from("secrets.nix"),
    };
    let path = rules_path.display();
    if rules_path.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("'{path}' exists already"))
            .hint("add keys to it in your editor; `nixseal status` shows what it says"));
    }
    let session = Session::new(context)?;
    let mut keys = Vec::new();
    for recipient in &arguments.recipient {
        keys.push(named(&session, recipient)?);
    }
    if arguments.sops && !arguments.keep_ssh {
        keys = keys.into_iter().map(for_hosts).collect();
    }
    if keys.is_empty() {
        keys = found(&session);
        if arguments.sops && !arguments.keep_ssh {
            // sops itself uses the SSH key of its user as it is.
            keys = keys
                .into_iter()
                .map(|key| {
                    if key.name == HOST {
                        for_hosts(key)
                    } else {
                        key
                    }
                })
                .collect();
        }
    }
    if keys.is_empty() {
        return Err(
            Failure::new("no public key of yours or of this host was found")
                .hint("make one with `nixseal key new -o ~/.config/age/keys.txt`")
                .hint("or name one: nixseal init -r me=age1…"),
        );
    }
    let secrets: Vec<&str> = arguments.secret.iter().map(String::as_str).collect();
    let (text, first) = match arguments.sops {
        true => sops_rules(&keys, &secrets),
        false => nix_rules(&keys, &secrets),
    };
    let mut output = Output::create_new(&rules_path, Creation::PUBLIC)?;
    output
        .write_all(text.as_bytes())
        .map_err(|cause| Failure::new(format!("cannot write '{path}': {cause}")))?;
    output.finish()?;
    let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    context
        .ui
        .say(format!("wrote {path} for {}", names.join(", ")));
    context.ui.say(format!("next: nixseal edit {first}"));
    Ok(Exit::Done)
}

/// Rules in Nix, and the first secret.
fn nix_rules(keys: &[NewRecipient], secrets: &[&str]) -> (String, String) {
    let secrets = match secrets {
        [] => &["secrets/example.age"],
        secrets => secrets,
    };
    let everybody: Vec<usize> = (0..keys.len()).collect();
    let rules: Vec<NewRule> = secrets
        .iter()
        .map(|&name| NewRule {
            name: name.to_owned(),
            recipients: everybody.clone(),
        })
        .collect();
    let first = secrets.first().copied().unwrap_or_default();
    (render(keys, &rules), first.to_owned())
}

/// Creation rules, and the first file.
fn sops_rules(keys: &[NewRecipient], secrets: &[&str]) -> (String, String) {
    let keys: Vec<(&str, &str)> = keys
        .iter()
        .map(|one| (one.name.as_str(), one.key.trim()))
        .collect();
    let first = secrets.first().copied().unwrap_or("secrets/secrets.yaml");
    (
        nixseal_sops::config::render(&keys, secrets),
        first.to_owned(),
    )
}

/// What `ssh-to-age` makes of an SSH key of a host; other keys as they are.
fn for_hosts(key: NewRecipient) -> NewRecipient {
    let converted = SshPublicKey::parse_line(&key.key)
        .ok()
        .and_then(|key| key.age_recipient());
    match converted {
        Some(recipient) => NewRecipient {
            key: recipient.to_string(),
            ..key
        },
        None => key,
    }
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
    keys.extend(first(&[host]).map(|key| recipient(HOST, key)));
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
