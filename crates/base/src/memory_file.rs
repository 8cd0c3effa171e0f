//! A file that is nowhere but in memory, for programs that want a path.
//!
//! It has no name in any folder: it is reached through the process that holds it, by this user
//! only, and is gone with that process and those that inherited it.

use std::io;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
use std::os::fd::{AsRawFd as _, OwnedFd};

/// The file; open as long as this value lives, and in programs that this process becomes or
/// starts.
#[derive(Debug)]
pub struct MemoryFile {
    #[cfg(target_os = "linux")]
    file: OwnedFd,
}

impl MemoryFile {
    /// Makes a file with that content, which nobody can change.
    ///
    /// # Errors
    /// When there is no room; on systems other than Linux.
    #[cfg(target_os = "linux")]
    pub fn new(content: &[u8]) -> io::Result<Self> {
        use rustix::fs::{MemfdFlags, Mode, SealFlags};
        use std::io::Write as _;
        // Without CLOEXEC: the program that this process becomes shall have it.
        let file = rustix::fs::memfd_create("nixseal", MemfdFlags::ALLOW_SEALING)?;
        let mut writer = std::fs::File::from(file);
        writer.write_all(content)?;
        let file = OwnedFd::from(writer);
        rustix::fs::fchmod(&file, Mode::RUSR)?;
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&file, seals)?;
        Ok(Self { file })
    }

    /// Makes a file with that content, which nobody can change.
    ///
    /// # Errors
    /// Always: only Linux has such files.
    #[cfg(not(target_os = "linux"))]
    pub fn new(_content: &[u8]) -> io::Result<Self> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "only Linux has files in memory",
        ))
    }

    /// A path to it, good also in programs that this process becomes, and in their children.
    pub fn path(&self) -> PathBuf {
        #[cfg(target_os = "linux")]
        {
            let number = self.file.as_raw_fd();
            format!("/proc/{}/fd/{number}", std::process::id()).into()
        }
        #[cfg(not(target_os = "linux"))]
        PathBuf::new()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_from_the_beginning_and_never_written() {
        let file = MemoryFile::new(b"secret").unwrap();
        for _ in 0..2 {
            assert_eq!(std::fs::read(file.path()).unwrap(), b"secret");
        }
        // Also who may override modes cannot write.
        let opened = std::fs::File::options().append(true).open(file.path());
        let written = opened.and_then(|mut file| {
            use std::io::Write as _;
            file.write_all(b"more")
        });
        assert!(written.is_err());
        let path = file.path();
        drop(file);
        assert!(std::fs::read(path).is_err());
    }
}
