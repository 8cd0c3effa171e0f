//! `nixseal git`: what git runs, and how it comes to do so.

mod check;
mod merge;
mod setup;
mod textconv;

use crate::args::Git;
use crate::context::Context;
use crate::failure::Outcome;

/// Runs one of them.
pub(crate) fn run(context: &Context, command: &Git) -> Outcome {
    match command {
        Git::Setup(arguments) => setup::run(context, arguments),
        Git::Check => check::run(context),
        Git::Merge(arguments) => merge::run(context, arguments),
        Git::Textconv(arguments) => textconv::run(context, arguments),
    }
}
