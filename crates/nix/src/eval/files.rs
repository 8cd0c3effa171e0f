//! Loading files: `import`, the search path, and what a file is called in
//! messages.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use nixseal_base::diag::Source;
use nixseal_base::env::NIX_PATH;
use nixseal_base::span::Span;

use super::builtins::nixpkgs_stand_in;
use super::expression::{At, Expr};
use super::fault::{Fault, FaultKind, Result};
use super::lower;
use super::machine::{Loaded, Machine, ROOT, Thunk};
use super::parse::parse;
use super::paths;
use super::symbol::Symbol;
use super::value::{Attrs, EnvId, Value};

/// Largest Nix file, in bytes; the biggest one in nixpkgs by hand is half of it.
const LARGEST: usize = 4 << 20;

impl Machine<'_> {
    /// `import path`: each file is evaluated once.
    pub(crate) fn import(&mut self, path: &Path) -> Result<Value> {
        let path = match self.past(path) {
            Some(_) => path.to_owned(),
            None => follow_links(path),
        };
        if self.is_folder(&path)
            && let Some(stand_in) = nixpkgs_stand_in(self, &path)
        {
            return Ok(stand_in);
        }
        let path = if self.is_folder(&path) {
            path.join("default.nix")
        } else {
            path
        };
        let id = match self.imports.get(&path) {
            Some(id) => *id,
            None => {
                let id = self.allocate(Thunk::Import(path.clone()));
                self.imports.insert(path, id);
                id
            }
        };
        self.force(id)
    }

    /// Evaluates a file, with the names of `scope` where it is given.
    pub(crate) fn load(&mut self, path: &Path, scope: Option<&Attrs>) -> Result<Value> {
        let (expression, env) = self.parse_file(path, scope)?;
        self.evaluate(&expression, env)
    }

    fn parse_file(&mut self, path: &Path, scope: Option<&Attrs>) -> Result<(Rc<Expr>, EnvId)> {
        let bytes = self.read_bytes(path)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let message = format!("'{}' is not UTF-8 text", self.shown(path).display());
            Fault::new(FaultKind::Syntax, message)
        })?;
        let library = self.libraries.iter().any(|folder| path.starts_with(folder));
        let shown = self.shown(path);
        let folder = path.parent().unwrap_or(Path::new("/"));
        self.parse_text(text, &shown, folder, library, scope)
    }

    /// Parses and lowers a text; relative paths in it start from `folder`.
    pub(crate) fn parse_text(
        &mut self,
        text: String,
        shown: &Path,
        folder: &Path,
        library: bool,
        scope: Option<&Attrs>,
    ) -> Result<(Rc<Expr>, EnvId)> {
        if text.len() > LARGEST {
            let (path, limit) = (shown.display(), LARGEST >> 20);
            return Err(Fault::limit(format!("'{path}' is larger than {limit} MiB")));
        }
        let source = Arc::new(Source {
            path: shown.to_owned(),
            text,
        });
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(Loaded {
            source: Arc::clone(&source),
            library,
            folder: folder.into(),
        });
        let at = |span: Span| At {
            source: number,
            start: span.start as u32,
            end: span.end as u32,
        };
        let text = &source.text;
        let tree = parse(text, &mut self.symbols).map_err(|error| {
            let kind = if error.deep {
                FaultKind::Limit
            } else {
                FaultKind::Syntax
            };
            let mut fault = Fault::new(kind, error.message).or_at(at(error.span));
            fault.hints.extend(error.hint.map(str::to_owned));
            fault
        })?;
        let home = self.environment.home();
        let names: Option<Vec<Symbol>> =
            scope.map(|scope| scope.entries().iter().map(|attr| attr.name).collect());
        let places = (folder, home.as_deref());
        let expression = lower::lower(&tree, &mut self.symbols, number, places, names.as_deref())?;
        let env = match scope {
            None => ROOT,
            Some(scope) => {
                let env = self.open_env(ROOT, scope.entries().len());
                for (slot, attr) in scope.entries().iter().enumerate() {
                    self.set_slot(env, slot, attr.value);
                }
                env
            }
        };
        Ok((expression, env))
    }

    /// The absolute path of the file that an evaluation starts with; where it is
    /// given as a relative one, messages name files relative to the same folder.
    pub(crate) fn start_at(&mut self, path: &Path) -> PathBuf {
        let Ok(absolute) = std::path::absolute(path) else {
            return path.to_owned();
        };
        if path.is_relative() {
            let here = std::path::absolute(".").ok();
            self.shown_from = here.map(|here| {
                PathBuf::from(OsStr::from_bytes(&paths::canonical(
                    here.as_os_str().as_bytes(),
                )))
            });
        }
        PathBuf::from(OsStr::from_bytes(&paths::canonical(
            absolute.as_os_str().as_bytes(),
        )))
    }

    /// The path for messages: relative where the user gave a relative one.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        let relative = self
            .shown_from
            .as_deref()
            .and_then(|from| path.strip_prefix(from).ok());
        relative.unwrap_or(path).to_owned()
    }

    /// The path of the file of a place, as a Nix string.
    pub(crate) fn file_of(&self, at: At) -> Value {
        let Some(loaded) = self.sources.get(at.source as usize) else {
            return Value::Null;
        };
        let name = loaded.source.path.file_name().unwrap_or_default();
        Value::String(loaded.folder.join(name).as_os_str().as_bytes().into())
    }

    /// `<name>`, by `NIX_PATH`.
    pub(crate) fn search_path(&mut self, name: &[u8]) -> Result<Value> {
        for (prefix, folder) in self.nix_path() {
            let rest = match name.strip_prefix(prefix.as_slice()) {
                Some(rest) if prefix.is_empty() || rest.is_empty() => rest,
                Some(rest) => match rest.strip_prefix(b"/") {
                    Some(rest) => rest,
                    None => continue,
                },
                None => continue,
            };
            if !folder.starts_with(b"/") {
                if prefix == name || !prefix.is_empty() {
                    let folder = String::from_utf8_lossy(&folder);
                    let name = String::from_utf8_lossy(name);
                    let message = format!("<{name}>, which NIX_PATH has at '{folder}'");
                    return Err(Fault::unsupported(message));
                }
                continue;
            }
            let root = PathBuf::from(OsStr::from_bytes(&paths::canonical(&folder)));
            let found = root.join(OsStr::from_bytes(rest));
            if found.exists() {
                let library = follow_links(&root);
                if !self.libraries.contains(&library) {
                    self.libraries.extend([root, library]);
                }
                let found = paths::canonical(found.as_os_str().as_bytes());
                return Ok(Value::Path(found.into()));
            }
        }
        let name = String::from_utf8_lossy(name);
        Err(Fault::unsupported(format!(
            "<{name}>, which NIX_PATH does not have"
        )))
    }

    /// The entries of `NIX_PATH` as prefix and place, or Nix's own defaults.
    pub(crate) fn nix_path(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Some(variable) = self.environment.raw(&NIX_PATH) else {
            let root = "/nix/var/nix/profiles/per-user/root/channels";
            let mut entries = Vec::new();
            if let Some(home) = self.environment.home() {
                let channels = home.join(".nix-defexpr/channels");
                entries.push((Vec::new(), channels.into_os_string().into_encoded_bytes()));
            }
            entries.push((b"nixpkgs".to_vec(), format!("{root}/nixpkgs").into_bytes()));
            entries.push((Vec::new(), root.as_bytes().to_vec()));
            return entries;
        };
        let entries = split_entries(variable.as_bytes()).into_iter();
        let entries = entries.map(|entry| match entry.iter().position(|byte| *byte == b'=') {
            Some(sign) => (entry[..sign].to_vec(), entry[sign + 1..].to_vec()),
            None => (Vec::new(), entry.to_vec()),
        });
        entries.collect()
    }
}

/// Colons part the entries, but for those of URLs.
fn split_entries(variable: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    let mut start = 0;
    for (index, byte) in variable.iter().enumerate() {
        let rest = &variable[index..];
        let entry = &variable[start..index];
        let url = rest.starts_with(b"://") || entry.ends_with(b"flake") || entry == b"channel";
        if *byte == b':' && !url {
            entries.push(entry);
            start = index + 1;
        }
    }
    entries.push(&variable[start..]);
    entries.retain(|entry| !entry.is_empty());
    entries
}

/// Follows symbolic links of the path itself, as Nix does before it imports;
/// relative paths inside then start from where the file really is.
fn follow_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..64 {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        let folder = path.parent().unwrap_or(Path::new("/"));
        let joined = folder.join(target);
        path = PathBuf::from(OsStr::from_bytes(&paths::canonical(
            joined.as_os_str().as_bytes(),
        )));
    }
    path
}
