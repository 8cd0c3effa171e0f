//! Standard input as a whole: a new value, or a key.

use std::io;

use nixseal_base::secret::SecretBytes;
use rustix::fs::{OFlags, Stat, fcntl_getfl, fstat, stat};

use crate::failure::Failure;

/// Largest key on standard input, in bytes.
pub(crate) const KEY_LIMIT: usize = 1024 * 1024;

/// Everything on standard input, at most `limit` bytes.
///
/// # Errors
/// When it was closed, which is not the same as nothing; when it cannot be read.
pub(crate) fn standard_input(limit: usize) -> Result<SecretBytes, Failure> {
    open_standard_input(limit)?.ok_or_else(|| Failure::new("standard input is closed"))
}

/// The same for programs that stand in for others: where it was closed there is nothing on it.
/// Python, Docker and others start programs with `/dev/null` open for both ways, which cannot be
/// told from that, and what is typed for the original there is the empty text.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn input_or_nothing(limit: usize) -> Result<SecretBytes, Failure> {
    let nothing = || SecretBytes::copy_of(&[]);
    open_standard_input(limit).map(|input| input.unwrap_or_else(nothing))
}

/// The same; `None` where it was closed.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn open_standard_input(limit: usize) -> Result<Option<SecretBytes>, Failure> {
    if was_closed(&io::stdin()) {
        return Ok(None);
    }
    SecretBytes::read_from(io::stdin().lock(), limit)
        .map(Some)
        .map_err(|cause| Failure::new(format!("cannot read standard input: {cause}")))
}

/// Whether standard input was closed at start: then Rust's runtime has put
/// `/dev/null` there, open for both ways, as no shell does.
fn was_closed(stdin: &io::Stdin) -> bool {
    let both_ways = fcntl_getfl(stdin).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR);
    let device = |data: Result<Stat, _>| data.ok().map(|data| data.st_rdev);
    both_ways && device(fstat(stdin)) == device(stat("/dev/null"))
}
