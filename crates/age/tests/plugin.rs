//! The plugin protocol against a real plugin of Go age and against small ones
//! that say exactly what a test needs.

use std::sync::{Arc, Mutex, PoisonError};

use nixseal_age::plugin::{PluginIdentity, PluginRecipient};
use nixseal_age::{
    Armor, FileKey, Identity, Interaction, Recipient, Stanza, UnwrapError, WrapError,
    decrypt_bytes, encrypt_bytes,
};
use nixseal_base::env::{Environment, PATH};
use nixseal_base::prompt::{PromptError, Prompter};
use nixseal_base::secret::SecretText;
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};

const TEXT: &[u8] = b"open sesame\n";

/// Scripts are written and run: a thread that starts a program while another
/// writes one makes the latter busy.
static ALONE: Mutex<()> = Mutex::new(());

/// Answers everything and writes down what it was asked.
#[derive(Default)]
struct Recorder {
    log: Mutex<Vec<String>>,
    refuses: bool,
}

impl Recorder {
    fn note<T>(&self, line: String, answer: T) -> Result<T, PromptError> {
        self.log.lock().unwrap().push(line);
        match self.refuses {
            true => Err(PromptError::Cancelled),
            false => Ok(answer),
        }
    }

    fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Prompter for Recorder {
    fn secret(&self, question: &str) -> Result<SecretText, PromptError> {
        self.note(
            format!("secret: {question}"),
            SecretText::new("s3cret".to_owned()),
        )
    }

    fn line(&self, question: &str) -> Result<String, PromptError> {
        self.note(format!("line: {question}"), "public".to_owned())
    }

    fn choose(&self, question: &str, yes: &str, no: Option<&str>) -> Result<bool, PromptError> {
        self.note(format!("choose: {question}, {yes} or {no:?}"), no.is_none())
    }

    fn message(&self, text: &str) {
        self.log.lock().unwrap().push(format!("message: {text}"));
    }
}

fn interaction(work: &Workdir, recorder: &Arc<Recorder>) -> Arc<Interaction> {
    let environment = Environment::default().with(&PATH, work.path());
    Interaction::new(environment, Arc::clone(recorder) as Arc<dyn Prompter>)
}

/// A plugin that is a shell script; `ask KIND ARGS BODY` there sends a message
/// and reads the answer's two lines into `$head` and `$body`.
fn script(work: &Workdir, name: &str, body: &str) {
    let file = format!("age-plugin-{name}");
    let text = format!(
        "#!/bin/sh\n\
         say() {{ printf -- '-> %s\\n%s\\n' \"$1\" \"$2\"; }}\n\
         ask() {{ say \"$1\" \"$2\"; read -r head; read -r body; }}\n\
         input() {{ while read -r line; do [ \"$line\" = '-> done' ] && break; \
         printf '%s\\n' \"$line\"; done; read -r line; }}\n\
         echo \"$1\" >> '{log}'\n{body}\n",
        log = work.join("log").display()
    );
    work.write(&file, text);
    work.set_mode(&file, 0o755);
}

/// The real one takes its passphrase from the environment.
fn batchpass(work: &Workdir) {
    let program = peers::program("age-plugin-batchpass");
    let text = format!(
        "#!/bin/sh\nexport AGE_PASSPHRASE=hunter2 AGE_PASSPHRASE_WORK_FACTOR=5\nexec '{}' \"$@\"\n",
        program.display()
    );
    work.write("age-plugin-batchpass", text);
    work.set_mode("age-plugin-batchpass", 0o755);
}

fn recipient(name: &str, interaction: &Arc<Interaction>) -> PluginRecipient {
    let identity = PluginIdentity::without_data(name, interaction).unwrap();
    identity.to_recipient()
}

fn wrap(recipient: &PluginRecipient) -> Result<Vec<Stanza>, String> {
    match recipient.wrap(&FileKey::new(*b"0123456789abcdef")) {
        Ok(wrapped) => Ok(wrapped.stanzas),
        Err(WrapError::Refused { reason, .. }) => Err(reason),
        Err(other) => Err(other.to_string()),
    }
}

fn unwrap(name: &str, interaction: &Arc<Interaction>) -> Result<[u8; 16], String> {
    let identity = PluginIdentity::without_data(name, interaction).unwrap();
    let stanza = Stanza {
        tag: "own".to_owned(),
        args: vec!["one".to_owned()],
        body: vec![1; 50],
    };
    match identity.unwrap(&[stanza]) {
        Ok(file_key) => Ok(*file_key.expose()),
        Err(UnwrapError::Unusable(reason)) => Err(reason),
        Err(other) => Err(other.to_string()),
    }
}

#[test]
fn both_ways_with_go_age_and_its_plugin() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let work = Workdir::new();
    batchpass(&work);
    let interaction = interaction(&work, &Arc::default());
    let recipient = recipient("batchpass", &interaction);
    // Grease comes two times of three: often enough to meet both.
    for _ in 0..6 {
        let ours = encrypt_bytes(&[&recipient], TEXT, Armor::Binary).unwrap();
        work.write("ours.age", ours);
        let mut command = work.command(peers::age());
        command
            .env("PATH", peers::plugin_dir())
            .env("AGE_PASSPHRASE", "hunter2")
            .args(["-d", "-j", "batchpass", "ours.age"]);
        assert_eq!(succeed(&mut command).stdout, TEXT);
    }
    work.write("text", TEXT);
    let mut command = work.command(peers::age());
    command
        .env("PATH", peers::plugin_dir())
        .env("AGE_PASSPHRASE", "hunter2")
        .args(["-e", "-j", "batchpass", "-o", "theirs.age", "text"]);
    succeed(&mut command);
    let identity = PluginIdentity::without_data("batchpass", &interaction).unwrap();
    for file in ["theirs.age", "ours.age"] {
        let plain = decrypt_bytes(&work.read(file), |header| header.unlock(&[&identity]));
        assert_eq!(plain.unwrap().expose(), TEXT);
    }
}

