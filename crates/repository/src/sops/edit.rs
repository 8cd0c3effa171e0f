//! Editing a SOPS file, or writing a new one, in the user's editor.
//!
//! The editor sees the plain text in the layout of the file, without metadata, in a private
//! folder in memory. What was typed is never lost: a text that is no document can be edited once
//! more, and one that ends up nowhere is kept encrypted for the same people.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use nixseal_base::editor::Editor;
use nixseal_base::env::Environment;
use nixseal_base::fs;
use nixseal_base::private_dir::PrivateDir;
use nixseal_base::secret::SecretBytes;
use nixseal_document::{EmitOptions, Format};
use nixseal_sops::Moment;

use super::error::SopsError;
use super::file::{NewSopsFile, OpenSopsFile};
use super::kind::named_format;
use super::write::Sealed;
use crate::edit::{EditError, recover};
use crate::secret::FILE_LIMIT;

/// What is edited.
#[derive(Debug)]
pub enum SopsSubject {
    /// A file that is there.
    File(Box<OpenSopsFile>),
    /// One that is not there yet.
    New(Box<NewSopsFile>),
}

/// What an edit needs from the outside.
pub struct SopsEditTools<'a> {
    /// Changes the plaintext.
    pub editor: &'a Editor,
    /// Where it may be a file.
    pub environment: &'a Environment,
    /// This binary, to watch the private folder.
    pub program: &'a Path,
    /// Shows what is wrong with a text; whether to edit it once more.
    pub again: &'a dyn Fn(&SopsError) -> bool,
    /// The layout of `sops`, for files whose own cannot be kept.
    pub fallback: EmitOptions,
    /// The time.
    pub now: Moment,
}

/// How an edit ended.
#[derive(Debug)]
pub enum SopsEdited {
    /// The file was written.
    Written(Sealed),
    /// The text is as it was; nothing was written.
    Unchanged,
    /// The editor left no text; nothing was written.
    NotCreated,
}

/// Lets the editor change a file.
///
/// # Errors
/// [`EditError`]; the file is as it was then. What was typed is kept, see the message.
pub fn edit(subject: SopsSubject, tools: SopsEditTools<'_>) -> Result<SopsEdited, EditError> {
    let path = subject.path().to_owned();
    let before = subject.text(&tools.fallback)?;
    let folder = PrivateDir::create(tools.environment, tools.program)?;
    let name = plaintext_name(&path, subject.format());
    let file = match &before {
        Some(text) => folder
            .write(&name, text.expose())
            .map_err(EditError::Plaintext)?,
        None => folder.path().join(&name),
    };
    let mut typed = None;
    loop {
        if let Err(source) = tools.editor.run(&file) {
            let failed = EditError::Editor {
                path: path.clone(),
                source,
            };
            return Err(match &typed {
                Some(text) => subject.not_sealed(text, &failed.to_string(), tools.environment),
                None => failed,
            });
        }
        let text = match fs::read_secret(&file, FILE_LIMIT) {
            Ok(text) => text,
            Err(error) if error.is_not_found() => return Ok(SopsEdited::NotCreated),
            Err(error) => return Err(error.into()),
        };
        match &before {
            Some(before) if *before == text => return Ok(SopsEdited::Unchanged),
            None if text.expose().trim_ascii().is_empty() => return Ok(SopsEdited::NotCreated),
            _ => {}
        }
        match subject.check(&text) {
            Ok(()) => return write(subject, &text, tools).map(SopsEdited::Written),
            Err(error) if (tools.again)(&error) => typed = Some(text),
            Err(error) => {
                return Err(subject.not_sealed(&text, &error.reason(), tools.environment));
            }
        }
    }
}

fn write(
    subject: SopsSubject,
    text: &SecretBytes,
    tools: SopsEditTools<'_>,
) -> Result<Sealed, EditError> {
    let path = subject.path().to_owned();
    let spare = subject.spare(tools.environment);
    let sealed = match subject {
        SopsSubject::New(file) => file.seal(text, tools.now, tools.fallback),
        SopsSubject::File(file) => file
            .replace(text)
            .and_then(|file| file.seal(tools.now, tools.fallback)),
    };
    let written = sealed.and_then(|sealed| sealed.write().map(|()| sealed));
    written.map_err(|error| spare.not_sealed(&path, text, &error.reason()))
}

