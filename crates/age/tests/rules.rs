//! Who may be combined with whom, re-wrapping, and what errors say.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read, Write};

use nixseal_age::{
    Armor, Error, FileKey, Header, HybridIdentity, HybridRecipient, Identity, KeyError, OpenFile,
    Recipient, ScryptIdentity, ScryptRecipient, Stanza, TagRecipient, UnwrapError, WrapError,
    Wrapped, X25519Identity, X25519Recipient, decrypt_bytes, encrypt, encrypt_bytes,
};
use nixseal_base::secret::SecretText;

fn x25519() -> Box<dyn Recipient> {
    Box::new(X25519Identity::generate().unwrap().recipient())
}

fn hybrid() -> Box<dyn Recipient> {
    Box::new(HybridIdentity::generate().unwrap().recipient())
}

fn passphrase() -> Box<dyn Recipient> {
    Box::new(ScryptRecipient::new(SecretText::new("secret".to_owned())).with_work_factor(1))
}

fn seal(recipients: &[Box<dyn Recipient>]) -> Result<Vec<u8>, Error> {
    encrypt_bytes(recipients, b"text", Armor::Binary)
}

/// Gives the stanza and the labels that it is told to.
struct Custom(Stanza, BTreeSet<String>);

impl fmt::Display for Custom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("age1custom1qqq")
    }
}

impl Recipient for Custom {
    fn wrap(&self, _: &FileKey) -> Result<Wrapped, WrapError> {
        Ok(Wrapped {
            stanzas: vec![self.0.clone()],
            labels: self.1.clone(),
        })
    }
}

fn custom(tag: &str, args: &[&str], labels: &[&str]) -> Box<dyn Recipient> {
    let stanza = Stanza {
        tag: tag.to_owned(),
        args: args.iter().map(|&argument| argument.to_owned()).collect(),
        body: vec![1; 48],
    };
    Box::new(Custom(
        stanza,
        labels.iter().map(|&label| label.to_owned()).collect(),
    ))
}

#[test]
fn post_quantum_and_classic_do_not_mix() {
    for recipients in [[hybrid(), x25519()], [x25519(), hybrid()]] {
        let error = seal(&recipients).unwrap_err();
        let Error::MixedSecurity {
            post_quantum,
            classic,
        } = error
        else {
            panic!("{error}")
        };
        assert!(post_quantum.starts_with("age1pq1") && !classic.starts_with("age1pq1"));
    }
    seal(&[hybrid(), hybrid(), custom("x", &[], &["postquantum"])]).unwrap();
    seal(&[x25519(), x25519(), custom("x", &["a", "b"], &[])]).unwrap();
}

#[test]
fn other_labels_must_agree() {
    let error = seal(&[custom("x", &[], &["one"]), custom("y", &[], &["two"])]).unwrap_err();
    assert!(matches!(error, Error::Incompatible { .. }));
    assert!(
        seal(&[
            custom("x", &[], &["one", "two"]),
            custom("y", &[], &["two", "one"])
        ])
        .is_ok()
    );
}

#[test]
fn a_passphrase_stands_alone() {
    for recipients in [
        [passphrase(), x25519()],
        [x25519(), passphrase()],
        [passphrase(), passphrase()],
    ] {
        assert!(matches!(
            seal(&recipients).unwrap_err(),
            Error::PassphraseNotAlone
        ));
    }
    let error = seal(&[custom("scrypt", &["salt", "1"], &[]), x25519()]).unwrap_err();
    assert!(matches!(error, Error::PassphraseNotAlone));
}

#[test]
fn somebody_must_be_able_to_read() {
    assert!(matches!(seal(&[]).unwrap_err(), Error::NoRecipients));
}

#[test]
fn stanzas_that_no_header_can_carry_are_refused() {
    for recipient in [
        custom("", &[], &[]),
        custom("x", &[""], &[]),
        custom("x y", &[], &[]),
        custom("x", &["a\nb"], &[]),
    ] {
        let error = seal(&[recipient]).unwrap_err();
        assert!(
            matches!(error, Error::Wrap(WrapError::Refused { .. })),
            "{error}"
        );
    }
}

#[test]
fn empty_passphrases_are_refused() {
    let empty = ScryptRecipient::new(SecretText::default());
    assert!(encrypt_bytes(&[empty], b"", Armor::Binary).is_err());
}

