//! Draws what commands print on a terminal as an SVG picture, for the documentation.
//!
//! `picture TITLE OUT.svg < SCRIPT` runs every line of the script with `sh` on a terminal, one after the other, in the
//! current folder. A line that begins with `@` runs unseen, to prepare things; one with `$ shown ## typed` shows the
//! first and runs the second.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a tool of the documentation, not of users"
)]

mod drawing;
mod styles;

use std::io::Read as _;
use std::process::{Command, ExitCode};
use std::time::Duration;

use nixseal_testkit::pty::Terminal;

use crate::styles::{Line, lines_of, prompt, wrapped};

/// Tools that are built while a picture is made may take this long.
const LIMIT: Duration = Duration::from_secs(300);

/// Width of the terminal.
const COLUMNS: usize = 116;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [title, out] = arguments.as_slice() else {
        eprintln!("usage: picture TITLE OUT.svg < SCRIPT");
        return ExitCode::from(2);
    };
    let mut script = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut script) {
        eprintln!("cannot read the script: {error}");
        return ExitCode::FAILURE;
    }
    let mut lines = Vec::new();
    for step in script.lines().filter(|line| !line.trim().is_empty()) {
        lines.extend(run(step));
    }
    match std::fs::write(out, drawing::svg(title, &lines)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write '{out}': {error}");
            ExitCode::FAILURE
        }
    }
}

/// What one line of the script shows.
fn run(step: &str) -> Vec<Line> {
    if let Some(unseen) = step.strip_prefix('@') {
        let finished = shell(unseen);
        assert!(finished.0, "'{unseen}' failed: {}", finished.1);
        return Vec::new();
    }
    let (shown, typed) = step.split_once(" ## ").unwrap_or((step, step));
    let (_, output) = shell(typed);
    let mut lines = vec![prompt(shown)];
    let output = lines_of(&output);
    lines.extend(output.into_iter().flat_map(|line| wrapped(line, COLUMNS)));
    lines.push(Line::default());
    lines
}

/// Whether a command succeeded, and what it printed.
fn shell(command: &str) -> (bool, String) {
    let mut child = Command::new("/bin/sh");
    child.args(["-c", command]);
    let finished = Terminal::start(child).with_limit(LIMIT).finish();
    (finished.status.success(), finished.output)
}
