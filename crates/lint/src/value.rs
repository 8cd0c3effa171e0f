//! Whether a text that stands where a secret would is one: placeholders, references, public keys
//! and settings are none.

use crate::words::Naming;

/// Texts that people write where a secret is to be filled in. Compared without case and without
/// what is no letter or digit.
const PLACEHOLDERS: &[&str] = &[
    "changeit",
    "changeme",
    "changethis",
    "default",
    "dummy",
    "empty",
    "example",
    "fake",
    "fixme",
    "foo",
    "foobar",
    "hidden",
    "insecure",
    "mypassword",
    "mysecret",
    "mytoken",
    "na",
    "nil",
    "none",
    "notasecret",
    "null",
    "optional",
    "override",
    "overridden",
    "password",
    "passwd",
    "placeholder",
    "redacted",
    "removed",
    "replace",
    "replaceme",
    "secret",
    "tbd",
    "todo",
    "token",
    "undefined",
    "unset",
    "unused",
];
/// Parts of such texts.
const HINTS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "example",
    "placeholder",
    "redacted",
    "replace-me",
    "replace_me",
    "replace with",
    "your-",
    "your_",
    "<your",
    "insert-",
    "insert_",
    "not-a-secret",
    "not_a_secret",
    "fill-in",
    "goes-here",
    "goes_here",
    "xxxx",
    "****",
    "....",
    "0000000000",
];
/// Values of options that choose a way to authenticate.
const SETTINGS: &[&str] = &[
    "always",
    "ask",
    "auto",
    "basic",
    "bearer",
    "deny",
    "disabled",
    "enabled",
    "false",
    "file",
    "keyring",
    "ldap",
    "login",
    "md5",
    "never",
    "no",
    "off",
    "oidc",
    "on",
    "pam",
    "plain",
    "prompt",
    "query",
    "required",
    "scram-sha-256",
    "sha512",
    "system",
    "trust",
    "true",
    "yes",
];

/// What a text is, that stands where a secret would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// For all one can tell a secret.
    Secret,
    /// The hash of a password.
    Hash,
    /// The path of a decrypted secret.
    Decrypted,
    /// Nothing to hide.
    Harmless,
}

/// Judges `text`, the value of something with that kind of name.
pub fn judge(text: &str, naming: Naming) -> Value {
    let trimmed = text.trim();
    if is_hash(trimmed) {
        return Value::Hash;
    }
    if is_decrypted_path(trimmed) {
        return Value::Decrypted;
    }
    let harmless = trimmed.is_empty()
        || is_placeholder(trimmed)
        || is_reference(trimmed)
        || is_public(trimmed)
        || trimmed.contains('\n')
        // A label of a form.
        || trimmed.ends_with(':')
        || naming == Naming::Token && !looks_made(trimmed);
    if harmless {
        Value::Harmless
    } else {
        Value::Secret
    }
}

/// Whether a text was made by a machine: long, and not only words.
pub fn looks_made(text: &str) -> bool {
    let is_word = |character: char| {
        character.is_ascii_lowercase() || matches!(character, '-' | '_' | '.' | ' ' | '/' | ':')
    };
    text.len() >= 8
        && !text.contains(char::is_whitespace)
        && !text.chars().all(is_word)
        && !text
            .chars()
            .all(|character| character.is_ascii_uppercase() || character == '_')
        && distinct(text) >= 5
}

/// How many different characters a text has.
pub fn distinct(text: &str) -> usize {
    let mut seen: Vec<char> = text.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// Whether a text says that it is none: `changeme`, `<token>`, `xxxxxxxx`.
pub fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let letters: String = lower.chars().filter(|one| one.is_alphanumeric()).collect();
    let enclosed = |open, close| text.starts_with(open) && text.ends_with(close);
    PLACEHOLDERS.contains(&letters.as_str())
        || SETTINGS.contains(&lower.as_str())
        || HINTS.iter().any(|hint| lower.contains(hint))
        || enclosed('<', '>')
        || enclosed('[', ']')
        || text.len() >= 3 && distinct(text) == 1
        || letters.is_empty()
}

/// Whether a text says where the secret is, in one of the ways of programs and modules.
pub fn is_reference(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "$",
        "`",
        "@",
        "%",
        "{{",
        "{env",
        "{file",
        "<SOPS:",
        "!secret",
        "!include",
        "ext:",
        "env:",
        "file:",
        "vault:",
        "/",
        "./",
        "../",
        "~/",
        "op://",
        "sm://",
        "cmd:",
        "pass:",
        "exec:",
        "http://",
        "https://",
        "secret:",
        "ref+",
        "process.env",
        "ENV[",
        "os.environ",
        "env(",
        "file(",
        "age:",
        "credential:",
        "command:",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| text.starts_with(beginning))
        || text.contains("$(")
        || text.contains("${")
        || is_store_entry(text)
        || is_call(text)
        || text.contains("::")
            && text
                .chars()
                .all(|one| one.is_ascii_hexdigit() || one == ':')
}

