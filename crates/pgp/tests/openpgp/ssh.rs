//! SSH keys as OpenPGP keys: the real `gpg` takes and uses them.

use nixseal_base::secret::SecretBytes;
use nixseal_pgp::OpenPgp as _;
use nixseal_pgp::ssh::{FromSsh, RsaNumbers, USER, from_rsa, rsa_fingerprint};
use nixseal_testkit::gnupg::Gnupg;
use nixseal_testkit::keys::{self, SshFormat, SshKind};
use nixseal_testkit::workdir::{Workdir, succeed};

use crate::support::{data_key, gpg_decrypt, gpg_encrypt, key_file};

/// The numbers of an RSA key, as `openssl` prints them.
struct Numbers(Vec<(String, Vec<u8>)>);

impl Numbers {
    fn of(work: &Workdir, path: &std::path::Path) -> Self {
        let mut command = work.command(nixseal_testkit::peers::program("openssl"));
        let text = succeed(command.args(["rsa", "-noout", "-text", "-in"]).arg(path)).stdout;
        let mut numbers: Vec<(String, Vec<u8>)> = Vec::new();
        for line in String::from_utf8(text).unwrap().lines() {
            match line.strip_prefix("    ") {
                Some(digits) => {
                    let digits = digits.split(':').filter(|pair| !pair.is_empty());
                    let bytes = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap());
                    numbers.last_mut().unwrap().1.extend(bytes);
                }
                None => numbers.push((line.split(':').next().unwrap().to_owned(), Vec::new())),
            }
        }
        Self(numbers)
    }

    fn named(&self, name: &str) -> &[u8] {
        let (_, bytes) = self.0.iter().find(|(known, _)| known == name).unwrap();
        bytes
    }

    fn convert(&self) -> FromSsh {
        from_rsa(&RsaNumbers {
            modulus: self.named("modulus"),
            public_exponent: &[1, 0, 1],
            private_exponent: self.named("privateExponent"),
            primes: [self.named("prime1"), self.named("prime2")],
        })
        .unwrap()
    }
}

#[test]
fn gpg_uses_what_was_an_ssh_key() {
    let work = Workdir::new();
    let gnupg = Gnupg::new(&work, "gnupg");
    let ssh = keys::ssh_in_format(&work, "rsa", SshKind::Rsa, SshFormat::Pem, None);
    let numbers = Numbers::of(&work, &ssh.path);
    let key = numbers.convert();
    assert_eq!(
        rsa_fingerprint(numbers.named("modulus"), &[1, 0, 1]).unwrap(),
        key.fingerprint
    );
    let again = numbers.convert();
    assert_eq!(again.secret, key.secret, "the same every time");
    assert_eq!(again.public, key.public);

    let secret = work.write_private("secret.asc", key.secret.expose());
    let public = work.write("public.asc", &key.public);
    gnupg.run(&["--import", public.to_str().unwrap()]);
    assert_eq!(gnupg.fingerprints(USER).join(","), key.fingerprint);
    gnupg.run(&["--import", secret.to_str().unwrap()]);
    let listed = gnupg.run(&["--list-secret-keys", "--with-colons"]);
    let listed = String::from_utf8(listed).unwrap();
    let line = listed
        .lines()
        .find(|line| line.starts_with("sec:"))
        .unwrap();
    let fields: Vec<&str> = line.split(':').collect();
    // Length, algorithm (RSA), time, and the uses: all but authentication.
    assert_eq!((fields[2], fields[3]), ("2048", "1"), "{line}");
    assert!(["", "0"].contains(&fields[5]), "{line}");
    assert_eq!(fields[11], "escESC", "{line}");

    let ours = key_file(&secret);
    let message = ours.encrypt(&key.fingerprint, &data_key()).unwrap();
    assert_eq!(gpg_decrypt(&work, &gnupg, &message), data_key().expose());
    let theirs = gpg_encrypt(&work, &gnupg, &["-r", &key.fingerprint]);
    assert_eq!(ours.decrypt(&theirs).unwrap(), data_key());
    let ours = key_file(&public);
    let message = ours
        .encrypt(&key.fingerprint, &SecretBytes::copy_of(b"x"))
        .unwrap();
    assert_eq!(gpg_decrypt(&work, &gnupg, &message), b"x");
}
