//! What a command of `sops` works with: its flags, the configuration file, the types of its file
//! and the keys of this machine, each found when it is first needed.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use nixseal_age::keyring::Interaction;
use nixseal_base::fs;
use nixseal_base::secret::SecretBytes;
use nixseal_document::{EmitOptions, Format};
use nixseal_repository::locate::normalize;
use nixseal_sops::config::{Config, locate};
use nixseal_sops::key_groups::{DecryptionOrder, Owners};
use nixseal_sops::{
    DataKey, DecryptOptions, DecryptedFile, EncryptedFile, Layout, Moment, Selector,
};

use super::failure::{Failure, code};
use super::flags::Flags;
use super::keys::Keys;
use super::log;
use crate::context::Context;
use crate::personalities::go_text::{path_error, quoted};
use crate::ui::UserPrompter;

/// Largest configuration file.
const CONFIG_LIMIT: usize = 64 << 20;

/// One run of a command.
pub(super) struct Session<'a> {
    pub(super) context: &'a Context,
    /// Flags of the command; without one, those of the whole line.
    pub(super) flags: &'a Flags,
    /// Flags before the command.
    pub(super) global: &'a Flags,
    /// What is no flag.
    pub(super) arguments: &'a [OsString],
    /// Whether steps are told, which the original does only without a command.
    pub(super) verbose: bool,
    /// Who can be asked.
    pub(super) asks: Arc<Interaction>,
    current: PathBuf,
    config: OnceCell<Option<Loaded>>,
    keys: OnceCell<Keys>,
}

/// A configuration file that was read.
pub(super) struct Loaded {
    /// Its absolute path.
    pub(super) path: PathBuf,
    /// What it says.
    pub(super) config: Config,
}

impl Loaded {
    /// The folder it stands in.
    pub(super) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

impl<'a> Session<'a> {
    /// The session of a command.
    pub(super) fn new(
        context: &'a Context,
        flags: &'a Flags,
        global: &'a Flags,
        arguments: &'a [OsString],
    ) -> Result<Self, Failure> {
        let current =
            std::env::current_dir().map_err(|cause| Failure::generic(format!("getwd: {cause}")))?;
        let prompter = Arc::new(UserPrompter::new(&context.environment));
        Ok(Self {
            context,
            flags,
            global,
            arguments,
            verbose: std::ptr::eq(flags, global) && flags.is_on("verbose"),
            asks: Interaction::new(context.environment.clone(), prompter),
            current,
            config: OnceCell::new(),
            keys: OnceCell::new(),
        })
    }

    /// A path as the original makes it absolute: links are not followed.
    pub(super) fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        normalize(&self.current.join(path))
    }

