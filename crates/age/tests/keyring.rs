//! The keyring: what is tried in which order, what is asked how often, and what
//! a failure says.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use nixseal_age::identity_file::IdentityFileError;
use nixseal_age::keyring::{CanOpen, Flavour, Interaction, Keyring, OpenFailure, Outcome, Source};
use nixseal_age::recipients::parse_recipient;
use nixseal_age::ssh::SshPublicKey;
use nixseal_age::{OpenFile, Stanza};
use nixseal_base::env::{
    Environment, HOME, NIXSEAL_IDENTITY, PATH, SOPS_AGE_KEY, SOPS_AGE_KEY_CMD,
};
use nixseal_base::prompt::{PromptError, Prompter};
use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_testkit::Workdir;
use nixseal_testkit::keys::{self, SshFormat, SshKind};

const TEXT: &[u8] = b"open sesame\n";
const PASSPHRASE: &str = "hunter2";

/// Gives its answers in turn, the last one for ever, and counts. Fails the test
/// when two threads ask at once.
struct Counter {
    answers: Vec<&'static str>,
    questions: Mutex<Vec<String>>,
    messages: Mutex<Vec<String>>,
    busy: AtomicBool,
}

impl Counter {
    fn new(answers: &[&'static str]) -> Arc<Self> {
        Arc::new(Self {
            answers: answers.to_vec(),
            questions: Mutex::default(),
            messages: Mutex::default(),
            busy: AtomicBool::new(false),
        })
    }

    fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap().clone()
    }
}

impl Prompter for Counter {
    fn secret(&self, question: &str) -> Result<SecretText, PromptError> {
        assert!(
            !self.busy.swap(true, Ordering::SeqCst),
            "two questions at once"
        );
        std::thread::yield_now();
        let mut questions = self.questions.lock().unwrap();
        let answer = self.answers.get(questions.len()).or(self.answers.last());
        questions.push(question.to_owned());
        self.busy.store(false, Ordering::SeqCst);
        let answer = answer.ok_or(PromptError::Cancelled)?;
        Ok(SecretText::new((*answer).to_owned()))
    }

    fn line(&self, _question: &str) -> Result<String, PromptError> {
        Err(PromptError::Unavailable)
    }

    fn choose(&self, _question: &str, _yes: &str, _no: Option<&str>) -> Result<bool, PromptError> {
        Err(PromptError::Unavailable)
    }

    fn message(&self, text: &str) {
        self.messages.lock().unwrap().push(text.to_owned());
    }
}

/// A home with nothing in it, and somebody to ask.
struct Home {
    work: Workdir,
    environment: Environment,
    counter: Arc<Counter>,
}

impl Home {
    fn new(answers: &[&'static str]) -> Self {
        let work = Workdir::new();
        let environment = Environment::default()
            .with(&HOME, work.path())
            .with(&PATH, format!("{}:/usr/bin:/bin", work.path().display()));
        Self {
            environment,
            work,
            counter: Counter::new(answers),
        }
    }

    fn interaction(&self) -> Arc<Interaction> {
        let prompter = Arc::clone(&self.counter) as Arc<dyn Prompter>;
        Interaction::new(self.environment.clone(), prompter)
    }

    fn keyring(&self, files: &[&Path]) -> Keyring {
        let files = files.iter().map(|path| path.to_path_buf());
        Keyring::builder(&self.interaction())
            .files(files)
            .build()
            .unwrap()
    }

    /// The stanzas of a file that the real age encrypted to `recipients`.
    fn encrypted(&self, recipients: &[&str]) -> Sealed {
        let path = keys::age_encrypt(&self.work, recipients, false, TEXT, "file.age");
        Sealed(std::fs::read(path).unwrap())
    }

    fn shown(&self, failure: &OpenFailure) -> String {
        failure
            .to_string()
            .replace(self.work.path().to_str().unwrap(), "~")
    }
}

struct Sealed(Vec<u8>);

impl Sealed {
    fn stanzas(&self) -> Vec<Stanza> {
        OpenFile::parse(self.0.as_slice())
            .unwrap()
            .header()
            .stanzas()
            .to_vec()
    }

