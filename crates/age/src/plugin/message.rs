//! Messages between client and plugin: stanzas on a pipe. They carry file keys
//! and answers of the user, so every buffer here is wiped.

use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::encoding::{self, COLUMNS, LINE_BYTES};

/// No plugin has a reason to send more in one message.
const MAXIMUM_MESSAGE: usize = 1024 * 1024;

/// One message: `-> kind args…` and a body.
pub(super) struct Message {
    pub(super) kind: String,
    pub(super) args: Vec<String>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Message {
    /// The body as text that is safe to show on a terminal.
    pub(super) fn shown(&self) -> String {
        printable(&String::from_utf8_lossy(&self.body))
    }
}

/// Text from a plugin without control characters: it must not steer a terminal.
pub(super) fn printable(text: &str) -> String {
    let safe = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.trim().chars().map(safe).collect()
}

/// The text of one message.
pub(super) fn encode(kind: &str, args: &[&str], body: &[u8]) -> Zeroizing<String> {
    let head: usize = args.iter().map(|argument| argument.len() + 1).sum();
    let lines = body.len() / LINE_BYTES + 1;
    let capacity = 4 + kind.len() + head + lines * (COLUMNS + 1);
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    text.push_str("-> ");
    text.push_str(kind);
    for argument in args {
        text.push(' ');
        text.push_str(argument);
    }
    text.push('\n');
    for line in body.chunks(LINE_BYTES) {
        STANDARD_NO_PAD.encode_string(line, &mut text);
        text.push('\n');
    }
    if body.len().is_multiple_of(LINE_BYTES) {
        text.push('\n');
    }
    text
}

/// Reads messages one after the other.
pub(super) struct MessageReader<R> {
    source: R,
    buffer: Zeroizing<Vec<u8>>,
    used: usize,
}

impl<R: Read> MessageReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Zeroizing::new(Vec::new()),
            used: 0,
        }
    }

    /// The next message, or why there is none.
    pub(super) fn read(&mut self) -> Result<Message, String> {
        let mut left = MAXIMUM_MESSAGE;
        let head = self.line(&mut left)?;
        let head = std::str::from_utf8(&head).map_err(|_| "it sent no text".to_owned())?;
        let mut words = head.split(' ');
        let (Some("->"), Some(kind)) = (words.next(), words.next()) else {
            return Err("it sent a line that starts no message".to_owned());
        };
        let kind = kind.to_owned();
        let args = words.map(str::to_owned).collect();
        let mut body = Zeroizing::new(Vec::with_capacity(LINE_BYTES * 2));
        loop {
            let line = self.line(&mut left)?;
            let decoded = encoding::decode(line.as_slice()).map(Zeroizing::new);
            let decoded = decoded.map_err(|reason| format!("it sent a damaged body: {reason}"))?;
            grow(&mut body, &decoded);
            match line.len() {
                COLUMNS => {}
                0..COLUMNS => return Ok(Message { kind, args, body }),
                _ => return Err("it sent a line that is too long".to_owned()),
            }
        }
    }

    fn line(&mut self, left: &mut usize) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut line = Zeroizing::new(Vec::with_capacity(COLUMNS + 1));
        loop {
            let unread = self.buffer.get(self.used..).unwrap_or_default();
            let end = unread.iter().position(|byte| *byte == b'\n');
            let taken = unread
                .get(..end.unwrap_or(unread.len()))
                .unwrap_or_default();
            *left = left
                .checked_sub(taken.len() + 1)
                .ok_or("it sent a message that is too long")?;
            grow(&mut line, taken);
            self.used += taken.len() + 1;
            if end.is_some() {
                return Ok(line);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), String> {
        let mut block = Zeroizing::new(vec![0; 4096]);
        let count = loop {
            match self.source.read(&mut block) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("reading from it failed: {error}")),
            }
        };
        if count == 0 {
            return Err("it ended without finishing".to_owned());
        }
        block.truncate(count);
        self.buffer = block;
        self.used = 0;
        Ok(())
    }
}

/// Appends without leaving the old allocation unwiped.
fn grow(target: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if target.capacity() < target.len() + more.len() {
        let mut larger = Vec::with_capacity((target.len() + more.len()) * 2);
        larger.extend_from_slice(target);
        *target = Zeroizing::new(larger);
    }
    target.extend_from_slice(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, as a slow pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let length = target.len().min(1);
            self.0.read(&mut target[..length])
        }
    }

    #[test]
    fn messages_round_trip_at_every_body_length() {
        for length in [0, 1, 47, 48, 49, 95, 96, 97, 500] {
            let body = vec![0xa5; length];
            let text = encode("kind", &["one", "2"], &body);
            let twice = [text.as_bytes(), text.as_bytes()].concat();
            let mut slow = MessageReader::new(Slow(&twice));
            let mut fast = MessageReader::new(twice.as_slice());
            for _ in 0..2 {
                for message in [slow.read().unwrap(), fast.read().unwrap()] {
                    assert_eq!(message.kind, "kind");
                    assert_eq!(message.args, ["one", "2"]);
                    assert_eq!(*message.body, body);
                }
            }
            assert!(fast.read().is_err());
        }
    }

    #[test]
    fn noise_is_refused() {
        let long = format!("-> {}\n\n", "x".repeat(MAXIMUM_MESSAGE));
        for input in ["", "\n", "hello\n", "->\n", "-> a\n", "-> a\n!!\n", &long] {
            assert!(MessageReader::new(input.as_bytes()).read().is_err());
        }
    }

    #[test]
    fn terminal_control_is_taken_out() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a [2Jb");
    }
}
