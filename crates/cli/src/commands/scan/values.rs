//! The values of all secrets that can be opened, and what to call them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use nixseal_age::keyring::Keyring;
use nixseal_base::diag::Diagnostic;
use nixseal_base::env::{RULES, SOPS_CONFIG};
use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;
use nixseal_document::path::{Path as KeyPath, Step};
use nixseal_document::tree::{Item, Map, Node};
use nixseal_document::{Format, flat, parse};
use nixseal_repository::edit::{self, EditError};
use nixseal_repository::rekey::FailureReason;
use nixseal_repository::sops::discover::Content;
use nixseal_repository::sops::{Found, SopsFile, named_format};
use nixseal_scan::value::NamedValue;
use nixseal_sops::key_groups::Owners;

use super::live;
use crate::args::Scan;
use crate::commands::Session;
use crate::commands::rekey::scope::Scope;
use crate::commands::target::SopsKeyring;
use crate::failure::Failure;

/// Longest decrypted file that is read, in bytes.
const LIMIT: usize = 64 * 1024 * 1024;

/// What was opened.
#[derive(Default)]
pub(super) struct Values {
    pub(super) values: Vec<NamedValue>,
    /// Names of secrets that no key here opens.
    pub(super) locked: Vec<String>,
    /// Whether a file that no key here opens is a failure: it was asked for by its name.
    is_named: bool,
    pub(super) failures: Vec<Diagnostic>,
    /// Decrypted files the values were read from, as device and inode: they are not searched.
    pub(super) files: HashSet<(u64, u64)>,
}

impl Values {
    /// Opens what the command line means; each key is unlocked at most once.
    pub(super) fn gather(session: &Session<'_>, arguments: &Scan) -> Result<Self, Failure> {
        let mut values = Self::default();
        let is_told =
            !arguments.from.is_empty() || arguments.live || !arguments.manifest.is_empty();
        if arguments.live || !arguments.manifest.is_empty() {
            live::read(arguments, &mut values)?;
        }
        if !arguments.from.is_empty() {
            values.files(session, arguments)?;
        }
        if !is_told && !arguments.shapes {
            values.repository(session, arguments)?;
        }
        Ok(values)
    }

    fn files(&mut self, session: &Session<'_>, arguments: &Scan) -> Result<(), Failure> {
        self.is_named = true;
        let keyring = session.sops_keyring(&arguments.identities)?;
        for path in &arguments.from {
            match Found::at(path, None)? {
                Found::Missing => {
                    let shown = path.display();
                    return Err(Failure::new(format!("'{shown}' does not exist")));
                }
                Found::Age => self.age(path, &path.display().to_string(), keyring.identities()),
                Found::Sops(file) => {
                    let rules = session.sops_rules(&arguments.rules, path).ok().flatten();
                    let owners = rules.map(|rules| rules.owners().clone());
                    let name = path.display().to_string();
                    self.sops(*file, &name, &keyring, &owners.unwrap_or_default());
                }
                Found::Other(_) => self.plain(path, &path.display().to_string()),
            }
        }
        Ok(())
    }

    fn repository(&mut self, session: &Session<'_>, arguments: &Scan) -> Result<(), Failure> {
        let environment = &session.context.environment;
        let is_named = arguments.rules.rules.is_some()
            || [&RULES, &SOPS_CONFIG]
                .iter()
                .any(|rules| environment.value(rules).is_some());
        let scope = match Scope::everything(session, &arguments.rules) {
            Ok(scope) => scope,
            Err(failure) if is_named => return Err(failure),
            Err(_) => {
                session
                    .context
                    .ui
                    .say("there are no rules here: searching for what looks like a secret");
                return Ok(());
            }
        };
        let repository = scope.repository(session)?;
        let keyring = session.keyring(&arguments.identities, repository.as_ref())?;
        let keyring = SopsKeyring::around(session, keyring)?;
        for secret in repository.iter().flat_map(|repository| &repository.secrets) {
            let name = shown(&secret.path, session);
            self.age(&secret.path, &name, keyring.identities());
        }
        let tree = scope.tree.unwrap_or_default();
        // What rules that cannot be read are for is not searched for.
        self.failures.extend(tree.broken);
        for file in tree.files {
            let name = shown(&file.path, session);
            let owners = file.config.owners().clone();
            match file.content {
                Content::Encrypted(sops) => self.sops(*sops, &name, &keyring, &owners),
                Content::Damaged(error) => self.failures.push(error.diagnostic()),
                Content::Clear | Content::Other => {}
            }
        }
        Ok(())
    }

