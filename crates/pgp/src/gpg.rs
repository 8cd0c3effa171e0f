//! GnuPG as a child process.
//!
//! The same calls as `sops` makes, so that agents, cards, trust and `FINGERPRINT!` behave alike.
//! Keys and messages go through pipes only.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::process::{Command, ExitStatus, Stdio};

use nixseal_base::env::{Environment, GNUPGHOME, SOPS_GPG_EXEC};
use nixseal_base::process;
use nixseal_base::secret::SecretBytes;

use crate::{OpenPgp, PgpError, Readiness};

/// Far more than a wrapped data key or an explanation needs.
const OUTPUT_LIMIT: usize = 1 << 20;

/// The `gpg` program, or the one in `SOPS_GPG_EXEC`.
#[derive(Clone, Debug)]
pub struct Gpg {
    program: OsString,
    home: Option<OsString>,
    environment: Environment,
}

impl Gpg {
    /// The program and key folder that `SOPS_GPG_EXEC` and `GNUPGHOME` name. Nothing runs yet.
    pub fn new(environment: &Environment) -> Self {
        let program = environment
            .value(&SOPS_GPG_EXEC)
            .unwrap_or(OsStr::new("gpg"));
        let home = environment.value(&GNUPGHOME).map(OsStr::to_owned);
        Self {
            program: program.to_owned(),
            home,
            environment: environment.clone(),
        }
    }

    /// Whether the program is there to be run.
    pub fn is_installed(&self) -> bool {
        process::find_program(&self.environment, &self.name()).is_some()
    }

    fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    /// Runs with `input` on standard input; gives standard output if it succeeds.
    fn run(&self, arguments: &[&str], input: &[u8]) -> Result<SecretBytes, PgpError> {
        let mut command = self.command();
        command.args(arguments);
        let start = |cause| PgpError::Start {
            program: self.name(),
            cause,
        };
        let mut child = command.spawn().map_err(start)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (output, errors) = std::thread::scope(|scope| {
            // A child that fails early closes its end; what it says is worth more than that.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(input)));
            let errors = scope.spawn(|| read(stderr));
            (read(stdout), errors.join())
        });
        let talk = |cause| PgpError::Talk {
            program: self.name(),
            cause,
        };
        let status = child.wait().map_err(talk)?;
        let errors = errors.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        if !status.success() {
            return Err(self.refusal(status, &errors.map_err(talk)?));
        }
        output.map_err(talk)
    }

    fn command(&self) -> Command {
        let mut command = process::command(&self.program);
        if let Some(home) = &self.home {
            command.env(GNUPGHOME.name, home);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn refusal(&self, status: ExitStatus, errors: &SecretBytes) -> PgpError {
        let text = String::from_utf8_lossy(errors.expose());
        let lines: Vec<&str> = text
            .lines()
            .map(|line| line.strip_prefix("gpg: ").unwrap_or(line).trim())
            .filter(|line| !line.is_empty())
            .collect();
        let message = if lines.is_empty() {
            status.to_string()
        } else {
            lines.join("; ")
        };
        PgpError::Refused {
            program: self.name(),
            message,
        }
    }
}

impl OpenPgp for Gpg {
    fn encrypt(&self, fingerprint: &str, plaintext: &SecretBytes) -> Result<String, PgpError> {
        // It stands where an option could stand.
        if fingerprint.is_empty() || fingerprint.starts_with('-') {
            return Err(PgpError::Fingerprint(fingerprint.to_owned()));
        }
        let trusted = key_id(fingerprint);
        let arguments = [
            "--no-default-recipient",
            "--yes",
            "--encrypt",
            "-a",
            "-r",
            fingerprint,
            "--trusted-key",
            trusted,
            "--no-encrypt-to",
        ];
        let message = self.run(&arguments, plaintext.expose())?;
        Ok(String::from_utf8_lossy(message.expose()).trim().to_owned())
    }

    fn decrypt(&self, message: &str) -> Result<SecretBytes, PgpError> {
        let plaintext = self.run(&["-d"], message.as_bytes())?;
        if plaintext.is_empty() {
            return Err(PgpError::Empty {
                program: self.name(),
            });
        }
        Ok(plaintext)
    }

    fn readiness(&self, _message: &str) -> Readiness {
        match self.is_installed() {
            true => Readiness::Program,
            false => Readiness::Hopeless,
        }
    }
}

/// The last 16 digits, with the `!` of a subkey where there is one.
fn key_id(fingerprint: &str) -> &str {
    let length = 16 + usize::from(fingerprint.ends_with('!'));
    let start = fingerprint.len().saturating_sub(length);
    fingerprint.get(start..).unwrap_or(fingerprint)
}

fn read(stream: Option<impl std::io::Read>) -> std::io::Result<SecretBytes> {
    stream.map_or_else(
        || Ok(SecretBytes::default()),
        |stream| SecretBytes::read_from(stream, OUTPUT_LIMIT),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids_are_cut_as_sops_cuts_them() {
        let fingerprint = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";
        assert_eq!(key_id(fingerprint), "3D16CEE4A27381B4");
        assert_eq!(key_id(&format!("{fingerprint}!")), "3D16CEE4A27381B4!");
        assert_eq!(key_id("A27381B4"), "A27381B4");
    }

    #[test]
    fn options_are_no_fingerprints() {
        let gpg = Gpg::new(&Environment::default());
        let secret = SecretBytes::copy_of(b"x");
        for wrong in ["", "--batch", "-a"] {
            assert!(matches!(
                gpg.encrypt(wrong, &secret),
                Err(PgpError::Fingerprint(_))
            ));
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let environment = Environment::default().with(&SOPS_GPG_EXEC, "/nonexistent/gpg");
        let gpg = Gpg::new(&environment);
        assert_eq!(gpg.readiness("x"), Readiness::Hopeless);
        let error = gpg.decrypt("x").unwrap_err().to_string();
        assert!(
            error.contains("'/nonexistent/gpg'") && error.contains("SOPS_GPG_EXEC"),
            "{error}"
        );
    }
}
