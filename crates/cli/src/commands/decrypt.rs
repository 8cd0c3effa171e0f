//! `nixseal decrypt`: any age file or stream.

use std::io::BufReader;
use std::path::Path;

use nixseal_age::OpenFile;

use super::Session;
use super::streams::{self, Secrecy, Target};
use crate::args::Decrypt;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// Decrypts a stream of any length in constant memory.
pub(crate) fn run(context: &Context, arguments: &Decrypt) -> Outcome {
    let session = Session::new(context)?;
    let keyring = session.keyring(&arguments.identities, None)?;
    let name = arguments
        .input
        .as_deref()
        .unwrap_or(Path::new("standard input"));
    let named = |error: nixseal_age::Error| Failure::new(format!("'{}': {error}", name.display()));
    let input = BufReader::new(streams::input(arguments.input.as_deref())?);
    let file = OpenFile::parse(input).map_err(named)?;
    let plaintext = file.decrypt::<Failure>(|header| {
        Ok(keyring.open(header.stanzas(), &name.display().to_string())?)
    })?;
    let mut target = Target::create(arguments.output.as_deref(), Secrecy::Private)?;
    plaintext.write_to(&mut target).map_err(named)?;
    target.finish()?;
    Ok(Exit::Done)
}
