//! Which key of a certificate is encrypted to: always the one that `gpg` takes, or none.

use nixseal_base::secret::SecretBytes;
use nixseal_pgp::{KeyFiles, OpenPgp as _};
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::workdir::{Workdir, succeed};

use crate::support::{data_key, key_file};

/// The key IDs that a message is for, as `gpg` lists them.
fn recipients(work: &Workdir, gnupg: &Gnupg<'_>, message: &str) -> Vec<String> {
    let path = work.write("listed.asc", message);
    let listed = gnupg
        .command()
        .args(["--list-packets", "--list-only"])
        .arg(path)
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let ids = listed
        .lines()
        .filter_map(|line| Some(line.split_once(", keyid ")?.1.to_owned()));
    ids.collect()
}

struct Bench<'a> {
    work: &'a Workdir,
    gnupg: &'a Gnupg<'a>,
}

impl Bench<'_> {
    /// What `gpg` encrypts to; none when it refuses.
    fn theirs(&self, name: &str) -> Option<Vec<String>> {
        let path = self.work.write("plain", "x");
        let mut command = self.gnupg.command();
        command.args([
            "--trust-model",
            "always",
            "--armor",
            "--output",
            "-",
            "-r",
            name,
        ]);
        let output = command.arg("--encrypt").arg(path).output().unwrap();
        let message = output.status.success().then_some(output.stdout)?;
        Some(recipients(
            self.work,
            self.gnupg,
            &String::from_utf8(message).unwrap(),
        ))
    }

    fn ours(&self, files: &KeyFiles, name: &str) -> Result<Vec<String>, String> {
        let message = files.encrypt(name, &SecretBytes::copy_of(b"x"));
        let message = message.map_err(|error| error.to_string())?;
        Ok(recipients(self.work, self.gnupg, &message))
    }

    /// Compares for every key of the certificate, alone and with `!`.
    fn compare(&self, what: &str, primary: &str) -> Vec<Option<String>> {
        let exported = self.gnupg.run(&["--armor", "--export", primary]);
        let files = key_file(self.work.write("key.asc", exported));
        let mut chosen = Vec::new();
        for key in self.gnupg.fingerprints(primary) {
            for name in [key.clone(), format!("{key}!"), key[24..].to_lowercase()] {
                let (ours, theirs) = (self.ours(&files, &name), self.theirs(&name));
                assert_eq!(ours.clone().ok(), theirs, "{what}, {name}: {ours:?}");
                chosen.push(ours.err());
            }
        }
        chosen
    }
}

/// A key that signs, and three subkeys made one second apart.
fn certificate(gnupg: &Gnupg<'_>, user: &str) -> (String, [String; 3]) {
    let faked = |second: u32, arguments: &[&str]| {
        let time = format!("20260101T00000{second}");
        let mut command = gnupg.command();
        command.args(["--passphrase", "", "--faked-system-time", &time]);
        succeed(command.args(arguments));
    };
    faked(
        0,
        &[
            "--quick-generate-key",
            user,
            "ed25519",
            "sign,cert",
            "never",
        ],
    );
    let primary = gnupg.fingerprints(user).remove(0);
    // Not in the order of their times.
    for second in [1, 3, 2] {
        faked(
            second,
            &["--quick-add-key", &primary, "cv25519", "encr", "never"],
        );
    }
    let [_, first, newest, middle] = <[String; 4]>::try_from(gnupg.fingerprints(user)).unwrap();
    (primary, [first, middle, newest])
}

#[test]
fn subkeys_of_all_states() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let bench = Bench {
        work: &work,
        gnupg: &gnupg,
    };
    let (primary, [_, middle, newest]) = certificate(&gnupg, "one@example.org");
    bench.compare("three subkeys", &primary);
    let exported = gnupg.run(&["--export", &primary]);
    let files = key_file(work.write("binary", exported));
    assert_eq!(
        bench.ours(&files, &primary).unwrap(),
        [newest[24..].to_owned()]
    );

    gnupg.add_key(&primary, "ed25519", "sign", "never");
    bench.compare("a newer one signs", &primary);
    let expiring = gnupg.add_key(&primary, "cv25519", "encr", "seconds=1");
    std::thread::sleep(std::time::Duration::from_secs(2));
    bench.compare("a newer one has expired", &primary);
    gnupg.run(&["--quick-set-expire", &primary, "1y", &expiring]);
    bench.compare("it lives again", &primary);
    gnupg.edit_key(&primary, &["key 5", "revkey", "y", "0", "", "y", "save"]);
    bench.compare("it is revoked", &primary);
    gnupg.edit_key(&primary, &["key 2", "revkey", "y", "0", "", "y", "save"]);
    bench.compare("the next is revoked too", &primary);
    let files = key_file(work.write("binary", gnupg.run(&["--export", &primary])));
    assert_eq!(
        bench.ours(&files, &primary).unwrap(),
        [middle[24..].to_owned()]
    );
}

