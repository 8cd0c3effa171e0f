//! Builtins that look at files and at the environment.

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nixseal_base::env;

use super::Builtin;
use crate::eval::coerce::Coercion;
use crate::eval::fault::{Fault, FaultKind, Result};
use crate::eval::machine::{Machine, Thunk};
use crate::eval::past::{PastFile, not_found};
use crate::eval::paths;
use crate::eval::value::{Attr, Attrs, Partial, Text, ThunkId, Value};

/// Largest file that `readFile` takes, in bytes.
const LARGEST: u64 = 16 << 20;

pub(super) fn import(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let path = machine.force_path(args[0])?;
    machine.import(&path)
}

pub(super) fn scoped_import(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let scope = machine.force_attrs(args[0])?;
    machine.whole(&scope)?;
    let path = machine.force_path(args[1])?;
    machine.load(&path, Some(&scope))
}

pub(super) fn read_file(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let path = machine.force_path(args[0])?;
    let bytes = machine.read_bytes(&path)?;
    if bytes.contains(&0) {
        let path = path.display();
        let message = format!("'{path}' has a null byte, which no Nix string can hold");
        return Err(Fault::evaluation(message));
    }
    Ok(Value::String(bytes.into()))
}

pub(super) fn read_dir(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let path = machine.force_path(args[0])?;
    let mut entries = Vec::new();
    if let Some(past) = machine.past(&path) {
        let PastFile::Folder(names) = past else {
            return Err(unreadable(&path, &not_found()));
        };
        for (name, is_folder) in names {
            machine.spend(1)?;
            let kind = if is_folder { "directory" } else { "regular" };
            let value = machine.ready(Value::text(kind));
            let name = machine.symbols.intern(name.as_bytes());
            let at = crate::eval::expression::At::NOWHERE;
            entries.push(Attr { name, value, at });
        }
        return Ok(Value::Attrs(Rc::new(Attrs::new(entries))));
    }
    for entry in fs::read_dir(&path).map_err(|error| unreadable(&path, &error))? {
        let entry = entry.map_err(|error| unreadable(&path, &error))?;
        let kind = entry
            .file_type()
            .map_err(|error| unreadable(&entry.path(), &error))?;
        machine.spend(1)?;
        let value = machine.ready(Value::text(kind_of(kind)));
        let name = machine.symbols.intern(entry.file_name().as_bytes());
        entries.push(Attr {
            name,
            value,
            at: crate::eval::expression::At::NOWHERE,
        });
    }
    Ok(Value::Attrs(Rc::new(Attrs::new(entries))))
}

pub(super) fn read_file_type(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let path = machine.force_path(args[0])?;
    match machine.past(&path) {
        Some(PastFile::File(_)) => return Ok(Value::text("regular")),
        Some(PastFile::Folder(_)) => return Ok(Value::text("directory")),
        Some(PastFile::Nothing) => return Err(unreadable(&path, &not_found())),
        None => {}
    }
    let data = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, &error))?;
    Ok(Value::text(kind_of(data.file_type())))
}

fn kind_of(kind: FileType) -> &'static str {
    if kind.is_file() {
        "regular"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symlink"
    } else {
        "unknown"
    }
}

pub(super) fn path_exists(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let path = machine.force_path(args[0])?;
    Ok(Value::Bool(machine.is_there(&path)))
}

pub(super) fn base_name_of(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let value = machine.force(args[0])?;
    let text = machine.coerce(&value, Coercion::PATH)?;
    Ok(Value::String(paths::base_name(&text).into()))
}

pub(super) fn dir_of(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    match machine.force(args[0])? {
        Value::Path(path) => Ok(Value::Path(paths::parent(&path).into())),
        other => {
            let text = machine.coerce(&other, Coercion::PATH)?;
            Ok(Value::String(paths::parent(&text).into()))
        }
    }
}

pub(super) fn to_path(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let path = machine.force_path(args[0])?;
    Ok(Value::String(path.as_os_str().as_bytes().into()))
}