    /// Opens the file with the keyring and checks the text.
    fn open(&self, keyring: &Keyring) -> Result<(), Box<OpenFailure>> {
        let file_key = keyring.open(&self.stanzas(), "secrets/wifi.age")?;
        let file = OpenFile::parse(self.0.as_slice()).unwrap();
        let plain = file
            .with_file_key(&file_key)
            .unwrap()
            .read_all(1000)
            .unwrap();
        assert_eq!(plain.expose(), TEXT);
        Ok(())
    }
}

fn derived(key: &keys::SshKey) -> String {
    let public = SshPublicKey::parse_line(&key.public).unwrap();
    public.age_recipient().unwrap().to_string()
}

#[test]
fn fifty_files_in_parallel_ask_once_for_each_key() {
    let home = Home::new(&[PASSPHRASE]);
    let ssh = keys::ssh(&home.work, "id_ed25519", SshKind::Ed25519, Some(PASSPHRASE));
    let age = keys::age(&home.work, "keys.txt");
    keys::protect(&home.work, "keys.txt", PASSPHRASE);
    let for_ssh = home.encrypted(&[&ssh.public]);
    let for_derived = home.encrypted(&[&derived(&ssh)]);
    let for_age = home.encrypted(&[&age.recipient]);
    let keyring = home.keyring(&[&ssh.path, &age.path]);
    std::thread::scope(|scope| {
        for number in 0..50 {
            let file = [&for_ssh, &for_derived, &for_age][number % 3];
            let keyring = &keyring;
            scope.spawn(move || file.open(keyring).unwrap());
        }
    });
    let mut questions = home.counter.questions();
    questions.sort();
    assert_eq!(
        questions,
        [
            format!("Enter passphrase for \"{}\"", ssh.path.display()),
            format!(
                "Enter passphrase for identity file \"{}\"",
                age.path.display()
            ),
        ]
    );
}

#[test]
fn a_plain_key_that_opens_means_no_question() {
    let home = Home::new(&[PASSPHRASE]);
    let locked = keys::ssh(&home.work, "locked", SshKind::Ed25519, Some(PASSPHRASE));
    let plain = [
        keys::ssh(&home.work, "ed25519", SshKind::Ed25519, None),
        keys::ssh(&home.work, "rsa", SshKind::Rsa, None),
        keys::ssh_in_format(&home.work, "pem", SshKind::Rsa, SshFormat::Pem, None),
    ];
    for key in &plain {
        let file = home.encrypted(&[&locked.public, &key.public]);
        let keyring = home.keyring(&[&locked.path, &key.path]);
        assert_eq!(keyring.can_open(&file.stanzas()), CanOpen::Yes);
        file.open(&keyring).unwrap();
    }
    let age = keys::age(&home.work, "keys.txt");
    let file = home.encrypted(&[&derived(&locked), &age.recipient]);
    file.open(&home.keyring(&[&locked.path, &age.path]))
        .unwrap();
    let strong = keys::age_post_quantum(&home.work, "strong.txt");
    let file = home.encrypted(&[&strong.recipient]);
    file.open(&home.keyring(&[&locked.path, &strong.path]))
        .unwrap();
    assert!(home.counter.questions().is_empty());
}

#[test]
fn only_the_locked_key_that_is_named_is_asked_for() {
    let home = Home::new(&[PASSPHRASE]);
    let other = keys::ssh(&home.work, "other", SshKind::Ed25519, Some(PASSPHRASE));
    let right = keys::ssh(&home.work, "right", SshKind::Rsa, Some(PASSPHRASE));
    let stranger = keys::age(&home.work, "stranger.txt");
    // The first key might be meant by the X25519 stanza, but the second is named.
    let file = home.encrypted(&[&stranger.recipient, &right.public]);
    let keyring = home.keyring(&[&other.path, &right.path]);
    file.open(&keyring).unwrap();
    let questions = home.counter.questions();
    assert_eq!(
        questions,
        [format!("Enter passphrase for \"{}\"", right.path.display())]
    );
}

#[test]
fn every_passphrase_protected_format_is_opened() {
    let home = Home::new(&[PASSPHRASE]);
    for (name, format) in [
        ("open", SshFormat::OpenSsh),
        ("pem", SshFormat::Pem),
        ("pkcs8", SshFormat::Pkcs8),
    ] {
        let key = keys::ssh_in_format(&home.work, name, SshKind::Rsa, format, Some(PASSPHRASE));
        let file = home.encrypted(&[&key.public]);
        let keyring = home.keyring(&[&key.path]);
        let needs = vec![key.path.display().to_string()];
        assert_eq!(keyring.can_open(&file.stanzas()), CanOpen::Maybe { needs });
        file.open(&keyring).unwrap();
        assert_eq!(keyring.can_open(&file.stanzas()), CanOpen::Yes);
        // Without the public half the passphrase has to be asked on suspicion.
        home.work.remove(&key.public_path);
        file.open(&home.keyring(&[&key.path])).unwrap();
    }
    assert_eq!(home.counter.questions().len(), 6);
}

#[test]
fn a_wrong_passphrase_is_asked_again_and_a_refusal_is_remembered() {
    let home = Home::new(&["wrong", PASSPHRASE]);
    let key = keys::ssh(&home.work, "key", SshKind::Ed25519, Some(PASSPHRASE));
    let file = home.encrypted(&[&key.public]);
    file.open(&home.keyring(&[&key.path])).unwrap();
    assert_eq!(home.counter.questions().len(), 2);
    assert_eq!(
        *home.counter.messages.lock().unwrap(),
        ["wrong passphrase, try again"]
    );

    for (answers, asked, reason) in [
        (&["wrong"][..], 3, "wrong passphrase, 3 times"),
        (&[], 1, "the prompt was cancelled"),
    ] {
        let home = Home {
            counter: Counter::new(answers),
            ..home.again()
        };
        let keyring = home.keyring(&[&key.path]);
        for _ in 0..10 {
            let failure = file.open(&keyring).unwrap_err();
            assert_eq!(
                failure.identities[0].outcome,
                Outcome::Failed(reason.to_owned())
            );
        }
        assert_eq!(home.counter.questions().len(), asked);
        assert_eq!(keyring.can_open(&file.stanzas()), CanOpen::No);
    }

    let home = Home {
        counter: Counter::new(&["wrong"]),
        ..home.again()
    };
    let once = Keyring::builder(&home.interaction())
        .files([key.path])
        .attempts(1);
    let failure = file.open(&once.build().unwrap()).unwrap_err();
    assert_eq!(
        failure.identities[0].outcome,
        Outcome::Failed("wrong passphrase".to_owned())
    );
    assert_eq!(home.counter.questions().len(), 1);
}

impl Home {
    /// Another home of the same user, empty.
    fn again(&self) -> Self {
        Self::new(&[])
    }
}

#[test]
fn protected_identity_files_are_opened_and_explained() {
    let home = Home::new(&["wrong", PASSPHRASE]);
    let age = keys::age(&home.work, "keys.txt");
    let ssh = keys::ssh(&home.work, "ssh", SshKind::Ed25519, None);
    keys::protect(&home.work, "keys.txt", PASSPHRASE);
    let keyring = home.keyring(&[&age.path]);
    // Nothing in such a file opens SSH stanzas, so nobody is asked.
    let file = home.encrypted(&[&ssh.public]);
    assert!(file.open(&keyring).is_err());
    assert!(home.counter.questions().is_empty());
    let file = home.encrypted(&[&age.recipient]);
    file.open(&keyring).unwrap();
    assert_eq!(home.counter.questions().len(), 2);
    assert_eq!(keyring.recipients()[0].canonical(), age.recipient);

    let sealed = home.encrypted(&[&age.recipient]);
    let path = home.work.write("public.age", sealed.0);
    let failure = file.open(&home.keyring(&[&path])).unwrap_err();
    let reason = "it is encrypted with age, but not with a passphrase";
    assert_eq!(
        failure.identities[0].outcome,
        Outcome::Failed(reason.to_owned())
    );
}

#[test]
fn a_failure_lists_stanzas_and_identities() {
    let home = Home::new(&["wrong"]);
    let interaction = home.interaction();
    let work = &home.work;
    let alice = keys::ssh(work, "alice", SshKind::Ed25519, None);
    let locked = keys::ssh(work, "locked", SshKind::Ed25519, Some(PASSPHRASE));
    let other = keys::ssh(work, "other", SshKind::Rsa, None);
    let (first, second) = (keys::age(work, "first.txt"), keys::age(work, "second.txt"));
    let mine = keys::age(work, "mine.txt");
    let strong = keys::age_post_quantum(work, "strong.txt");
    let broken = work.write("broken.txt", "# mine\nAGE-SECRET-KEY-1QQQ\n");
    let recipients = [
        &*first.recipient,
        &second.recipient,
        &alice.public,
        &locked.public,
    ];
    let file = home.encrypted(&recipients);
    let known = parse_recipient(&alice.public, &interaction).unwrap();
    let keyring = Keyring::builder(&interaction)
        .name_recipient(&known, "alice")
        .files([mine.path, strong.path, other.path, locked.path])
        .source(Source::file(broken))
        .source(Source::file(work.join("absent.txt")))
        .attempts(1)
        .build()
        .unwrap();
    let failure = file.open(&keyring).unwrap_err();
    let key = |line: &str| SshPublicKey::parse_line(line).unwrap();
    let expected = format!(
        "no identity opens 'secrets/wifi.age'\n  \
           encrypted to:\n    \
             2 × X25519 (does not say for whom)\n    \
             ssh-ed25519 with tag '{}', the key of alice\n    \
             ssh-ed25519 with tag '{}'\n  \
           identities:\n    \
             ~/mine.txt ({}): tried, but no stanza is for it\n    \
             ~/locked (ssh-ed25519 {}): wrong passphrase\n    \
             ~/strong.txt ({}): not tried, the file has no mlkem768x25519 stanza\n    \
             ~/other (ssh-rsa {}): not tried, no ssh-rsa stanza has its tag '{}'\n    \
             ~/broken.txt: cannot be used: error at line 2: malformed secret key: it is too \
             short\n  \
           nothing at: ~/absent.txt",
        key(&alice.public).tag(),
        key(&locked.public).tag(),
        mine.recipient,
        key(&locked.public).fingerprint(),
        // Post-quantum keys are too long to be shown.
        format_args!("{}…", strong.recipient.split_at(24).0),
        key(&other.public).fingerprint(),
        key(&other.public).tag(),
    );
    assert_eq!(home.shown(&failure), expected);
    assert_eq!(failure.identities[3].outcome.word(), "not-tried");
}

#[test]
fn without_a_terminal_the_failure_says_what_is_missing() {
    let home = Home::new(&[]);
    let key = keys::ssh(&home.work, "key", SshKind::Ed25519, Some(PASSPHRASE));
    let file = home.encrypted(&[&key.public]);
    let silent = Interaction::silent(home.environment.clone());
    let keyring = Keyring::builder(&silent).files([key.path]).build().unwrap();
    let failure = file.open(&keyring).unwrap_err();
    let reason = failure.identities[0].outcome.reason().unwrap();
    assert!(
        reason.starts_with("it needs a passphrase, but there is no terminal"),
        "{reason}"
    );
    assert!(reason.contains("SSH_ASKPASS"), "{reason}");
}

#[test]
fn named_files_must_be_there_and_usable() {
    let home = Home::new(&[]);
    let work = &home.work;
    let fails = |path: PathBuf| {
        let built = Keyring::builder(&home.interaction()).files([path]).build();
        built.err().unwrap()
    };
    let missing = fails(work.join("missing"));
    assert!(
        matches!(missing, IdentityFileError::Unreadable { .. }),
        "{missing}"
    );
    let key = keys::age(work, "key.txt");
    for (content, expected) in [
        ("# nothing\n\n".to_owned(), "no identities found"),
        (
            format!("\n{}\n", key.recipient),
            "error at line 2: apparent recipient found",
        ),
        (
            "AGE-SECRET-KEY-1\n".to_owned(),
            "error at line 1: malformed secret key",
        ),
        ("hello".to_owned(), "error at line 1: unknown identity type"),
        (
            "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----".to_owned(),
            "SSH key",
        ),
    ] {
        let error = fails(work.write("bad.txt", content)).to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("bad.txt"), "{error}");
    }
    let error = fails(work.write("bad.txt", b"AGE-\xff\n")).to_string();
    assert!(error.contains("not valid UTF-8"), "{error}");
}

