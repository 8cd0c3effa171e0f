//! What each file is to hold: what is there already, something new, or nothing since it failed.

mod render;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use nixseal_base::fs::{Folder, Status};
use nixseal_base::secret::SecretBytes;
use nixseal_repository::FILE_LIMIT;
use rayon::prelude::*;

use crate::digest::Digest;
use crate::keys::Keychain;
use crate::manifest::ItemSource;
use crate::open::{Encrypted, FileKind, OpenFault, open, value};
use crate::plan::{Origin, Plan, Planned};
use crate::tree::{Site, find};

use self::render::Texts;
pub(crate) use self::render::placeholders;

/// What became of an item.
pub(crate) struct Resolved {
    pub(crate) content: Content,
    /// Of what it is made from; none where it failed.
    pub(crate) input: Option<Digest>,
    /// Of the content; none where it failed.
    pub(crate) output: Option<Digest>,
    /// The file that is there now.
    pub(crate) before: Option<Status>,
    /// Whether its content is another than before.
    pub(crate) content_changed: bool,
    /// Whether its mode, owner or group is another than before.
    pub(crate) rights_changed: bool,
}

/// The content of a file.
pub(crate) enum Content {
    /// That of the file that is there, whose rights fit too.
    Same,
    /// To be written.
    New(SecretBytes),
    /// Nothing is written: it is in templates only.
    Elsewhere,
    /// Why there is none.
    Failed(Fault),
}

/// Why an item has no content.
pub(crate) struct Fault {
    pub(crate) reason: String,
    /// The error of a SOPS file, for those who want other words.
    pub(crate) sops: Option<std::sync::Arc<nixseal_sops::Error>>,
}

impl Fault {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            sops: None,
        }
    }
}

impl Resolved {
    fn failed(before: Option<Status>, fault: Fault) -> Self {
        Self {
            content: Content::Failed(fault),
            input: None,
            output: None,
            before,
            content_changed: false,
            rights_changed: false,
        }
    }

    pub(crate) fn fault(&self) -> Option<&Fault> {
        match &self.content {
            Content::Failed(fault) => Some(fault),
            _ => None,
        }
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.content_changed || self.rights_changed
    }
}

/// What opens secrets, loaded when something has to be opened.
pub(crate) type LoadKeys<'k> = &'k mut dyn FnMut() -> Result<Keychain, String>;

/// Finds out what every item is to hold. Nothing is written.
pub(crate) fn resolve(
    plan: &Plan<'_>,
    sites: &[Option<Site>],
    keys: &Digest,
    load: LoadKeys<'_>,
) -> Result<Vec<Resolved>, String> {
    let files = read_files(plan);
    // sops-install-secrets opens everything each time.
    let known_keys = (!plan.manifest.is_exact()).then_some(keys);
    let secrets = plan.items.iter().map(|planned| {
        let site = sites.get(planned.tree).and_then(Option::as_ref);
        Work::new(planned, site, known_keys, &files)
    });
    let mut work: Vec<Work<'_, '_>> = secrets.collect();
    let texts = Texts::of(plan);
    texts.assume(&mut work);
    open_all(&mut work, files, load)?;
    texts.render(plan, &mut work);
    Ok(work.into_iter().map(Work::finish).collect())
}

/// A file and what it is taken for.
type FileKey = (PathBuf, FileKind);
type Files = HashMap<FileKey, Encrypted>;

fn kind_index(kind: FileKind) -> u8 {
    match kind {
        FileKind::Age => 0,
        FileKind::Sops(format) => 1 + format as u8,
    }
}

fn file_of(source: &ItemSource) -> FileKey {
    (source.file().to_owned(), FileKind::of(source))
}

/// Reads every encrypted file once.
fn read_files(plan: &Plan<'_>) -> Files {
    let wanted: HashSet<FileKey> = plan
        .items
        .iter()
        .filter_map(|planned| match (&planned.origin, &planned.fault) {
            (Origin::Secret(source), None) => Some(file_of(source)),
            _ => None,
        })
        .collect();
    wanted
        .into_par_iter()
        .map(|file| {
            let encrypted = Encrypted::read(&file.0, file.1);
            (file, encrypted)
        })
        .collect()
}

