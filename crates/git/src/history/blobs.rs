//! Contents of the past: one `git cat-file` for all of them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::Arc;

use nixseal_base::secret::SecretBytes;

use crate::command::{Git, GitError};

/// Largest content that is looked at, in bytes; secrets are small.
const LIMIT: u64 = 64 * 1024 * 1024;

/// The running program.
pub(super) struct Blobs {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Blobs {
    pub(super) fn open(git: &Git) -> Result<Self, GitError> {
        let mut child = git.start(&["cat-file", "--batch"])?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = output.ok_or(GitError::Answer("cat-file"))?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// One content; none where it is too large, or not there as in partial clones.
    pub(super) fn get(&mut self, id: &str) -> Result<Option<SecretBytes>, GitError> {
        if let Some(input) = &mut self.input {
            let sent = input.write_all(format!("{id}\n").as_bytes());
            sent.and_then(|()| input.flush()).map_err(GitError::Start)?;
        }
        self.answer()
    }

    /// Many of them, in order.
    pub(super) fn all(&mut self, ids: &[Arc<str>]) -> Result<Vec<Option<SecretBytes>>, GitError> {
        let asked: String = ids.iter().flat_map(|id| [id, "\n"]).collect();
        let mut input = self.input.take();
        let answers = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let sent = input
                    .as_mut()
                    .map(|input| input.write_all(asked.as_bytes()));
                let _ = sent;
                input
            });
            let answers = ids.iter().map(|_| self.answer()).collect();
            (answers, writer.join().ok().flatten())
        });
        self.input = answers.1;
        answers.0
    }

    fn answer(&mut self) -> Result<Option<SecretBytes>, GitError> {
        let mut head = String::new();
        let read = self.output.read_line(&mut head);
        read.map_err(GitError::Start)?;
        let unexpected = || GitError::Answer("cat-file");
        let mut words = head.split_ascii_whitespace().skip(1);
        let (kind, size) = (words.next().ok_or_else(unexpected)?, words.next());
        let Some(size) = size else {
            return match kind {
                "missing" => Ok(None),
                _ => Err(unexpected()),
            };
        };
        let size: u64 = size.parse().map_err(|_| unexpected())?;
        let mut content = self.output.by_ref().take(size);
        let bytes = match size <= LIMIT {
            true => {
                let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
                content.read_to_end(&mut bytes).map_err(GitError::Start)?;
                Some(SecretBytes::new(bytes))
            }
            false => {
                let mut sink = std::io::sink();
                std::io::copy(&mut content, &mut sink).map_err(GitError::Start)?;
                None
            }
        };
        let mut end = [0];
        self.output.read_exact(&mut end).map_err(GitError::Start)?;
        Ok(bytes.filter(|_| kind == "blob"))
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        drop(self.input.take());
        // What it has not told yet nobody wants to know.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
