//! What names of files say, and what is in files.

use std::path::Path;

use crate::words::{naming, words};

/// Suffixes of code, of public halves and of ciphertext: such files are no secrets in clear.
const HARMLESS: &[&str] = &[
    "age", "asc", "bash", "c", "cc", "cer", "cert", "cjs", "clj", "cpp", "crt", "cs", "csr", "css",
    "desktop", "diff", "el", "enc", "erl", "ex", "example", "exs", "fish", "go", "gpg", "gs", "h",
    "hpp", "hs", "html", "ico", "j2", "jar", "java", "jpg", "js", "jsx", "kdl", "kt", "lock",
    "lua", "md", "mjs", "ml", "nim", "nix", "nu", "patch", "php", "pl", "png", "po", "pot", "ps1",
    "pub", "py", "qml", "qss", "r", "rasi", "rb", "rs", "rst", "sample", "scala", "scss",
    "service", "sh", "sig", "sops", "sql", "svelte", "svg", "swift", "template", "tf", "tmpl",
    "ts", "tsx", "vim", "vue", "wasm", "xml", "zig", "zsh",
];
/// Folders in which only secrets are kept.
const FOLDERS: &[&str] = &[
    "secret",
    "secrets",
    "private",
    "credentials",
    "passwords",
    "keys",
];

/// What the path of a file says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Suspicion {
    /// Nothing.
    None,
    /// It lies among secrets.
    Folder,
    /// It is called like a secret.
    Name,
}

/// Judges a path as written in Nix.
pub(crate) fn suspicion(path: &str) -> Suspicion {
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let Some(name) = parts.next() else {
        return Suspicion::None;
    };
    let lower = name.to_ascii_lowercase();
    if is_encrypted_name(&lower) {
        return Suspicion::None;
    }
    if is_secret_name(&lower) {
        return Suspicion::Name;
    }
    let extension = lower.rsplit_once('.').map(|(_, extension)| extension);
    // A folder, or what a flake's file is not told of.
    let harmless = extension.is_none_or(|extension| HARMLESS.contains(&extension));
    let among = parts.any(|folder| FOLDERS.contains(&folder.to_ascii_lowercase().as_str()));
    match among && (!harmless || extension.is_none()) {
        true => Suspicion::Folder,
        false => Suspicion::None,
    }
}

/// Whether a path is that of the folder of all secrets, encrypted or not, as far as its name tells.
pub(crate) fn is_folder_of_secrets(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    FOLDERS.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a name says that the file is encrypted, or the public half of something.
pub(crate) fn is_encrypted_name(lower: &str) -> bool {
    let parts: Vec<&str> = lower.split('.').collect();
    parts.iter().skip(1).any(|part| {
        matches!(
            *part,
            "age" | "gpg" | "asc" | "enc" | "sops" | "encrypted" | "pub" | "crypt"
        )
    }) || lower.starts_with("enc.")
        || lower.starts_with("sops.")
}

fn is_secret_name(lower: &str) -> bool {
    const KEYS: &[&str] = &[
        "id_rsa",
        "id_ed25519",
        "id_ecdsa",
        "id_dsa",
        ".env",
        ".netrc",
        ".htpasswd",
        ".pgpass",
        ".vault-token",
        "netrc",
        "ssh_host_ed25519_key",
        "ssh_host_rsa_key",
        "initrd_host_key",
        ".git-credentials",
    ];
    if KEYS.contains(&lower)
        || lower.starts_with(".env.")
        || lower.ends_with("_host_key")
        || lower.ends_with("_host_ed25519_key")
    {
        return !lower.ends_with("example") && !lower.ends_with("sample");
    }
    let (stem, extension) = match lower.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (lower, ""),
    };
    if HARMLESS.contains(&extension) {
        return false;
    }
    if matches!(
        extension,
        "env"
            | "psk"
            | "key"
            | "pem"
            | "p12"
            | "pfx"
            | "jks"
            | "kdbx"
            | "secret"
            | "token"
            | "password"
            | "passwd"
            | "keytab"
            | "ppk"
    ) {
        let words = words(stem);
        let public = words.iter().any(|word| {
            matches!(
                word.as_str(),
                "public"
                    | "pub"
                    | "cert"
                    | "certificate"
                    | "ca"
                    | "chain"
                    | "fullchain"
                    | "example"
            )
        });
        return !public;
    }
    let stem = stem.trim_end_matches(|one: char| one.is_ascii_digit());
    let all = words(stem);
    let last = all.last().map(String::as_str);
    naming(stem).is_some()
        || matches!(
            last,
            Some("secrets" | "passwords" | "tokens" | "credentials")
        )
        || all.iter().any(|word| {
            matches!(
                word.as_str(),
                "password" | "passwd" | "passphrase" | "secret" | "token"
            )
        }) && !all.iter().any(|word| {
            matches!(
                word.as_str(),
                "policy"
                    | "policies"
                    | "rules"
                    | "generator"
                    | "list"
                    | "manager"
                    | "store"
                    | "hash"
                    | "hashed"
                    | "public"
                    | "names"
                    | "schema"
            )
        })
}

/// What the content of a file says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Encrypted by age, SOPS, GnuPG or git-crypt.
    Encrypted,
    /// A private key or a token is in it.
    Secret,
    /// Neither can be told.
    Unknown,
}

/// Judges the beginning of a file.
pub(crate) fn content(bytes: &[u8]) -> Content {
    const BEGINNINGS: &[&[u8]] = &[
        b"age-encryption.org/",
        b"-----BEGIN AGE ENCRYPTED",
        b"-----BEGIN PGP MESSAGE",
        b"\0GITCRYPT",
    ];
    if BEGINNINGS
        .iter()
        .any(|beginning| bytes.starts_with(beginning))
        || holds(bytes, b"ENC[AES256_GCM,")
    {
        return Content::Encrypted;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Content::Unknown;
    };
    match crate::shapes::private_key(text).is_some() || !crate::shapes::find(text).is_empty() {
        true => Content::Secret,
        false => Content::Unknown,
    }
}

pub(crate) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

/// What a lint may know of the files around a text.
pub trait Surroundings: Sync {
    /// The beginning of the file at `path`, if it is there and can be read.
    fn beginning(&self, path: &Path) -> Option<Vec<u8>>;

    /// Whether there is a file at `path`.
    fn is_file(&self, _path: &Path) -> bool {
        false
    }

    /// Whether there is a folder at `path`.
    fn is_folder(&self, _path: &Path) -> bool {
        false
    }
}

/// Nothing is known.
pub struct Nowhere;

impl Surroundings for Nowhere {
    fn beginning(&self, _path: &Path) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for path in [
            "./password.txt",
            "./token",
            "../id_ed25519",
            "./wg0.key",
            "./.env",
            "./db-password",
            "./secrets.json",
            "./api_token.txt",
        ] {
            assert_eq!(suspicion(path), Suspicion::Name, "{path}");
        }
        for path in ["./secrets/wifi", "./secrets/db.txt", "../private/x.conf"] {
            assert_eq!(suspicion(path), Suspicion::Folder, "{path}");
        }
        for path in [
            "./id_ed25519.pub",
            "./secrets/wifi.age",
            "./secrets.enc.yaml",
            "./token.nix",
            "./secrets/default.nix",
            "./password-policy.json",
            "./tls.crt",
            "./config.toml",
            "./ca.pem",
            "./.env.example",
            "./tokens.css",
            "./password-remover.php",
        ] {
            assert_eq!(suspicion(path), Suspicion::None, "{path}");
        }
    }
}
