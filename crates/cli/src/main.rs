//! One binary, several names: it is `nixseal`, and it is what it is called as.

mod args;
mod commands;
mod context;
mod failure;
mod input;
mod personalities;
mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

use nixseal_base::private_dir;

use crate::context::Context;
use crate::personalities::Personality;

/// musl's own allocator makes evaluation and many small files half as fast.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let name = if arguments.is_empty() {
        OsString::new()
    } else {
        arguments.remove(0)
    };
    if name == private_dir::WATCHER {
        let watched = arguments
            .first()
            .map(|folder| private_dir::watch(folder.as_ref()));
        return ExitCode::from(u8::from(!matches!(watched, Some(Ok(())))));
    }
    context::guard_memory();
    let context = Context::of_process();
    let code = match Personality::of(&name, &mut arguments) {
        Some(personality) => personality.run(&context, &name, &arguments),
        None => commands::run(&context, &arguments),
    };
    context.ui.finish(code)
}
