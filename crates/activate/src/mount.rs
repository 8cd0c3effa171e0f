//! File systems that are nowhere but in memory.

use std::path::Path;

use nixseal_base::fs::Folder;

use crate::manifest::{FileSystem, Layout};

/// What mounts them; each system has its own.
pub(crate) trait MemoryFileSystems {
    /// Whether the wanted one is mounted on a folder already.
    fn is_mounted(&self, folder: &Folder, wanted: FileSystem) -> Result<bool, String>;

    /// Mounts it, over whatever is there.
    fn mount(&self, folder: &Folder, wanted: FileSystem, layout: Layout) -> Result<(), String>;
}

/// That of the running system.
pub(crate) fn of_system() -> impl MemoryFileSystems {
    system::System
}

#[cfg(target_os = "linux")]
#[path = "mount/linux.rs"]
mod system;

#[cfg(target_os = "macos")]
#[path = "mount/macos.rs"]
mod system;

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod system {
    use super::{FileSystem, Folder, Layout, MemoryFileSystems};

    pub(super) struct System;

    impl MemoryFileSystems for System {
        fn is_mounted(&self, _: &Folder, _: FileSystem) -> Result<bool, String> {
            Ok(false)
        }

        fn mount(&self, _: &Folder, _: FileSystem, _: Layout) -> Result<(), String> {
            Err("this system has no file systems in memory".to_owned())
        }
    }
}

/// In the words of sops-install-secrets.
fn cannot_look(path: &Path, cause: impl std::fmt::Display) -> String {
    format!(
        "cannot check if directory '{}' is a mountpoint: {cause}",
        path.display()
    )
}
