//! `ramfs`, and `tmpfs` that is not swapped where the kernel (6.4 and later) can do that.

use std::ffi::CString;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::{Path, PathBuf};

use nixseal_base::fs::Folder;
use rustix::fs::{AtFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;
use rustix::mount::MountFlags;

use super::{MemoryFileSystems, cannot_look};
use crate::manifest::{FileSystem, Layout};

/// Magic numbers of the kernel (`linux/magic.h`).
const RAMFS: u64 = 0x8584_58f6;
const TMPFS: u64 = 0x0102_1994;

pub(super) struct System;

impl MemoryFileSystems for System {
    fn is_mounted(&self, folder: &Folder, wanted: FileSystem) -> Result<bool, String> {
        let magic = match wanted {
            FileSystem::Ramfs => RAMFS,
            FileSystem::Tmpfs => TMPFS,
            FileSystem::None => return Ok(true),
        };
        let found = rustix::fs::fstatfs(folder).map_err(|cause| {
            let path = folder.path().display();
            format!("cannot get statfs for directory '{path}': {cause}")
        })?;
        // The type of the field has 32 or 64 bits, with or without a sign.
        #[expect(clippy::cast_sign_loss, reason = "only the lower 32 bits count")]
        let found_magic = found.f_type as u64 & 0xffff_ffff;
        Ok(found_magic == magic && is_root_of_mount(folder)?)
    }

    fn mount(&self, folder: &Folder, wanted: FileSystem, layout: Layout) -> Result<(), String> {
        let mut flags = MountFlags::NODEV | MountFlags::NOSUID;
        // Programs in secrets of agenix may be run.
        if layout == Layout::SopsNix {
            flags |= MountFlags::NOEXEC;
        }
        let target = target(folder);
        let mount = |kind: &str, options: &str| {
            let options = CString::new(options).map_err(|_| Errno::INVAL)?;
            rustix::mount::mount("none", &target, kind, flags, Some(options.as_c_str()))
        };
        match wanted {
            FileSystem::None => Ok(()),
            FileSystem::Ramfs => mount("ramfs", "mode=0751")
                .map_err(|cause| format!("cannot mount: {}", text(cause))),
            FileSystem::Tmpfs => match mount("tmpfs", "mode=0751,noswap") {
                Err(Errno::INVAL) => mount("tmpfs", "mode=0751").map_err(|cause| {
                    let cause = text(cause);
                    format!("cannot mount (fallback without noswap failed): {cause}")
                }),
                other => other.map_err(|cause| format!("cannot mount: {}", text(cause))),
            },
        }
    }
}

fn text(cause: Errno) -> String {
    let text = std::io::Error::from(cause).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

fn is_root_of_mount(folder: &Folder) -> Result<bool, String> {
    let flags = AtFlags::EMPTY_PATH;
    match rustix::fs::statx(folder, "", flags, StatxFlags::BASIC_STATS) {
        Ok(found)
            if found
                .stx_attributes_mask
                .contains(StatxAttributes::MOUNT_ROOT) =>
        {
            Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
        }
        // Before Linux 5.8: another file system than that of the folder above.
        _ => {
            let look = |cause: Errno| cannot_look(folder.path(), text(cause));
            let own = rustix::fs::fstat(folder).map_err(look)?;
            let above = rustix::fs::statat(folder, "..", AtFlags::empty()).map_err(look)?;
            Ok(own.st_dev != above.st_dev)
        }
    }
}

/// The folder that is held, whatever its path means by now.
fn target(folder: &Folder) -> PathBuf {
    let held = format!("/proc/self/fd/{}", folder.as_fd().as_raw_fd());
    match Path::new(&held).exists() {
        true => held.into(),
        // In an initrd there may be no /proc yet, and nobody else.
        false => folder.path().to_owned(),
    }
}
