//! `age-keygen` as its users know it: makes identities and converts them to
//! recipients, as in Go age 1.3.
//!
//! What differs on purpose is listed in `docs/reference/drop-ins/age.md`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use nixseal_age::{HybridIdentity, X25519Identity};
use nixseal_base::clock::rfc3339;
use nixseal_base::fs::{self, Creation, Output};
use nixseal_base::secret::SecretText;

use super::age::VERSION;
use super::age::lines::{MOST_KEYS, key_lines, read_start};
use super::age::streams::standard_input;
use super::go_flags::{self, Flag, Given, Parsed, Takes};
use super::go_text::{cause_text, path_error, quoted};
use crate::context::Context;
use crate::ui::Ui;

const USAGE: &str = "Usage:
    age-keygen [-pq] [-o OUTPUT]
    age-keygen -y [-o OUTPUT] [INPUT]

Options:
    -pq                       Make a post-quantum key pair (ML-KEM-768 with X25519).
    -o, --output OUTPUT       Write to this file, which must not be there yet.
    -y                        Convert an identity file to its recipients.
    -version                  Print the version.

Without -y, a new identity is written to OUTPUT; its recipient is in a comment
before it, and on standard error unless all goes to a terminal. With -y, the
identities in INPUT are read and their recipients written to OUTPUT, one a line.
INPUT is standard input unless it is given, OUTPUT is standard output.

Example:
    $ age-keygen -o key.txt
    Public key: age1...
    $ age-keygen -y key.txt
    age1...";

#[derive(Clone, Copy)]
enum Name {
    Convert,
    Output,
    PostQuantum,
    Version,
}

const FLAGS: [Flag<Name>; 5] = [
    ("version", Takes::Nothing, Name::Version),
    ("pq", Takes::Nothing, Name::PostQuantum),
    ("y", Takes::Nothing, Name::Convert),
    ("o", Takes::Value, Name::Output),
    ("output", Takes::Value, Name::Output),
];

/// The command line as it was typed.
#[derive(Default)]
struct Typed<'a> {
    version: bool,
    post_quantum: bool,
    convert: bool,
    output: Option<&'a Path>,
    rest: &'a [OsString],
}

/// Runs `age-keygen` with `arguments`; gives the exit code.
pub(super) fn run(context: &Context, arguments: &[OsString]) -> u8 {
    let ui = &context.ui;
    let typed = match go_flags::parse(&FLAGS, arguments) {
        Ok(parsed) => sort(parsed),
        Err(error) => return error.tell(ui, USAGE),
    };
    if typed.version {
        ui.line(VERSION);
        return 0;
    }
    match work(ui, &typed) {
        Ok(()) => 0,
        Err(reason) => {
            ui.say(format_args!("age-keygen: error: {reason}"));
            1
        }
    }
}

