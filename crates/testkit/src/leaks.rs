//! A search for planted plaintext in all places where it could leak: files and
//! their names, arguments and environments of programs, everything written.
//!
//! The plaintext of a leak test holds a word that is nowhere else (see
//! [`Planted`]); it is looked for as it is, in hexadecimal and in base64.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::random::Random;
use crate::workdir::succeed;
use crate::{Workdir, peers};

/// A word planted in a plaintext, in each of the forms that are looked for.
pub struct Planted {
    word: String,
    forms: Vec<Vec<u8>>,
}

/// A place where the word was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sighting {
    /// In a file's name or content.
    File(PathBuf),
    /// In the arguments or the environment of a program that was started; its
    /// path.
    Program(String),
    /// In something written or sent; the file, or `pipe:[…]`, `socket:[…]`.
    Written(String),
}

impl Sighting {
    /// Whether it is in a file of a private folder of nixseal (its own name, in
    /// memory) that is gone meanwhile: where an editor may see the plaintext.
    pub fn was_private(&self) -> bool {
        let Self::Written(place) = self else {
            return false;
        };
        let place = Path::new(place.trim_end_matches(" (deleted)"));
        place.ancestors().any(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let private = name.starts_with("nixseal-") && !name.starts_with("nixseal-test-");
            let in_memory = ["/dev/shm", "/run"]
                .iter()
                .any(|root| folder.starts_with(root));
            private && in_memory && !folder.exists()
        })
    }
}

impl Planted {
    /// A word of 24 letters and digits that follows from `seed`.
    pub fn new(seed: u64) -> Self {
        let word = Random::new(seed).word(24);
        let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            word.clone().into_bytes(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
        ];
        forms.extend((0..3).map(|offset| base64_core(word.as_bytes(), offset)));
        Self { word, forms }
    }

    /// The word itself.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// Whether the word is in some bytes, in any form.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let holds = |form: &Vec<u8>| bytes.windows(form.len()).any(|part| part == form);
        self.forms.iter().any(holds)
    }

    /// All files under `folder` with the word in name or content. Symlinks are
    /// not followed; their targets' names count as content.
    ///
    /// # Panics
    /// When something there cannot be read.
    #[track_caller]
    pub fn search(&self, folder: &Path) -> Vec<Sighting> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .unwrap_or_else(|cause| panic!("cannot list '{}': {cause}", folder.display()));
            for entry in entries {
                let path = entry.expect("list a folder").path();
                if self.is_in(path.as_os_str().as_encoded_bytes()) || self.is_in(&content(&path)) {
                    found.push(Sighting::File(path.clone()));
                }
                if path.symlink_metadata().is_ok_and(|data| data.is_dir()) {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// Runs a command under `strace` and finds the word in the arguments and
    /// environments of it and all its descendants, and in everything they write
    /// to files, pipes, terminals and sockets. The caller says which of these are
    /// meant to be. The command must have been made complete before: of its
    /// settings, program, arguments, folder and variables count, and nothing else
    /// of the environment is passed on.
    ///
    /// # Panics
    /// When the command cannot be started.
    #[track_caller]
    pub fn watch(&self, command: &Command) -> (Output, Vec<Sighting>) {
        let work = Workdir::new();
        let log = work.join("log");
        let mut strace = Command::new(peers::program("strace"));
        strace
            .args(["-f", "-qq", "-v", "-y", "-xx", "-s", "10000000", "-e"])
            .arg("trace=execve,write,pwrite64,writev,pwritev,sendto,sendmsg,symlinkat,symlink")
            .args(["-e", "signal=none", "-o"])
            .arg(&log)
            .arg("--")
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .stdin(std::process::Stdio::null());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                strace.env(name, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            strace.current_dir(folder);
        }
        let output = strace.output().expect("start strace");
        let text = work.read_text("log");
        assert!(
            text.contains("execve("),
            "strace did not start {command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut found: Vec<_> = text.lines().filter_map(|line| self.in_call(line)).collect();
        found.sort();
        found.dedup();
        (output, found)
    }

    /// The word in one line of strace's log, where strings are `\xNN…`.
    fn in_call(&self, line: &str) -> Option<Sighting> {
        let (call, rest) = line.split_once('(')?;
        let call = call.rsplit(' ').next()?;
        if !self.is_in(&unescaped(rest)) {
            return None;
        }
        let place = |begin, end| {
            let (_, after) = rest.split_once(begin)?;
            let (inner, _) = after.split_once(end)?;
            Some(String::from_utf8_lossy(&unescaped(inner)).into_owned())
        };
        Some(match call {
            "execve" => Sighting::Program(place('"', '"').unwrap_or_default()),
            "symlink" | "symlinkat" => Sighting::Written(place('"', '"').unwrap_or_default()),
            // Without the right to look at the process there is only a number.
            _ => Sighting::Written(place('<', '>').unwrap_or_else(|| {
                let number = rest.split(',').next().unwrap_or_default();
                format!("descriptor {number}")
            })),
        })
    }
}

/// Checks that [`Planted::watch`] can work here: `strace` must be allowed to
/// follow a process.
#[track_caller]
pub fn can_watch() {
    let strace = peers::program("strace");
    succeed(Command::new(strace).args(["-qq", "-e", "trace=none", "true"]));
}

/// All bytes written as `\xNN` in a text, as one: what is between them counts
/// as an end, so that no word is found across two strings.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        if at > 0 {
            bytes.push(0);
        }
        let digits = rest.get(at + 2..at + 4).unwrap_or_default();
        bytes.push(u8::from_str_radix(digits, 16).unwrap_or(0));
        rest = rest.get(at + 4..).unwrap_or_default();
    }
    bytes
}

