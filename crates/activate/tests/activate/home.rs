//! A user's home with keys, encrypted files and a manifest in user mode: all but mounts and owners
//! is as with root.

use std::cell::RefCell;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use nixseal_activate::{
    Accounts, Entry, Events, Finding, Manifest, Options, Report, Status, TreeReport,
};
use nixseal_base::env::{Environment, PATH, XDG_RUNTIME_DIR};
use nixseal_testkit::Workdir;
use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::peers;
use nixseal_testkit::workdir::succeed;
use serde_json::{Value, json};

pub(crate) struct Home {
    pub(crate) work: Workdir,
    pub(crate) key: AgeKey,
    pub(crate) manifest: Value,
    pub(crate) environment: Environment,
    pub(crate) dry_run: bool,
}

/// What was said, `1:` for standard output, `2:` for standard error.
#[derive(Default)]
pub(crate) struct Said(RefCell<Vec<String>>);

impl Events for Said {
    fn out(&self, line: &str) {
        self.0.borrow_mut().push(format!("1:{line}"));
    }

    fn err(&self, line: &str) {
        self.0.borrow_mut().push(format!("2:{line}"));
    }
}

pub(crate) struct Run {
    pub(crate) report: Report,
    pub(crate) said: Vec<String>,
}

impl Run {
    pub(crate) fn tree(&self, name: &str) -> &TreeReport {
        self.report
            .trees
            .iter()
            .find(|tree| tree.name == name)
            .unwrap()
    }

    pub(crate) fn entry(&self, name: &str) -> &Entry {
        let mut entries = self.report.trees.iter().flat_map(|tree| &tree.entries);
        entries.find(|entry| entry.name == name).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert(&self, entries: &[(&str, Status)]) {
        for (name, status) in entries {
            assert_eq!(
                self.entry(name).status,
                *status,
                "{name}: {:?}",
                self.entry(name)
            );
        }
    }
}

impl Home {
    /// Two trees, nothing in them yet.
    pub(crate) fn new() -> Self {
        let work = Workdir::new();
        let key = keys::age(&work, "key.txt");
        let runtime = work.mkdir("run");
        let manifest = json!({
            "version": 1,
            "userMode": true,
            "identities": {"ageKeyFiles": [work.join("key.txt")]},
            "credentialsDirectory": "%r/credentials",
            "trees": [
                {"name": "age", "layout": "agenix", "mountPoint": "%r/agenix.d",
                 "link": "%r/agenix", "secrets": [], "templates": []},
                {"name": "sops", "layout": "sops-nix", "mountPoint": "%r/secrets.d",
                 "link": "%r/secrets", "secrets": [], "templates": []},
            ]
        });
        let programs = work.mkdir("bin");
        let environment = Environment::default()
            .with(&XDG_RUNTIME_DIR, runtime)
            .with(&PATH, programs);
        Self {
            work,
            key,
            manifest,
            environment,
            dry_run: false,
        }
    }

    /// An age file that the real `age` wrote.
    pub(crate) fn age_file(&self, name: &str, content: &str) -> PathBuf {
        let recipient = [self.key.recipient.as_str()];
        keys::age_encrypt(&self.work, &recipient, false, content.as_bytes(), name)
    }

    /// A SOPS file that the real `sops` wrote.
    pub(crate) fn sops_file(&self, name: &str, format: &str, content: &str) -> PathBuf {
        self.work.write("plain", content);
        let mut command = self.work.command(peers::sops());
        command.args(["encrypt", "--age", &self.key.recipient]);
        command.args(["--input-type", format, "--output-type", format, "plain"]);
        let encrypted = succeed(&mut command).stdout;
        self.work.remove("plain");
        self.work.write(name, encrypted)
    }

    /// Adds a secret (`"secrets"`) or template (`"templates"`) to a tree.
    pub(crate) fn add(&mut self, tree: usize, list: &str, item: Value) {
        let list = &mut self.manifest["trees"][tree][list];
        list.as_array_mut().unwrap().push(item);
    }

    /// Adds a secret with an age file of that content.
    pub(crate) fn add_age(&mut self, name: &str, content: &str) {
        let file = self.age_file(&format!("{name}.age"), content);
        self.add(0, "secrets", json!({"name": name, "age": {"file": file}}));
    }

    /// The secrets of a tree, to change them.
    pub(crate) fn secret(&mut self, tree: usize, index: usize) -> &mut Value {
        &mut self.manifest["trees"][tree]["secrets"][index]
    }

    pub(crate) fn parsed(&self) -> Manifest {
        let text = self.manifest.to_string();
        Manifest::parse(&self.work.join("manifest.json"), text.as_bytes()).unwrap()
    }

    pub(crate) fn with_options<T>(
        &self,
        work: impl FnOnce(&mut Manifest, &Options<'_>) -> T,
    ) -> (T, Vec<String>) {
        let said = Said::default();
        let accounts = Accounts::of_files("/etc/passwd".into(), "/etc/group".into(), None);
        let options = Options {
            environment: &self.environment,
            accounts: &accounts,
            events: &said,
            program: "nixseal",
            ignore_passwd: false,
            dry_run: self.dry_run,
            now: UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        };
        let result = work(&mut self.parsed(), &options);
        (result, said.0.into_inner())
    }

    pub(crate) fn try_activate(&self) -> Result<Run, String> {
        let (report, said) = self.with_options(nixseal_activate::activate);
        let report = report.map_err(|error| error.to_string())?;
        Ok(Run { report, said })
    }

    #[track_caller]
    pub(crate) fn activate(&self) -> Run {
        self.try_activate().unwrap()
    }

    pub(crate) fn check(&self) -> Vec<Finding> {
        self.with_options(|manifest, options| nixseal_activate::check(manifest, options))
            .0
    }

    /// The path of something below the runtime directory.
    pub(crate) fn run(&self, name: &str) -> PathBuf {
        self.work.join("run").join(name)
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.run(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.run(name).symlink_metadata().is_ok()
    }

    #[track_caller]
    pub(crate) fn inode(&self, name: &str) -> u64 {
        self.run(name).metadata().unwrap().ino()
    }

    #[track_caller]
    pub(crate) fn mode(&self, name: &str) -> u32 {
        self.run(name).metadata().unwrap().mode() & 0o7777
    }
}