#[test]
fn default_places_are_searched_and_their_faults_kept_for_the_report() {
    let home = Home::new(&[]);
    let work = &home.work;
    let age = keys::age(work, ".config/age/keys.txt");
    let user = keys::ssh(work, ".ssh/id_rsa", SshKind::Rsa, None);
    work.write(".ssh/id_ed25519", "bogus");
    let builder = || Keyring::builder(&home.interaction());
    let native = builder().defaults(Flavour::Native).build().unwrap();
    home.encrypted(&[&age.recipient]).open(&native).unwrap();
    home.encrypted(&[&user.public]).open(&native).unwrap();
    let agenix = builder().defaults(Flavour::Agenix).build().unwrap();
    home.encrypted(&[&user.public]).open(&agenix).unwrap();
    let failure = home.encrypted(&[&age.recipient]).open(&agenix).unwrap_err();
    let faulty = failure
        .identities
        .iter()
        .find(|one| one.source.ends_with("id_ed25519"));
    assert!(matches!(faulty.unwrap().outcome, Outcome::Unreadable(_)));
    assert_eq!(failure.identities.len(), 2);
}

#[test]
fn variables_hold_files_and_keys() {
    let home = Home::new(&[]);
    let (first, second) = (
        keys::age(&home.work, "a.txt"),
        keys::age(&home.work, "b.txt"),
    );
    let third = keys::age(&home.work, "c.txt");
    let paths = format!(
        "{}:{}",
        first.path.display(),
        home.work.join("none").display()
    );
    let home = Home {
        environment: home
            .environment
            .clone()
            .with(&NIXSEAL_IDENTITY, paths)
            .with(
                &SOPS_AGE_KEY,
                format!("{} {}", second.identity, third.identity),
            ),
        ..home
    };
    let builder = Keyring::builder(&home.interaction()).defaults(Flavour::Native);
    let keyring = builder.build().unwrap();
    for key in [first, second, third] {
        home.encrypted(&[&key.recipient]).open(&keyring).unwrap();
    }
}