#[test]
fn what_is_sent_follows_the_protocol() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let work = Workdir::new();
    let sent = work.join("sent").display().to_string();
    let body = format!(
        "input > '{sent}'; ask 'recipient-stanza 0 own a b' 'AQID'; \
         ask 'labels one two' ''; say done"
    );
    script(&work, "own", &body);
    let interaction = interaction(&work, &Arc::default());
    let recipient = recipient("own", &interaction);
    let wrapped = recipient.wrap(&FileKey::new(*b"0123456789abcdef")).unwrap();
    let stanza = Stanza {
        tag: "own".to_owned(),
        args: vec!["a".to_owned(), "b".to_owned()],
        body: vec![1, 2, 3],
    };
    assert_eq!(wrapped.stanzas, [stanza]);
    assert!(wrapped.labels.iter().eq(["one", "two"]));
    let text = work.read_text("sent");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("-> add-identity AGE-PLUGIN-OWN-1"),
        "{text}"
    );
    let at = lines
        .iter()
        .position(|line| *line == "-> wrap-file-key")
        .unwrap();
    assert_eq!(lines[at + 1], "MDEyMzQ1Njc4OWFiY2RlZg");
    assert_eq!(lines[at + 2], "-> extension-labels");
    assert_eq!(work.read_text("log"), "--age-plugin=recipient-v1\n");

    let body = format!("input > '{sent}'; ask 'file-key 0' 'MDEyMzQ1Njc4OWFiY2RlZg'; say done");
    script(&work, "own", &body);
    assert_eq!(unwrap("own", &interaction), Ok(*b"0123456789abcdef"));
    let text = work.read_text("sent");
    let body = "AQEB".repeat(16);
    assert!(
        text.contains(&format!("-> recipient-stanza 0 own one\n{body}\nAQE\n")),
        "{text}"
    );
    assert!(
        work.read_text("log")
            .ends_with("--age-plugin=identity-v1\n")
    );
}

