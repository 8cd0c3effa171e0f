//! `sops-install-secrets` as the modules of sops-nix call it.
//!
//! What differs on purpose is listed in `docs/reference/drop-ins/sops-install-secrets.md`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nixseal_activate::{
    Accounts, CheckMode, Events, Manifest, ManifestError, Options, Rim, activate, check_sops_nix,
};

use super::go_flags::{self, Flag, FlagError, Given, Takes};
use super::go_text::path_error;
use crate::context::Context;
use crate::ui::Ui;

/// Name of the program in its lines.
const PROGRAM: &str = "sops-install-secrets";

const USAGE: &str = "Usage: sops-install-secrets [OPTION] manifest.json
  -check-mode string
    \tValidate configuration without installing it (possible values: \"manifest\",\"sopsfile\",\"off\") (default \"off\")
  -ignore-passwd
    \tDon't look up anything in /etc/passwd. Causes everything to be owned by root:root or the user executing the tool in user mode";

#[derive(Clone, Copy)]
enum Name {
    CheckMode,
    IgnorePasswd,
}

const FLAGS: [Flag<Name>; 2] = [
    ("check-mode", Takes::Value, Name::CheckMode),
    ("ignore-passwd", Takes::Nothing, Name::IgnorePasswd),
];

struct Arguments {
    check_mode: CheckMode,
    ignore_passwd: bool,
    manifest: PathBuf,
}

/// Runs `sops-install-secrets`, called as `program`, with `arguments`; gives the exit code.
pub(super) fn run(context: &Context, program: &OsStr, arguments: &[OsString]) -> u8 {
    let lines = Lines {
        ui: &context.ui,
        program: name(program),
    };
    let arguments = match read(&lines, arguments) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    match work(context, &lines, &arguments) {
        Ok(()) => 0,
        Err(reason) => lines.fail(&reason),
    }
}

/// What stands before its lines: as it was called, with the path if there was one.
fn name(program: &OsStr) -> String {
    match Path::new(program).file_name() {
        Some(name) if name == PROGRAM => program.to_string_lossy().into_owned(),
        _ => PROGRAM.to_owned(),
    }
}

/// Reads the command line, or says what is wrong with it and gives the exit code.
fn read(lines: &Lines<'_>, arguments: &[OsString]) -> Result<Arguments, u8> {
    let ui = lines.ui;
    let parsed = match go_flags::parse(&FLAGS, arguments) {
        Ok(parsed) => parsed,
        Err(FlagError::Help) => {
            ui.say(USAGE);
            return Err(0);
        }
        Err(FlagError::Wrong(reason)) => {
            ui.say(&reason);
            ui.say(USAGE);
            return Err(lines.fail(&reason));
        }
    };
    let mut check_mode = CheckMode::Off;
    let mut ignore_passwd = false;
    for flag in &parsed.flags {
        match *flag {
            (Name::CheckMode, Given::Value(value)) => {
                let mode = mode(value);
                check_mode = mode
                    .ok_or_else(|| lines.fail("invalid value provided for -check-mode flag: "))?;
            }
            (Name::IgnorePasswd, Given::Switch(on)) => ignore_passwd = on,
            _ => {}
        }
    }
    match parsed.rest {
        [manifest] => Ok(Arguments {
            check_mode,
            ignore_passwd,
            manifest: manifest.into(),
        }),
        // It is no error in the original.
        _ => {
            ui.say(format_args!("Usage of {}:", lines.program));
            ui.say("exactly one manifest has to be named");
            Err(0)
        }
    }
}

fn mode(value: &OsStr) -> Option<CheckMode> {
    match value.to_str()? {
        "manifest" => Some(CheckMode::Manifest),
        "sopsfile" => Some(CheckMode::SopsFile),
        "off" => Some(CheckMode::Off),
        _ => None,
    }
}

/// What it says.
struct Lines<'a> {
    ui: &'a Ui,
    program: String,
}

impl Lines<'_> {
    fn fail(&self, reason: &str) -> u8 {
        self.ui.say(format_args!("{}: {reason}", self.program));
        1
    }
}

impl Events for Lines<'_> {
    fn out(&self, line: &str) {
        self.ui.line(line);
    }

    fn err(&self, line: &str) {
        self.ui.say(line);
    }
}

fn work(context: &Context, lines: &Lines<'_>, arguments: &Arguments) -> Result<(), String> {
    let mut manifest = open(&arguments.manifest)?;
    let accounts = Accounts::of_system(&context.environment);
    let options = Options {
        environment: &context.environment,
        accounts: &accounts,
        events: lines,
        program: &lines.program,
        ignore_passwd: arguments.ignore_passwd,
        dry_run: false,
        now: SystemTime::now(),
    };
    if arguments.check_mode != CheckMode::Off {
        let rim = Rim {
            environment: &context.environment,
            accounts: &accounts,
            ignore_passwd: arguments.ignore_passwd,
        };
        return check_sops_nix(&mut manifest, arguments.check_mode, rim);
    }
    let report = activate(&mut manifest, &options).map_err(|error| error.to_string())?;
    let failures = report.trees.iter().flat_map(|tree| {
        let failed = tree.failures();
        failed.map(|entry| {
            format!(
                "{}: {}",
                entry.label(),
                entry.reason.as_deref().unwrap_or_default()
            )
        })
    });
    let mut reasons: Vec<String> = failures.collect();
    reasons.extend(report.problems.iter().cloned());
    match reasons.is_empty() {
        true => Ok(()),
        false => Err(reasons.join("\n")),
    }
}

fn open(path: &Path) -> Result<Manifest, String> {
    Manifest::read(path).map_err(|error| match error {
        ManifestError::Open(error) => {
            let cause = path_error("open", path, &error.cause);
            format!("failed to open manifest: {cause}")
        }
        other => other.to_string(),
    })
}