/// A call in some language: `strenv(TOKEN)`, of which the end may be cut off.
fn is_call(text: &str) -> bool {
    let is_name = |one: char| one.is_ascii_alphabetic() || matches!(one, '_' | '.');
    text.split_once('(')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_name))
}

/// An entry of a password store: `mail/work/password`.
fn is_store_entry(text: &str) -> bool {
    let is_word =
        |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || "-_.@".contains(one);
    text.contains('/')
        && text.split('/').all(|part| {
            !part.is_empty()
                && part.chars().all(is_word)
                && part.chars().any(|one| one.is_ascii_lowercase())
        })
}

/// Public keys, digests of sources, ciphertext.
pub fn is_public(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "ssh-ed25519 ",
        "ssh-rsa ",
        "ecdsa-sha2-",
        "sk-ssh-",
        "sk-ecdsa-",
        "age1",
        "age-encryption.org/",
        "-----BEGIN PUBLIC",
        "-----BEGIN CERTIFICATE",
        "-----BEGIN AGE ENCRYPTED",
        "-----BEGIN PGP MESSAGE",
        "-----BEGIN PGP PUBLIC",
        "sha1-",
        "sha256-",
        "sha384-",
        "sha512-",
        "sha256:",
        "sha1:",
        "sha512:",
        "ENC[",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| text.starts_with(beginning))
}

/// Where both tools put what they decrypt.
pub fn is_decrypted_path(text: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "/run/secrets",
        "/run/agenix",
        "/run/secrets-for-users",
        "/run/user-secrets",
        "/run/keys",
    ];
    FOLDERS.iter().any(|folder| {
        text.strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/') || rest.starts_with(".d/"))
    })
}

/// Whether a text is a hash of `crypt`, or of Argon2 or the like.
pub fn is_hash(text: &str) -> bool {
    const KINDS: &[&str] = &[
        "$1$",
        "$2a$",
        "$2b$",
        "$2y$",
        "$5$",
        "$6$",
        "$7$",
        "$gy$",
        "$y$",
        "$apr1$",
        "$argon2i$",
        "$argon2id$",
        "$scrypt$",
        "$pbkdf2",
        "{SSHA}",
        "{SSHA512}",
        "{CRYPT}",
        "{BLF-CRYPT}",
        "{ARGON2ID}",
    ];
    let hash = |text: &str| {
        KINDS
            .iter()
            .any(|kind| text.strip_prefix(kind).is_some_and(|rest| rest.len() >= 20))
            && !text.contains(char::is_whitespace)
            && distinct(text) >= 10
    };
    hash(text)
        || text
            .split_once(':')
            .is_some_and(|(user, rest)| !user.is_empty() && user.len() < 64 && hash(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart() {
        for (text, naming, expected) in [
            ("hunter2", Naming::Password, Value::Secret),
            ("correct horse battery", Naming::Password, Value::Secret),
            ("changeme", Naming::Password, Value::Harmless),
            ("CHANGE-ME!", Naming::Password, Value::Harmless),
            ("<your token>", Naming::Token, Value::Harmless),
            ("xxxxxxxxxxxx", Naming::Token, Value::Harmless),
            ("my-tls-cert", Naming::Token, Value::Harmless),
            ("q8Zr1vLw0pXt5nHb", Naming::Token, Value::Secret),
            ("/etc/wifi.psk", Naming::Password, Value::Harmless),
            ("/run/secrets/db", Naming::Password, Value::Decrypted),
            ("/run/secretsfoo", Naming::Password, Value::Harmless),
            ("$DB_PASSWORD", Naming::Password, Value::Harmless),
            ("mail/work", Naming::Password, Value::Harmless),
            ("age1qqqqqqqqqqqqqqqqqqqq", Naming::Token, Value::Harmless),
            (
                "$6$rounds$abcdefghijklmnopqrstuvwxyz",
                Naming::Password,
                Value::Hash,
            ),
            (
                "alice:$apr1$abcdefgh$ijklmnopqrstuvwxyz0123",
                Naming::Password,
                Value::Hash,
            ),
            ("", Naming::Password, Value::Harmless),
        ] {
            assert_eq!(judge(text, naming), expected, "{text}");
        }
    }
}
