//! Errors of the system in the words of Go, which sops-install-secrets prints.

use std::io;
use std::path::Path;

/// `open P: no such file or directory`.
pub(crate) fn cause(action: &str, path: &Path, cause: &io::Error) -> String {
    format!("{action} {}: {}", path.display(), text(cause))
}

/// The system's words: lower case, without the number.
fn text(cause: &io::Error) -> String {
    let text = cause.to_string();
    let Some(number) = cause.raw_os_error() else {
        return text;
    };
    let text = text.trim_end_matches(&format!(" (os error {number})"));
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_go() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(
            cause("open", Path::new("/a"), &missing),
            "open /a: no such file or directory"
        );
    }
}
