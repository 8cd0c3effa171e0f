//! `sops completion`, and the hidden flag that shells ask with.

use std::ffi::OsString;

use super::commands::{self, Action, Command};
use super::failure::Outcome;
use super::flags::Flag;
use super::session::Session;
use super::table;
use crate::context::Context;

/// The flag with which completions ask, always the last word.
const ASK: &str = "--generate-bash-completion";

const BASH: &str = r#"# completions of sops for bash
_sops_complete() {
  [[ "${COMP_WORDS[0]}" == "source" ]] && return 0
  local word="${COMP_WORDS[COMP_CWORD]}" ask=()
  [[ "$word" == -* ]] && ask=("$word")
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$("${COMP_WORDS[@]:0:COMP_CWORD}" "${ask[@]}" --generate-bash-completion)" -- "$word"))
}
complete -o bashdefault -o default -o nospace -F _sops_complete sops
"#;

const ZSH: &str = r#"#compdef sops

_sops() {
  local -a offers
  local word="${words[CURRENT]}"
  if [[ "$word" == -* ]]; then
    offers=("${(@f)$("${(@)words[1,CURRENT-1]}" "$word" --generate-bash-completion)}")
  else
    offers=("${(@f)$("${(@)words[1,CURRENT-1]}" --generate-bash-completion)}")
  fi
  if [[ -n "${offers[1]}" ]]; then
    _describe 'values' offers
  else
    _files
  fi
}

compdef _sops sops
"#;

/// Runs `sops completion bash`.
pub(super) fn bash(session: &Session<'_>) -> Outcome {
    session.context.ui.data(BASH.as_bytes());
    Ok(0)
}

/// Runs `sops completion zsh`.
pub(super) fn zsh(session: &Session<'_>) -> Outcome {
    session.context.ui.data(ZSH.as_bytes());
    Ok(0)
}

/// Answers a shell; false when none asks.
pub(super) fn answer(context: &Context, words: &[OsString]) -> bool {
    let Some((last, words)) = words.split_last() else {
        return false;
    };
    if last != ASK {
        return false;
    }
    let mut offered: &[Command] = &commands::ALL;
    let mut flags = table::GLOBAL;
    let mut inside = false;
    for word in words {
        if let Some(command) = Command::named(offered, word) {
            flags = command.flags;
            inside = true;
            offered = match command.action {
                Action::Group(below) => below,
                _ => &[],
            };
        }
    }
    let asks_flags = words
        .last()
        .filter(|word| word.as_encoded_bytes().starts_with(b"-"));
    if let Some(word) = asks_flags {
        let short = !word.as_encoded_bytes().starts_with(b"--");
        let names = flags.iter().flat_map(|flag| names(flag, short));
        names.for_each(|name| context.ui.line(name));
    } else if !inside || !offered.is_empty() {
        let names = offered.iter().map(|command| command.name);
        names
            .chain(["help", "h"])
            .for_each(|name| context.ui.line(name));
    }
    true
}

fn names(flag: &Flag, short: bool) -> impl Iterator<Item = String> {
    let names = flag.names.iter();
    names
        .filter(move |name| short || name.len() > 1)
        .map(|name| match name.len() {
            1 => format!("-{name}"),
            _ => format!("--{name}"),
        })
}
