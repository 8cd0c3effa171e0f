//! `--user`: becoming somebody else before a command is run.

use std::path::Path;

use nixseal_base::fs;

use crate::personalities::sops::failure::Failure;

/// More than these files ever have.
const LIMIT: usize = 64 << 20;

/// Somebody of this machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct User {
    name: String,
    home: String,
    id: u32,
    group: u32,
    groups: Vec<u32>,
}

impl User {
    /// Looks somebody up by name, or by number, in `/etc/passwd` and `/etc/group`.
    ///
    /// # Errors
    /// When nobody is called so.
    pub(super) fn find(name: &str) -> Result<Self, Failure> {
        let read = |path: &str| {
            let text = fs::read_text(Path::new(path), LIMIT);
            text.map_err(|error| Failure::generic(error.to_string()))
        };
        let users = read("/etc/passwd")?;
        let groups = read("/etc/group").unwrap_or_default();
        Self::among(name, &users, &groups)
            .ok_or_else(|| Failure::generic(format!("user: unknown user {name}")))
    }

    fn among(name: &str, users: &str, groups: &str) -> Option<Self> {
        let user = users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            match fields.as_slice() {
                [own, _, id, group, _, home, ..] if *own == name => Some(Self {
                    name: (*own).to_owned(),
                    home: (*home).to_owned(),
                    id: id.parse().ok()?,
                    group: group.parse().ok()?,
                    groups: Vec::new(),
                }),
                _ => None,
            }
        })?;
        let member = |line: &str| -> Option<u32> {
            let mut fields = line.split(':').skip(2);
            let (id, members) = (fields.next()?.parse().ok()?, fields.next()?);
            members
                .split(',')
                .any(|member| member.trim() == name)
                .then_some(id)
        };
        let mut all = vec![user.group];
        all.extend(
            groups
                .lines()
                .filter_map(member)
                .filter(|id| *id != user.group),
        );
        Some(Self {
            groups: all,
            ..user
        })
    }

    /// Variables that name the user.
    pub(super) fn variables(&self) -> [(&'static str, &str); 3] {
        [
            ("HOME", self.home.as_str()),
            ("USER", self.name.as_str()),
            ("LOGNAME", self.name.as_str()),
        ]
    }

    /// Makes what this thread does from now on, and what it starts, the user's.
    ///
    /// # Errors
    /// When the system forbids it: only root may.
    #[cfg(target_os = "linux")]
    pub(super) fn become_it(&self) -> Result<(), Failure> {
        use rustix::process::{Gid, Uid};
        use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

        let forbidden = |cause: rustix::io::Errno| {
            let cause = crate::personalities::go_text::cause_text(&cause.into());
            Failure::generic(cause).hint("only root may run commands as somebody else")
        };
        let groups: Vec<Gid> = self.groups.iter().map(|id| Gid::from_raw(*id)).collect();
        let (user, group) = (Uid::from_raw(self.id), Gid::from_raw(self.group));
        set_thread_groups(&groups).map_err(forbidden)?;
        set_thread_res_gid(group, group, group).map_err(forbidden)?;
        set_thread_res_uid(user, user, user).map_err(forbidden)
    }

    /// Not on this system.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn become_it(&self) -> Result<(), Failure> {
        Err(Failure::generic("--user is supported on Linux only"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_their_groups() {
        let users = "root:x:0:0:root:/root:/bin/sh\nann:x:7:8::/home/ann:/bin/sh\nbroken\n";
        let groups = "root:x:0:\nwheel:x:1:bob,ann\nann:x:8:ann\nvideo:x:9:ann\n";
        let ann = User::among("ann", users, groups).unwrap();
        assert_eq!(
            (ann.id, ann.group, ann.groups.clone()),
            (7, 8, vec![8, 1, 9])
        );
        assert_eq!(ann.variables()[0], ("HOME", "/home/ann"));
        assert_eq!(User::among("nobody", users, groups), None);
    }
}
