//! `sops` as its users know it (version 3.13.3): its commands, flags, files, exit codes and the
//! messages that scripts look for. Where it differs on purpose is a table in
//! `docs/reference/drop-ins/sops.md`.

mod change;
mod commands;
mod completion;
mod decrypt;
mod edit;
mod encrypt;
mod exec;
mod failure;
mod filestatus;
mod flags;
mod groups;
mod help;
mod keys;
mod log;
mod old_style;
mod rotate;
mod rule;
mod session;
mod set;
mod streams;
mod table;
mod tree_path;
mod unset;
mod updatekeys;

use std::ffi::OsString;

use self::commands::{Action, Command};
use self::failure::{Failure, Outcome};
use self::flags::{Flags, Parsed, Wrong};
use self::session::Session;
use crate::context::Context;

/// Exit code of `help` for what is not there.
const NO_TOPIC: u8 = 3;

/// Runs `sops` with `words`; gives the exit code.
pub(super) fn run(context: &Context, words: &[OsString]) -> u8 {
    if completion::answer(context, words) {
        return 0;
    }
    let outcome = dispatch(context, words);
    outcome.unwrap_or_else(|Failure { code, message }| {
        if !message.is_empty() {
            context.ui.say(message);
        }
        code
    })
}

fn dispatch(context: &Context, words: &[OsString]) -> Outcome {
    let ui = &context.ui;
    let parsed = flags::parse(table::GLOBAL, words, &context.environment, false);
    let Parsed { flags, arguments } = match parsed {
        Ok(parsed) => parsed,
        Err(Wrong::Usage(message)) => {
            ui.line(format_args!("Incorrect Usage. {message}\n"));
            ui.line(help::whole());
            return Ok(fatal(context, &message));
        }
        Err(Wrong::Environment(message)) => return Ok(fatal(context, &message)),
    };
    if flags.is_on("help") {
        ui.line(help::whole());
        return Ok(0);
    }
    if flags.is_on("version") {
        ui.line(format_args!("sops {}", nixseal_sops::SOPS_VERSION));
        if flags.is_on("check-for-updates") {
            log::warn(ui, "versions are never looked up in the network");
        }
        return Ok(0);
    }
    let Some((name, rest)) = arguments.split_first() else {
        return old_style::run(&Session::new(context, &flags, &flags, &arguments)?);
    };
    if name == "help" || name == "h" {
        return Ok(show_help(context, rest.first()));
    }
    match Command::named(&commands::ALL, name) {
        Some(command) => run_command(context, command, command.name, &flags, rest),
        None => old_style::run(&Session::new(context, &flags, &flags, &arguments)?),
    }
}

fn run_command(
    context: &Context,
    command: &Command,
    path: &str,
    global: &Flags,
    words: &[OsString],
) -> Outcome {
    let ui = &context.ui;
    let below = match command.action {
        Action::Group(below) => Some(below),
        _ => None,
    };
    let environment = &context.environment;
    let parsed = flags::parse(command.flags, words, environment, below.is_none());
    let Parsed { flags, arguments } = match parsed {
        Ok(parsed) => parsed,
        Err(Wrong::Usage(message)) => {
            let stop = if below.is_some() { "." } else { ":" };
            ui.line(format_args!("Incorrect Usage{stop} {message}\n"));
            ui.line(help::of(path, command));
            return Ok(fatal(context, &message));
        }
        Err(Wrong::Environment(message)) => return Ok(fatal(context, &message)),
    };
    if flags.is_on("help") {
        ui.line(help::of(path, command));
        return Ok(0);
    }
    match command.action {
        Action::Run(run) => run(&Session::new(context, &flags, global, &arguments)?),
        Action::Later => Err(Failure::unsupported(&format!("`sops {path}`"))),
        Action::Group(below) => {
            let Some((name, rest)) = arguments.split_first() else {
                ui.line(help::of(path, command));
                return Ok(0);
            };
            match Command::named(below, name) {
                Some(command) => {
                    let path = format!("{path} {}", command.name);
                    run_command(context, command, &path, global, rest)
                }
                None if name == "help" || name == "h" => {
                    ui.line(help::of(path, command));
                    Ok(0)
                }
                None => Ok(no_topic(context, name)),
            }
        }
    }
}

fn show_help(context: &Context, topic: Option<&OsString>) -> u8 {
    let Some(name) = topic else {
        context.ui.line(help::whole());
        return 0;
    };
    match Command::named(&commands::ALL, name) {
        Some(command) => {
            context.ui.line(help::of(command.name, command));
            0
        }
        None => no_topic(context, name),
    }
}

fn no_topic(context: &Context, name: &OsString) -> u8 {
    let name = name.display();
    context.ui.say(format_args!("No help topic for '{name}'"));
    NO_TOPIC
}

fn fatal(context: &Context, message: &str) -> u8 {
    log::fatal(&context.ui, message);
    failure::code::GENERIC
}
