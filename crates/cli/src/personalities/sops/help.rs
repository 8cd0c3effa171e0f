//! Help, in the shape of the original's.

use super::commands::{self, Action, Command};
use super::flags::{Flag, Kind, Table};
use super::table;

const INTRODUCTION: &str = "   sops [global options] file
   sops [global options] command [command options] [arguments...]

   Without a command, a file is opened in an editor: decrypted before, encrypted after. With -e,
   -d, -r or --set it is encrypted, decrypted, given a new data key, or changed at one place;
   these flags must stand before the file.

   Keys for new files come from the first rule in .sops.yaml that matches, found from the working
   folder upwards, or from flags: --age, --pgp and others. Existing files name their keys.

   age identities are read from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD,
   SOPS_AGE_SSH_PRIVATE_KEY_FILE, SOPS_AGE_SSH_PRIVATE_KEY_CMD, ~/.config/sops/age/keys.txt,
   ~/.ssh/id_ed25519 and ~/.ssh/id_rsa; PGP keys are used through gpg (SOPS_GPG_EXEC).
   The editor is SOPS_EDITOR, else EDITOR, else vim, nano or vi.";

/// Help of the whole.
pub(super) fn whole() -> String {
    let mut text = format!(
        "NAME:\n   sops - sops - editor of encrypted files with age and PGP keys\n\nUSAGE:\n{INTRODUCTION}\n\n\
         VERSION:\n   {}\n\nCOMMANDS:\n",
        nixseal_sops::SOPS_VERSION
    );
    push_commands(&mut text, &commands::ALL);
    text.push_str("\nGLOBAL OPTIONS:\n");
    push_flags(&mut text, table::GLOBAL);
    text
}

/// Help of a command; `path` is how it is called.
pub(super) fn of(path: &str, command: &Command) -> String {
    let mut text = format!("NAME:\n   sops {path} - {}\n\nUSAGE:\n", command.help);
    if let Action::Group(below) = command.action {
        text.push_str(&format!(
            "   sops {path} command [command options] [arguments...]\n\nCOMMANDS:\n"
        ));
        push_commands(&mut text, below);
    } else {
        let line = format!("   sops {path} [command options] {}", command.arguments);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str("\nOPTIONS:\n");
    push_flags(&mut text, command.flags);
    text
}

fn push_commands(text: &mut String, commands: &[Command]) {
    let help = ("help, h", "show help for all commands or one of them");
    let lines = commands.iter().map(|command| (command.name, command.help));
    for (name, help) in lines.chain([help]) {
        text.push_str(&format!("   {name:<11}  {help}\n"));
    }
}

fn push_flags(text: &mut String, flags: Table) {
    let width = flags.iter().map(|flag| spelling(flag).len()).max();
    let width = width.unwrap_or_default();
    for flag in flags {
        let line = format!("   {:<width$}  {}", spelling(flag), flag.help);
        text.push_str(&line);
        if let Some(variable) = flag.variable {
            text.push_str(&format!(" [${}]", variable.name));
        }
        text.push('\n');
    }
}

fn spelling(flag: &Flag) -> String {
    let value = match flag.kind {
        Kind::Switch | Kind::SwitchOn => "",
        Kind::Text | Kind::Number | Kind::Texts => " value",
    };
    let names = flag.names.iter().map(|name| match name.len() {
        1 => format!("-{name}{value}"),
        _ => format!("--{name}{value}"),
    });
    names.collect::<Vec<_>>().join(", ")
}
