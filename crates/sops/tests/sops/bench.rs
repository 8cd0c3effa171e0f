//! A folder with keys, the real `sops`, and our side of the same work.

use std::process::{Command, Output};
use std::time::{Duration, UNIX_EPOCH};

use nixseal_age::keyring::{Interaction, Keyring, Source};
use nixseal_base::env::{Environment, GNUPGHOME, SOPS_GPG_EXEC};
use nixseal_document::{EmitOptions, Format, emit, parse};
use nixseal_pgp::{Gpg, OpenPgp};
use nixseal_sops::key_groups::{DecryptionOrder, Owners};
use nixseal_sops::master_key::{AgeKeys, KeySources, PgpKeys};
use nixseal_sops::{
    DataKey, DecryptOptions, DecryptedFile, EncryptedFile, Error, KeyId, Layout, ListComments,
    Metadata, Moment, Selector, file, key_groups,
};
use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::peers;
use nixseal_testkit::workdir::{Workdir, succeed};

pub(crate) const FORMATS: [(Format, &str); 5] = [
    (Format::Yaml, "yaml"),
    (Format::Json, "json"),
    (Format::Dotenv, "env"),
    (Format::Ini, "ini"),
    (Format::Binary, "bin"),
];

/// A private folder with one age key.
pub(crate) struct Bench {
    pub(crate) work: Workdir,
    pub(crate) key: AgeKey,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let work = Workdir::new();
        let key = keys::age(&work, "keys.txt");
        Self { work, key }
    }

    /// The real `sops`, with all keys of the folder.
    pub(crate) fn sops(&self, arguments: &[&str]) -> Command {
        let mut command = self.work.command(peers::sops());
        command
            .env("SOPS_AGE_KEY_FILE", self.work.join("keys.txt"))
            .env("GNUPGHOME", self.work.join("gnupg"))
            .args(arguments);
        command
    }

    /// Encrypts with the real `sops` to the age key of the folder.
    pub(crate) fn sops_encrypt(&self, name: &str, content: &[u8], options: &[&str]) -> Vec<u8> {
        self.work.write(name, content);
        let mut arguments = options.to_vec();
        arguments.extend(["encrypt", "--age", &self.key.recipient, name]);
        succeed(&mut self.sops(&arguments)).stdout
    }

    /// Decrypts with the real `sops`.
    pub(crate) fn sops_decrypt(&self, name: &str, encrypted: &[u8]) -> Vec<u8> {
        let output = self.sops_try_decrypt(name, encrypted);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let shown = String::from_utf8_lossy(encrypted);
        assert!(
            output.status.success(),
            "sops refuses '{name}': {stderr}\n{shown}"
        );
        output.stdout
    }

    pub(crate) fn sops_try_decrypt(&self, name: &str, encrypted: &[u8]) -> Output {
        self.work.write(name, encrypted);
        self.sops(&["decrypt", name]).output().unwrap()
    }

    /// Runs `work` with key sources for all keys of the folder.
    pub(crate) fn with_sources<T>(&self, work: impl FnOnce(&KeySources<'_>) -> T) -> T {
        self.with_identities(&["keys.txt"], work)
    }

    /// Runs `work` with key sources for some identity files, and for the OpenPGP keys.
    pub(crate) fn with_identities<T>(
        &self,
        names: &[&str],
        work: impl FnOnce(&KeySources<'_>) -> T,
    ) -> T {
        let environment = Environment::default()
            .with(&GNUPGHOME, self.work.join("gnupg"))
            .with(&SOPS_GPG_EXEC, peers::gpg());
        self.with_keys(names, &Gpg::new(&environment), work)
    }

    /// Runs `work` with key sources for some identity files, and for OpenPGP as it is given.
    pub(crate) fn with_keys<T>(
        &self,
        names: &[&str],
        openpgp: &dyn OpenPgp,
        work: impl FnOnce(&KeySources<'_>) -> T,
    ) -> T {
        let interaction = Interaction::silent(Environment::default());
        let sources = names.iter().map(|name| Source::file(self.work.join(name)));
        let keyring = sources.fold(Keyring::builder(&interaction), |all, one| all.source(one));
        let keyring = keyring.build().unwrap();
        let age = AgeKeys::new(&keyring, &interaction);
        let pgp = PgpKeys::new(openpgp);
        work(&KeySources::new(vec![&age, &pgp]))
    }

    pub(crate) fn unlock(&self, file: &EncryptedFile) -> Result<DataKey, Error> {
        let (order, owners) = (DecryptionOrder::default(), Owners::default());
        self.with_sources(|sources| file.unlock(sources, &order, &owners))
    }

    /// Decrypts with ours.
    pub(crate) fn open(&self, format: Format, bytes: &[u8]) -> Result<DecryptedFile, Error> {
        self.open_with_key(format, bytes).map(|(file, _)| file)
    }

    pub(crate) fn open_with_key(
        &self,
        format: Format,
        bytes: &[u8],
    ) -> Result<(DecryptedFile, DataKey), Error> {
        let file = EncryptedFile::parse(format, bytes)?;
        let key = self.unlock(&file)?;
        let options = DecryptOptions {
            keep_nonces: true,
            ..DecryptOptions::default()
        };
        Ok((file.decrypt(&key, options)?, key))
    }

    /// Encrypts with ours to the age key of the folder.
    pub(crate) fn seal(
        &self,
        format: Format,
        content: &[u8],
        change: impl FnOnce(&mut Metadata),
    ) -> Vec<u8> {
        let groups = [vec![KeyId::age(&self.key.recipient)]];
        self.seal_for(format, content, &groups, 0, change)
    }

    pub(crate) fn seal_for(
        &self,
        format: Format,
        content: &[u8],
        groups: &[Vec<KeyId>],
        threshold: u32,
        change: impl FnOnce(&mut Metadata),
    ) -> Vec<u8> {
        self.with_sources(|sources| seal(sources, format, content, groups, threshold, change))
    }
}

/// Encrypts with ours and the keys of `sources`.
pub(crate) fn seal(
    sources: &KeySources<'_>,
    format: Format,
    content: &[u8],
    groups: &[Vec<KeyId>],
    threshold: u32,
    change: impl FnOnce(&mut Metadata),
) -> Vec<u8> {
    let key = DataKey::generate().unwrap();
    let wrapped = key_groups::wrap(&key, groups, threshold, &[], sources, &now()).unwrap();
    let selector = if format == Format::Binary {
        Selector::Everything
    } else {
        Selector::default_suffix()
    };
    let mut metadata = Metadata::new(wrapped, selector, now());
    metadata.shamir_threshold = threshold;
    change(&mut metadata);
    let document = parse(format, content).unwrap();
    let elements = ListComments::Elements;
    let file = file::encrypt(document, format, metadata, &key, elements, now()).unwrap();
    written(file)
}

/// A fixed time.
pub(crate) fn now() -> Moment {
    Moment::of(UNIX_EPOCH + Duration::from_secs(1_790_000_000))
}

/// The file as `sops` would lay it out.
pub(crate) fn written(file: EncryptedFile) -> Vec<u8> {
    file.emit(Layout::Canonical(EmitOptions::default()))
        .unwrap()
        .expose()
        .to_vec()
}

/// The plain file as `sops` would lay it out.
pub(crate) fn plain(file: &DecryptedFile) -> Vec<u8> {
    let format = file.envelope.format();
    emit(format, &file.document.branches, &EmitOptions::default())
        .unwrap()
        .expose()
        .to_vec()
}

/// A text for assertions.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
