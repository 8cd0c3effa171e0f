//! Users and groups by name.
//!
//! A static program has no name services: `/etc/passwd` and `/etc/group` are read here, and what
//! is not in them `getent` is asked, where there is one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use nixseal_base::env::Environment;
use nixseal_base::{fs, process};

/// No list of users is longer, in bytes.
const LIMIT: usize = 64 << 20;

/// The users and groups of this machine; each file is read once, when it is needed.
pub struct Accounts {
    users: AccountsFile,
    groups: AccountsFile,
    getent: Option<PathBuf>,
}

/// One of the two files.
pub struct AccountsFile {
    path: PathBuf,
    database: &'static str,
    text: OnceLock<String>,
}

impl Accounts {
    /// Those of the running system.
    pub fn of_system(environment: &Environment) -> Self {
        let getent = process::find_program(environment, "getent");
        Self::of_files("/etc/passwd".into(), "/etc/group".into(), getent)
    }

    /// Those of two files, and of `getent` where it is given.
    pub fn of_files(users: PathBuf, groups: PathBuf, getent: Option<PathBuf>) -> Self {
        let file = |path, database| AccountsFile {
            path,
            database,
            text: OnceLock::new(),
        };
        Self {
            users: file(users, "passwd"),
            groups: file(groups, "group"),
            getent,
        }
    }

    /// The number of a user.
    pub fn user(&self, name: &str) -> Option<u32> {
        self.users.find(name, self.getent.as_deref())
    }

    /// The number of a group.
    pub fn group(&self, name: &str) -> Option<u32> {
        self.groups.find(name, self.getent.as_deref())
    }
}

impl AccountsFile {
    fn find(&self, name: &str, getent: Option<&Path>) -> Option<u32> {
        if name.is_empty() || name.contains([':', '\n']) {
            return None;
        }
        let text = self.text.get_or_init(|| {
            let bytes = fs::read(&self.path, LIMIT).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        number_of(text, name).or_else(|| self.ask(getent?, name))
    }

    fn ask(&self, getent: &Path, name: &str) -> Option<u32> {
        // It would look a number up, or read an option.
        if name.starts_with('-') || name.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let output = process::command(getent)
            .args([self.database, name])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        number_of(std::str::from_utf8(&output.stdout).ok()?, name)
    }
}

/// The third field of the line that begins with the name.
fn number_of(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?.strip_prefix(':')?;
        rest.split(':').nth(1)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken:x\nann:x:1000:100::/:/bin/sh\n";

    #[test]
    fn numbers_are_the_third_field() {
        assert_eq!(number_of(PASSWD, "root"), Some(0));
        assert_eq!(number_of(PASSWD, "ann"), Some(1000));
        for unknown in ["broken", "an", "annn", "x"] {
            assert_eq!(number_of(PASSWD, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn names_that_are_none_are_never_found() {
        let accounts = Accounts::of_files("/nonexistent".into(), "/etc/group".into(), None);
        for name in ["", "root:x", "root\nx", "root"] {
            assert_eq!(accounts.user(name), None);
        }
    }
}