/// An item on the way to its content.
struct Work<'p, 'a> {
    planned: &'p Planned<'a>,
    /// The file that is there, and what it holds.
    installed: Option<Installed>,
    /// What the last run knew about it.
    known: Option<(Digest, Digest)>,
    input: Option<Digest>,
    result: Option<Result<SecretBytes, Fault>>,
    /// The content is that of the installed file, as the last run left it.
    unchanged: bool,
    /// It is in templates only, and none of them needs it now.
    unneeded: bool,
}

struct Installed {
    status: Status,
    content: SecretBytes,
    digest: Digest,
}

impl Installed {
    fn find(planned: &Planned<'_>, site: Option<&Site>) -> Option<Self> {
        let (folder, name) = match planned.is_in_generation() {
            true => find(site?.previous.folder.as_ref()?, &planned.relative)?,
            false => Folder::of(&planned.path, None).ok()?,
        };
        let (content, status) = folder.read(name, FILE_LIMIT).ok()?;
        let digest = Digest::of(content.expose());
        Some(Self {
            status,
            content,
            digest,
        })
    }
}

impl<'p, 'a> Work<'p, 'a> {
    /// `keys` where what the last run knew counts, if it had the same keys.
    fn new(
        planned: &'p Planned<'a>,
        site: Option<&Site>,
        keys: Option<&Digest>,
        files: &Files,
    ) -> Self {
        let known = site.and_then(|site| {
            let known = site.state.item(planned.kind, &planned.item.name)?;
            let same_keys = keys.is_some() && site.state.keys.as_ref() == keys;
            same_keys.then(|| (known.input.clone(), known.output.clone()))
        });
        let mut work = Self {
            planned,
            installed: Installed::find(planned, site),
            known,
            input: None,
            result: None,
            unchanged: false,
            unneeded: false,
        };
        if planned.template_only {
            work.installed = None;
        }
        if let Some(fault) = &planned.fault {
            work.result = Some(Err(Fault::new(fault)));
        } else if let Origin::Secret(source) = &planned.origin
            && let Some(file) = files.get(&file_of(source))
        {
            match &file.content {
                Err(reason) => work.result = Some(Err(Fault::new(reason))),
                Ok(_) => {
                    let key = source.key().map_or(&b""[..], str::as_bytes);
                    let kind = [kind_index(file.kind), u8::from(source.key().is_some())];
                    work.set_input(Digest::of_parts([
                        &kind[..],
                        key,
                        file.digest.as_str().as_bytes(),
                    ]));
                }
            }
        }
        work
    }

    /// Notes what it is made from, and whether the installed file was made from the same.
    fn set_input(&mut self, input: Digest) {
        self.unchanged = self.is_made_from(&input);
        self.input = Some(input);
    }

    /// Whether the installed file is what the last run made from the same.
    fn is_made_from(&self, input: &Digest) -> bool {
        match (&self.known, &self.installed) {
            (Some((known, output)), Some(installed)) => {
                known == input && *output == installed.digest
            }
            _ => false,
        }
    }

    /// The content, wherever it is.
    fn content(&self) -> Option<&[u8]> {
        match (&self.result, &self.installed) {
            (Some(Ok(bytes)), _) => Some(bytes.expose()),
            (None, Some(installed)) if self.unchanged => Some(installed.content.expose()),
            _ => None,
        }
    }

    fn output(&self) -> Option<Digest> {
        match (&self.result, &self.installed) {
            (Some(Ok(bytes)), _) => Some(Digest::of(bytes.expose())),
            (None, Some(installed)) if self.unchanged => Some(installed.digest.clone()),
            (None, None) if self.unneeded => self.known_output().cloned(),
            _ => None,
        }
    }

    /// What it held when the last run opened it, if its file is still the same.
    fn known_output(&self) -> Option<&Digest> {
        let (input, output) = self.known.as_ref()?;
        (self.input.as_ref() == Some(input)).then_some(output)
    }

