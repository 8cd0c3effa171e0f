//! What names say: whether `db_password`, `apiKey` or `tokenFile` is the name of a secret.

/// What kind of secret a name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Something that people choose: any word may be one.
    Password,
    /// Something that machines make: a plain word is hardly one.
    Token,
}

/// Last words of names of passwords.
const PASSWORDS: &[&str] = &[
    "adminpass",
    "adminpassword",
    "dbpass",
    "dbpassword",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "psk",
    "pwd",
    "requirepass",
    "rootpw",
    "userpassword",
];
/// Last words of names of tokens and keys.
const TOKENS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "authkey",
    "authtoken",
    "clientsecret",
    "credential",
    "credentials",
    "presharedkey",
    "privatekey",
    "privkey",
    "secret",
    "secretkey",
    "token",
];
/// Words before `key` that make it a secret.
const KEYS: &[&str] = &[
    "access",
    "api",
    "application",
    "auth",
    "encryption",
    "hmac",
    "master",
    "preshared",
    "priv",
    "private",
    "secret",
    "session",
    "shared",
    "signing",
];

/// Splits a name into words in lower case: at capitals, digits, and whatever is no letter.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_alphabetic() {
            let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
            let begins = !previous.is_alphabetic()
                || character.is_uppercase()
                    && (previous.is_lowercase() || previous.is_uppercase() && next_is_lower);
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        previous = character;
    }
    words
}

/// What a name says of its value. The last word counts: `tokenUrl` and `passwordFile` name no
/// secret.
pub fn naming(name: &str) -> Option<Naming> {
    let words = words(name);
    let (last, before) = words.split_last()?;
    let before = before.last().map(String::as_str);
    if PASSWORDS.contains(&last.as_str()) {
        // `hashedPassword` has rules of its own, `noPassword` is a switch.
        let other = matches!(
            before,
            Some("hashed" | "encrypted" | "no" | "use" | "require" | "by" | "forgot" | "public")
        );
        return (!other).then_some(Naming::Password);
    }
    if TOKENS.contains(&last.as_str()) {
        let other = matches!(before, Some("no" | "use" | "public" | "existing" | "csrf"));
        return (!other).then_some(Naming::Token);
    }
    let is_key = match (last.as_str(), before) {
        ("key", Some(before)) => KEYS.contains(&before),
        // `SECRET_KEY_BASE` of Rails.
        ("base", Some("key")) => words.iter().any(|word| word == "secret"),
        _ => false,
    };
    is_key.then_some(Naming::Token)
}

/// Whether an option takes the path of a file that holds a secret: `passwordFile`,
/// `environmentFile`, `privateKeyPath`.
pub fn takes_file(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else {
        return false;
    };
    if !matches!(last.as_str(), "file" | "path") {
        return false;
    }
    let name = before.concat();
    naming(&before.join("_")).is_some()
        || before.iter().any(|word| {
            matches!(
                word.as_str(),
                "secret" | "secrets" | "credential" | "credentials" | "password" | "passphrase"
            )
        })
        || matches!(name.as_str(), "environment" | "env" | "key" | "adminpass") && last == "file"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        assert_eq!(words("dbPasswordFile"), ["db", "password", "file"]);
        assert_eq!(
            words("AWS_SECRET_ACCESS_KEY"),
            ["aws", "secret", "access", "key"]
        );
        assert_eq!(words("HTTPToken2"), ["http", "token"]);
        assert_eq!(words("access-tokens"), ["access", "tokens"]);
        assert_eq!(words("!"), Vec::<String>::new());
    }

    #[test]
    fn the_last_word_says_what_it_is() {
        for name in [
            "password",
            "DB_PASSWORD",
            "rootPassword",
            "psk",
            "adminpass",
            "password2",
        ] {
            assert_eq!(naming(name), Some(Naming::Password), "{name}");
        }
        for name in [
            "API_TOKEN",
            "apiKey",
            "clientSecret",
            "SECRET_KEY_BASE",
            "privateKey",
        ] {
            assert_eq!(naming(name), Some(Naming::Token), "{name}");
        }
        for name in [
            "passwordFile",
            "tokenUrl",
            "publicKey",
            "maxTokens",
            "key",
            "hashedPassword",
            "secretName",
            "passwordAuthentication",
            "keyMap",
            "bypass",
            "compass",
            "tokenizer",
        ] {
            assert_eq!(naming(name), None, "{name}");
        }
    }

    #[test]
    fn options_for_files() {
        for name in [
            "passwordFile",
            "environmentFile",
            "privateKeyFile",
            "keyFile",
            "secretsFile",
        ] {
            assert!(takes_file(name), "{name}");
        }
        for name in [
            "configFile",
            "publicKeyFile",
            "certFile",
            "sopsFile",
            "file",
            "path",
        ] {
            assert!(!takes_file(name), "{name}");
        }
    }
}
