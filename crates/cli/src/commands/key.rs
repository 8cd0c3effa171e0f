//! `nixseal key`: new keys, public halves, conversions.

mod pgp;

use std::path::{Path, PathBuf};

use nixseal_age::identity_file::{IdentityFile, Layout, ParsedIdentity, parse_identity_file};
use nixseal_age::ssh::{SshKeyFile, SshPrivateKey, SshPublicKey};
use nixseal_age::{
    Armor, HybridIdentity, ScryptRecipient, X25519Identity, X25519Recipient, encrypt_bytes,
};
use nixseal_base::fs::{self, Batch, Creation, read_secret};
use nixseal_base::prompt::Prompter as _;
use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_repository::generate::{Generated, ssh_ed25519};

use super::{Session, streams};
use crate::args::{Key, KeyKind};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::input::{KEY_LIMIT, standard_input};
use crate::ui::UserPrompter;

/// Makes and converts keys.
pub(crate) fn run(context: &Context, key: &Key) -> Outcome {
    match key {
        Key::New {
            kind,
            passphrase,
            comment,
            output,
        } => new(context, *kind, *passphrase, comment, output.as_deref()),
        Key::Public { files } => public(context, files),
        Key::FromSsh {
            output,
            private,
            pgp,
            file,
        } => from_ssh(context, file.as_deref(), *pgp, *private, output.as_deref()),
    }
}

fn new(
    context: &Context,
    kind: KeyKind,
    passphrase: bool,
    comment: &str,
    output: Option<&Path>,
) -> Outcome {
    if comment.contains(char::is_control) {
        let message = "a comment is one line without control characters";
        return Err(Failure::usage(message));
    }
    if let Some(path) = output {
        refuse_existing(path)?;
        if kind == KeyKind::SshEd25519 {
            refuse_existing(&public_name(path))?;
        }
    }
    let passphrase = match passphrase {
        true => Some(streams::new_passphrase(&UserPrompter::new(
            &context.environment,
        ))?),
        false => None,
    };
    let made = match kind {
        KeyKind::SshEd25519 => ssh_ed25519(comment, passphrase.as_ref())?,
        KeyKind::Age => {
            let identity = X25519Identity::generate()?;
            age_key(
                &identity.recipient().to_string(),
                &identity.to_secret_text(),
                passphrase,
            )?
        }
        KeyKind::AgePq => {
            let identity = HybridIdentity::generate()?;
            age_key(
                &identity.recipient().to_string(),
                &identity.to_secret_text(),
                passphrase,
            )?
        }
    };
    let public = made.public.unwrap_or_default();
    match output {
        None => context.ui.data(made.value.expose()),
        Some(path) => {
            let batch = Batch::new();
            let private = Creation {
                parents: true,
                ..Creation::PRIVATE
            };
            batch.stage(path, made.value.expose(), private)?;
            if kind == KeyKind::SshEd25519 {
                let line = format!("{public}\n");
                let creation = Creation {
                    mode: 0o644,
                    parents: false,
                };
                batch.stage(&public_name(path), line.as_bytes(), creation)?;
            }
            batch.commit()?;
        }
    }
    context.ui.say(format!("Public key: {public}"));
    Ok(Exit::Done)
}

/// An identity file as `age-keygen` writes it, encrypted where asked.
fn age_key(
    public: &str,
    identity: &SecretText,
    passphrase: Option<SecretText>,
) -> Result<Generated, Failure> {
    let mut text =
        SecretText::new(format!("# public key: {public}\n{}\n", identity.expose())).into_bytes();
    if let Some(passphrase) = passphrase {
        let recipient = ScryptRecipient::new(passphrase);
        text = SecretBytes::new(encrypt_bytes(&[recipient], text.expose(), Armor::Armored)?);
    }
    Ok(Generated {
        value: text,
        public: Some(public.to_owned()),
    })
}

/// Where the public half of the SSH key at `path` goes.
fn public_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// A key that is overwritten is a secret that is lost.
fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("'{}' exists already", path.display()))
            .hint("move it away first; a key that is overwritten cannot be brought back"));
    }
    Ok(())
}

fn public(context: &Context, files: &[std::path::PathBuf]) -> Outcome {
    let session = Session::new(context)?;
    if files.is_empty() {
        let content = standard_input(KEY_LIMIT)?;
        print_public(&session, content, "standard input")?;
    }
    for path in files {
        print_public(
            &session,
            read_secret(path, KEY_LIMIT)?,
            &path.display().to_string(),
        )?;
    }
    Ok(Exit::Done)
}

