//! `ssh-to-age` as its users know it: turns ed25519 SSH keys into age keys.
//!
//! What differs on purpose is listed in `docs/reference/drop-ins/ssh-to-age.md`.
//! The main point: no message repeats a private key.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use nixseal_age::ssh::{SshKeyError, SshKeyFile, SshPrivateKey, SshPublicKey};
use nixseal_age::{X25519Identity, X25519Recipient};
use nixseal_base::env::SSH_TO_AGE_PASSPHRASE;
use nixseal_base::fs::{self, Creation, Output};
use nixseal_base::secret::{SecretBytes, SecretText};

use super::age::streams::standard_input;
use super::go_flags::{self, Flag, Given, Parsed, Takes};
use super::go_text::{cause_text, path_error};
use crate::context::Context;
use crate::ui::Ui;

const USAGE: &str = "Usage of ssh-to-age:
  -i PATH
    \tread the SSH key from this file (default \"-\", standard input)
  -o PATH
    \twrite the age key to this file (default \"-\", standard output)
  -private-key
    \tconvert a private key; without it, public keys, one a line
  -stdinpass
    \tread the passphrase of the private key from standard input;
    \telse it is taken from SSH_TO_AGE_PASSPHRASE
  -version
    \tprint the version";

/// Most bytes of keys that are read.
const LIMIT: usize = 64 << 20;

/// Public keys are for everybody.
const PUBLIC: Creation = Creation {
    mode: 0o666,
    parents: false,
};

#[derive(Clone, Copy)]
enum Name {
    Input,
    Output,
    PrivateKey,
    StdinPassphrase,
    Version,
}

const FLAGS: [Flag<Name>; 5] = [
    ("private-key", Takes::Nothing, Name::PrivateKey),
    ("i", Takes::Value, Name::Input),
    ("o", Takes::Value, Name::Output),
    ("stdinpass", Takes::Nothing, Name::StdinPassphrase),
    ("version", Takes::Nothing, Name::Version),
];

/// The command line; other arguments are ignored, as the original does.
#[derive(Default)]
struct Options {
    private_key: bool,
    stdin_passphrase: bool,
    version: bool,
    /// `None` for standard input.
    input: Option<PathBuf>,
    /// `None` for standard output.
    output: Option<PathBuf>,
}

/// Runs `ssh-to-age` with `arguments`; gives the exit code.
pub(super) fn run(context: &Context, arguments: &[OsString]) -> u8 {
    let ui = &context.ui;
    let options = match go_flags::parse(&FLAGS, arguments) {
        Ok(parsed) => sort(&parsed),
        Err(error) => return error.tell(ui, USAGE),
    };
    if options.version {
        ui.line(concat!("nixseal ", env!("CARGO_PKG_VERSION")));
        return 0;
    }
    match work(context, &options) {
        Ok(()) => 0,
        Err(reason) => {
            ui.say(format_args!("ssh-to-age: {reason}"));
            1
        }
    }
}

fn sort(parsed: &Parsed<'_, Name>) -> Options {
    let path = |value: &OsStr| Some(PathBuf::from(value)).filter(|_| value != "-");
    let mut options = Options::default();
    for flag in &parsed.flags {
        match *flag {
            (Name::Input, Given::Value(value)) => options.input = path(value),
            (Name::Output, Given::Value(value)) => options.output = path(value),
            (Name::PrivateKey, Given::Switch(on)) => options.private_key = on,
            (Name::StdinPassphrase, Given::Switch(on)) => options.stdin_passphrase = on,
            (Name::Version, Given::Switch(on)) => options.version = on,
            _ => {}
        }
    }
    options
}

fn work(context: &Context, options: &Options) -> Result<(), String> {
    if options.private_key && options.stdin_passphrase && options.input.is_none() {
        return Err("cannot read both private key and passphrase from stdin".to_owned());
    }
    let content = read_input(options.input.as_deref())?;
    let name = match &options.input {
        Some(path) => path.display().to_string(),
        None => "standard input".to_owned(),
    };
    let failed = |reason: String| format!("failed to convert '{name}': {reason}");
    if options.private_key {
        let passphrase = passphrase(context, options)?;
        let key = private_key(content.expose(), &passphrase).map_err(failed)?;
        let line = SecretText::new(format!("{}\n", key.expose()));
        return write(context, options, line.expose().as_bytes());
    }
    let mut keys = Vec::new();
    let converted = public_keys(content.expose(), &context.ui, &mut keys);
    // The original has printed what it converted before it fails.
    if converted.is_ok() || options.output.is_none() {
        write(context, options, &keys)?;
    }
    converted.map_err(failed)
}

fn read_input(path: Option<&Path>) -> Result<SecretBytes, String> {
    match path {
        None => standard_input()
            .and_then(|stdin| SecretBytes::read_from(stdin, LIMIT))
            .map_err(|cause| format!("error reading stdin: {}", cause_text(&cause))),
        Some(path) => fs::read_secret(path, LIMIT).map_err(|error| {
            let cause = path_error("open", path, &error.cause);
            format!("error reading {}: {cause}", path.display())
        }),
    }
}

fn passphrase(context: &Context, options: &Options) -> Result<SecretText, String> {
    let failed = |cause: &str| format!("error reading passphrase from stdin: {cause}");
    if options.stdin_passphrase {
        return standard_input()
            .and_then(|stdin| SecretBytes::read_from(stdin, LIMIT))
            .map_err(|cause| failed(&cause_text(&cause)))?
            .into_text()
            .map(SecretText::without_line_end)
            .map_err(|_| failed("it is not UTF-8 text"));
    }
    let given = context.environment.text(&SSH_TO_AGE_PASSPHRASE);
    Ok(SecretText::new(given.unwrap_or_default().to_owned()))
}

/// The age identity of an SSH private key.
fn private_key(content: &[u8], passphrase: &SecretText) -> Result<SecretText, String> {
    let failed = |error: SshKeyError| match error {
        SshKeyError::UnsupportedType(kind) => unsupported_private(&kind),
        SshKeyError::PassphraseNeeded => {
            "failed to parse ssh private key: this private key is passphrase protected; \
             give its passphrase with -stdinpass or SSH_TO_AGE_PASSPHRASE"
                .to_owned()
        }
        error => format!("failed to parse ssh private key: {error}"),
    };
    let passphrase = Some(passphrase).filter(|passphrase| !passphrase.is_empty());
    let key = SshKeyFile::parse(content)
        .and_then(|file| file.unlock(passphrase))
        .map_err(failed)?;
    match key {
        SshPrivateKey::Ed25519(key) => {
            Ok(X25519Identity::from_bytes(&key.x25519_scalar()).to_secret_text())
        }
        SshPrivateKey::Rsa(_) => Err(unsupported_private("ssh-rsa")),
    }
}

fn unsupported_private(kind: &str) -> String {
    format!("got {kind} key type but: only ed25519 keys are supported")
}

/// The age recipients of the SSH public keys in `content`, one a line, up to
/// the first line that is none.
fn public_keys(content: &[u8], ui: &Ui, keys: &mut Vec<u8>) -> Result<(), String> {
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        match public_key(line) {
            Ok(recipient) => {
                keys.extend_from_slice(recipient.to_string().as_bytes());
                keys.push(b'\n');
            }
            // To the original these are names of hosts, unless one stands before them.
            Err(SshKeyError::UnsupportedType(kind))
                if line.starts_with(kind.as_bytes()) && !line.starts_with(b"ssh-") =>
            {
                let number = index + 1;
                return Err(format!(
                    "line {number}: failed to parse ssh public key: got {kind} key type, but only \
                     ed25519 keys are supported"
                ));
            }
            Err(SshKeyError::UnsupportedType(kind)) => ui.say(format_args!(
                "skipped key: got {kind} key type, but only ed25519 keys are supported"
            )),
            Err(_) if line.starts_with(b"-----BEGIN") => {
                return Err(
                    "this is not a public key; convert private keys with -private-key".to_owned(),
                );
            }
            Err(error) => {
                let number = index + 1;
                return Err(format!(
                    "line {number}: failed to parse ssh public key: {error}"
                ));
            }
        }
    }
    Ok(())
}

/// A line of `authorized_keys`, `known_hosts` or what `ssh-keyscan` and
/// `ssh-add -L` print.
fn public_key(line: &[u8]) -> Result<X25519Recipient, SshKeyError> {
    let text = std::str::from_utf8(line)
        .map_err(|_| SshKeyError::Malformed("the line is not text".to_owned()))?;
    // `@cert-authority` and `@revoked` stand before the host names.
    let entry = match text.split_once([' ', '\t']) {
        Some((marker, entry)) if marker.starts_with('@') => entry,
        _ => text,
    };
    let key = SshPublicKey::parse_line(entry)?;
    let point = key
        .x25519()
        .ok_or_else(|| SshKeyError::UnsupportedType(key.algorithm().name().to_owned()))?;
    Ok(X25519Recipient::from_bytes(point))
}

fn write(context: &Context, options: &Options, bytes: &[u8]) -> Result<(), String> {
    let failed = |path: &Path, cause: &io::Error| {
        format!("failed to write key: {}", path_error("write", path, cause))
    };
    let Some(path) = &options.output else {
        let mut stream = context
            .ui
            .stream()
            .map_err(|cause| failed(Path::new("/dev/stdout"), &cause))?;
        return stream
            .write_all(bytes)
            .map_err(|cause| failed(Path::new("/dev/stdout"), &cause));
    };
    let creation = if options.private_key {
        Creation::PRIVATE
    } else {
        PUBLIC
    };
    let mut output = Output::create(path, creation).map_err(|error| {
        let cause = path_error("open", path, &error.cause);
        format!("failed to create {}: {cause}", path.display())
    })?;
    output
        .write_all(bytes)
        .map_err(|cause| failed(path, &cause))?;
    output.finish().map_err(|error| failed(path, &error.cause))
}
