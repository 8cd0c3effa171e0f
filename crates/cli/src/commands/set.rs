//! `nixseal set`: a secret, or one value in a SOPS file, from standard input or a generator.

mod sops;
mod typed;

use std::io::{self, IsTerminal as _};

use nixseal_base::prompt::Prompter as _;
use nixseal_base::secret::SecretBytes;
use nixseal_repository::edit::{Before, write};
use nixseal_repository::generate::{Generated, Generator};
use nixseal_repository::{FILE_LIMIT, FileState};

use super::Session;
use super::target::Target;
use crate::args::{Generator as Kind, Set};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::input::standard_input;
use crate::ui::UserPrompter;

/// Puts a new value in its place.
pub(crate) fn run(context: &Context, arguments: &Set) -> Outcome {
    let session = Session::new(context)?;
    match (
        session.target(&arguments.rules, &arguments.file, None)?,
        &arguments.key,
    ) {
        (Target::Age, None) => age(&session, arguments),
        (Target::Age, Some(key)) => Err(Failure::usage(format!(
            "'{}' is one value as a whole: there is no '{key}' in it",
            arguments.file.display()
        ))),
        (Target::Sops(file, around), _) => sops::existing(&session, arguments, *file, &around),
        (Target::NewSops(format, around), _) => sops::new(&session, arguments, format, &around),
    }
}

/// Encrypts a new value; the old one is neither needed nor read.
fn age(session: &Session<'_>, arguments: &Set) -> Outcome {
    let context = session.context;
    let repository = session.repository(&arguments.rules, Some(&arguments.file))?;
    let mut lock = repository.lock.clone();
    let resolved = session.resolve(&repository, &arguments.file)?;
    let name = resolved
        .path
        .strip_prefix(&session.current)
        .unwrap_or(&resolved.path)
        .display();
    let before = FileState::read(&resolved.path);
    let exists = !matches!(before, FileState::Missing);
    if exists && arguments.if_missing {
        context.ui.say(format!("{name} exists, it is kept"));
        return Ok(Exit::Done);
    }
    let generated = value(context, arguments)?;
    if generated.value.is_empty() && exists && !arguments.allow_empty {
        return Err(
            Failure::new(format!("an empty value would replace '{name}'"))
                .hint("give a value on standard input, or --allow-empty"),
        );
    }
    let before = Before {
        armor: match before {
            FileState::Encrypted(file) => Some(file.armor),
            _ => None,
        },
        version: None,
    };
    write(
        resolved.secret,
        &resolved.path,
        &generated.value,
        &before,
        Some(&mut lock),
    )
    .map_err(|error| Failure::of(error.diagnostic()))?;
    context.ui.say(format!(
        "{} {name}",
        if exists { "encrypted" } else { "created" }
    ));
    if let Some(public) = generated.public {
        context.ui.line(public);
    }
    Ok(Exit::Done)
}

fn value(context: &Context, arguments: &Set) -> Result<Generated, Failure> {
    if let Some(kind) = arguments.generate {
        return Ok(generator(kind, arguments.length)?.generate()?);
    }
    if io::stdin().is_terminal() {
        let typed = UserPrompter::new(&context.environment).secret("New value")?;
        return Ok(Generated {
            value: typed.into_bytes(),
            public: None,
        });
    }
    let mut value = standard_input(FILE_LIMIT)?;
    if arguments.trim {
        let bytes = value.expose();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        value = SecretBytes::copy_of(bytes.strip_suffix(b"\r").unwrap_or(bytes));
    }
    Ok(Generated {
        value,
        public: None,
    })
}

fn generator(kind: Kind, length: Option<usize>) -> Result<Generator, Failure> {
    let takes_length = matches!(
        kind,
        Kind::Password | Kind::Hex | Kind::Base64 | Kind::Passphrase
    );
    if length.is_some() && !takes_length {
        return Err(Failure::usage(
            "--length goes with password, hex, base64 and passphrase",
        ));
    }
    // Each default has at least 128 bits.
    Ok(match kind {
        Kind::Password => Generator::Password(length.unwrap_or(32)),
        Kind::Hex => Generator::Hex(length.unwrap_or(32)),
        Kind::Base64 => Generator::Base64(length.unwrap_or(32)),
        Kind::Passphrase => Generator::Passphrase(length.unwrap_or(12)),
        Kind::SshEd25519 => Generator::SshEd25519(String::new()),
        Kind::Age => Generator::AgeKey,
        Kind::Wireguard => Generator::Wireguard,
    })
}
