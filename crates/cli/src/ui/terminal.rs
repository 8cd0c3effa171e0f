//! The controlling terminal, also when input and output are pipes.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, Once, PoisonError};

use nixseal_base::prompt::PromptError;
use nixseal_base::secret::{SecretText, wipe};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use rustix::termios::{tcgetattr, tcsetattr};
use signal_hook::consts::SIGTERM;

/// Longest secret that is typed; beyond it characters are dropped.
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
        let answer = self.typed();
        self.show("\n");
        drop(quiet);
        answer
    }

    fn typed(&self) -> Result<SecretText, PromptError> {
        const INTERRUPT: u8 = 0x03;
        const END: u8 = 0x04;
        const BACKSPACE: u8 = 0x08;
        const KILL_LINE: u8 = 0x15;
        const DELETE: u8 = 0x7f;
        // Never grown, so that no copy stays behind in freed memory.
        let mut line = Vec::with_capacity(LONGEST);
        loop {
            match self.byte() {
                Ok(Some(b'\n' | b'\r')) => break,
                Ok(None | Some(END)) if !line.is_empty() => break,
                Ok(None | Some(INTERRUPT | END)) => {
                    wipe(&mut line);
                    return Err(PromptError::Cancelled);
                }
                Ok(Some(BACKSPACE | DELETE)) => remove_character(&mut line),
                Ok(Some(KILL_LINE)) => line.clear(),
                Ok(Some(byte)) if line.len() < LONGEST => line.push(byte),
                Ok(Some(_)) => {}
                Err(error) => {
                    wipe(&mut line);
                    return Err(error);
                }
            }
        }
        String::from_utf8(line)
            .map(SecretText::new)
            .map_err(|error| {
                wipe(&mut error.into_bytes());
                PromptError::Failed("what was typed is not UTF-8".to_owned())
            })
    }

    fn byte(&self) -> Result<Option<u8>, PromptError> {
        let mut byte = [0];
        loop {
            match (&self.0).read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(&error)),
            }
        }
    }
}

fn remove_character(line: &mut Vec<u8>) {
    // A character is one byte and the continuation bytes (10xxxxxx) after it.
    while let Some(byte) = line.pop() {
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
}

fn failed(error: &io::Error) -> PromptError {
    PromptError::Failed(format!("the terminal: {error}"))
}

/// Echo is off while this lives.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        set_back_when_ended();
        let shared = (terminal.try_clone()?, before.clone());
        *QUIET.lock().unwrap_or_else(PoisonError::into_inner) = Some(shared);
        tcsetattr(terminal, OptionalActions::Drain, &quiet)?;
        Ok(Self { terminal, before })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_character_is_removed() {
        let mut line = "aé".as_bytes().to_vec();
        remove_character(&mut line);
        assert_eq!(line, b"a");
        remove_character(&mut line);
        remove_character(&mut line);
        assert!(line.is_empty());
    }
}
