//! Files that configurations name.

use nixseal_age::{ARMOR_BEGIN, OpenFile};
use nixseal_base::fs;
use nixseal_lint::Declaration;
use nixseal_repository::sops::discover::Content;

use crate::finder::Finder;
use crate::rule;

/// Larger files are not looked into.
const LARGEST: usize = 64 << 20;

/// Looks whether each declared file is there and encrypted.
pub(crate) fn look(finder: &mut Finder<'_>, declarations: &[Declaration]) {
    for one in declarations {
        let shown = finder.shown(&one.file).display().to_string();
        let (rule, message) = match fs::read_regular(&one.file, LARGEST) {
            Err(error) if error.is_not_found() => (
                rule::DECLARED_MISSING,
                format!("'{}' names '{shown}', which is not there", one.option),
            ),
            Err(_) => continue,
            Ok(bytes) if is_age(&bytes) => continue,
            Ok(bytes) => match Content::of(&one.file, &bytes) {
                Content::Encrypted(_) | Content::Damaged(_) => continue,
                Content::Clear | Content::Other => (
                    rule::DECLARED_IN_CLEAR,
                    format!("'{}' names '{shown}', which is not encrypted", one.option),
                ),
            },
        };
        finder.place(
            rule,
            one.path.clone(),
            one.place.clone(),
            message,
            &one.file,
        );
    }
}

fn is_age(bytes: &[u8]) -> bool {
    let begins = bytes.starts_with(b"age-encryption.org/v1\n")
        || bytes.trim_ascii_start().starts_with(ARMOR_BEGIN.as_bytes());
    begins && OpenFile::parse(bytes).is_ok()
}
