//! Files of keys, one a line, read the way Go's `bufio.Scanner` does.

use std::io::{self, Read};
use std::path::Path;

use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;

use super::streams::standard_input;
use crate::personalities::go_text::path_error;

/// Most bytes of a file of keys that are looked at.
pub(in crate::personalities) const MOST_KEYS: usize = 16 << 20;

/// Longest line that the scanner takes.
const LONGEST_LINE: usize = 64 * 1024;

/// Standard input, which can serve for one purpose only.
pub(super) struct Stdin {
    in_use: bool,
}

impl Stdin {
    /// `in_use` when it is the input already.
    pub(super) fn new(in_use: bool) -> Self {
        Self { in_use }
    }

    /// Reads the file at `path`, `-` for standard input, up to `limit` bytes;
    /// what is beyond is not looked at.
    pub(super) fn read_file(
        &mut self,
        path: &Path,
        failed_to_open: &str,
        limit: usize,
    ) -> Result<SecretBytes, String> {
        let opened = if path.as_os_str() == "-" {
            if std::mem::replace(&mut self.in_use, true) {
                return Err("standard input is used for multiple purposes".to_owned());
            }
            standard_input().map_err(|cause| path_error("open", Path::new("/dev/stdin"), &cause))
        } else {
            fs::open(path).map_err(|error| path_error("open", path, &error.cause))
        };
        let file = opened.map_err(|cause| format!("{failed_to_open}: {cause}"))?;
        read_start(file, limit).map_err(|cause| path_error("read", path, &cause))
    }
}

/// The first `limit` bytes of `source`.
pub(in crate::personalities) fn read_start(
    source: impl Read,
    limit: usize,
) -> io::Result<SecretBytes> {
    SecretBytes::read_from(source.take(limit as u64), limit)
}

/// The lines of a file of keys that are neither empty nor comments, numbered
/// from 1; the error when a line is longer than any scanner takes.
pub(in crate::personalities) fn key_lines(
    content: &[u8],
) -> impl Iterator<Item = Result<(usize, &[u8]), String>> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    lines.filter_map(|(index, line)| {
        if line.len() >= LONGEST_LINE {
            return Some(Err("bufio.Scanner: token too long".to_owned()));
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let counts = !line.is_empty() && !line.starts_with(b"#");
        counts.then_some(Ok((index + 1, line)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_skipped() {
        let lines: Vec<_> = key_lines(b"# a\n\none\r\n two\n#")
            .map(Result::unwrap)
            .collect();
        assert_eq!(lines, [(3, &b"one"[..]), (4, b" two")]);
        assert_eq!(key_lines(b"").count(), 0);
        assert_eq!(key_lines(b"\n\n").count(), 0);
        assert!(key_lines(&[b'x'; LONGEST_LINE]).next().unwrap().is_err());
    }
}
