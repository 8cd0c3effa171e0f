//! nixseal's own commands: what they print, whom they ask, what they leave
//! behind when things go wrong.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make and break files on purpose, in folders of their own"
)]

#[path = "native/browser.rs"]
mod browser;
#[path = "native/faults.rs"]
mod faults;
#[path = "native/gates.rs"]
mod gates;
#[path = "native/git.rs"]
mod git;
#[path = "native/hooks.rs"]
mod hooks;
#[path = "native/leaks.rs"]
mod leaks;
#[path = "native/prompts.rs"]
mod prompts;
#[path = "native/repository.rs"]
mod repository;
#[path = "native/scan.rs"]
mod scan;
#[path = "native/scan_places.rs"]
mod scan_places;
#[path = "native/scripts.rs"]
mod scripts;
#[path = "native/sops_file.rs"]
mod sops_file;
#[path = "native/sops_tree.rs"]
mod sops_tree;
#[path = "native/status.rs"]
mod status;
#[path = "native/status_page.rs"]
mod status_page;
#[path = "native/tour.rs"]
mod tour;
