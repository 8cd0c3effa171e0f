//! RAM disks of macOS: made by `hdiutil`, formatted with HFS, and mounted.
//!
//! There is no telling that a mounted volume is in memory, so a marker file says it, as sops-nix
//! has it.

use std::process::Stdio;

use nixseal_base::fs::Folder;
use nixseal_base::process;

use super::{MemoryFileSystems, cannot_look};
use crate::manifest::{FileSystem, Layout};

/// The file that marks a volume of ours; the name is that of sops-nix.
const MARKER: &str = "sops-nix-secretfs";

/// Bytes of a sector.
const SECTOR: u64 = 512;

pub(super) struct System;

impl MemoryFileSystems for System {
    fn is_mounted(&self, folder: &Folder, _wanted: FileSystem) -> Result<bool, String> {
        let marker = folder.status(MARKER);
        let marker = marker.map_err(|error| cannot_look(folder.path(), error))?;
        Ok(marker.is_some())
    }

    fn mount(&self, folder: &Folder, _wanted: FileSystem, layout: Layout) -> Result<(), String> {
        let mebibytes: u64 = match layout {
            Layout::Agenix => 512,
            Layout::SopsNix => 64,
        };
        let sectors = mebibytes * 1024 * 1024 / SECTOR;
        let disk = run(
            "hdiutil",
            &["attach", "-nomount", &format!("ram://{sectors}")],
        )
        .map_err(|reason| format!("cannot execute hdiutil: {reason}"))?;
        let disk = disk.trim();
        let format = |reason| format!("cannot create hfs filesystem at '{disk}': {reason}");
        match layout {
            Layout::Agenix => run("newfs_hfs", &["-v", "agenix", disk]).map_err(format)?,
            Layout::SopsNix => run("newfs_hfs", &["-s", disk]).map_err(format)?,
        };
        let target = folder.path().display().to_string();
        let options = "nobrowse,nodev,nosuid,-m=0751";
        run("mount", &["-t", "hfs", "-o", options, disk, &target])
            .map_err(|reason| format!("cannot mount '{disk}' to '{target}': {reason}"))?;
        let mounted = Folder::open(folder.path()).map_err(|error| error.to_string())?;
        let marked = mounted.write(MARKER, b"", 0o644, None);
        marked.map_err(|error| error.to_string())
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = process::command(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| cause.to_string())?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let reason = String::from_utf8_lossy(&output.stderr);
            Err(format!("{}: {}", output.status, reason.trim()))
        }
    }
}