    fn age(&mut self, path: &Path, name: &str, keyring: &Keyring) {
        // Nobody waits for the other end of a pipe.
        if path
            .metadata()
            .is_ok_and(|data| !data.is_file() && !data.is_dir())
        {
            let message = format!("cannot read '{name}': it is not a regular file");
            return self.failures.push(Diagnostic::error(message));
        }
        match edit::read(path, keyring) {
            // A rule may be there before its file.
            Ok(None) => {}
            Ok(Some(current)) => {
                let inner = match path.extension() {
                    Some(end) if end == "age" => path.with_extension(""),
                    _ => path.to_owned(),
                };
                self.content(name, &inner, current.plaintext);
            }
            Err(EditError::NotOpened {
                reason: FailureReason::NotOpened(_),
                ..
            }) if !self.is_named => self.locked.push(name.to_owned()),
            Err(error) => self.failures.push(error.diagnostic()),
        }
    }

    fn sops(&mut self, file: SopsFile, name: &str, keyring: &SopsKeyring, owners: &Owners) {
        let clear: HashSet<String> = match file.format() {
            Format::Binary => HashSet::new(),
            _ => file.clear_values().iter().map(KeyPath::to_string).collect(),
        };
        let path = file.path.clone();
        match file.open(&keyring.keys(), owners, false) {
            Ok(opened) if opened.format() == Format::Binary => {
                match opened.plaintext(&nixseal_document::EmitOptions::default()) {
                    Ok(content) => self.content(name, &path, content),
                    Err(error) => self.failures.push(error.diagnostic()),
                }
            }
            Ok(opened) => {
                for map in &opened.document().branches {
                    self.map(name, map, &mut KeyPath::default(), &clear);
                }
            }
            Err(error) if error.is_locked() && !self.is_named => self.locked.push(name.to_owned()),
            Err(error) => self.failures.push(error.diagnostic()),
        }
    }

    /// A file in clear.
    pub(super) fn plain(&mut self, path: &Path, name: &str) {
        use std::os::unix::fs::MetadataExt as _;
        if let Ok(data) = path.metadata() {
            self.files.insert((data.dev(), data.ino()));
        }
        match fs::read_secret(path, LIMIT) {
            Ok(content) => self.content(name, path, content),
            Err(error) => self.failures.push(Diagnostic::error(error.to_string())),
        }
    }

    /// A decrypted file, and where its name says that it is a document, each of its values.
    fn content(&mut self, name: &str, path: &Path, content: SecretBytes) {
        let format = named_format(path);
        if format != Format::Binary
            && let Ok(document) = parse(format, content.expose())
        {
            for map in &document.branches {
                self.map(name, map, &mut KeyPath::default(), &HashSet::new());
            }
        }
        self.values.push(NamedValue {
            name: name.to_owned(),
            value: content,
            is_file: true,
        });
    }

    fn map(&mut self, name: &str, map: &Map, path: &mut KeyPath, clear: &HashSet<String>) {
        for pair in map.pairs() {
            path.0.push(Step::Key(pair.key.clone()));
            self.node(name, &pair.value, path, clear);
            path.0.pop();
        }
    }

    fn node(&mut self, name: &str, node: &Node, path: &mut KeyPath, clear: &HashSet<String>) {
        match node {
            Node::Map(map) => self.map(name, map, path, clear),
            Node::List(list) => {
                let values = list.items.iter().filter_map(|item| match item {
                    Item::Value(value) => Some(value),
                    Item::Comment(_) => None,
                });
                for (index, value) in values.enumerate() {
                    path.0.push(Step::Index(index));
                    self.node(name, value, path, clear);
                    path.0.pop();
                }
            }
            Node::Scalar(scalar) => {
                let key = path.to_string();
                if !clear.contains(&key) {
                    let mut text = flat::text(scalar.value());
                    self.values.push(NamedValue {
                        name: format!("{name}: {key}"),
                        value: SecretBytes::new(std::mem::take(&mut *text)),
                        is_file: false,
                    });
                }
            }
        }
    }
}

/// A path as the user would type it.
fn shown(path: &Path, session: &Session<'_>) -> String {
    let shown: PathBuf = path.strip_prefix(&session.current).unwrap_or(path).into();
    shown.display().to_string()
}
