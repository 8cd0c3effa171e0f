//! The controlling terminal, also when input and output are pipes.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, Once, PoisonError};

use nixseal_base::prompt::PromptError;
use nixseal_base::secret::SecretText;
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use rustix::termios::{tcgetattr, tcsetattr};
use signal_hook::consts::SIGTERM;
use zeroize::Zeroizing;

/// Longest line that is typed, its end included; terminals drop what is beyond it.
const LONGEST: usize = 4096;

/// `/dev/tty`, open for both ways.
pub(super) struct Terminal(File);

impl Terminal {
    /// The terminal of this process, where it has one.
    pub(super) fn open() -> Option<Self> {
        File::options()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .ok()
            .map(Self)
    }

    /// Writes `text` as it is.
    pub(super) fn show(&self, text: &str) {
        let _ = (&self.0).write_all(text.as_bytes());
    }

    /// Asks for a line that is seen while typed.
    pub(super) fn line(&self, question: &str) -> Result<String, PromptError> {
        self.show(question);
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                None if line.is_empty() => return Err(PromptError::Cancelled),
                None | Some(b'\n') => break,
                Some(byte) => line.push(byte),
            }
        }
        Ok(String::from_utf8_lossy(&line)
            .trim_end_matches('\r')
            .to_owned())
    }

    /// Asks for a line that is not seen. Keys that would raise a signal are
    /// read here, so that the terminal is always set back.
    pub(super) fn secret(&self, question: &str) -> Result<SecretText, PromptError> {
        let quiet = Quiet::begin(&self.0).map_err(|error| failed(&error))?;
        self.show(question);
        let answer = self.typed(quiet.signals);
        self.show("\n");
        drop(quiet);
        answer
    }

    /// A line, unless one of the keys for `signals` ends it. The terminal gives one line at a time.
    fn typed(&self, signals: [u8; 2]) -> Result<SecretText, PromptError> {
        let mut line = Zeroizing::new(vec![0; LONGEST]);
        let length = self.read(&mut line)?;
        let text = match line.get(..length).unwrap_or_default() {
            [] => return Err(PromptError::Cancelled),
            [.., last] if *last != 0 && signals.contains(last) => {
                return Err(PromptError::Cancelled);
            }
            // Without a line end where the end of input was typed.
            text => text.strip_suffix(b"\n").unwrap_or(text),
        };
        match std::str::from_utf8(text) {
            Ok(text) => Ok(SecretText::new(text.to_owned())),
            Err(_) => Err(PromptError::Failed(
                "what was typed is not UTF-8".to_owned(),
            )),
        }
    }

    fn byte(&self) -> Result<Option<u8>, PromptError> {
        let mut byte = [0];
        let read = self.read(&mut byte)?;
        Ok((read > 0).then_some(byte[0]))
    }

    fn read(&self, bytes: &mut [u8]) -> Result<usize, PromptError> {
        loop {
            match (&self.0).read(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(|error| failed(&error)),
            }
        }
    }
}

fn failed(error: &io::Error) -> PromptError {
    PromptError::Failed(format!("the terminal: {error}"))
}

/// Echo is off while this lives.
///
/// Lines are still put together by the terminal: what was typed ahead, with the end of input in
/// it, would be taken apart otherwise. Keys that raise signals end a line instead.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
    signals: [u8; 2],
}

impl<'a> Quiet<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let codes = &before.special_codes;
        let signals = [
            codes[SpecialCodeIndex::VINTR],
            codes[SpecialCodeIndex::VQUIT],
        ];
        let mut quiet = before.clone();
        let local = &mut quiet.local_modes;
        local.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        local.insert(LocalModes::ICANON);
        // A whole character is removed by a backspace.
        let input = &mut quiet.input_modes;
        input.insert(InputModes::ICRNL | InputModes::IUTF8);
        quiet.special_codes[SpecialCodeIndex::VEOL] = signals[0];
        quiet.special_codes[SpecialCodeIndex::VEOL2] = signals[1];
        set_back_when_ended();
        let shared = (terminal.try_clone()?, before.clone());
        *QUIET.lock().unwrap_or_else(PoisonError::into_inner) = Some(shared);
        tcsetattr(terminal, OptionalActions::Drain, &quiet)?;
        Ok(Self {
            terminal,
            before,
            signals,
        })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Drain, &self.before);
        *QUIET.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The terminal whose echo is off, and how it was before.
static QUIET: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// From now on, a signal that ends the process sets the terminal back first: whoever sees the
/// shell again must see what they type. Where the terminal itself goes (SIGHUP) there is nobody.
fn set_back_when_ended() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without it the signal does what it always did.
        let _ = watch(SIGTERM);
    });
}

fn watch(signal: i32) -> io::Result<()> {
    let (mut told, telling) = UnixStream::pair()?;
    std::thread::Builder::new().spawn(move || {
        if told.read_exact(&mut [0]).is_err() {
            return;
        }
        let quiet = QUIET.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((terminal, before)) = &*quiet {
            let _ = tcsetattr(terminal, OptionalActions::Now, before);
        }
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    })?;
    signal_hook::low_level::pipe::register(signal, telling)?;
    Ok(())
}