#[test]
fn commands_run_once_and_only_when_needed() {
    let home = Home::new(&[PASSPHRASE]);
    let work = &home.work;
    let plain = keys::age(work, "plain.txt");
    let printed = keys::age(work, "printed.txt");
    let locked = keys::ssh(work, "locked", SshKind::Ed25519, Some(PASSPHRASE));
    let script = format!(
        "echo run >> '{}'; cat '{}'",
        work.join("log").display(),
        printed.path.display()
    );
    work.write("print.sh", script);
    let command = format!("sh '{}'", work.join("print.sh").display());
    let source = Source::command(SOPS_AGE_KEY_CMD.name, command);
    let keyring = Keyring::builder(&home.interaction())
        .source(source)
        .files([locked.path, plain.path])
        .build()
        .unwrap();
    home.encrypted(&[&plain.recipient]).open(&keyring).unwrap();
    assert!(!work.exists("log"));
    let file = home.encrypted(&[&printed.recipient]);
    let needs = match keyring.can_open(&file.stanzas()) {
        CanOpen::Maybe { needs } => needs,
        other => panic!("{other:?}"),
    };
    assert_eq!(needs.last().map(String::as_str), Some("SOPS_AGE_KEY_CMD"));
    for _ in 0..3 {
        file.open(&keyring).unwrap();
    }
    assert_eq!(work.read_text("log"), "run\n");
    assert!(home.counter.questions().is_empty());

    let failing = Source::command("print", "sh -c 'echo AGE-SECRET-KEY-1; exit 3'");
    let keyring = Keyring::builder(&home.interaction())
        .source(failing)
        .build()
        .unwrap();
    let failure = file.open(&keyring).unwrap_err().to_string();
    assert!(
        failure.contains("print: cannot be used: 'sh' failed: exit status: 3"),
        "{failure}"
    );
}

