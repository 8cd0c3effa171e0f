//! Where `age` reads from and writes to, and what it does not let onto a terminal.

use std::fs::File;
use std::io::{self, Cursor, IsTerminal as _, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nixseal_age::ARMOR_END;
use nixseal_base::fs::{self, Creation, FsError, Output};
use zeroize::Zeroizing;

use super::complaint::{Complaint, Stop};
use super::options::{Destination, Job};
use crate::personalities::go_text::{cause_text, path_error, quoted};
use crate::ui::Ui;

/// A new file has the mode that the umask leaves, and its folder is there.
const NEW_FILE: Creation = Creation {
    mode: 0o666,
    parents: false,
};

/// The input, opened.
pub(super) struct Source {
    reader: Reader,
    /// What error messages call it.
    name: String,
    /// Whether it is standard input, which then serves for nothing else.
    pub(super) is_stdin: bool,
    from_terminal: bool,
}

enum Reader {
    File(File),
    Typed(Cursor<Vec<u8>>),
}

impl Source {
    /// Opens the input of `job`. Ciphertext that is typed or pasted is read up
    /// to its end at once, so that a prompt does not get in between.
    pub(super) fn open(job: &Job<'_>) -> Result<Self, Complaint> {
        if let Some(path) = job.input {
            return Self::file(path);
        }
        let stdin = standard_input().map_err(|cause| {
            Complaint::new(format!(
                "failed to read standard input: {}",
                cause_text(&cause)
            ))
        })?;
        let from_terminal = stdin.is_terminal();
        let reader = if from_terminal && job.work.is_decryption() {
            let typed = typed_ciphertext(stdin).map_err(|cause| {
                let cause = cause_text(&cause);
                Complaint::new(format!("failed to buffer terminal input: {cause}"))
            })?;
            Reader::Typed(Cursor::new(typed))
        } else {
            Reader::File(stdin)
        };
        Ok(Self {
            reader,
            name: "/dev/stdin".to_owned(),
            is_stdin: true,
            from_terminal,
        })
    }

    fn file(path: &Path) -> Result<Self, Complaint> {
        let file = fs::open(path).map_err(|error| {
            let quoted = quoted(path.as_os_str().as_bytes());
            let cause = path_error("open", path, &error.cause);
            Complaint::new(format!("failed to open input file {quoted}: {cause}"))
        })?;
        Ok(Self {
            reader: Reader::File(file),
            name: path.display().to_string(),
            is_stdin: false,
            from_terminal: false,
        })
    }

    /// What error messages call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Looks at the start for what Windows shells make of a file when they
    /// redirect output, and gives all of the input.
    pub(super) fn check_intro(mut self) -> Result<impl Read + Send, Complaint> {
        let mut start = Vec::new();
        let read = (&mut self)
            .take(CRLF_INTRO.len() as u64)
            .read_to_end(&mut start);
        read.map_err(|cause| {
            let cause = path_error("read", Path::new(&self.name), &cause);
            Complaint::new(format!("failed to read header: {cause}"))
        })?;
        if start == CRLF_INTRO || start == UTF16_INTRO {
            return Err(Complaint::new("invalid header intro")
                .hint("it looks like this file was corrupted by PowerShell redirection")
                .hint("consider using -o or -a to encrypt files in PowerShell"));
        }
        Ok(Cursor::new(start).chain(self))
    }
}

/// The first line of a file, with its line end turned into that of Windows.
const CRLF_INTRO: &[u8] = b"age-encryption.org/v1\r";

/// The same number of bytes of that line in UTF-16.
const UTF16_INTRO: &[u8] = b"\xff\xfea\0g\0e\0-\0e\0n\0c\0r\0y\0p\0";

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.reader {
            Reader::File(file) => file.read(buffer),
            Reader::Typed(bytes) => bytes.read(buffer),
        }
    }
}

/// Standard input without the buffer that `std::io::stdin` would put before it.
pub(in crate::personalities) fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

fn typed_ciphertext(mut terminal: File) -> io::Result<Vec<u8>> {
    let end = format!("{ARMOR_END}\n");
    let mut typed = Vec::new();
    let mut line = [0; 4096];
    loop {
        let count = terminal.read(&mut line)?;
        typed.extend_from_slice(line.get(..count).unwrap_or_default());
        let ended = typed
            .windows(end.len())
            .any(|window| window == end.as_bytes());
        if count == 0 || ended {
            return Ok(typed);
        }
    }
}

/// Where the result will go, decided before anything is asked or read.
pub(super) struct Plan<'a> {
    destination: Destination<'a>,
    hold: bool,
    check: bool,
    /// What fails where the place cannot be opened.
    action: &'static str,
}

