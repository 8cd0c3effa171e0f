//! The only printer: data to standard output, everything else to standard error.
//!
//! Rules of the house: messages start in lower case and end without a full
//! stop; `error:`, `warning:` and `hint:` stand first; colour only repeats what
//! the words say, only on a terminal and never under `NO_COLOR`. A closed pipe
//! is not an error: whoever reads has enough.

mod askpass;
mod count;
mod finding;
pub(crate) mod progress;
mod prompter;
mod report;
pub(crate) mod table;
mod terminal;

pub(crate) use count::counted;
pub(crate) use prompter::UserPrompter;

use std::cell::Cell;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use nixseal_base::diag::{Diagnostic, Severity};
use nixseal_base::env::{Environment, NO_COLOR, TERM};
use nixseal_lint::Finding;

use crate::failure::{Exit, Failure, Outcome};

/// Standard output and standard error of this run.
pub(crate) struct Ui {
    colours: Colours,
    broken: Cell<Option<io::ErrorKind>>,
}

/// Where colours are wanted.
#[derive(Clone, Copy)]
struct Colours {
    out: bool,
    err: bool,
}

/// How a piece of text is set off.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Bold,
    Dim,
    Good,
    Bad,
    Odd,
    Gone,
    Title,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Odd => "1;33",
            Self::Gone => "31",
            Self::Title => "4",
        }
    }
}

impl Ui {
    /// The printer of the running process.
    pub(crate) fn of_process(environment: &Environment) -> Self {
        let wanted =
            environment.value(&NO_COLOR).is_none() && environment.text(&TERM) != Some("dumb");
        let colours = Colours {
            out: wanted && io::stdout().is_terminal(),
            err: wanted && io::stderr().is_terminal(),
        };
        Self {
            colours,
            broken: Cell::new(None),
        }
    }

    /// Writes data to standard output; a failure is remembered and ends the
    /// run with code 1 in [`Ui::finish`].
    pub(crate) fn data(&self, bytes: &[u8]) {
        self.note(io::stdout().lock().write_all(bytes));
    }

    /// Writes a line of data to standard output.
    pub(crate) fn line(&self, text: impl Display) {
        self.data(format!("{text}\n").as_bytes());
    }

    /// Writes a question to standard output and leaves the cursor behind it.
    pub(crate) fn ask(&self, question: &str) {
        self.data(question.as_bytes());
        self.note(io::stdout().lock().flush());
    }

    /// Standard output for a long stream, unbuffered; its errors are the caller's.
    pub(crate) fn stream(&self) -> io::Result<File> {
        use std::os::fd::AsFd as _;
        let mut stdout = io::stdout().lock();
        stdout.flush()?;
        stdout.as_fd().try_clone_to_owned().map(File::from)
    }

    /// Writes a line to standard error, as it is.
    pub(crate) fn say(&self, text: impl Display) {
        say(text);
    }

    /// Text for standard output, set off where colours are wanted.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        paint(self.colours.out, style, text)
    }

    /// Whether standard error is a terminal, so that progress may be drawn.
    pub(crate) fn has_progress(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Whether standard output is a terminal.
    pub(crate) fn out_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// How many columns fit on standard output; as a terminal of old where it is none.
    pub(crate) fn width(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(io::stdout());
        let columns = size.map_or(0, |size| usize::from(size.ws_col));
        if columns > 0 { columns } else { 80 }
    }

    /// Shows a finding with its source line and hints on standard error.
    pub(crate) fn report(&self, diagnostic: &Diagnostic) {
        let (word, style) = match diagnostic.severity {
            Severity::Error => ("error:", Style::Bad),
            Severity::Warning => ("warning:", Style::Odd),
        };
        let word = paint(self.colours.err, style, word);
        self.say(report::render(
            &word,
            diagnostic,
            &paint(self.colours.err, Style::Bold, "hint:"),
        ));
    }

    /// Shows what a check found on standard output; values are masked in it already.
    pub(crate) fn found(&self, finding: &Finding) {
        self.line(finding::render(finding, |style, text| {
            paint(self.colours.out, style, text)
        }));
    }

    /// Shows a warning without a place.
    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.report(&Diagnostic::warning(message));
    }

    /// Ends a native command: reports a failure and gives its exit code.
    pub(crate) fn conclude(&self, outcome: Outcome) -> u8 {
        match outcome {
            Ok(exit) => exit as u8,
            Err(Failure { exit, diagnostics }) => {
                diagnostics
                    .iter()
                    .for_each(|diagnostic| self.report(diagnostic));
                exit as u8
            }
        }
    }

    /// The process's exit code; output that could not be written counts.
    pub(crate) fn finish(&self, code: u8) -> ExitCode {
        self.note(io::stdout().lock().flush());
        match self.broken.get() {
            None | Some(io::ErrorKind::BrokenPipe) => ExitCode::from(code),
            Some(kind) => {
                // As the system says it, since scripts look for that.
                let reason = match kind {
                    io::ErrorKind::StorageFull => "no space left on device".to_owned(),
                    other => other.to_string(),
                };
                self.report(&Diagnostic::error(format!(
                    "cannot write to standard output: {reason}"
                )));
                ExitCode::from(if code == 0 { Exit::Failed as u8 } else { code })
            }
        }
    }

    fn note(&self, written: io::Result<()>) {
        if let Err(error) = written
            && self.broken.get().is_none()
        {
            self.broken.set(Some(error.kind()));
        }
    }
}

/// Writes a line to standard error, as it is, from wherever there is no [`Ui`].
/// One write a line, so that lines of several threads do not mix.
pub(crate) fn say(text: impl Display) {
    let _ = io::stderr()
        .lock()
        .write_all(format!("{text}\n").as_bytes());
}

fn paint(wanted: bool, style: Style, text: &str) -> String {
    if wanted {
        format!("\x1b[{}m{text}\x1b[0m", style.code())
    } else {
        text.to_owned()
    }
}