fn sort(parsed: Parsed<'_, Name>) -> Typed<'_> {
    let mut typed = Typed {
        rest: parsed.rest,
        ..Typed::default()
    };
    for flag in parsed.flags {
        match flag {
            (Name::Version, Given::Switch(on)) => typed.version = on,
            (Name::PostQuantum, Given::Switch(on)) => typed.post_quantum = on,
            (Name::Convert, Given::Switch(on)) => typed.convert = on,
            (Name::Output, Given::Value(path)) => {
                typed.output = Some(Path::new(path)).filter(|_| !path.is_empty());
            }
            _ => {}
        }
    }
    typed
}

fn work(ui: &Ui, typed: &Typed<'_>) -> Result<(), String> {
    if typed.rest.len() > usize::from(typed.convert) {
        return Err("too many arguments".to_owned());
    }
    if typed.post_quantum && typed.convert {
        return Err("-pq cannot be used with -y".to_owned());
    }
    let target = Target::open(ui, typed.output)?;
    if typed.convert {
        let recipients = convert(typed.rest.first())?;
        target.write(recipients.as_bytes())
    } else {
        if target.is_world_readable() {
            ui.say("age-keygen: warning: writing secret key to a world-readable file");
        }
        let (secret, public) = generate(typed.post_quantum)?;
        if !target.is_terminal(ui) {
            ui.say(format_args!("Public key: {public}"));
        }
        let created = rfc3339(SystemTime::now());
        let text = SecretText::new(format!(
            "# created: {created}\n# public key: {public}\n{}\n",
            secret.expose()
        ));
        target.write(text.expose().as_bytes())
    }
}

fn generate(post_quantum: bool) -> Result<(SecretText, String), String> {
    let failed = |error: &dyn std::fmt::Display| format!("internal error: {error}");
    if post_quantum {
        let identity = HybridIdentity::generate().map_err(|error| failed(&error))?;
        Ok((identity.to_secret_text(), identity.recipient().to_string()))
    } else {
        let identity = X25519Identity::generate().map_err(|error| failed(&error))?;
        Ok((identity.to_secret_text(), identity.recipient().to_string()))
    }
}

/// The recipients of the identities in `input`, one a line.
fn convert(input: Option<&OsString>) -> Result<String, String> {
    let path = input
        .filter(|path| !path.is_empty() && *path != "-")
        .map(Path::new);
    let file = match path {
        Some(path) => fs::open(path).map_err(|error| cannot_open("input", path, &error.cause))?,
        None => standard_input().map_err(|cause| cause_text(&cause))?,
    };
    let failed = |reason: String| format!("failed to parse input: {reason}");
    let unread = |reason: String| failed(format!("failed to read identities file: {reason}"));
    let content = read_start(file, MOST_KEYS).map_err(|cause| {
        unread(path_error(
            "read",
            path.unwrap_or(Path::new("/dev/stdin")),
            &cause,
        ))
    })?;
    let mut recipients = String::new();
    for line in key_lines(content.expose()) {
        let (number, line) = line.map_err(unread)?;
        let text = std::str::from_utf8(line)
            .map_err(|_| failed("identities file is not valid UTF-8".to_owned()))?;
        let recipient = recipient_of(text)
            .map_err(|reason| failed(format!("error at line {number}: {reason}")))?;
        recipients.push_str(&recipient);
        recipients.push('\n');
    }
    if recipients.is_empty() {
        return Err(failed("no identities found".to_owned()));
    }
    Ok(recipients)
}

fn recipient_of(line: &str) -> Result<String, String> {
    if line.starts_with("AGE-SECRET-KEY-1") {
        let identity = X25519Identity::parse(line).map_err(|error| error.to_string())?;
        Ok(identity.recipient().to_string())
    } else if line.starts_with("AGE-SECRET-KEY-PQ-1") {
        let identity = HybridIdentity::parse(line).map_err(|error| error.to_string())?;
        Ok(identity.recipient().to_string())
    } else {
        Err("unknown identity type".to_owned())
    }
}

fn cannot_open(what: &str, path: &Path, cause: &io::Error) -> String {
    let name = quoted(path.as_os_str().as_bytes());
    format!(
        "failed to open {what} file {name}: {}",
        path_error("open", path, cause)
    )
}

/// Where the result goes.
enum Target {
    Stdout(File),
    File(Box<Output>),
}

impl Target {
    fn open(ui: &Ui, path: Option<&Path>) -> Result<Self, String> {
        match path {
            Some(path) => Output::create_new(path, Creation::PRIVATE)
                .map(|output| Self::File(Box::new(output)))
                .map_err(|error| cannot_open("output", path, &error.cause)),
            None => ui
                .stream()
                .map(Self::Stdout)
                .map_err(|cause| cannot_write(&cause)),
        }
    }

    /// A file made here is private; standard output is what the shell made.
    fn is_world_readable(&self) -> bool {
        let Self::Stdout(stream) = self else {
            return false;
        };
        let readable =
            |data: std::fs::Metadata| data.is_file() && data.permissions().mode() & 0o004 != 0;
        stream.metadata().is_ok_and(readable)
    }

    fn is_terminal(&self, ui: &Ui) -> bool {
        matches!(self, Self::Stdout(_)) && ui.out_is_terminal()
    }

    fn write(self, bytes: &[u8]) -> Result<(), String> {
        match self {
            Self::Stdout(mut stream) => stream
                .write_all(bytes)
                .map_err(|cause| cannot_write(&cause)),
            Self::File(mut output) => {
                output
                    .write_all(bytes)
                    .map_err(|cause| cannot_write(&cause))?;
                output
                    .finish()
                    .map_err(|error| cannot_open("output", &error.path, &error.cause))
            }
        }
    }
}

fn cannot_write(cause: &io::Error) -> String {
    let cause = path_error("write", Path::new("/dev/stdout"), cause);
    format!("failed to write output: {cause}")
}
