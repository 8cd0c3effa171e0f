//! What every command gets from the outside, made once in `main`.

use std::path::PathBuf;

use nixseal_base::env::Environment;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::ui::Ui;

/// The rim of the program as values.
pub(crate) struct Context {
    /// Environment at start.
    pub(crate) environment: Environment,
    /// This binary, to be run again as a watcher.
    pub(crate) program: PathBuf,
    /// The only printer.
    pub(crate) ui: Ui,
}

impl Context {
    /// That of the running process.
    pub(crate) fn of_process() -> Self {
        let environment = Environment::of_process();
        let ui = Ui::of_process(&environment);
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
        Self {
            environment,
            program,
            ui,
        }
    }
}

/// Keeps secrets out of core dumps and away from other processes of the user.
pub(crate) fn guard_memory() {
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
