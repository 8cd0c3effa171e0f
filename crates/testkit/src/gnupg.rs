//! A folder of the real GnuPG with keys made at test time.

use std::path::PathBuf;
use std::process::Command;

use crate::peers;
use crate::workdir::{Workdir, succeed};

/// A private key folder. Its agent ends with it.
pub struct Gnupg<'a> {
    work: &'a Workdir,
    home: PathBuf,
}

impl<'a> Gnupg<'a> {
    /// Makes the folder `name`, with mode 0700 as GnuPG wants it.
    #[track_caller]
    pub fn new(work: &'a Workdir, name: &str) -> Self {
        let home = work.mkdir(name);
        work.set_mode(name, 0o700);
        Self { work, home }
    }

    /// Where it is: the value of `GNUPGHOME`.
    pub fn home(&self) -> &PathBuf {
        &self.home
    }

    /// The `gpg` command with this folder. It asks nobody: passphrases are given with
    /// `--passphrase`.
    pub fn command(&self) -> Command {
        let mut command = self.work.command(peers::gpg());
        command.env("GNUPGHOME", &self.home).args([
            "--batch",
            "--quiet",
            "--pinentry-mode",
            "loopback",
        ]);
        command
    }

    /// Runs `gpg`, which must succeed; gives what it printed.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Vec<u8> {
        succeed(self.command().args(arguments)).stdout
    }

    /// Makes a key without a passphrase; gives the fingerprint of the primary key. `algorithm` is
    /// as `gpg --quick-generate-key` takes it; `default` and `future-default` have an encryption
    /// subkey, others only sign.
    #[track_caller]
    pub fn make_key(&self, user: &str, algorithm: &str) -> String {
        self.make_protected_key(user, algorithm, "")
    }

    /// As [`Gnupg::make_key`], with a passphrase.
    #[track_caller]
    pub fn make_protected_key(&self, user: &str, algorithm: &str, passphrase: &str) -> String {
        let make = ["--passphrase", passphrase, "--quick-generate-key", user];
        let usage = ["default", "never"];
        self.run(&[&make[..], &[algorithm], &usage].concat());
        self.fingerprints(user).remove(0)
    }

    /// Adds a subkey without a passphrase; gives its fingerprint. `usage` is `encr`, `sign` or
    /// `auth`; `expiry` is `never`, days, or `seconds=` and a number.
    #[track_caller]
    pub fn add_key(&self, primary: &str, algorithm: &str, usage: &str, expiry: &str) -> String {
        let add = ["--passphrase", "", "--quick-add-key", primary];
        self.run(&[&add[..], &[algorithm, usage, expiry]].concat());
        let mut all = self.fingerprints(primary);
        all.pop().expect("a key that was added")
    }

    /// Changes a key with lines that are typed at `gpg --edit-key`.
    #[track_caller]
    pub fn edit_key(&self, key: &str, lines: &[&str]) {
        let mut command = self.work.command(peers::gpg());
        let script = self.work.write("edit-key.txt", lines.join("\n") + "\n");
        let input = std::fs::File::open(script).expect("open the lines to type");
        command
            .env("GNUPGHOME", &self.home)
            .args([
                "--quiet",
                "--no-tty",
                "--yes",
                "--expert",
                "--command-fd",
                "0",
            ])
            .args([
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                "",
                "--edit-key",
                key,
            ])
            .stdin(input);
        succeed(&mut command);
    }

    /// The fingerprints of the primary key and the subkeys of a user, in this order.
    #[track_caller]
    pub fn fingerprints(&self, user: &str) -> Vec<String> {
        let listed = self.run(&["--list-keys", "--with-colons", "--with-fingerprint", user]);
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let lines = listed.lines().filter(|line| line.starts_with("fpr:"));
        lines
            .filter_map(|line| line.split(':').nth(9))
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Gnupg<'_> {
    fn drop(&mut self) {
        let Some(program) = peers::find_program("gpgconf") else {
            return;
        };
        let mut command = self.work.command(program);
        command.env("GNUPGHOME", &self.home).args(["--kill", "all"]);
        let _ = command.output();
    }
}
