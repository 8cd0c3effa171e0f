//! What the real `sops` makes of many files, in one process of it: see `tests/oracle`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::peers;

/// The data key of all encrypted files.
pub const DATA_KEY: [u8; 32] = [7; 32];

/// A running oracle.
pub struct Oracle {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// How to encrypt.
#[derive(Clone, Copy, Debug, Default)]
pub struct Encryption<'a> {
    /// Field and text of the selector, none for no selector at all.
    pub selector: Option<(&'a str, &'a str)>,
    /// Whether only encrypted values are in the MAC.
    pub mac_only_encrypted: bool,
}

/// What `sops` made of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The tree: `{…}` maps with `kHEX:` before each value, `[…]` lists, `sHEX` text, `i…`, `f…`
    /// with the bits in hexadecimal, `b…`, `t…`, `n` for null, `CHEX` and `IHEX` for comments and
    /// inline ones. A line for each document; empty for an encrypted file.
    pub tree: String,
    /// The file that it writes.
    pub file: Vec<u8>,
}

/// That `sops` refused a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The exit code; -1 for a panic.
    pub code: i32,
    /// Its message.
    pub message: String,
}

impl Oracle {
    /// Starts one.
    #[track_caller]
    pub fn new() -> Self {
        let mut process = Command::new(peers::sops_oracle())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start the oracle");
        let input = process.stdin.take();
        let output = process.stdout.take().map(BufReader::new);
        Self {
            process,
            input,
            output: output.expect("its output is a pipe"),
        }
    }

    /// Reads a plain file and writes it again. `format` is named as by `sops`.
    ///
    /// # Errors
    /// When `sops` refuses it.
    pub fn plain(&mut self, format: &str, file: &[u8]) -> Result<Answer, Refusal> {
        self.ask("plain", format, Encryption::default(), file)
    }

    /// Encrypts a plain file with [`DATA_KEY`].
    ///
    /// # Errors
    /// When `sops` refuses it.
    pub fn encrypt(
        &mut self,
        format: &str,
        encryption: Encryption<'_>,
        file: &[u8],
    ) -> Result<Answer, Refusal> {
        self.ask("encrypt", format, encryption, file)
    }

    /// Decrypts a file that [`DATA_KEY`] encrypted, and checks its MAC.
    ///
    /// # Errors
    /// When `sops` refuses it.
    pub fn decrypt(&mut self, format: &str, file: &[u8]) -> Result<Answer, Refusal> {
        self.ask("decrypt", format, Encryption::default(), file)
    }

    fn ask(
        &mut self,
        operation: &str,
        format: &str,
        encryption: Encryption<'_>,
        file: &[u8],
    ) -> Result<Answer, Refusal> {
        // As the command: a tab for JSON, four columns for YAML.
        let indent = if format == "json" { -1 } else { 4 };
        let (selector, text) = encryption.selector.unwrap_or(("none", ""));
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let only = encryption.mac_only_encrypted;
        let mut question = format!(
            "{operation} {format} {indent} {only} {selector} x{hex} {}\n",
            file.len()
        )
        .into_bytes();
        question.extend_from_slice(file);
        let input = self.input.as_mut().expect("its input is a pipe");
        input.write_all(&question).expect("ask the oracle");
        input.flush().expect("ask the oracle");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("hear the oracle");
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |word: &str| word.parse::<usize>().expect("a number");
        match words.as_slice() {
            ["ok", tree, file] => Ok(Answer {
                tree: String::from_utf8(self.take(number(tree))).expect("the tree is text"),
                file: self.take(number(file)),
            }),
            ["refused", code, message] => Err(Refusal {
                code: code.parse().expect("a number"),
                message: String::from_utf8_lossy(&self.take(number(message))).into_owned(),
            }),
            _ => panic!("the oracle is gone, or says {line:?}"),
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).expect("hear the oracle");
        bytes
    }
}

impl Default for Oracle {
    fn default() -> Self {
        Self::new()
    }
}

/// It ends when its input does.
impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}
