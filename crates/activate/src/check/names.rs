//! Names that the system can have.

/// Longest name of a user, in bytes (`useradd`).
const LONGEST: usize = 32;

/// Whether a name can be one of a user or group: what shadow and systemd take, `$` at the end for
/// Samba, and a dot or capitals, as domains have them.
pub(super) fn is_account(name: &str) -> bool {
    let plain = name.strip_suffix('$').unwrap_or(name);
    let mut letters = plain.chars();
    let first = letters.next();
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    name.len() <= LONGEST
        && first.is_some_and(|first| first.is_ascii_alphanumeric() || first == '_')
        && letters.all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users() {
        for name in ["root", "www-data", "_x", "host$", "Ann.B", "9p"] {
            assert!(is_account(name), "{name}");
        }
        for name in ["", "-x", "a b", "a:b", "ä", "$", "a/b", &"x".repeat(33)] {
            assert!(!is_account(name), "{name}");
        }
    }
}