#[test]
fn plugins_ask_through_the_prompter() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let work = Workdir::new();
    let body = "input > /dev/null\n\
                ask msg 'aGVsbG8bWzJK'\n\
                ask request-secret 'UElOOg'; [ \"$body\" = 'czNjcmV0' ] || say error 'MQ'\n\
                ask request-public 'TmFtZQ'; [ \"$body\" = 'cHVibGlj' ] || say error 'Mg'\n\
                ask 'confirm WWVz' 'R28'; [ \"$head\" = '-> ok yes' ] || say error 'Mw'\n\
                ask 'confirm WWVz Tm8' 'R28'; [ \"$head\" = '-> ok no' ] || say error 'NA'\n\
                ask novelty ''; [ \"$head\" = '-> unsupported' ] || say error 'NQ'\n\
                ask 'file-key 0' 'MDEyMzQ1Njc4OWFiY2RlZg'; say done";
    script(&work, "asks", body);
    let recorder = Arc::new(Recorder::default());
    assert_eq!(
        unwrap("asks", &interaction(&work, &recorder)),
        Ok(*b"0123456789abcdef")
    );
    assert_eq!(
        recorder.lines(),
        [
            "message: asks plugin: hello [2J",
            "secret: PIN",
            "line: Name",
            "choose: Go, Yes or None",
            "choose: Go, Yes or Some(\"No\")",
        ]
    );
}

#[test]
fn a_declined_question_is_told_to_the_plugin() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let work = Workdir::new();
    let body = "input > /dev/null; ask request-secret 'UElO'\n\
                [ \"$head\" = '-> fail' ] && ask 'error internal' 'bm8gUElO'; say done";
    script(&work, "asks", body);
    let recorder = Arc::new(Recorder {
        refuses: true,
        ..Recorder::default()
    });
    let error = unwrap("asks", &interaction(&work, &recorder));
    assert_eq!(error, Err("asks plugin: no PIN".to_owned()));
}

#[test]
fn failures_are_explained() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let work = Workdir::new();
    let interaction = interaction(&work, &Arc::default());
    let absent = unwrap("absent", &interaction).unwrap_err();
    assert_eq!(
        absent,
        "absent plugin: the program 'age-plugin-absent' is not on PATH; install it"
    );
    let key = "'MDEyMzQ1Njc4OWFiY2RlZg'";
    for (body, expected) in [
        ("exit 0".to_owned(), "it "),
        ("input > /dev/null".to_owned(), "it ended without finishing"),
        (
            "input > /dev/null; echo hello".to_owned(),
            "it sent a line that starts no message",
        ),
        (
            "input > /dev/null; ask 'error internal' 'YmFk'; say done".to_owned(),
            "bad",
        ),
        (
            format!("input > /dev/null; ask 'file-key 1' {key}; say done"),
            "it sent a 'file-key' for a file it was not given",
        ),
        (
            format!("input > /dev/null; ask 'file-key 0' {key}; ask 'file-key 0' {key}; say done"),
            "it sent a file key twice",
        ),
        (
            "input > /dev/null; ask 'file-key 0' 'AQID'; say done".to_owned(),
            "it sent a file key of a wrong length",
        ),
    ] {
        script(&work, "bad", &body);
        let error = unwrap("bad", &interaction).unwrap_err();
        assert!(
            error.starts_with(&format!("bad plugin: {expected}")),
            "{body}: {error}"
        );
    }
    script(&work, "bad", "input > /dev/null; say done");
    assert_eq!(
        unwrap("bad", &interaction),
        Err("the file is not encrypted to it".to_owned())
    );
    let error = wrap(&recipient("bad", &interaction)).unwrap_err();
    assert_eq!(error, "bad plugin: it sent no stanza");
}

#[test]
fn the_user_is_told_when_a_plugin_waits() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let work = Workdir::new();
    let body = "input > /dev/null; sleep 6; ask 'file-key 0' 'MDEyMzQ1Njc4OWFiY2RlZg'; say done";
    script(&work, "slow", body);
    let recorder = Arc::new(Recorder::default());
    assert!(unwrap("slow", &interaction(&work, &recorder)).is_ok());
    assert_eq!(recorder.lines(), ["message: waiting on slow plugin..."]);
}
