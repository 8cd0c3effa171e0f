//! Telling git about encrypted files: settings, attributes and a hook, put in and taken out.

use std::path::{Path, PathBuf};

use nixseal_base::fs::{Creation, FsError, read_text, replace};

use crate::command::{Git, GitError};

/// Largest attributes file or hook that is read, in bytes.
const LIMIT: usize = 1 << 20;
/// What our lines in `.gitattributes` end with.
const ATTRIBUTES: &str = "diff=nixseal merge=nixseal";
/// What the hook runs, found again in hooks that others wrote.
const CHECK: &str = "git check";

/// What to set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program as hooks and settings call it, quoted for a shell.
    pub program: String,
    /// Patterns of encrypted files, as in `.gitattributes`.
    pub patterns: Vec<String>,
    /// Show values in differences; else they are masked.
    pub values: bool,
    /// Install the hook.
    pub hook: bool,
}

/// What was done, one line each, and what the user has to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Done.
    pub done: Vec<String>,
    /// Left to the user.
    pub open: Vec<String>,
}

/// Why it could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// git refused.
    #[error("{0}")]
    Git(#[from] GitError),
    /// A file cannot be read or written.
    #[error("{0}")]
    Fs(#[from] FsError),
}

/// Sets up the repository whose work tree is `top`. Twice is as once.
///
/// # Errors
/// [`SetupError`]; settings that were made before it stay.
pub fn set_up(git: &Git, top: &Path, setup: &Setup) -> Result<Report, SetupError> {
    let mut report = Report::default();
    let program = &setup.program;
    let values = if setup.values { " --values" } else { "" };
    let settings = [
        (
            "merge.nixseal.name",
            "encrypted files, by their values".to_owned(),
        ),
        (
            "merge.nixseal.driver",
            format!("{program} git merge %O %A %B %P"),
        ),
        (
            "diff.nixseal.textconv",
            format!("{program} git textconv{values}"),
        ),
        ("diff.nixseal.cachetextconv", "false".to_owned()),
    ];
    for (name, value) in settings {
        if git.setting(name)?.as_deref() != Some(value.as_str()) {
            git.run(&["config", "--local", name, &value], b"")?;
            report.done.push(format!("set {name}"));
        }
    }
    let path = top.join(".gitattributes");
    let old = existing(&path)?.unwrap_or_default();
    let new = with_patterns(&old, &setup.patterns);
    if new != old {
        replace(&path, new.as_bytes(), Creation::PUBLIC)?;
        report.done.push(format!("wrote {}", path.display()));
        report
            .open
            .push("commit .gitattributes, so that other clones use it too".to_owned());
    }
    if setup.hook {
        hook(git, program, &mut report)?;
    }
    Ok(report)
}

/// Takes out what [`set_up`] put in.
///
/// # Errors
/// [`SetupError`].
pub fn take_out(git: &Git, top: &Path) -> Result<Report, SetupError> {
    let mut report = Report::default();
    for section in ["merge.nixseal", "diff.nixseal"] {
        let any = git.setting(&format!(
            "{section}.{}",
            if section.starts_with('m') {
                "driver"
            } else {
                "textconv"
            }
        ))?;
        if any.is_some() {
            git.run(&["config", "--local", "--remove-section", section], b"")?;
            report.done.push(format!("removed the settings {section}"));
        }
    }
    let path = top.join(".gitattributes");
    if let Some(old) = existing(&path)? {
        let new: String = old
            .split_inclusive('\n')
            .filter(|line| !line.trim_end().ends_with(ATTRIBUTES))
            .collect();
        if new != old {
            replace(&path, new.as_bytes(), Creation::PUBLIC)?;
            report.done.push(format!("wrote {}", path.display()));
        }
    }
    let path = hook_path(git)?;
    if let Some(text) = existing(&path)?.filter(|text| text.contains(CHECK)) {
        if is_ours(&text) {
            std::fs::remove_file(&path).map_err(GitError::Start)?;
            report.done.push(format!("removed {}", path.display()));
        } else {
            report.open.push(format!(
                "take the line with `nixseal {CHECK}` out of {}",
                path.display()
            ));
        }
    }
    Ok(report)
}

fn hook(git: &Git, program: &str, report: &mut Report) -> Result<(), SetupError> {
    let path = hook_path(git)?;
    match existing(&path)? {
        Some(text) if text.contains(CHECK) && (!is_ours(&text) || text == hook_text(program)) => {}
        Some(text) if !is_ours(&text) => report.open.push(format!(
            "there is a hook of yours: add the line `{program} {CHECK} || exit 1` to {}",
            path.display()
        )),
        _ => {
            let executable = Creation {
                mode: 0o755,
                ..Creation::PUBLIC
            };
            replace(&path, hook_text(program).as_bytes(), executable)?;
            report.done.push(format!("wrote {}", path.display()));
        }
    }
    Ok(())
}

fn hook_text(program: &str) -> String {
    format!("#!/bin/sh\n# Written by `nixseal git setup`.\nexec {program} {CHECK}\n")
}

fn is_ours(hook: &str) -> bool {
    hook.contains("# Written by `nixseal git setup`.")
}

fn hook_path(git: &Git) -> Result<PathBuf, GitError> {
    Ok(git
        .path(&["rev-parse", "--git-path", "hooks"])?
        .join("pre-commit"))
}

/// The attributes with a line for every pattern that has none yet; all others stay.
fn with_patterns(old: &str, patterns: &[String]) -> String {
    let mut text = old.to_owned();
    for pattern in patterns {
        let line = format!("{} {ATTRIBUTES}", quoted(pattern));
        if text.lines().any(|old| old.trim() == line) {
            continue;
        }
        if !(text.is_empty() || text.ends_with('\n')) {
            text.push('\n');
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// A pattern with blanks stands in quotes (gitattributes(5)).
fn quoted(pattern: &str) -> String {
    if pattern.contains([' ', '\t', '"']) || pattern.starts_with('#') {
        let escaped = pattern.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{escaped}\"");
    }
    pattern.to_owned()
}

fn existing(path: &Path) -> Result<Option<String>, FsError> {
    match read_text(path, LIMIT) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_others_stay() {
        let patterns = ["*.age".to_owned(), "my secrets/*.yaml".to_owned()];
        let line = "*.age diff=nixseal merge=nixseal\n";
        let quoted = "\"my secrets/*.yaml\" diff=nixseal merge=nixseal\n";
        assert_eq!(with_patterns("", &patterns), format!("{line}{quoted}"));
        let old = format!("*.png binary\n{line}*.x text");
        let new = format!("{old}\n{quoted}");
        assert_eq!(with_patterns(&old, &patterns), new);
        assert_eq!(with_patterns(&new, &patterns), new);
    }
}
