//! Completion scripts and manual pages, made from the command line itself.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use nixseal_base::fs::{Batch, Creation};

use crate::args::Cli;
use crate::context::Context;
use crate::failure::{Exit, Outcome};

/// Prints the completion script of `shell`.
pub(crate) fn completions(context: &Context, shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "nixseal", &mut script);
    context.ui.data(&script);
    Ok(Exit::Done)
}

/// Prints the main page, or writes all of them into `folder`.
pub(crate) fn manual(context: &Context, folder: Option<&Path>) -> Outcome {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = folder else {
        context.ui.data(&page(&command)?);
        return Ok(Exit::Done);
    };
    let batch = Batch::new();
    stage(&batch, folder, &command)?;
    let count = batch.len();
    batch.commit()?;
    context
        .ui
        .say(format!("wrote {count} pages to {}", folder.display()));
    Ok(Exit::Done)
}

fn page(command: &clap::Command) -> Result<Vec<u8>, crate::failure::Failure> {
    let mut text = Vec::new();
    Man::new(command.clone()).render(&mut text)?;
    Ok(text)
}

fn stage(
    batch: &Batch,
    folder: &Path,
    command: &clap::Command,
) -> Result<(), crate::failure::Failure> {
    let name = command
        .get_display_name()
        .unwrap_or(command.get_name())
        .replace(' ', "-");
    batch.stage(
        &folder.join(format!("{name}.1")),
        &page(command)?,
        Creation::PUBLIC,
    )?;
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        stage(batch, folder, inner)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use nixseal_testkit::reference;

    use super::*;

    fn describe(text: &mut String, command: &clap::Command, name: &str, level: usize) {
        let help = command.clone().term_width(100).render_long_help();
        let help = help.to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        let help = help.join("\n");
        let _ = writeln!(
            text,
            "{} {name}\n\n```text\n{}\n```\n",
            "#".repeat(level),
            help.trim()
        );
        let inner = command.get_subcommands();
        for command in inner.filter(|inner| inner.get_name() != "help" && !inner.is_hide_set()) {
            let name = format!("{name} {}", command.get_name());
            describe(text, command, &name, level + 1);
        }
    }

    #[test]
    fn the_reference_of_commands_is_what_they_say() {
        let mut command = Cli::command();
        command.build();
        let mut text = String::new();
        describe(&mut text, &command, "nixseal", 2);
        reference::section(&reference::page("commands.md"), "commands", &text, "");
    }
}