#[test]
fn a_wrong_passphrase_and_a_high_work_factor_are_told_apart() {
    let identity = |text: &str| ScryptIdentity::new(SecretText::new(text.to_owned()));
    let file = seal(&[passphrase()]).unwrap();
    let open =
        |identity: &ScryptIdentity| decrypt_bytes(&file, |header| header.unlock(&[identity]));
    assert_eq!(open(&identity("secret")).unwrap().expose(), b"text");
    assert!(matches!(
        open(&identity("other")).unwrap_err(),
        Error::WrongPassphrase
    ));
    let error = open(&identity("secret").with_max_work_factor(0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "passphrase: malformed scrypt stanza: work factor 1 is too large, at most 0 is accepted"
    );
}

#[test]
fn recipients_are_added_without_touching_the_payload() {
    let [old, new, other] = [(); 3].map(|()| X25519Identity::generate().unwrap());
    let text = vec![7; 200_000];
    for armor in [Armor::Binary, Armor::Armored] {
        let file = encrypt_bytes(&[old.recipient()], &text, armor).unwrap();
        let opened = OpenFile::parse(file.as_slice()).unwrap();
        let key = opened.header().unlock(&[&old]).unwrap();
        let mut wrapped = Vec::new();
        let recipients = [old.recipient(), new.recipient()];
        opened
            .rewrap(&key, &recipients, &mut wrapped, armor)
            .unwrap();
        for identity in [&old, &new] {
            let back = decrypt_bytes(&wrapped, |header| header.unlock(&[identity])).unwrap();
            assert!(back.expose() == text);
        }
        if armor == Armor::Binary {
            assert!(wrapped.ends_with(&file[file.len() - 200_000..]));
        }
        let opened = OpenFile::parse(wrapped.as_slice()).unwrap();
        assert_eq!(opened.header().stanzas().len(), 2);
        let wrong = FileKey::generate().unwrap();
        let error = opened
            .rewrap(&wrong, &[other.recipient()], io::sink(), armor)
            .unwrap_err();
        assert!(matches!(error, Error::BadMac));
    }
}

#[test]
fn a_stranger_is_told_what_the_file_is_encrypted_to() {
    let stranger = X25519Identity::generate().unwrap();
    let file = seal(&[x25519(), custom("ssh-rsa", &["a"], &[]), x25519()]).unwrap();
    let error = decrypt_bytes(&file, |header| header.unlock(&[&stranger])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no identity opens the file, it is encrypted to 2 × X25519, ssh-rsa"
    );
}

/// Opens nothing, as a locked key does.
struct Locked;

impl fmt::Display for Locked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("key 'locked'")
    }
}

impl Identity for Locked {
    fn unwrap(&self, _: &[Stanza]) -> Result<FileKey, UnwrapError> {
        Err(UnwrapError::Unusable("no passphrase".to_owned()))
    }
}

#[test]
fn the_caller_may_choose_how_to_unlock() {
    #[derive(Debug)]
    enum Mine {
        Age(Error),
        GivenUp,
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Self::Age(error)
        }
    }
    let file = seal(&[x25519()]).unwrap();
    assert!(matches!(
        decrypt_bytes(&file, |_| Err(Mine::GivenUp)),
        Err(Mine::GivenUp)
    ));
    let fresh = |_: &Header| Ok(FileKey::generate().unwrap());
    assert!(matches!(
        decrypt_bytes(&file, fresh),
        Err(Mine::Age(Error::BadMac))
    ));
    let error = decrypt_bytes(&file, |header| header.unlock(&[Locked])).unwrap_err();
    assert_eq!(error.to_string(), "key 'locked': no passphrase");
}

#[test]
fn files_of_another_kind_are_named() {
    let mac = "A".repeat(43);
    let mixed = format!("age-encryption.org/v1\n-> scrypt AA 1\n\n-> X25519 AA\n\n--- {mac}\n");
    for (file, expected) in [
        (b"".as_slice(), "it is empty"),
        (b"hello", "does not begin with"),
        (
            b"age-encryption.org/v1\r\n-> X25519 a",
            "its line ends were changed",
        ),
        (b"age-encryption.org/v2\n", "format version 'v2' is unknown"),
        (b"\xff\xfea\0g\0e\0-\0e\0n\0", "UTF-16"),
        (
            b"-----BEGIN PGP MESSAGE-----\n",
            "malformed armor, line 1: expected '-----BEGIN AGE",
        ),
        (
            b"age-encryption.org/v1\n-> a\nQ",
            "line 3: the file ends inside the header",
        ),
        (
            b"age-encryption.org/v1\n->\n\n",
            "line 2: a stanza without a kind",
        ),
        (
            b"age-encryption.org/v1\n-> a\nAA=\n",
            "line 3: wrong base64 padding",
        ),
        (
            b"age-encryption.org/v1\n-> a\nA*A\n",
            "line 3: character '*' at column 2",
        ),
        (
            b"age-encryption.org/v1\n-> a\n\n---\n",
            "line 4: expected '--- '",
        ),
        (
            mixed.as_bytes(),
            "line 6: a passphrase stanza must be the only one",
        ),
    ] {
        let error = OpenFile::parse(file).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn endless_headers_are_refused_in_bounded_memory() {
    let start = b"age-encryption.org/v1\n-> x\n".as_slice();
    let body = format!("{}\n", "A".repeat(64));
    for endless in [b"A".as_slice(), body.as_bytes(), b"\n-> x\n"] {
        let error = OpenFile::parse(start.chain(Endless(endless)))
            .err()
            .unwrap();
        assert!(
            error.to_string().ends_with("the header is too long"),
            "{error}"
        );
    }
}

/// The same bytes again and again.
struct Endless<'a>(&'a [u8]);

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len() / self.0.len() * self.0.len();
        assert!(count > 0, "a buffer for at least one round");
        buffer[..count].copy_from_slice(&self.0.repeat(count / self.0.len()));
        Ok(count)
    }
}