#[test]
fn two_of_the_same_second_and_one_of_the_future() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let bench = Bench {
        work: &work,
        gnupg: &gnupg,
    };
    let key = gnupg.make_key("one@example.org", "ed25519");
    for (time, algorithm) in [
        ("20270101T000000!", "cv25519"),
        ("20270101T000000!", "nistp256"),
        ("20990101T000000!", "cv25519"),
    ] {
        let add = [
            "--faked-system-time",
            time,
            "--passphrase",
            "",
            "--quick-add-key",
            &key,
        ];
        gnupg.run(&[&add[..], &[algorithm, "encr", "never"]].concat());
        let refusals = bench.compare(algorithm, &key);
        assert!(refusals.iter().flatten().count() > 0);
    }
}

#[test]
fn primary_keys_that_are_over() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let bench = Bench {
        work: &work,
        gnupg: &gnupg,
    };
    let (expired, _) = certificate(&gnupg, "expired@example.org");
    gnupg.run(&[
        "--faked-system-time",
        "20260102T000000",
        "--quick-set-expire",
        &expired,
        "1d",
    ]);
    let refusals = bench.compare("an expired key", &expired);
    assert!(
        refusals
            .iter()
            .flatten()
            .all(|why| why.contains("it expired on 2026-01-03T00:00:00Z")),
        "{refusals:?}"
    );
    assert_eq!(refusals.iter().flatten().count(), 12);

    let (revoked, _) = certificate(&gnupg, "revoked@example.org");
    gnupg.edit_key(&revoked, &["revkey", "y", "0", "", "y", "save"]);
    let refusals = bench.compare("a revoked key", &revoked);
    assert!(
        refusals
            .iter()
            .flatten()
            .all(|why| why.contains("it is revoked")),
        "{refusals:?}"
    );
    assert_eq!(refusals.iter().flatten().count(), 12);

    let signs = gnupg.make_key("signs@example.org", "ed25519");
    let refusals = bench.compare("a key that signs only", &signs);
    assert_eq!(refusals.iter().flatten().count(), 3, "{refusals:?}");
}

#[test]
fn users_that_come_and_go() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let bench = Bench {
        work: &work,
        gnupg: &gnupg,
    };
    let (key, _) = certificate(&gnupg, "one@example.org");
    gnupg.run(&[
        "--passphrase",
        "",
        "--quick-add-uid",
        &key,
        "two@example.org",
    ]);
    gnupg.run(&[
        "--passphrase",
        "",
        "--quick-revoke-uid",
        &key,
        "one@example.org",
    ]);
    bench.compare("the first user is revoked", &key);
    gnupg.run(&["--quick-set-expire", &key, "2y"]);
    bench.compare("the rest expires some day", &key);
    gnupg.edit_key(&key, &["uid 2", "revuid", "y", "0", "", "y", "save"]);
    bench.compare("all users are revoked", &key);
}

#[test]
fn changed_certificates_are_not_believed() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let (key, _) = certificate(&gnupg, "one@example.org");
    let exported = gnupg.run(&["--export", &key]);
    let name = exported
        .windows(3)
        .position(|letters| letters == b"one")
        .unwrap();
    let mut changed = exported;
    changed[name] = b'O';
    let files = key_file(work.write("binary", changed));
    let error = files.encrypt(&key, &data_key()).unwrap_err().to_string();
    assert!(
        error.contains("it has no valid signature of its own"),
        "{error}"
    );
}

/// A certificate with the primary key of another one put beside its own keys.
fn with_foreign_key(own: &[u8], foreign: &[u8]) -> Vec<u8> {
    // Both begin with a primary key: the old format, with one byte for the length.
    assert_eq!(foreign[0], 0x98);
    let length = 2 + usize::from(foreign[1]);
    let as_subkey = [&[0xb8], &foreign[1..length]].concat();
    // The next packets are a user and the signature on it: any signature will do.
    let user = length + 2 + usize::from(foreign[length + 1]);
    let signature = user + 2 + usize::from(foreign[user + 1]);
    [own, &as_subkey, &foreign[user..signature]].concat()
}

#[test]
fn keys_of_others_are_not_taken_for_their_owners() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let bench = Bench {
        work: &work,
        gnupg: &gnupg,
    };
    let (victim, [.., newest]) = certificate(&gnupg, "victim@example.org");
    let (attacker, _) = certificate(&gnupg, "attacker@example.org");
    let [theirs, own] = [&victim, &attacker].map(|key| gnupg.run(&["--export", key]));
    let forged = with_foreign_key(&own, &theirs);
    let both = key_file(work.write("both", [&forged[..], &theirs].concat()));
    assert_eq!(
        bench.ours(&both, &victim).unwrap(),
        [newest[24..].to_owned()]
    );
    let alone = key_file(work.write("alone", forged));
    let error = bench.ours(&alone, &victim).unwrap_err();
    assert!(error.contains("is not in"), "{error}");
    assert_eq!(bench.ours(&alone, &attacker).unwrap().len(), 1);
}