#[test]
fn plugins_come_last() {
    let home = Home::new(&[]);
    let plugin = format!(
        "#!/bin/sh\necho run >> '{}'\n",
        home.work.join("log").display()
    );
    home.work.write("age-plugin-noisy", plugin);
    home.work.set_mode("age-plugin-noisy", 0o755);
    let key = keys::age(&home.work, "key.txt");
    let other = keys::age(&home.work, "other.txt");
    let keyring = Keyring::builder(&home.interaction())
        .source(Source::plugin("noisy"))
        .files([key.path])
        .build()
        .unwrap();
    home.encrypted(&[&key.recipient]).open(&keyring).unwrap();
    assert!(!home.work.exists("log"));
    let file = home.encrypted(&[&other.recipient]);
    let needs = vec!["plugin noisy".to_owned()];
    assert_eq!(keyring.can_open(&file.stanzas()), CanOpen::Maybe { needs });
    let failure = file.open(&keyring).unwrap_err();
    assert!(home.work.exists("log"));
    assert!(matches!(&failure.identities[1].outcome, Outcome::Failed(_)));
}

#[test]
fn a_malformed_stanza_refuses_the_file() {
    let home = Home::new(&[]);
    let key = keys::age(&home.work, "key.txt");
    let mut stanzas = home.encrypted(&[&key.recipient]).stanzas();
    stanzas[0].body.pop();
    let failure = home
        .keyring(&[&key.path])
        .open(&stanzas, "file.age")
        .unwrap_err();
    assert!(failure.malformed.is_some());
    let shown = failure.to_string();
    assert!(
        shown.starts_with("'file.age' cannot be opened: malformed X25519 stanza"),
        "{shown}"
    );
}

#[test]
fn standard_input_and_several_keys_in_one_file_work() {
    let home = Home::new(&[]);
    let (first, second) = (
        keys::age(&home.work, "a.txt"),
        keys::age(&home.work, "b.txt"),
    );
    let text = format!("# two\r\n{}\r\n\n{}", first.identity, second.identity);
    let source = Source::bytes("-", SecretBytes::new(text.into_bytes())).required();
    let keyring = Keyring::builder(&home.interaction())
        .source(source)
        .build()
        .unwrap();
    for key in [first, second] {
        let file = home.encrypted(&[&key.recipient]);
        assert_eq!(keyring.can_open(&file.stanzas()), CanOpen::Yes);
        file.open(&keyring).unwrap();
    }
    assert_eq!(keyring.recipients().len(), 2);
    let nobody = Keyring::builder(&home.interaction()).build().unwrap();
    assert!(nobody.is_empty() && !keyring.is_empty());
    let file = home.encrypted(&[keyring.recipients()[0].canonical()]);
    assert_eq!(nobody.can_open(&file.stanzas()), CanOpen::No);
    let shown = file.open(&nobody).unwrap_err().to_string();
    assert!(shown.ends_with("\n  identities: none found"), "{shown}");
}
