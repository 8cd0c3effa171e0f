//! Child processes: where programs are, and what they may inherit.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::{ALL, Environment, PATH};

/// A command that inherits the environment but none of the variables whose
/// values are secret.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in ALL.iter().filter(|variable| variable.secret) {
        command.env_remove(variable.name);
    }
    command
}

/// Finds an executable on `PATH`; a name with a slash is taken as it is.
pub fn find_program(environment: &Environment, name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_executable(path));
    }
    std::env::split_paths(environment.value(&PATH)?)
        .map(|folder| folder.join(name))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_on_the_given_path_only() {
        let environment = Environment::default().with(&PATH, "/nonexistent:/bin");
        assert_eq!(find_program(&environment, "sh"), Some("/bin/sh".into()));
        assert_eq!(find_program(&Environment::default(), "sh"), None);
        assert_eq!(find_program(&environment, "/bin/no-such-program"), None);
    }

    #[test]
    fn secret_variables_are_not_inherited() {
        let removed: Vec<_> = command("true")
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.to_owned())
            .collect();
        assert!(removed.contains(&"SOPS_AGE_KEY".into()));
        assert!(!removed.contains(&"HOME".into()));
    }
}
