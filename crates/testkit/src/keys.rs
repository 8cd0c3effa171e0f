//! Keys made at test time by the real tools, so that no private key is in the
//! repository and none of our own code takes part.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::workdir::succeed;
use crate::{Workdir, peers};

/// Kinds of SSH keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SshKind {
    /// NIST P-256, which age does not take.
    Ecdsa,
    /// Ed25519.
    Ed25519,
    /// RSA with 2048 bits.
    Rsa,
}

/// How the private half of an SSH key is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SshFormat {
    /// OpenSSH's own.
    OpenSsh,
    /// `BEGIN RSA PRIVATE KEY`; for RSA keys only.
    Pem,
    /// `BEGIN PRIVATE KEY`, or `BEGIN ENCRYPTED PRIVATE KEY`; for RSA keys only.
    Pkcs8,
}

/// An SSH key pair on the disk.
#[derive(Clone, Debug)]
pub struct SshKey {
    /// The private half.
    pub path: PathBuf,
    /// The public half, beside it with `.pub`.
    pub public_path: PathBuf,
    /// The line of the public half: kind, key and comment, without a line end.
    pub public: String,
}

/// Makes an SSH key `name` with `ssh-keygen`; its comment is its name.
#[track_caller]
pub fn ssh(work: &Workdir, name: &str, kind: SshKind, passphrase: Option<&str>) -> SshKey {
    ssh_in_format(work, name, kind, SshFormat::OpenSsh, passphrase)
}

/// Makes an SSH key whose private half is in the given format.
#[track_caller]
pub fn ssh_in_format(
    work: &Workdir,
    name: &str,
    kind: SshKind,
    format: SshFormat,
    passphrase: Option<&str>,
) -> SshKey {
    let path = work.join(name);
    make_parent(work, name);
    let mut command = work.command(peers::ssh_keygen());
    command.args(match kind {
        SshKind::Ecdsa => ["-q", "-t", "ecdsa"],
        SshKind::Ed25519 => ["-q", "-t", "ed25519"],
        SshKind::Rsa => ["-q", "-t", "rsa"],
    });
    if kind == SshKind::Rsa {
        command.args(["-b", "2048"]);
    }
    command.args(match format {
        // One round of the passphrase's derivation: tests need no strength.
        SshFormat::OpenSsh => ["-a", "1"],
        SshFormat::Pem => ["-m", "PEM"],
        SshFormat::Pkcs8 => ["-m", "PKCS8"],
    });
    command
        .args(["-N", passphrase.unwrap_or_default(), "-C", name, "-f"])
        .arg(&path);
    succeed(&mut command);
    let public_path = work.join(format!("{name}.pub"));
    SshKey {
        public: work.read_text(&public_path).trim_end().to_owned(),
        path,
        public_path,
    }
}

/// An age key on the disk.
#[derive(Clone, Debug)]
pub struct AgeKey {
    /// The identity file.
    pub path: PathBuf,
    /// Its recipient, `age1…`.
    pub recipient: String,
    /// The line `AGE-SECRET-KEY-…` in it.
    pub identity: String,
}

/// Makes an identity file `name` with an X25519 key.
#[track_caller]
pub fn age(work: &Workdir, name: &str) -> AgeKey {
    age_with(work, name, &[])
}

/// Makes an identity file `name` with a post-quantum key.
#[track_caller]
pub fn age_post_quantum(work: &Workdir, name: &str) -> AgeKey {
    age_with(work, name, &["-pq"])
}

#[track_caller]
fn age_with(work: &Workdir, name: &str, arguments: &[&str]) -> AgeKey {
    let path = work.join(name);
    make_parent(work, name);
    let mut command = work.command(peers::age_keygen());
    succeed(command.args(arguments).arg("-o").arg(&path));
    let text = work.read_text(&path);
    let recipient = succeed(work.command(peers::age_keygen()).arg("-y").arg(&path)).stdout;
    let identity = text
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-"));
    AgeKey {
        path,
        recipient: String::from_utf8_lossy(&recipient).trim_end().to_owned(),
        identity: identity.expect("an identity in the key file").to_owned(),
    }
}