/// Fails after so many bytes.
struct Failing(u64);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone"));
        }
        let count = buffer
            .len()
            .min(usize::try_from(self.0).unwrap())
            .min(10_000);
        buffer[..count].fill(1);
        self.0 -= count as u64;
        Ok(count)
    }
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "full"));
        }
        let count = bytes.len().min(usize::try_from(self.0).unwrap());
        self.0 -= count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn readers_and_writers_may_fail_at_any_point() {
    let recipient = X25519Identity::generate().unwrap().recipient();
    for after in [0, 10, 70_000, 262_144, 262_145, 3_000_000] {
        for armor in [Armor::Binary, Armor::Armored] {
            let error = encrypt(&[&recipient], Failing(after), io::sink(), armor).unwrap_err();
            assert!(matches!(error, Error::Read(_)), "{error}");
            let input = io::repeat(1).take(10_000_000);
            let error = encrypt(&[&recipient], input, Failing(after), armor).unwrap_err();
            assert!(matches!(error, Error::Write(_)), "{error}");
        }
    }
}

#[test]
fn key_texts_are_checked() {
    let identity = X25519Identity::generate().unwrap();
    let (secret, public) = (identity.to_secret_text(), identity.recipient().to_string());
    let strong = HybridIdentity::generate().unwrap();
    let (strong_secret, strong_public) = (strong.to_secret_text(), strong.recipient().to_string());
    let secret = secret.expose();

    assert_eq!(
        X25519Recipient::parse(&public).unwrap(),
        identity.recipient()
    );
    assert_eq!(
        HybridRecipient::parse(&strong_public).unwrap(),
        strong.recipient()
    );
    assert!(
        HybridIdentity::parse(strong_secret.expose())
            .unwrap()
            .recipient()
            == strong.recipient()
    );

    let reason = |error: KeyError| error.to_string();
    let lower = X25519Identity::parse(&secret.to_lowercase())
        .map_err(reason)
        .unwrap_err();
    assert_eq!(
        lower,
        "malformed secret key: it must be written in upper case"
    );
    let upper = X25519Recipient::parse(&public.to_uppercase())
        .map_err(reason)
        .unwrap_err();
    assert!(
        upper.ends_with("it must be written in lower case"),
        "{upper}"
    );
    for (text, expected) in [
        (
            strong_secret.expose(),
            "it does not begin with 'AGE-SECRET-KEY-1'",
        ),
        (&secret[..secret.len() - 1], "its checksum is wrong"),
        ("AGE-SECRET-KEY-", "it has no '1'"),
    ] {
        let error = X25519Identity::parse(text).map_err(reason).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains(&secret[20..30]), "a secret is shown");
    }
    assert!(HybridIdentity::parse(secret).is_err());
    assert!(HybridRecipient::parse(&public).is_err());
    assert!(X25519Recipient::parse(&strong_public).is_err());
    assert!(TagRecipient::parse(&public).is_err());
    for shown in [
        format!("{identity:?}"),
        identity.to_string(),
        format!("{strong:?}"),
    ] {
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}

#[test]
fn unusable_recipients_are_refused() {
    // The neutral point, at which everybody computes the same secret.
    let neutral = X25519Recipient::from_bytes([0; 32]);
    assert!(X25519Recipient::parse(&neutral.to_string()).is_err());
    assert!(matches!(
        encrypt_bytes(&[neutral], b"", Armor::Binary),
        Err(Error::Wrap(WrapError::Refused { .. }))
    ));
}

#[test]
fn nothing_unencrypted_is_written_when_reading_fails() {
    let recipient = X25519Identity::generate().unwrap().recipient();
    for after in [100_000, 400_000, 1_000_000, 3_000_000] {
        let mut output = Vec::new();
        encrypt(&[&recipient], Failing(after), &mut output, Armor::Binary).unwrap_err();
        assert!(
            !output.windows(64).any(|window| window == [1; 64]),
            "after {after} bytes"
        );
    }
}
