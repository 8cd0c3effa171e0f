//! Which values can be looked for: short and common ones would be found everywhere.

/// Shortest value that is looked for, in bytes.
pub const SHORTEST: usize = 8;
/// Fewest different bytes that a value must have.
pub const FEWEST_DIFFERENT: usize = 5;
/// Shortest number, date or address that is looked for, in bytes.
pub const SHORTEST_NUMBER: usize = 16;
/// Shortest word of letters that is looked for, in bytes.
pub const SHORTEST_WORD: usize = 12;
/// Shortest value of words joined by marks that is looked for, in bytes.
pub const SHORTEST_WORDS: usize = 20;

/// Why a value is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing at all.
    Empty,
    /// Shorter than [`SHORTEST`].
    Short,
    /// One of a list of usual values, such as `localhost` or `changeme`.
    Usual,
    /// Fewer than [`FEWEST_DIFFERENT`] different bytes.
    Uniform,
    /// `12345678`, `abcdefgh`.
    Sequence,
    /// Digits and marks: a number, date, version or address.
    Number,
    /// Letters of one kind, as words and names have them.
    Word,
    /// A path, a host, a mail address or a URL without a password.
    Place,
    /// A public key, a recipient or a certificate.
    Public,
}

impl Reason {
    /// The reason in a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Empty => "it is empty",
            Self::Short => "it is shorter than 8 bytes",
            Self::Usual => "it is a usual word or value",
            Self::Uniform => "it has fewer than 5 different characters",
            Self::Sequence => "it is a sequence of neighbours",
            Self::Number => "it is a number, date or address",
            Self::Word => "it is one word of letters",
            Self::Place => "it is a path, a host or an address",
            Self::Public => "it is a public key or certificate",
        }
    }

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Short => "short",
            Self::Usual => "usual",
            Self::Uniform => "uniform",
            Self::Sequence => "sequence",
            Self::Number => "number",
            Self::Word => "word",
            Self::Place => "place",
            Self::Public => "public",
        }
    }
}

/// Values of at least [`SHORTEST`] bytes that stand in files everywhere, in lower case.
const USUAL: &[&str] = &[
    "127.0.0.1",
    "administrator",
    "changeme",
    "changeme!",
    "changeme123",
    "changeit",
    "correcthorsebatterystaple",
    "database",
    "debug=true",
    "development",
    "disabled",
    "hunter22",
    "localhost",
    "localhost:8080",
    "localhost:5432",
    "localhost:3000",
    "localhost:6379",
    "nextcloud",
    "notasecret",
    "password",
    "password1",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "postgres",
    "postgresql",
    "postgresql://",
    "production",
    "qwertyuiop",
    "qwerty123",
    "undefined",
    "username",
    "user@example.com",
    "admin@example.com",
    "root@localhost",
    "letmein1",
    "replace-me",
    "replaceme",
    "sha256sum",
    "test1234",
    "placeholder",
];

const PUBLIC: &[&str] = &[
    "ssh-ed25519 ",
    "ssh-rsa ",
    "ecdsa-sha2-",
    "sk-ssh-ed25519@",
    "sk-ecdsa-sha2-",
    "age1",
    "-----BEGIN CERTIFICATE",
    "-----BEGIN PUBLIC KEY",
    "-----BEGIN RSA PUBLIC KEY",
    "-----BEGIN PGP PUBLIC KEY",
];

/// Whether a value can be looked for.
///
/// # Errors
/// Why not.
pub fn check(value: &[u8]) -> Result<(), Reason> {
    let text = std::str::from_utf8(value).unwrap_or_default().trim();
    let reason = if value.trim_ascii().is_empty() {
        Reason::Empty
    } else if value.len() < SHORTEST {
        Reason::Short
    } else if USUAL.iter().any(|usual| text.eq_ignore_ascii_case(usual)) {
        Reason::Usual
    } else if PUBLIC.iter().any(|public| text.starts_with(public)) {
        Reason::Public
    } else if different(value) < FEWEST_DIFFERENT {
        Reason::Uniform
    } else if text.is_empty() {
        // Bytes that are no text.
        return Ok(());
    } else if is_sequence(value) {
        Reason::Sequence
    } else if is_number(text) {
        Reason::Number
    } else if is_word(text) {
        Reason::Word
    } else if is_place(text) {
        Reason::Place
    } else {
        return Ok(());
    };
    Err(reason)
}

