//! `nixseal convert`: between formats of SOPS, and between `.age` files and one SOPS file.
//!
//! New files and rules are written in one batch; originals are removed last, and only if asked.

mod format;
mod gather;
mod rules;
mod scatter;

use std::path::{Path, PathBuf};

use nixseal_base::fs::Batch;
use nixseal_document::Format;
use nixseal_repository::locate::normalize;
use nixseal_repository::sops::{Found, SopsFile, named_format};

use super::Session;
use crate::args::Convert;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

/// What a run works with.
struct Conversion<'a> {
    session: Session<'a>,
    arguments: &'a Convert,
    /// As typed.
    target: &'a Path,
    batch: Batch,
    /// What is new, as it is told.
    written: Vec<String>,
}

/// Converts, tells, and removes originals if asked.
pub(crate) fn run(context: &Context, arguments: &Convert) -> Outcome {
    let Some((target, sources)) = arguments.files.split_last() else {
        return Err(Failure::usage("name a file and what it shall become"));
    };
    let mut conversion = Conversion {
        session: Session::new(context)?,
        arguments,
        target,
        batch: Batch::new(),
        written: Vec::new(),
    };
    let is_folder = target.is_dir() || target.to_string_lossy().ends_with('/');
    let sources_found = sorted(sources)?;
    let from_age = matches!(sources_found, Sources::Age(_));
    match (sources_found, is_folder) {
        (Sources::Sops(file), true) => conversion.scatter(*file)?,
        (Sources::Sops(file), false) => conversion.reformat(*file)?,
        (Sources::Age(_), true) => {
            return Err(Failure::usage(format!(
                "'{}' is a folder: name the SOPS file that the .age files shall become",
                target.display()
            )));
        }
        (Sources::Age(files), false) => conversion.gather(&files)?,
    }
    let Conversion { batch, written, .. } = conversion;
    if arguments.dry_run {
        for name in written {
            context.ui.line(format!("would write {name}"));
        }
        for source in sources.iter().filter(|_| arguments.remove) {
            context
                .ui
                .line(format!("would remove {}", source.display()));
        }
        return Ok(Exit::Done);
    }
    batch.commit()?;
    for name in written {
        context.ui.say(format!("wrote {name}"));
    }
    if arguments.remove {
        for source in sources {
            std::fs::remove_file(source).map_err(|cause| {
                Failure::new(format!("cannot remove '{}': {cause}", source.display()))
            })?;
            context.ui.say(format!("removed {}", source.display()));
        }
        if from_age {
            context
                .ui
                .say("their entries in the rules are left: take them out by hand");
        }
    }
    Ok(Exit::Done)
}

/// What is to be converted.
enum Sources {
    Age(Vec<PathBuf>),
    Sops(Box<SopsFile>),
}

fn sorted(sources: &[PathBuf]) -> Result<Sources, Failure> {
    let mut age = Vec::new();
    for path in sources {
        match Found::at(path, None)? {
            Found::Missing => {
                return Err(Failure::new(format!("'{}' does not exist", path.display())));
            }
            Found::Other(error) => return Err(Failure::of(error.diagnostic())),
            Found::Age => age.push(path.clone()),
            Found::Sops(file) if sources.len() == 1 => return Ok(Sources::Sops(file)),
            Found::Sops(_) => {
                return Err(Failure::usage(format!(
                    "'{}' is a SOPS file: these are converted one by one",
                    path.display()
                )));
            }
        }
    }
    Ok(Sources::Age(age))
}

impl Conversion<'_> {
    /// The format of the new SOPS file, which must not be there yet.
    fn format(&self) -> Result<Format, Failure> {
        if self.target.symlink_metadata().is_ok() {
            return Err(exists(self.target));
        }
        match &self.arguments.to {
            Some(name) => Ok(name.parse()?),
            None => Ok(named_format(self.target)),
        }
    }

    /// The absolute path of something typed.
    fn absolute(&self, path: &Path) -> PathBuf {
        normalize(&self.session.current.join(path))
    }

    /// A path as it is told.
    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.session.current).unwrap_or(path);
        path.display().to_string()
    }
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!("'{}' exists already", path.display())).hint("nothing was written")
}
