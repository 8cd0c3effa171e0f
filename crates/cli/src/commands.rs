//! nixseal's own commands, one file a verb.

mod activate;
mod convert;
mod decrypt;
mod edit;
mod encrypt;
mod exec;
mod git;
mod init;
mod key;
mod pages;
mod place;
mod rekey;
mod rotate;
mod rules;
mod sealed;
mod session;
mod set;
mod show;
mod status;
mod streams;
mod target;
mod tour;
mod unset;

pub(crate) use session::Session;

use std::ffi::OsString;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::context::Context;
use crate::failure::Exit;

/// Runs a native command; gives the exit code.
pub(crate) fn run(context: &Context, arguments: &[OsString]) -> u8 {
    let name = OsString::from("nixseal");
    let cli = match Cli::try_parse_from(std::iter::once(&name).chain(arguments)) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render();
            if error.use_stderr() {
                context.ui.say(text.to_string().trim_end());
                return Exit::Usage as u8;
            }
            context.ui.data(text.to_string().as_bytes());
            return Exit::Done as u8;
        }
    };
    let outcome = match &cli.command {
        Command::Edit(arguments) => edit::run(context, arguments),
        Command::Show(arguments) => show::run(context, arguments),
        Command::Set(arguments) => set::run(context, arguments),
        Command::Unset(arguments) => unset::run(context, arguments),
        Command::Rekey(arguments) => rekey::run(context, arguments),
        Command::Rotate(arguments) => rotate::run(context, arguments),
        Command::Status(arguments) => status::run(context, arguments),
        Command::Convert(arguments) => convert::run(context, arguments),
        Command::Exec(arguments) => exec::run(context, arguments),
        Command::Activate(arguments) => activate::run(context, arguments),
        Command::Encrypt(arguments) => encrypt::run(context, arguments),
        Command::Decrypt(arguments) => decrypt::run(context, arguments),
        Command::Key(key) => key::run(context, key),
        Command::Init(arguments) => init::run(context, arguments),
        Command::Rules(arguments) => rules::run(context, arguments),
        Command::Completions { shell } => pages::completions(context, *shell),
        Command::Man { folder } => pages::manual(context, folder.as_deref()),
        Command::Git(command) => git::run(context, command),
        Command::Tour(arguments) => tour::run(context, arguments),
    };
    context.ui.conclude(outcome)
}