/// Only variables that nixseal knows and that are not secret; what others hold
/// is for Nix itself to say.
pub(super) fn get_env(machine: &mut Machine<'_>, args: &[ThunkId]) -> Result<Value> {
    let name = machine.force_string(args[0])?;
    let known = env::ALL
        .iter()
        .find(|variable| variable.name.as_bytes() == &*name);
    match known {
        Some(variable) if !variable.secret => {
            let value = machine.environment.raw(variable).unwrap_or_default();
            Ok(Value::String(value.as_bytes().into()))
        }
        _ => {
            let name = String::from_utf8_lossy(&name);
            Err(Fault::unsupported(format!(
                "the environment variable '{name}'"
            )))
        }
    }
}

/// Stands in for the function that `import <nixpkgs>` gives: the set it makes
/// has `lib` and nothing else. Takes the folder and the configuration.
static NIXPKGS: Builtin = Builtin {
    name: "nixpkgs",
    arity: 2,
    run: |machine, args| {
        let folder = machine.force_path(args[0])?;
        machine.libraries.push(folder.clone());
        let lib = machine.allocate(Thunk::Import(folder.join("lib/default.nix")));
        let name = machine.symbols.intern(b"lib");
        let entry = Attr {
            name,
            value: lib,
            at: crate::eval::expression::At::NOWHERE,
        };
        let set = Attrs::stand_in(vec![entry], "nixpkgs, of which only `lib` is");
        Ok(Value::Attrs(Rc::new(set)))
    },
};

/// What importing `folder` gives, where that is nixpkgs.
pub(crate) fn nixpkgs_stand_in(machine: &mut Machine<'_>, folder: &Path) -> Option<Value> {
    let nixpkgs = machine.is_file(&folder.join("lib/default.nix"))
        && (machine.is_folder(&folder.join("pkgs/top-level"))
            || !machine.is_there(&folder.join("default.nix")));
    if !nixpkgs {
        return None;
    }
    let folder = machine.ready(Value::Path(folder.as_os_str().as_bytes().into()));
    Some(Value::Partial(Rc::new(Partial {
        builtin: &NIXPKGS,
        arguments: vec![folder],
    })))
}

/// The error for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Box<Fault> {
    Fault::new(
        FaultKind::Read,
        format!("cannot read '{}': {error}", path.display()),
    )
}

impl Machine<'_> {
    /// A path, or a string that is an absolute one.
    pub(crate) fn force_path(&mut self, id: ThunkId) -> Result<PathBuf> {
        let value = self.force(id)?;
        let text = self.coerce(&value, Coercion::PATH)?;
        if !text.starts_with(b"/") {
            let text = String::from_utf8_lossy(&text);
            return Err(Fault::evaluation(format!(
                "'{text}' is not an absolute path"
            )));
        }
        if text.contains(&0) {
            return Err(Fault::evaluation("a path with a null byte"));
        }
        Ok(PathBuf::from(OsStr::from_bytes(&paths::canonical(&text))))
    }

    /// The bytes of a regular file, up to a limit.
    pub(crate) fn read_bytes(&mut self, path: &Path) -> Result<Vec<u8>> {
        let shown = self.shown(path);
        if let Some(past) = self.past(path) {
            let PastFile::File(bytes) = past else {
                return Err(unreadable(&shown, &not_found()));
            };
            self.spend(bytes.len() / 4)?;
            return Ok(bytes);
        }
        let file = fs::File::open(path).map_err(|error| unreadable(&shown, &error))?;
        let data = file
            .metadata()
            .map_err(|error| unreadable(&shown, &error))?;
        if !data.is_file() {
            let message = format!(
                "cannot read '{}': it is not a regular file",
                shown.display()
            );
            return Err(Fault::new(FaultKind::Read, message));
        }
        let expected = data.len().min(LARGEST) as usize;
        let mut bytes = Vec::with_capacity(expected + 1);
        let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&shown, &error))?;
        if bytes.len() as u64 > LARGEST {
            let message = format!("'{}' is larger than {} MiB", shown.display(), LARGEST >> 20);
            return Err(Fault::limit(message));
        }
        self.spend(bytes.len() / 4)?;
        Ok(bytes)
    }

    /// `builtins.nixPath`
    pub(crate) fn nix_path_list(&mut self) -> Value {
        let entries = self.nix_path();
        let list = entries.into_iter().map(|(prefix, path)| {
            let text = |text: Vec<u8>| Value::String(Text::from(text));
            let set = self.small_set([("path", text(path)), ("prefix", text(prefix))]);
            self.ready(set)
        });
        Value::List(list.collect())
    }
}
