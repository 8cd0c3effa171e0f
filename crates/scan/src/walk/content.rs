//! Reads files piece by piece and searches them.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags, SeekFrom, Stat};
use zeroize::Zeroizing;

use super::folder::Folder;
use super::hits::Hits;
use super::{Walk, add, locked};
use crate::finding::Place;
use crate::matcher::Occurrence;
use crate::shapes::Shape;

/// Bytes that are read at once: they stay in the cache of a core.
const PIECE: usize = 64 * 1024;
/// Bytes of a large file that one task reads.
const SEGMENT: u64 = 32 * 1024 * 1024;
/// What is read of a file that says it is empty, as those of the kernel do.
const MOST_OF_EMPTY: u64 = 16 * 1024 * 1024;
/// Bytes that the system counts as one block of a file.
const BLOCK: u64 = 512;

/// What a thread needs to search files; kept for the next.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Zeroizing<Vec<u8>>,
    scratch: Scratch,
}

/// Room for what is found in one piece.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) values: Vec<Occurrence>,
    pub(super) shapes: Vec<Shape>,
}

/// A file that several tasks may read.
struct Open {
    handle: OwnedFd,
    path: Arc<Path>,
    size: u64,
}

impl<'a> Walk<'a> {
    /// Reads some files of a folder.
    pub(super) fn files<'s>(
        &'s self,
        scope: &rayon::Scope<'s>,
        folder: &Arc<Folder>,
        names: &[CString],
    ) {
        if names.is_empty() {
            return;
        }
        let mut buffer = locked(&self.buffers).pop().unwrap_or_default();
        if buffer.bytes.is_empty() {
            buffer.bytes = Zeroizing::new(vec![0; PIECE + self.span]);
        }
        for name in names {
            self.file(scope, folder, name, &mut buffer);
        }
        locked(&self.buffers).push(buffer);
    }

    fn file<'s>(
        &'s self,
        scope: &rayon::Scope<'s>,
        folder: &Folder,
        name: &CString,
        buffer: &mut Buffer,
    ) {
        let path = || folder.join(name.to_bytes());
        // Opening a FIFO that took the file's place must not wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened =
            rustix::fs::openat(&folder.handle, name, flags | OFlags::NOCTTY, Mode::empty())
                .and_then(|handle| Ok((rustix::fs::fstat(&handle)?, handle)));
        let (stat, handle) = match opened {
            Ok(opened) => opened,
            Err(cause) => return self.failed(&path(), cause),
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return add(&self.counters.special, 1);
        }
        if self.is_done(&stat) {
            return;
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        add(&self.counters.files, 1);
        self.watcher.file(size);
        let sparse = is_sparse(&stat, size);
        if size <= SEGMENT && !sparse {
            let mut hits = Hits::default();
            match self.range(&handle, (0, size), size, buffer, &mut hits) {
                Ok(()) => {}
                Err(cause) => self.failed(&path(), cause),
            }
            return self.keep(hits, path);
        }
        let open = Arc::new(Open {
            handle,
            path: Arc::from(path()),
            size,
        });
        match sparse {
            true => self.extents(scope, &open),
            false => self.segments(scope, &open, 0, size),
        }
    }

    /// Hands out what of a sparse file is data; holes hold nothing.
    fn extents<'s>(&'s self, scope: &rayon::Scope<'s>, open: &Arc<Open>) {
        let mut from = 0;
        while from < open.size {
            let data = match rustix::fs::seek(&open.handle, SeekFrom::Data(from)) {
                Ok(data) => data,
                Err(rustix::io::Errno::NXIO) => return,
                // A file system that knows no holes.
                Err(_) => return self.segments(scope, open, from, open.size),
            };
            let hole = rustix::fs::seek(&open.handle, SeekFrom::Hole(data));
            let hole = hole.unwrap_or(open.size).max(data + 1);
            self.segments(scope, open, data, hole);
            from = hole;
        }
    }

    fn segments<'s>(&'s self, scope: &rayon::Scope<'s>, open: &Arc<Open>, from: u64, to: u64) {
        let mut begin = from;
        while begin < to {
            let end = (begin + SEGMENT).min(to);
            let open = Arc::clone(open);
            scope.spawn(move |_| {
                let mut buffer = locked(&self.buffers).pop().unwrap_or_default();
                if buffer.bytes.is_empty() {
                    buffer.bytes = Zeroizing::new(vec![0; PIECE + self.span]);
                }
                let mut hits = Hits::default();
                let range = (begin, end);
                if let Err(cause) =
                    self.range(&open.handle, range, open.size, &mut buffer, &mut hits)
                {
                    self.failed(&open.path, cause);
                }
                self.keep(hits, || open.path.to_path_buf());
                locked(&self.buffers).push(buffer);
            });
            begin = end;
        }
    }

    /// Searches what begins in a range of a file, and reads as far beyond as that may reach.
    fn range(
        &self,
        handle: &OwnedFd,
        (from, to): (u64, u64),
        size: u64,
        Buffer { bytes, scratch }: &mut Buffer,
        hits: &mut Hits,
    ) -> rustix::io::Result<()> {
        let limit = match size {
            0 => MOST_OF_EMPTY,
            _ => to.saturating_add(self.span as u64),
        };
        let mut total = 0;
        // The place of the buffer in the file, and how much of it was searched already.
        let (mut base, mut kept) = (from, 0);
        loop {
            let place = base + kept as u64;
            let room = bytes.get_mut(kept..kept + PIECE).unwrap_or_default();
            let read = match rustix::io::pread(handle, room, place) {
                Ok(read) => read,
                Err(rustix::io::Errno::INTR) => continue,
                Err(cause) => return Err(cause),
            };
            total += read as u64;
            let filled = kept + read;
            let text = bytes.get(..filled).unwrap_or_default();
            let reached = base + filled as u64;
            let is_last = read == 0 || reached >= limit || reached == size && size > 0;
            hits.piece(
                self.search,
                text,
                base,
                kept,
                to.max(limit * u64::from(size == 0)),
                is_last,
                scratch,
            );
            if is_last {
                break;
            }
            let keep = filled.min(self.span);
            bytes.copy_within(filled - keep..filled, 0);
            base += (filled - keep) as u64;
            kept = keep;
        }
        add(&self.counters.bytes, total);
        Ok(())
    }

    fn keep(&self, hits: Hits, path: impl FnOnce() -> std::path::PathBuf) {
        if hits.is_empty() {
            return;
        }
        let path: Arc<Path> = Arc::from(path());
        let found = hits.findings(self.search, &path, |offset| Place::Content { offset });
        locked(&self.findings).extend(found);
    }
}

fn is_sparse(stat: &Stat, size: u64) -> bool {
    // Small files may stand in their inodes, without blocks.
    size > PIECE as u64 && u64::try_from(stat.st_blocks).unwrap_or(0) * BLOCK < size
}
