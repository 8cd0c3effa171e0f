//! A folder of many secrets for one test, and the question that every fault
//! test asks at its end: is each file whole, and is nothing else there?

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use nixseal_testkit::Workdir;
use nixseal_testkit::keys::{self, AgeKey};
use nixseal_testkit::workdir::succeed;

pub(crate) const NIXSEAL: &str = env!("CARGO_BIN_EXE_nixseal");

/// Secrets `secret-NN.age` with the content `value NN`, readable by `user`,
/// made by nixseal itself (with a lock), in the folder of the test.
pub(crate) struct Repository {
    pub(crate) work: Workdir,
    pub(crate) user: AgeKey,
    pub(crate) host: AgeKey,
    count: usize,
}

impl Repository {
    pub(crate) fn new(count: usize) -> Self {
        Self::within(Workdir::new(), count)
    }

    pub(crate) fn within(work: Workdir, count: usize) -> Self {
        let user = keys::age(&work, "user.txt");
        let host = keys::age(&work, "host.txt");
        let repository = Self {
            work,
            user,
            host,
            count,
        };
        repository.rules(false);
        for number in 0..count {
            let name = format!("secret-{number:02}.age");
            let content = format!("value {number:02}");
            keys::age_encrypt(
                &repository.work,
                &[&repository.user.recipient],
                false,
                content.as_bytes(),
                name,
            );
        }
        succeed(repository.nixseal().args(["rekey", "-i", "user.txt"]));
        repository
    }

    /// Writes rules under which the host may, or may not, read every secret.
    pub(crate) fn rules(&self, with_host: bool) {
        let host = if with_host {
            format!("\"{}\"", self.host.recipient)
        } else {
            String::new()
        };
        let rules: String = (0..self.count)
            .map(|number| {
                let user = &self.user.recipient;
                format!("  \"secret-{number:02}.age\".publicKeys = [ \"{user}\" {host} ];\n")
            })
            .collect();
        self.work.write("secrets.nix", format!("{{\n{rules}}}\n"));
    }

    pub(crate) fn nixseal(&self) -> Command {
        self.work.command(NIXSEAL)
    }

    /// The files of a whole repository, and no other.
    pub(crate) fn expected_names(&self) -> BTreeSet<String> {
        let secrets = (0..self.count).map(|number| format!("secret-{number:02}.age"));
        let others = ["host.txt", "secrets.lock", "secrets.nix", "user.txt"].map(str::to_owned);
        secrets.chain(others).collect()
    }

    /// What is in the folder that should not be there.
    pub(crate) fn strangers(&self) -> Vec<String> {
        let expected = self.expected_names();
        self.work
            .tree()
            .into_iter()
            .filter(|name| !expected.contains(name))
            .collect()
    }

    /// Every secret opens with the user's key and says what it said.
    #[track_caller]
    pub(crate) fn assert_whole(&self) {
        self.assert_whole_in(self.work.path());
    }

    #[track_caller]
    pub(crate) fn assert_whole_in(&self, folder: &Path) {
        for number in 0..self.count {
            let file = folder.join(format!("secret-{number:02}.age"));
            let content = keys::age_decrypt(&self.work, &self.user.path, &file);
            assert_eq!(
                content,
                format!("value {number:02}").as_bytes(),
                "{}",
                file.display()
            );
        }
    }

    /// How many secrets the host can open.
    pub(crate) fn readable_by_host(&self) -> usize {
        let opens = |number: &usize| {
            let name = format!("secret-{number:02}.age");
            let mut command = self.nixseal();
            command.args(["show", "-i", "host.txt", &name]);
            command.output().expect("run nixseal").status.success()
        };
        (0..self.count).filter(opens).count()
    }

    /// All contents, to see that nothing at all has changed.
    pub(crate) fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let names = self
            .work
            .tree()
            .into_iter()
            .filter(|name| !name.ends_with('/'));
        names
            .map(|name| (self.work.join(&name), self.work.read(&name)))
            .collect()
    }
}