fn print_public(session: &Session<'_>, content: SecretBytes, name: &str) -> Result<(), Failure> {
    let ui = &session.context.ui;
    let print = |identities: Vec<ParsedIdentity>| {
        let known = identities.iter().filter_map(ParsedIdentity::recipient);
        known.for_each(|recipient| ui.line(recipient));
    };
    match parse_identity_file(name, content, Layout::Lines, &session.asks)? {
        IdentityFile::Identities(identities) => print(identities),
        IdentityFile::Encrypted(file) => {
            let prompter = UserPrompter::new(&session.context.environment);
            let passphrase = prompter.secret(&format!("Enter passphrase for \"{name}\""))?;
            print(file.unlock(&passphrase, &session.asks)?);
        }
        IdentityFile::Ssh(file) => match file.public() {
            Some(public) => ui.line(public),
            None => {
                return Err(
                    Failure::new(format!("the public half of '{name}' is locked too"))
                        .hint("read it from the .pub file beside it"),
                );
            }
        },
    }
    Ok(())
}

fn from_ssh(
    context: &Context,
    file: Option<&Path>,
    pgp: bool,
    private: bool,
    output: Option<&Path>,
) -> Outcome {
    let content = match file {
        Some(path) => read_secret(path, KEY_LIMIT)?,
        None => standard_input(KEY_LIMIT)?,
    };
    let name = file
        .unwrap_or(Path::new("standard input"))
        .display()
        .to_string();
    let text = if pgp {
        pgp::convert(context, &content, &name, private)?
    } else if private {
        identity(context, &content, &name)?
    } else {
        recipient(&content, &name)?
    };
    match output {
        None => context.ui.data(text.expose()),
        Some(path) => {
            refuse_existing(path)?;
            fs::replace(path, text.expose(), Creation::PRIVATE)?;
        }
    }
    Ok(Exit::Done)
}

/// The recipient of each public key, or of the public half of a private key.
fn recipient(content: &SecretBytes, name: &str) -> Result<SecretBytes, Failure> {
    let failed = |reason: String| Failure::new(format!("'{name}': {reason}"));
    let text = std::str::from_utf8(content.expose())
        .map_err(|_| failed("an SSH key is text, this is not".to_owned()))?;
    let keys: Vec<SshPublicKey> = if text.contains("PRIVATE KEY-----") {
        let file =
            SshKeyFile::parse(content.expose()).map_err(|error| failed(error.to_string()))?;
        let public = file.public().ok_or_else(|| {
            failed("its public half is locked as well; give the .pub file".to_owned())
        })?;
        vec![public.clone()]
    } else {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(SshPublicKey::parse_line)
            .collect::<Result<_, _>>()
            .map_err(|error| failed(error.to_string()))?
    };
    let mut recipients = String::new();
    for key in keys {
        let point = key.x25519().ok_or_else(|| only_ed25519(name))?;
        recipients.push_str(&format!("{}\n", X25519Recipient::from_bytes(point)));
    }
    Ok(SecretBytes::new(recipients.into_bytes()))
}

fn identity(context: &Context, content: &SecretBytes, name: &str) -> Result<SecretBytes, Failure> {
    let key = private_key(context, content, name)?;
    let scalar = key
        .ed25519()
        .ok_or_else(|| only_ed25519(name))?
        .x25519_scalar();
    let identity = X25519Identity::from_bytes(&scalar).to_secret_text();
    Ok(SecretText::new(format!("{}\n", identity.expose())).into_bytes())
}

/// The private key in a file; its passphrase is asked for where it has one.
fn private_key(
    context: &Context,
    content: &SecretBytes,
    name: &str,
) -> Result<SshPrivateKey, Failure> {
    let failed = |reason: String| Failure::new(format!("'{name}': {reason}"));
    let file = SshKeyFile::parse(content.expose()).map_err(|error| failed(error.to_string()))?;
    let passphrase = if file.needs_passphrase() {
        let prompter = UserPrompter::new(&context.environment);
        Some(prompter.secret(&format!("Enter passphrase for \"{name}\""))?)
    } else {
        None
    };
    let key = file.unlock(passphrase.as_ref());
    key.map_err(|error| failed(error.to_string()))
}

fn only_ed25519(name: &str) -> Failure {
    Failure::new(format!("'{name}': only ed25519 keys have an age key"))
        .hint("an RSA key works as a recipient as it is")
}