fn different(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value
        .iter()
        .for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// Nearly all steps from byte to byte are one up, or all one down.
fn is_sequence(value: &[u8]) -> bool {
    let steps = |wanted: i16| {
        let pairs = value.iter().zip(value.iter().skip(1));
        pairs
            .filter(|(one, next)| i16::from(**next) - i16::from(**one) == wanted)
            .count()
    };
    steps(1).max(steps(-1)) + 2 >= value.len()
}

fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let marks = |byte: u8| byte.is_ascii_digit() || b".:-/, +_TZx".contains(&byte);
    digits > 0 && text.len() < SHORTEST_NUMBER && text.bytes().all(marks)
}

/// One word is short; several joined by marks may be longer.
fn is_word(text: &str) -> bool {
    let rest = text.get(1..).unwrap_or_default();
    let lower = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    let upper = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase());
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let one = letters(text) && (lower(rest) || upper(text));
    let mut words = text.split(['-', '_', '.', ' ', '/', ':', '@']);
    let several = words
        .all(|word| letters(word) && (lower(word.get(1..).unwrap_or_default()) || upper(word)));
    (one && text.len() < SHORTEST_WORD) || (several && !one && text.len() < SHORTEST_WORDS)
}

/// Paths, hosts, mail addresses and URLs, unless something in them looks secret.
fn is_place(text: &str) -> bool {
    if text.contains(char::is_whitespace) {
        return false;
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let plain = !rest.contains(['@', '?', '#']);
        let quiet = rest.split('/').skip(1).all(|part| part.len() < 16);
        return scheme.bytes().all(|byte| byte.is_ascii_lowercase()) && plain && quiet;
    }
    let name = |part: &str| {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit();
        !part.is_empty() && part.len() < 24 && part.bytes().all(legal)
    };
    let host = |text: &str| {
        let (host, port) = text.split_once(':').unwrap_or((text, "1"));
        let top = host.rsplit('.').next().unwrap_or_default();
        host.contains('.')
            && host.split('.').all(name)
            && top.bytes().all(|byte| byte.is_ascii_lowercase())
            && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    let path = |text: &str| {
        let legal =
            |byte: u8| byte.is_ascii_lowercase() || b"-_.".contains(&byte) || byte.is_ascii_digit();
        let part = |part: &str| part.len() < 24 && part.bytes().all(legal);
        text.starts_with('/') && text.split('/').all(part) || text.starts_with("/nix/store/")
    };
    let mail = text
        .split_once('@')
        .is_some_and(|(user, at)| host(at) && user.split('.').all(name));
    mail || host(text) || path(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_values_are_told_apart() {
        for (value, reason) in [
            ("", Reason::Empty),
            (" \n", Reason::Empty),
            ("true", Reason::Short),
            ("false", Reason::Short),
            ("8080", Reason::Short),
            ("hunter2", Reason::Short),
            ("localhost", Reason::Usual),
            ("Password", Reason::Usual),
            ("aaaaaaaabbbb", Reason::Uniform),
            ("0000000000", Reason::Uniform),
            ("12345678", Reason::Sequence),
            ("abcdefghij", Reason::Sequence),
            ("2024-12-03", Reason::Number),
            ("192.168.17.5", Reason::Number),
            ("10.20.30.4:5432", Reason::Number),
            ("swordfish", Reason::Word),
            ("Swordfish", Reason::Word),
            ("alpha-bravo-car", Reason::Word),
            ("mail.example.org", Reason::Word),
            ("db1.mail.example.org:5432", Reason::Place),
            ("web-admin1@mail.example.org", Reason::Place),
            ("https://git.example.org/team/repo", Reason::Place),
            ("/run/secrets/wifi-1.psk", Reason::Place),
            ("/nix/store/abc-x/Bin", Reason::Place),
            (
                "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
                Reason::Public,
            ),
            ("ssh-ed25519 AAAAC3Nz x", Reason::Public),
        ] {
            assert_eq!(check(value.as_bytes()), Err(reason), "{value}");
        }
    }

    #[test]
    fn secrets_are_looked_for() {
        for value in [
            "k8Jq-w2L",
            "correct-horse-battery-staple",
            "correcthorsebattery",
            "4f1c9a0b2d7e",
            "7354918264038155",
            "postgres://app:s3cretPw@db/app",
            "https://hooks.example.org/T024BE7LD/B19Qh2/XkfIyT3wA8sUq9vZ2mQp4Rr1",
            "p4ss:w0rd",
            "Tr0ub4dor&3",
        ] {
            assert_eq!(check(value.as_bytes()), Ok(()), "{value}");
        }
        assert_eq!(check(&[0xff, 1, 2, 3, 4, 5, 6, 7]), Ok(()));
    }
}