    fn finish(self) -> Resolved {
        let output = self.output();
        let before = self.installed.as_ref().map(|installed| installed.status);
        let rights = &self.planned.rights;
        if self.planned.template_only && !matches!(self.result, Some(Err(_))) {
            return Resolved {
                content: Content::Elsewhere,
                input: self.input,
                output,
                before: None,
                content_changed: false,
                rights_changed: false,
            };
        }
        let bytes = match self.result {
            Some(Err(fault)) => return Resolved::failed(before, fault),
            Some(Ok(bytes)) => Some(bytes),
            None if self.unchanged => None,
            None => return Resolved::failed(before, Fault::new("it was not opened")),
        };
        let same_content = match (&bytes, &self.installed) {
            (None, _) => true,
            (Some(bytes), Some(installed)) => bytes.expose() == installed.content.expose(),
            (Some(_), None) => false,
        };
        let same_rights = before.is_some_and(|status| rights.fit(&status));
        let content = match (same_content && same_rights, bytes, self.installed) {
            (true, ..) => Content::Same,
            (false, Some(bytes), _) => Content::New(bytes),
            (false, None, Some(installed)) => Content::New(installed.content),
            (false, None, None) => Content::Failed(Fault::new("it was not opened")),
        };
        Resolved {
            content,
            input: self.input,
            output,
            before,
            content_changed: !same_content,
            rights_changed: before.is_some() && !same_rights,
        }
    }
}

/// Opens the files of all secrets that are not known to be unchanged, in parallel.
fn open_all(work: &mut [Work<'_, '_>], mut files: Files, load: LoadKeys<'_>) -> Result<(), String> {
    let mut wanted: HashMap<FileKey, Vec<(usize, &ItemSource)>> = HashMap::new();
    for (index, one) in work.iter().enumerate() {
        if let Origin::Secret(source) = &one.planned.origin
            && one.result.is_none()
            && !one.unchanged
            && !one.unneeded
        {
            wanted
                .entry(file_of(source))
                .or_default()
                .push((index, source));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let keychain = load()?;
    let sops = keychain.sops();
    let jobs: Vec<(Encrypted, Vec<(usize, &ItemSource)>)> = wanted
        .into_iter()
        .filter_map(|(file, secrets)| Some((files.remove(&file)?, secrets)))
        .collect();
    let done: Vec<Vec<(usize, Result<SecretBytes, Fault>)>> = jobs
        .into_par_iter()
        .map(|(file, secrets)| open_one(file, &secrets, &keychain, &sops))
        .collect();
    for (index, result) in done.into_iter().flatten() {
        if let Some(one) = work.get_mut(index) {
            one.result = Some(result);
        }
    }
    Ok(())
}

fn open_one(
    mut file: Encrypted,
    secrets: &[(usize, &ItemSource)],
    keychain: &Keychain,
    sops: &nixseal_repository::sops::SopsKeys<'_>,
) -> Vec<(usize, Result<SecretBytes, Fault>)> {
    let content = std::mem::replace(&mut file.content, Ok(Vec::new()));
    let opened = match &content {
        Ok(content) => open(&file, content, keychain, sops),
        Err(reason) => Err(OpenFault::Ours(reason.clone())),
    };
    drop(content);
    let shown = file.path.display();
    match opened {
        Ok(opened) => secrets
            .iter()
            .map(|(index, source)| {
                let found = value(&opened, source);
                let found = found.map_err(|reason| Fault::new(format!("'{shown}': {reason}")));
                (*index, found)
            })
            .collect(),
        Err(fault) => {
            let (reason, sops) = match fault {
                OpenFault::Ours(reason) => (reason, None),
                OpenFault::Sops(error) => {
                    let error: std::sync::Arc<nixseal_sops::Error> = error.into();
                    (format!("cannot open '{shown}': {error}"), Some(error))
                }
            };
            let fault = |index: &usize| {
                let (reason, sops) = (reason.clone(), sops.clone());
                (*index, Err(Fault { reason, sops }))
            };
            secrets.iter().map(|(index, _)| fault(index)).collect()
        }
    }
}