impl<'a> Plan<'a> {
    /// Decides for `job`, whose input is `source`.
    pub(super) fn new(job: &Job<'a>, source: &Source, ui: &Ui) -> Result<Self, Complaint> {
        let terminal = ui.out_is_terminal() && !matches!(job.output, Destination::File(_));
        let unasked = terminal && matches!(job.output, Destination::Default);
        let decrypting = job.work.is_decryption();
        if unasked && !decrypting && !job.armor {
            return Err(binary().hint("did you mean to use -a/--armor?").hint(FORCE));
        }
        let check = unasked && decrypting;
        Ok(Self {
            destination: job.output,
            // Both on a terminal: what comes out waits until all is typed.
            hold: check || (terminal && source.from_terminal),
            check,
            action: if decrypting {
                ""
            } else {
                "failed to write header: "
            },
        })
    }

    /// Opens the place for the result. A file appears only at the end.
    pub(super) fn open(&self, ui: &Ui) -> Result<Sink, Complaint> {
        let (writer, name) = match self.destination {
            _ if self.hold => (Writer::Held(Vec::new()), STDOUT.to_owned()),
            Destination::File(path) => {
                let file = Output::create(path, NEW_FILE)
                    .map_err(|error| cannot_create(self.action, &error))?;
                (Writer::File(Box::new(file)), path.display().to_string())
            }
            Destination::Default | Destination::Forced => {
                let stream = ui.stream().map_err(|cause| {
                    Complaint::new(path_error("write", Path::new(STDOUT), &cause))
                })?;
                (Writer::Stdout(stream), STDOUT.to_owned())
            }
        };
        Ok(Sink {
            writer,
            name,
            check: self.check,
        })
    }
}

const STDOUT: &str = "/dev/stdout";
const FORCE: &str = "force anyway with \"-o -\"";

fn binary() -> Complaint {
    Complaint::new("refusing to output binary to the terminal")
}

fn cannot_create(action: &str, error: &FsError) -> Complaint {
    let cause = path_error("open", &error.path, &error.cause);
    Complaint::new(format!("{action}{cause}"))
}

/// Where the result goes.
pub(super) struct Sink {
    writer: Writer,
    name: String,
    check: bool,
}

enum Writer {
    Stdout(File),
    File(Box<Output>),
    /// Plaintext for a terminal, in blocks that never move.
    Held(Vec<Zeroizing<Vec<u8>>>),
}

impl Sink {
    /// Puts the result in place.
    pub(super) fn finish(self, ui: &Ui) -> Result<(), Stop> {
        match self.writer {
            Writer::Stdout(_) => Ok(()),
            Writer::File(output) => output.finish().map_err(|error| {
                let cause = cause_text(&error.cause);
                let name = quoted(&self.name);
                Complaint::new(format!("failed to close output file {name}: {cause}")).into()
            }),
            Writer::Held(blocks) => {
                if self.check && !is_printable(&blocks) {
                    return Err(binary().hint(FORCE).into());
                }
                blocks.iter().for_each(|block| ui.data(block));
                Ok(())
            }
        }
    }

    /// Why writing failed. Nobody has to be told that a reader had enough.
    pub(super) fn stop(&self, cause: &io::Error) -> Stop {
        let closed = cause.kind() == io::ErrorKind::BrokenPipe;
        if closed && matches!(self.writer, Writer::Stdout(_)) {
            return Stop::PipeClosed;
        }
        Complaint::new(path_error("write", Path::new(&self.name), cause)).into()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Writer::Stdout(stream) => stream.write(bytes),
            Writer::File(output) => output.write(bytes),
            Writer::Held(blocks) => {
                blocks.push(Zeroizing::new(bytes.to_vec()));
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Stdout(stream) => stream.flush(),
            Writer::File(output) => output.flush(),
            Writer::Held(_) => Ok(()),
        }
    }
}

/// Whether a terminal can show it: no control characters but line ends and
/// tabs. As in `age`, bytes that are no text at all do not count.
fn is_printable(blocks: &[Zeroizing<Vec<u8>>]) -> bool {
    // A character may lie across two blocks.
    let whole = Zeroizing::new(
        blocks
            .iter()
            .map(|block| block.as_slice())
            .collect::<Vec<_>>()
            .concat(),
    );
    let harmless = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    whole
        .utf8_chunks()
        .all(|chunk| chunk.valid().chars().all(harmless))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_not_printable() {
        let printable = |bytes: &[&[u8]]| {
            let blocks: Vec<_> = bytes
                .iter()
                .map(|block| Zeroizing::new(block.to_vec()))
                .collect();
            is_printable(&blocks)
        };
        assert!(printable(&[]));
        assert!(printable(&[b"one\r\n\ttwo", "é".as_bytes()]));
        assert!(printable(&[b"\xff"]));
        for control in ["\0", "\x1b[2J", "\x7f", "\u{9b}"] {
            assert!(!printable(&[b"text", control.as_bytes()]), "{control:?}");
        }
        assert!(!printable(&[b"\xc2", b"\x9b"]));
    }
}