/// Protects an identity file with a passphrase, as `age -p` would: what is at
/// `name` then is encrypted. The work factor is low, to be quick.
#[track_caller]
pub fn protect(work: &Workdir, name: &str, passphrase: &str) {
    let plain = work.read(name);
    let input = work.write_private(format!("{name}.plain"), plain);
    let mut command = work.command(peers::age());
    command
        .env("PATH", peers::plugin_dir())
        .env("AGE_PASSPHRASE", passphrase)
        .env("AGE_PASSPHRASE_WORK_FACTOR", "4")
        .args(["-e", "-a", "-j", "batchpass"])
        .stdin(Stdio::from(
            std::fs::File::open(&input).expect("open the plain identity"),
        ));
    let protected = succeed(&mut command).stdout;
    work.remove(&input);
    work.write_private(name, protected);
}

/// Encrypts with the real `age`, to recipients as they are written on its
/// command line.
#[track_caller]
pub fn age_encrypt(
    work: &Workdir,
    recipients: &[&str],
    armor: bool,
    plaintext: &[u8],
    output: impl AsRef<Path>,
) -> PathBuf {
    let output = work.join(output);
    make_parent(work, &output);
    let input = work.write(".age-encrypt-input", plaintext);
    let mut command = work.command(peers::age());
    command.arg("-e").arg("-o").arg(&output);
    if armor {
        command.arg("-a");
    }
    for recipient in recipients {
        command.args(["-r", recipient]);
    }
    succeed(command.arg(&input));
    work.remove(&input);
    output
}

/// Decrypts with the real `age` and an identity file.
#[track_caller]
pub fn age_decrypt(work: &Workdir, identity: &Path, file: impl AsRef<Path>) -> Vec<u8> {
    let mut command = work.command(peers::age());
    command.arg("-d").arg("-i").arg(identity);
    succeed(command.arg(work.join(file))).stdout
}

#[track_caller]
fn make_parent(work: &Workdir, name: impl AsRef<Path>) {
    if let Some(parent) = name.as_ref().parent() {
        work.mkdir(parent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pty::Terminal;

    #[test]
    fn every_kind_opens_what_is_encrypted_to_it() {
        let work = Workdir::new();
        let user = age(&work, "keys/user.txt");
        let strong = age_post_quantum(&work, "strong.txt");
        let host = ssh(&work, ".ssh/id_ed25519", SshKind::Ed25519, None);
        let old = ssh_in_format(&work, "rsa", SshKind::Rsa, SshFormat::Pem, None);
        assert!(
            work.read_text("rsa")
                .starts_with("-----BEGIN RSA PRIVATE KEY-----")
        );
        assert!(strong.recipient.starts_with("age1pq1"));
        let recipients = [user.recipient.as_str(), &host.public, &old.public];
        age_encrypt(&work, &recipients, true, b"text", "out/a.age");
        for identity in [&user.path, &host.path, &old.path] {
            assert_eq!(age_decrypt(&work, identity, "out/a.age"), b"text");
        }
        age_encrypt(&work, &[&strong.recipient], false, b"", "b.age");
        assert_eq!(age_decrypt(&work, &strong.path, "b.age"), b"");
    }

    #[test]
    fn a_protected_identity_asks_for_its_passphrase() {
        let work = Workdir::new();
        let user = age(&work, "user.txt");
        age_encrypt(&work, &[&user.recipient], false, b"text", "a.age");
        protect(&work, "user.txt", "open sesame");
        let mut command = work.command(peers::age());
        command.args(["-d", "-i", "user.txt", "a.age"]);
        let mut terminal = Terminal::start(command);
        terminal.expect("Enter passphrase");
        terminal.send_secret("open sesame");
        let end = terminal.finish();
        assert!(end.status.success());
        assert!(end.output.contains("text"));
    }
}