impl SopsSubject {
    fn path(&self) -> &Path {
        match self {
            Self::File(file) => &file.path,
            Self::New(file) => file.path(),
        }
    }

    fn format(&self) -> Format {
        match self {
            Self::File(file) => file.format(),
            Self::New(file) => file.format(),
        }
    }

    fn text(&self, fallback: &EmitOptions) -> Result<Option<SecretBytes>, EditError> {
        match self {
            Self::New(_) => Ok(None),
            Self::File(file) => match file.plaintext(fallback) {
                Ok(text) => Ok(Some(text)),
                Err(error) => Err(EditError::Rule(error.diagnostic())),
            },
        }
    }

    fn check(&self, text: &SecretBytes) -> Result<(), SopsError> {
        match self {
            Self::File(file) => file.check(text),
            Self::New(file) => file.check(text),
        }
    }

    fn spare<'a>(&self, environment: &'a Environment) -> Spare<'a> {
        let mut name = self.path().as_os_str().to_owned();
        name.push(".recovered");
        let path = PathBuf::from(name);
        let file = match self {
            Self::File(file) => file.companion(&path, Format::Binary),
            Self::New(file) => file.companion(&path, Format::Binary),
        };
        Spare { file, environment }
    }

    fn not_sealed(&self, text: &SecretBytes, reason: &str, environment: &Environment) -> EditError {
        self.spare(environment)
            .not_sealed(self.path(), text, reason)
    }
}

/// A place for a text that cannot go where it should: a binary SOPS file for the same people.
struct Spare<'a> {
    file: NewSopsFile,
    environment: &'a Environment,
}

impl Spare<'_> {
    fn not_sealed(self, path: &Path, text: &SecretBytes, reason: &str) -> EditError {
        let now = self.file.last_modified().clone();
        let blank = text.expose().trim_ascii().is_empty();
        let kept = match self.file.seal(text, now, EmitOptions::default()) {
            _ if blank => "nothing was typed".to_owned(),
            Ok(sealed) => {
                let place = recover::put(path, sealed.content.expose(), self.environment);
                recover::kept_in(place, "nixseal show")
            }
            Err(error) => format!("what you typed could not be encrypted ({error}) and is lost"),
        };
        EditError::NotSealed {
            path: path.to_owned(),
            reason: reason.to_owned(),
            kept,
        }
    }
}

/// The name of the plaintext file: one by which editors know its format.
fn plaintext_name(path: &Path, format: Format) -> OsString {
    let name = path.file_name().unwrap_or_else(|| OsStr::new("secrets"));
    let says = |name: &OsStr| Format::for_path(&name.to_string_lossy()) == format;
    if says(name) {
        return name.to_owned();
    }
    let stem = Path::new(name).file_stem().unwrap_or(name);
    if named_format(path) == format && says(stem) {
        return stem.to_owned();
    }
    let suffix = match format {
        Format::Binary => return name.to_owned(),
        Format::Dotenv => ".env",
        Format::Ini => ".ini",
        Format::Json => ".json",
        Format::Yaml => ".yaml",
    };
    let mut name = name.to_owned();
    name.push(suffix);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_see_a_suffix_of_the_format() {
        for (path, format, name) in [
            ("a/b.yaml", Format::Yaml, "b.yaml"),
            ("b.yml.enc", Format::Yaml, "b.yml"),
            ("secrets", Format::Yaml, "secrets.yaml"),
            ("secrets", Format::Binary, "secrets"),
            ("b.yaml", Format::Json, "b.yaml.json"),
            ("x.conf", Format::Ini, "x.conf.ini"),
            (".env", Format::Dotenv, ".env"),
        ] {
            assert_eq!(plaintext_name(Path::new(path), format), name, "{path}");
        }
    }
}