    /// The first argument as an absolute path.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.arguments.first().map(|path| self.absolute(path))
    }

    /// The name by which rule and types are chosen: `--filename-override`, else the file itself.
    pub(super) fn name_of(&self, file: &Path) -> PathBuf {
        match self.flags.path("filename-override") {
            Some(other) => self.absolute(other),
            None => file.to_owned(),
        }
    }

    /// Says that only the first argument counts, where there are more.
    pub(super) fn warn_of_more_arguments(&self) {
        let Some((_, more)) = self.arguments.split_first() else {
            return;
        };
        if more.is_empty() {
            return;
        }
        let ui = &self.context.ui;
        log::warn(
            ui,
            "More than one positional argument provided. Only the first one will be used!",
        );
        let flag = more
            .iter()
            .rfind(|word| word.as_encoded_bytes().first() == Some(&b'-'));
        if let Some(flag) = flag {
            let flag = quoted(flag.as_encoded_bytes());
            let message = format!(
                "Note that one of the ignored positional argument is {flag}, which looks like a \
                 flag. Flags must always be provided before the first positional argument!"
            );
            log::warn(ui, &message);
        }
    }

    /// The configuration file: `--config`, else the first `.sops.yaml` from the working folder
    /// upwards. None where there is none.
    pub(super) fn config(&self) -> Result<Option<&Loaded>, Failure> {
        if let Some(known) = self.config.get() {
            return Ok(known.as_ref());
        }
        let loaded = self.load_config()?;
        Ok(self.config.get_or_init(|| loaded).as_ref())
    }

    fn load_config(&self) -> Result<Option<Loaded>, Failure> {
        let path = match self.global.path("config") {
            Some(path) => self.absolute(path),
            None => {
                let located = locate(&self.current, Path::exists);
                if let Some(ignored) = &located.ignored {
                    self.warn_of_other_name(ignored, located.path.as_deref());
                }
                match located.path {
                    Some(path) => path,
                    None => return Ok(None),
                }
            }
        };
        let text = fs::read_text(&path, CONFIG_LIMIT).map_err(|error| {
            let named = self.global.path("config");
            let named = named.as_deref().unwrap_or(&path);
            let cause = path_error("open", named, &error.cause);
            Failure::generic(format!("could not read config file: {cause}"))
        })?;
        let config = Config::parse(&path, &text).map_err(|diagnostic| {
            Failure::generic(format!(
                "error loading config: Could not unmarshal config file: {diagnostic}"
            ))
        })?;
        Ok(Some(Loaded { path, config }))
    }

    fn warn_of_other_name(&self, ignored: &Path, used: Option<&Path>) {
        let ignored = quoted(ignored.as_os_str().as_encoded_bytes());
        let mut message = format!(
            "ignoring {ignored} when searching for config file; \
             the config file must be called \".sops.yaml\""
        );
        if let Some(used) = used {
            let used = quoted(used.as_os_str().as_encoded_bytes());
            message.push_str(&format!("; using {used} instead"));
        }
        log::warn(&self.context.ui, &message);
    }

    /// Names of keys, to explain failures.
    pub(super) fn owners(&self) -> Owners {
        let loaded = self.config.get().and_then(Option::as_ref);
        loaded.map_or_else(Owners::default, |loaded| loaded.config.owners.clone())
    }

    /// The format that `--input-type` or the name says.
    pub(super) fn input_format(&self, name: &Path) -> Result<Format, Failure> {
        self.format("input-type", name)
    }

    /// The format that `--output-type` or the name says.
    pub(super) fn output_format(&self, name: &Path) -> Result<Format, Failure> {
        self.format("output-type", name)
    }

    /// A broken configuration file breaks every command, as in the original.
    fn format(&self, flag: &str, name: &Path) -> Result<Format, Failure> {
        self.config()?;
        let by_name = Format::for_path(&name.to_string_lossy());
        let given = self.flags.text(flag);
        if given.is_empty() {
            return Ok(by_name);
        }
        Ok(given.parse().unwrap_or_else(|_| {
            let message = format!(
                "--{flag} '{given}' is no format (binary, dotenv, ini, json, yaml); \
                 '{by_name}' is used, by the name of the file"
            );
            log::warn(&self.context.ui, &message);
            by_name
        }))
    }

    /// How a format is laid out: `--indent`, else the configuration file.
    pub(super) fn emit_options(&self, format: Format) -> EmitOptions {
        if self.global.is_given("indent") {
            let indent = Some(self.global.number("indent"));
            return EmitOptions { indent };
        }
        let loaded = self.config.get().and_then(Option::as_ref);
        loaded.map_or_else(EmitOptions::default, |loaded| {
            loaded.config.emit_options(format)
        })
    }

    /// How an encrypted file is written.
    pub(super) fn layout(&self, format: Format) -> Layout {
        if self.keeps_layout() {
            Layout::Kept
        } else {
            Layout::Canonical(self.emit_options(format))
        }
    }

    /// Whether `--preserve-layout` was given, before or after the command.
    pub(super) fn keeps_layout(&self) -> bool {
        let name = "preserve-layout";
        self.flags.is_on(name) || self.global.is_on(name)
    }

    /// The order in which kinds of keys are tried. Kinds that nobody knows do not matter.
    pub(super) fn order(&self) -> Result<DecryptionOrder, Failure> {
        let text = self.flags.text("decryption-order");
        let mut seen = std::collections::BTreeSet::new();
        if !text.is_empty() {
            for name in text.split(',') {
                if !seen.insert(name) {
                    let message = format!("Duplicate decryption key type: {name}");
                    return Err(Failure::new(code::DOUBLE_ORDER, message));
                }
            }
        }
        let known: Vec<&str> = text
            .split(',')
            .filter(|name| name.parse::<DecryptionOrder>().is_ok())
            .collect();
        for name in seen.iter().filter(|name| !known.contains(name)) {
            let message = format!("--decryption-order: there is no kind of keys called '{name}'");
            log::warn(&self.context.ui, &message);
        }
        known
            .join(",")
            .parse()
            .map_err(|error| Failure::generic(format!("{error}")))
    }

    /// The keys of this machine.
    pub(super) fn keys(&self) -> Result<&Keys, Failure> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let keys = Keys::find(self)?;
        Ok(self.keys.get_or_init(|| keys))
    }

    /// Reads the bytes of an encrypted file.
    pub(super) fn parse(
        &self,
        format: Format,
        bytes: SecretBytes,
    ) -> Result<EncryptedFile, Failure> {
        EncryptedFile::parse_owned(format, bytes)
            .map(|file| self.with_selector(file))
            .map_err(|error| Failure::of_file(format, error))
    }

    /// The same file with a selector. A new binary file has none; the original reads the default
    /// one there, and writes it.
    pub(super) fn with_selector(&self, mut file: EncryptedFile) -> EncryptedFile {
        let selector = &mut file.envelope.metadata.selector;
        if matches!(selector, Selector::Everything) && !self.keeps_layout() {
            *selector = Selector::default_suffix();
        }
        file
    }

    /// Opens an encrypted file: recovers its data key and decrypts it.
    pub(super) fn open(
        &self,
        file: EncryptedFile,
        order: &DecryptionOrder,
        options: DecryptOptions,
    ) -> Result<(DecryptedFile, DataKey), Failure> {
        file.metadata()
            .check_version()
            .map_err(|error| Failure::from(nixseal_sops::Error::from(error)))?;
        let key = self.unlock(&file, order)?;
        if self.verbose {
            log::debug(&self.context.ui, "SOPS", "Decrypting tree");
        }
        let mut opened = file.decrypt(&key, options)?;
        if !self.keeps_layout() {
            opened.detach_comments();
        }
        if opened.clear_comments > 0 {
            let message = format!(
                "{} comments that should be encrypted stand in clear",
                opened.clear_comments
            );
            log::warn(&self.context.ui, &message);
        }
        Ok((opened, key))
    }

    /// Recovers the data key of an encrypted file.
    pub(super) fn unlock(
        &self,
        file: &EncryptedFile,
        order: &DecryptionOrder,
    ) -> Result<DataKey, Failure> {
        let owners = self.owners();
        let key = self
            .keys()?
            .with(|sources| file.unlock(sources, order, &owners))?;
        if self.verbose {
            let ui = &self.context.ui;
            log::info(ui, "SOPS", "Data key recovered successfully", None);
        }
        Ok(key)
    }

    /// Now, as files have it.
    pub(super) fn now(&self) -> Moment {
        Moment::of(SystemTime::now())
    }
}
