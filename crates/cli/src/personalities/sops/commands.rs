//! The commands of `sops` by name: one module each.

use super::failure::Outcome;
use super::flags::Table;
use super::session::Session;
use super::{
    completion, decrypt, edit, encrypt, exec, filestatus, groups, rotate, set, table, unset,
    updatekeys,
};

/// What a command does.
pub(super) enum Action {
    /// It is there.
    Run(fn(&Session<'_>) -> Outcome),
    /// It is not there yet, and says so.
    Later,
    /// It has commands below it and only shows help itself.
    Group(&'static [Command]),
}

/// A command.
pub(super) struct Command {
    /// Its name.
    pub(super) name: &'static str,
    /// One line of help.
    pub(super) help: &'static str,
    /// What it takes besides flags, for its help.
    pub(super) arguments: &'static str,
    /// Its flags.
    pub(super) flags: Table,
    /// What it does.
    pub(super) action: Action,
}

impl Command {
    /// The command of that name.
    pub(super) fn named<'a>(commands: &'a [Self], name: &std::ffi::OsStr) -> Option<&'a Self> {
        commands.iter().find(|command| name == command.name)
    }
}

const fn command(
    name: &'static str,
    help: &'static str,
    arguments: &'static str,
    flags: Table,
    action: Action,
) -> Command {
    Command {
        name,
        help,
        arguments,
        flags,
        action,
    }
}

static COMPLETION: [Command; 2] = [
    command(
        "bash",
        "print completions for bash: source <(sops completion bash)",
        "",
        table::NONE,
        Action::Run(completion::bash),
    ),
    command(
        "zsh",
        "print completions for zsh: source <(sops completion zsh)",
        "",
        table::NONE,
        Action::Run(completion::zsh),
    ),
];

static GROUPS: [Command; 2] = [
    command(
        "add",
        "add a key group",
        "",
        table::GROUPS_ADD_FLAGS,
        Action::Run(groups::add),
    ),
    command(
        "delete",
        "delete a key group",
        "[index]",
        table::GROUPS_DELETE_FLAGS,
        Action::Run(groups::delete),
    ),
];

/// All commands, in the order of the help.
pub(super) static ALL: [Command; 14] = [
    command(
        "completion",
        "print shell completions",
        "",
        table::NONE,
        Action::Group(&COMPLETION),
    ),
    command(
        "exec-env",
        "run a command with the values of a file in its environment",
        "[file to decrypt] [command to run]",
        table::EXEC_ENV_FLAGS,
        Action::Run(exec::env::run),
    ),
    command(
        "exec-file",
        "run a command with the decrypted file as a temporary file",
        "[file to decrypt] [command to run]",
        table::EXEC_FILE_FLAGS,
        Action::Run(exec::file::run),
    ),
    command(
        "publish",
        "copy an encrypted file or folder to where it is used (not supported yet)",
        "[path]",
        table::PUBLISH_FLAGS,
        Action::Later,
    ),
    command(
        "keyservice",
        "serve keys to other machines (not supported yet)",
        "",
        table::KEYSERVICE_FLAGS,
        Action::Later,
    ),
    command(
        "filestatus",
        "print whether a file is encrypted",
        "file",
        table::FILESTATUS_FLAGS,
        Action::Run(filestatus::run),
    ),
    command(
        "groups",
        "change the key groups of a file",
        "",
        table::NONE,
        Action::Group(&GROUPS),
    ),
    command(
        "updatekeys",
        "bring the keys of files in line with the configuration file",
        "file...",
        table::UPDATEKEYS_FLAGS,
        Action::Run(updatekeys::run),
    ),
    command(
        "decrypt",
        "decrypt a file, or standard input, to standard output",
        "[file]",
        table::DECRYPT_FLAGS,
        Action::Run(decrypt::run),
    ),
    command(
        "encrypt",
        "encrypt a file, or standard input, to standard output",
        "[file]",
        table::ENCRYPT_FLAGS,
        Action::Run(encrypt::run),
    ),
    command(
        "rotate",
        "encrypt all values again with a new data key",
        "file",
        table::ROTATE_FLAGS,
        Action::Run(rotate::run),
    ),
    command(
        "edit",
        "edit an encrypted file, or begin one",
        "file",
        table::EDIT_FLAGS,
        Action::Run(edit::run),
    ),
    command(
        "set",
        "set one value of an encrypted file, which is given as JSON",
        "file index value",
        table::SET_FLAGS,
        Action::Run(set::run),
    ),
    command(
        "unset",
        "remove one value or branch of an encrypted file",
        "file index",
        table::UNSET_FLAGS,
        Action::Run(unset::run),
    ),
];
