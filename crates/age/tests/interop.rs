//! What Go age writes we open, and what we write it opens: every native kind
//! of key, armored and not, from empty to 64 MiB.

#![expect(
    clippy::disallowed_methods,
    reason = "tests write files in folders of their own"
)]

use std::ffi::OsString;
use std::fs::File;
use std::process::Command;

use hpke::kem::{DhP256HkdfSha256, MlKem768P256};
use hpke::{Kem, Serializable};
use nixseal_age::{
    Armor, HybridIdentity, HybridRecipient, Identity, OpenFile, Recipient, ScryptIdentity,
    ScryptRecipient, TagRecipient, X25519Identity, X25519Recipient, encrypt,
};
use nixseal_base::secret::SecretText;
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Random, Workdir, keys, peers};
use p256::elliptic_curve::sec1::ToSec1Point;

const SIZES: [usize; 6] = [0, 1, 65_535, 65_536, 65_537, 1_048_576];
const LARGE: usize = 64 * 1024 * 1024;

/// The plugin that Go age has for its own tests derives its keys from its name.
const TAG_PLUGIN: &str = "age-plugin-tagtest";

/// A kind of key: how we use it, and which arguments and environment make the
/// real age encrypt to it and decrypt with it.
struct Kind {
    recipient: Box<dyn Recipient>,
    identity: Option<Box<dyn Identity>>,
    encrypt: Vec<OsString>,
    decrypt: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

impl Kind {
    fn age(&self, work: &Workdir, arguments: &[OsString]) -> Command {
        let mut command = work.command(peers::age());
        command
            .envs(self.environment.iter().cloned())
            .args(arguments);
        command
    }
}

fn x25519(work: &Workdir) -> Kind {
    let key = keys::age(work, "x25519.txt");
    let identity = X25519Identity::parse(&key.identity).unwrap();
    assert_eq!(identity.recipient().to_string(), key.recipient);
    assert_eq!(identity.to_secret_text().expose(), key.identity);
    Kind {
        recipient: Box::new(X25519Recipient::parse(&key.recipient).unwrap()),
        identity: Some(Box::new(identity)),
        encrypt: vec!["-r".into(), key.recipient.into()],
        decrypt: vec!["-i".into(), key.path.into()],
        environment: Vec::new(),
    }
}

fn hybrid(work: &Workdir) -> Kind {
    let key = keys::age_post_quantum(work, "hybrid.txt");
    let identity = HybridIdentity::parse(&key.identity).unwrap();
    assert_eq!(identity.recipient().to_string(), key.recipient);
    assert_eq!(identity.to_secret_text().expose(), key.identity);
    Kind {
        recipient: Box::new(HybridRecipient::parse(&key.recipient).unwrap()),
        identity: Some(Box::new(identity)),
        encrypt: vec!["-r".into(), key.recipient.into()],
        decrypt: vec!["-i".into(), key.path.into()],
        environment: Vec::new(),
    }
}

fn passphrase() -> Kind {
    const PASSPHRASE: &str = "correct horse bättery";
    let secret = || SecretText::new(PASSPHRASE.to_owned());
    Kind {
        recipient: Box::new(ScryptRecipient::new(secret()).with_work_factor(4)),
        identity: Some(Box::new(ScryptIdentity::new(secret()))),
        encrypt: vec!["-j".into(), "batchpass".into()],
        decrypt: vec!["-j".into(), "batchpass".into()],
        environment: vec![
            ("PATH", peers::plugin_dir().into()),
            ("AGE_PASSPHRASE", PASSPHRASE.into()),
            ("AGE_PASSPHRASE_WORK_FACTOR", "5".into()),
        ],
    }
}

fn tagged(key: Vec<u8>) -> Kind {
    let recipient = TagRecipient::from_bytes(key).unwrap();
    Kind {
        encrypt: vec!["-r".into(), recipient.to_string().into()],
        recipient: Box::new(recipient),
        identity: None,
        decrypt: vec!["-j".into(), "tagtest".into()],
        environment: vec![("PATH", peers::program(TAG_PLUGIN).parent().unwrap().into())],
    }
}

fn check(kind: &Kind, work: &Workdir, size: usize, armor: Armor) {
    let text = Random::new(size as u64).bytes(size);
    work.write("text", &text);
    let what = format!("{}, {size} bytes, {armor:?}", kind.recipient);

    let (input, output) = (work.join("text"), work.join("ours.age"));
    let count = encrypt(
        &[&kind.recipient],
        File::open(&input).unwrap(),
        File::create(&output).unwrap(),
        armor,
    );
    assert_eq!(count.unwrap(), size as u64);
    let mut command = kind.age(work, &["-d".into()]);
    command
        .args(&kind.decrypt)
        .arg("-o")
        .arg(work.join("back"))
        .arg(&output);
    succeed(&mut command);
    assert!(
        work.read("back") == text,
        "Go age opened something else: {what}"
    );

    let Some(identity) = &kind.identity else {
        return;
    };
    let mut command = kind.age(work, &["-e".into()]);
    if armor == Armor::Armored {
        command.arg("-a");
    }
    command
        .args(&kind.encrypt)
        .arg("-o")
        .arg(work.join("theirs.age"))
        .arg(&input);
    succeed(&mut command);
    for file in ["theirs.age", "ours.age"] {
        let file = OpenFile::parse(File::open(work.join(file)).unwrap()).unwrap();
        assert_eq!(file.armor(), armor);
        let plaintext = file.decrypt(|header| header.unlock(&[identity])).unwrap();
        let back = work.join("back");
        plaintext.write_to(File::create(&back).unwrap()).unwrap();
        assert!(
            work.read("back") == text,
            "we opened something else: {what}"
        );
    }
}

fn check_sizes(kind: &Kind, work: &Workdir) {
    for armor in [Armor::Binary, Armor::Armored] {
        for size in SIZES.into_iter().chain([LARGE]) {
            check(kind, work, size, armor);
        }
    }
}

#[test]
fn x25519_keys() {
    let work = Workdir::new();
    check_sizes(&x25519(&work), &work);
}

#[test]
fn hybrid_keys() {
    let work = Workdir::new();
    check_sizes(&hybrid(&work), &work);
}

#[test]
fn passphrases() {
    let work = Workdir::new();
    check_sizes(&passphrase(), &work);
}

#[test]
fn tagged_keys() {
    let work = Workdir::new();
    let (_, public) = DhP256HkdfSha256::derive_keypair(TAG_PLUGIN.as_bytes());
    let point = p256::PublicKey::from_sec1_bytes(&public.to_bytes()).unwrap();
    let kind = tagged(point.to_sec1_point(true).as_bytes().to_vec());
    let text = "age1tag1qwe0kafsjrar4txm6heqnhpfuggzr0gvznz7fvygxrlq90u5mq2pysxtw6h";
    assert_eq!(kind.recipient.to_string(), text);
    assert_eq!(TagRecipient::parse(text).unwrap().to_string(), text);
    check_sizes(&kind, &work);
}

#[test]
fn tagged_post_quantum_keys() {
    let work = Workdir::new();
    let (_, public) = MlKem768P256::derive_keypair(TAG_PLUGIN.as_bytes());
    let kind = tagged(public.to_bytes().to_vec());
    assert!(
        TagRecipient::parse(&kind.recipient.to_string())
            .unwrap()
            .is_post_quantum()
    );
    check_sizes(&kind, &work);
}

#[test]
fn our_fresh_keys_work_there() {
    let work = Workdir::new();
    let (one, two) = (
        X25519Identity::generate().unwrap(),
        HybridIdentity::generate().unwrap(),
    );
    for (name, secret, recipient) in [
        ("one", one.to_secret_text(), one.recipient().to_string()),
        ("two", two.to_secret_text(), two.recipient().to_string()),
    ] {
        let path = work.write(name, secret.expose());
        let output = work
            .command(peers::age_keygen())
            .arg("-y")
            .arg(path)
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap().trim_end(),
            recipient
        );
    }
}

#[test]
fn several_recipients_open_the_same_file() {
    let work = Workdir::new();
    let keys: Vec<_> = (0..5)
        .map(|number| keys::age(&work, &format!("{number}.txt")))
        .collect();
    let recipients: Vec<_> = keys
        .iter()
        .map(|key| X25519Recipient::parse(&key.recipient).unwrap())
        .collect();
    let file = nixseal_age::encrypt_bytes(&recipients, b"for all", Armor::Binary).unwrap();
    work.write("file.age", file);
    for key in &keys {
        assert_eq!(keys::age_decrypt(&work, &key.path, "file.age"), b"for all");
    }
}
