//! Telling units that something changed: by the lists that the switch of NixOS reads, or by
//! `systemctl`.

use std::path::Path;
use std::process::{Command, Stdio};

use nixseal_base::env::Environment;
use nixseal_base::fs::{self, Folder};
use nixseal_base::process;

use crate::changes::UnitLists;
use crate::events::Events;

/// Where the lists are.
const LISTS: &str = "/run/nixos";

/// Endings of names of units.
const TYPES: [&str; 11] = [
    ".service",
    ".socket",
    ".device",
    ".mount",
    ".automount",
    ".swap",
    ".target",
    ".path",
    ".timer",
    ".slice",
    ".scope",
];

/// How units are told.
#[derive(Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub(crate) events: &'a dyn Events,
    pub(crate) environment: &'a Environment,
    pub(crate) systemctl: bool,
    /// Whether they are the user's.
    pub(crate) user: bool,
    /// Nothing is to happen, only to be said.
    pub(crate) dry: bool,
    /// Whether the dry lists are written then.
    pub(crate) lists_when_dry: bool,
    /// Keep to the letter of what sops-install-secrets does.
    pub(crate) exact: bool,
}

/// Whether a name can be one of a unit (`systemd.unit(5)`).
pub(crate) fn is_unit_name(name: &str) -> bool {
    let allowed = |letter: char| {
        letter.is_ascii_alphanumeric() || matches!(letter, ':' | '-' | '_' | '.' | '\\' | '@')
    };
    let Some(kind) = TYPES.iter().find(|kind| name.ends_with(**kind)) else {
        return false;
    };
    let prefix = name.strip_suffix(*kind).unwrap_or_default();
    !prefix.is_empty() && !prefix.starts_with('@') && name.len() <= 255 && name.chars().all(allowed)
}

impl Teller<'_> {
    /// Tells them; gives what went wrong.
    pub(crate) fn tell(&self, units: &UnitLists) -> Vec<String> {
        if units.is_empty() {
            return Vec::new();
        }
        match (self.systemctl, self.dry) {
            (true, false) => self.run_all(units),
            (true, true) => {
                self.would(units);
                Vec::new()
            }
            (false, true) if !self.lists_when_dry => {
                self.would(units);
                Vec::new()
            }
            (false, dry) => {
                let prefix = if dry { "dry-activation" } else { "activation" };
                let lists = [("restart", &units.restart), ("reload", &units.reload)];
                let write = |(verb, units): (&str, &Vec<String>)| {
                    append(&format!("{prefix}-{verb}-list"), units).err()
                };
                lists.into_iter().filter_map(write).collect()
            }
        }
    }

    fn would(&self, units: &UnitLists) {
        for unit in &units.restart {
            self.events.err(&format!("would restart {unit}"));
        }
        for unit in &units.reload {
            self.events.err(&format!("would reload {unit}"));
        }
    }

    fn run_all(&self, units: &UnitLists) -> Vec<String> {
        let mut problems = Vec::new();
        let unknown = match self.exact {
            true => Vec::new(),
            false => self.unknown(units),
        };
        for unit in &unknown {
            problems.push(format!(
                "there is no unit '{unit}': correct its name where restartUnits and reloadUnits are \
                 set"
            ));
        }
        for (verb, list) in [
            ("try-restart", &units.restart),
            ("try-reload-or-restart", &units.reload),
        ] {
            let known: Vec<&String> = list.iter().filter(|unit| !unknown.contains(unit)).collect();
            if known.is_empty() {
                continue;
            }
            // What it waits for may wait for us.
            let mut arguments: Vec<&str> = self.scope().to_vec();
            arguments.extend(["--no-block", verb]);
            arguments.extend(known.iter().map(|unit| unit.as_str()));
            if let Err(reason) = self.run(&arguments) {
                let shown = arguments.join(" ");
                problems.push(format!("error running 'systemctl {shown}': {reason}"));
            }
        }
        problems
    }

    fn scope(&self) -> &'static [&'static str] {
        if self.user { &["--user"] } else { &[] }
    }

    fn systemctl(&self) -> Command {
        let found = process::find_program(self.environment, "systemctl");
        process::command(found.unwrap_or_else(|| "systemctl".into()))
    }

    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        let output = self
            .systemctl()
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|cause| cause.to_string())?;
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(text);
            text.lines().for_each(|line| self.events.err(line));
        }
        match output.status.code() {
            Some(0) => Ok(()),
            Some(code) => Err(format!("exit status {code}")),
            None => Err(output.status.to_string()),
        }
    }

    /// The units that systemd does not know, asked in one call.
    fn unknown(&self, units: &UnitLists) -> Vec<String> {
        let all: Vec<&String> = units.restart.iter().chain(&units.reload).collect();
        let output = self
            .systemctl()
            .args(self.scope())
            .args(["show", "--property=LoadState", "--value", "--"])
            .args(&all)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let Ok(output) = output else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&output.stdout);
        // One line a unit, with blank lines between.
        let states: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        if states.len() != all.len() {
            return Vec::new();
        }
        let unknown = all.iter().zip(states);
        unknown
            .filter(|(_, state)| *state == "not-found")
            .map(|(unit, _)| (*unit).clone())
            .collect()
    }
}

/// Adds lines to a list; nothing where the switch is not running.
fn append(name: &str, units: &[String]) -> Result<(), String> {
    if units.is_empty() {
        return Ok(());
    }
    let text = |error: fs::FsError| error.to_string();
    let folder = match Folder::open(Path::new(LISTS)) {
        Ok(folder) => folder,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(text(error)),
    };
    let lines: String = units.iter().map(|unit| format!("{unit}\n")).collect();
    folder.append(name, lines.as_bytes(), 0o600).map_err(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_units() {
        for name in [
            "nginx.service",
            "a@b.service",
            "dev-x\\x2dy.mount",
            "a.b.timer",
        ] {
            assert!(is_unit_name(name), "{name}");
        }
        for name in [
            "",
            "nginx",
            ".service",
            "a b.service",
            "a/b.service",
            "@x.service",
            "nginx.servic",
            "ä.service",
            "-x\n.service",
        ] {
            assert!(!is_unit_name(name), "{name}");
        }
    }
}
