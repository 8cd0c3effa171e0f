//! A user's home for one test: keys in `home/.ssh`, secrets in `secrets`, a
//! folder for temporary files, and the check of every result by the real tools.

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nixseal_testkit::keys::{self, SshKind};
use nixseal_testkit::workdir::{fail, succeed};
use nixseal_testkit::{Workdir, peers};

/// The folders of one test and the keys in them.
pub(crate) struct Home {
    pub(crate) work: Workdir,
    /// Public key and the file of the private one.
    keys: RefCell<Vec<(String, PathBuf)>>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let work = Workdir::new();
        for folder in ["home/.ssh", "secrets", "tmp"] {
            work.mkdir(folder);
        }
        Self {
            work,
            keys: RefCell::default(),
        }
    }

    /// Makes an SSH key; gives the public half without its comment.
    pub(crate) fn ssh_key(&self, name: &str) -> String {
        self.protected_ssh_key(name, None)
    }

    /// The same with a passphrase.
    pub(crate) fn protected_ssh_key(&self, name: &str, passphrase: Option<&str>) -> String {
        let key = keys::ssh(&self.work, name, SshKind::Ed25519, passphrase);
        let public: Vec<&str> = key.public.split(' ').take(2).collect();
        let public = public.join(" ");
        // The checks below read keys without asking.
        let readable = match passphrase {
            None => key.path,
            Some(passphrase) => self.unprotected(&key.path, passphrase),
        };
        self.keys.borrow_mut().push((public.clone(), readable));
        public
    }

    fn unprotected(&self, key: &Path, passphrase: &str) -> PathBuf {
        let name = key
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let copy = self
            .work
            .write_private(format!("unprotected/{name}"), self.work.read(key));
        let mut command = self.work.command(peers::ssh_keygen());
        succeed(
            command
                .args(["-p", "-q", "-N", "", "-P", passphrase, "-f"])
                .arg(&copy),
        );
        copy
    }

    /// Makes an age key; gives its recipient.
    pub(crate) fn age_key(&self, name: &str) -> String {
        let key = keys::age(&self.work, name);
        self.keys
            .borrow_mut()
            .push((key.recipient.clone(), key.path));
        key.recipient
    }

    /// Writes `secrets/secrets.nix`.
    pub(crate) fn rules(&self, text: &str) {
        self.work.write("secrets/secrets.nix", text);
    }

    /// Encrypts a file in `secrets` with the real `age`.
    pub(crate) fn encrypt(&self, name: &str, recipients: &[&str], content: &str) {
        let path = Path::new("secrets").join(name);
        keys::age_encrypt(&self.work, recipients, false, content.as_bytes(), path);
    }

    /// Decrypts a file in `secrets` with the real `age`.
    pub(crate) fn decrypt(&self, name: &str, identity: impl AsRef<Path>) -> Vec<u8> {
        let path = Path::new("secrets").join(name);
        keys::age_decrypt(&self.work, &self.work.join(identity), path)
    }

    /// A file in `secrets`.
    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.work.join("secrets").join(name)
    }

    /// Our `agenix` in `secrets`.
    pub(crate) fn agenix(&self) -> Command {
        self.tool("agenix")
    }

    /// Our `ragenix` in `secrets`.
    pub(crate) fn ragenix(&self) -> Command {
        self.tool("ragenix")
    }

    fn tool(&self, name: &str) -> Command {
        let link = Path::new("bin").join(name);
        if !self.work.exists(&link) {
            self.work.mkdir("bin");
            self.work.symlink(env!("CARGO_BIN_EXE_nixseal"), &link);
        }
        let mut command = self.work.command(self.work.join(link));
        command
            .current_dir(self.work.join("secrets"))
            .env("HOME", self.work.join("home"))
            .env("TMPDIR", self.work.join("tmp"));
        command
    }

    /// Standard input with this content.
    pub(crate) fn input(&self, content: &str) -> Stdio {
        let path = self.work.write("input", content);
        File::open(path).expect("open what was just written").into()
    }

    /// What was left where temporary files go.
    pub(crate) fn temporary_files(&self) -> Vec<String> {
        let all = self.work.tree();
        all.into_iter()
            .filter(|name| name.starts_with("tmp/") && name != "tmp/")
            .collect()
    }

    /// Checks with the real `nix-instantiate` and `age` that a file in
    /// `secrets` is as its rule says: text or bytes, and opened by the keys of
    /// its rule and by no other key of this test.
    #[track_caller]
    pub(crate) fn check_against_rules(&self, name: &str) {
        let rule = format!("(import ./secrets.nix).{}", nix_string(name));
        let wanted = self.evaluate(&format!("{rule}.publicKeys"));
        let armor = self.evaluate(&format!("{rule}.armor or false"));
        let is_text = self
            .work
            .read(self.secret(name))
            .starts_with(b"-----BEGIN AGE");
        assert_eq!(is_text, armor == "true", "the form of '{name}'");
        for (public, path) in self.keys.borrow().iter() {
            let mut command = self.work.command(peers::age());
            command.arg("-d").arg("-i").arg(path).arg(self.secret(name));
            if wanted.contains(public.as_str()) {
                succeed(&mut command);
            } else {
                fail(&mut command);
            }
        }
    }

    /// The JSON of a Nix expression, as the real tool sees it.
    #[track_caller]
    fn evaluate(&self, expression: &str) -> String {
        let mut command = self.work.command(peers::nix_instantiate());
        command
            .current_dir(self.work.join("secrets"))
            .args(["--eval", "--strict", "--json", "-E", expression]);
        String::from_utf8_lossy(&succeed(&mut command).stdout)
            .trim_end()
            .to_owned()
    }
}

fn nix_string(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace("${", "\\${")
    )
}