/// What of `word` is the same in base64 wherever it stands: `offset` is its
/// place in the group of three bytes it begins in.
fn base64_core(word: &[u8], offset: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (groups, _) = word
        .get((3 - offset) % 3..)
        .unwrap_or_default()
        .as_chunks::<3>();
    let letters = |[a, b, c]: &[u8; 3]| {
        let bits = u32::from(*a) << 16 | u32::from(*b) << 8 | u32::from(*c);
        [18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift & 63) as usize])
    };
    groups.iter().flat_map(letters).collect()
}

/// A file's bytes, a symlink's target; nothing for what is neither.
fn content(path: &Path) -> Vec<u8> {
    let Ok(data) = path.symlink_metadata() else {
        return Vec::new();
    };
    if data.is_symlink() {
        let target = fs::read_link(path).unwrap_or_default();
        target.into_os_string().into_encoded_bytes()
    } else if data.is_file() {
        fs::read(path).unwrap_or_else(|cause| panic!("cannot read '{}': {cause}", path.display()))
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(work: &Workdir, script: &str) -> Command {
        let mut command = work.command("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn files_and_names_are_searched_in_every_form() {
        let planted = Planted::new(1);
        let work = Workdir::new();
        work.write("clean", "nothing");
        assert_eq!(planted.search(work.path()), []);
        let word = planted.word().to_owned();
        let script = format!(
            "mkdir -p d; echo '{word}' >d/plain; echo x{word} | base64 -w0 >b; echo xy{word} | base64 -w0 >c; \
             echo {word} | base64 -w0 >e; echo {word} | od -An -tx1 | tr -d ' \\n' >h; \
             ln -s {word} l; touch n{word}"
        );
        succeed(&mut shell(&work, &script));
        let found = planted.search(work.path());
        let expected = ["b", "c", "d/plain", "e", "h", "l", &format!("n{word}")]
            .map(|name| Sighting::File(work.join(name)));
        assert_eq!(found, expected);
    }

    #[test]
    fn programs_and_writes_are_watched() {
        can_watch();
        let planted = Planted::new(2);
        let work = Workdir::new();
        work.write("in", planted.word());
        let (output, found) = planted.watch(&shell(&work, "read x <in; cat in >/dev/null"));
        assert!(output.status.success());
        assert_eq!(found, [Sighting::Written("/dev/null".to_owned())]);
        let (_, found) =
            planted.watch(&shell(&work, "X=$(cat in) /bin/true; /bin/false $(cat in)"));
        let pipe =
            |place: &Sighting| matches!(place, Sighting::Written(to) if to.starts_with("pipe:"));
        let found: Vec<_> = found.into_iter().filter(|place| !pipe(place)).collect();
        let expected = ["/bin/false", "/bin/true"].map(|path| Sighting::Program(path.to_owned()));
        assert_eq!(found, expected);
    }
}
