//! One line on the terminal that says how far long work is.

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Ui;

/// Work shorter than this shows nothing.
const QUIET: Duration = Duration::from_millis(300);
/// At most this often the line is drawn.
const PACE: Duration = Duration::from_millis(80);

/// A counter that many threads may advance; the line is gone when it is dropped.
pub(crate) struct Progress {
    shown: bool,
    verb: &'static str,
    total: usize,
    state: Mutex<State>,
}

struct State {
    done: usize,
    next: Instant,
    drawn: bool,
}

impl Progress {
    /// Starts counting to `total`; draws only on a terminal.
    pub(crate) fn new(ui: &Ui, verb: &'static str, total: usize) -> Self {
        let state = State {
            done: 0,
            next: Instant::now() + QUIET,
            drawn: false,
        };
        Self {
            shown: ui.has_progress(),
            verb,
            total,
            state: Mutex::new(state),
        }
    }

    /// One more is done.
    pub(crate) fn advance(&self) {
        let mut state = self.state.lock().unwrap_or_else(|held| held.into_inner());
        state.done += 1;
        if self.shown && Instant::now() >= state.next {
            state.next = Instant::now() + PACE;
            state.drawn = true;
            let line = format!("\r\x1b[K{} {}/{}", self.verb, state.done, self.total);
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
    }
}

/// A line on the terminal that counts files and bytes whose number is not known before; it is gone
/// when it is dropped.
pub(crate) struct Tally {
    shown: bool,
    verb: &'static str,
    files: AtomicU64,
    bytes: AtomicU64,
    line: Mutex<Line>,
}

struct Line {
    next: Instant,
    drawn: bool,
}

impl Tally {
    /// Counts from nothing; draws only on a terminal.
    pub(crate) fn new(ui: &Ui, verb: &'static str) -> Self {
        Self {
            shown: ui.has_progress(),
            verb,
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            line: Mutex::new(Line {
                next: Instant::now() + QUIET,
                drawn: false,
            }),
        }
    }
}

impl nixseal_scan::walk::Watcher for Tally {
    fn file(&self, bytes: u64) {
        if !self.shown {
            return;
        }
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let files = self.files.fetch_add(1, Ordering::Relaxed) + 1;
        // Nobody waits for the terminal.
        let Ok(mut line) = self.line.try_lock() else {
            return;
        };
        if Instant::now() >= line.next {
            line.next = Instant::now() + PACE;
            line.drawn = true;
            let megabytes = bytes / 1_000_000;
            let text = format!("\r\x1b[K{} {files} files, {megabytes} MB", self.verb);
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if self.line.get_mut().map_or(true, |line| line.drawn) {
            let _ = std::io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let drawn = self.state.get_mut().map_or(true, |state| state.drawn);
        if drawn {
            let _ = std::io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}
