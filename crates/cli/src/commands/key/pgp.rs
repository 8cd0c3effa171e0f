//! `nixseal key from-ssh --pgp`.

use nixseal_base::secret::SecretBytes;

use crate::context::Context;
use crate::failure::Failure;

/// The OpenPGP key of a private RSA key, armored; its fingerprint goes to standard error.
#[cfg(feature = "openpgp")]
pub(super) fn convert(
    context: &Context,
    content: &SecretBytes,
    name: &str,
    private: bool,
) -> Result<SecretBytes, Failure> {
    use nixseal_pgp::ssh::{RsaNumbers, from_rsa};

    let failed = |reason: String| Failure::new(format!("'{name}': {reason}"));
    if !String::from_utf8_lossy(content.expose()).contains("PRIVATE KEY-----") {
        let reason = "an OpenPGP key is made of a private key, this is none";
        return Err(
            failed(reason.to_owned()).hint("its public half is signed with the private one")
        );
    }
    let key = super::private_key(context, content, name)?;
    let key = key.rsa().ok_or_else(|| {
        failed("only RSA keys have an OpenPGP key".to_owned())
            .hint("an ed25519 key has an age key: leave out --pgp")
    })?;
    let numbers = key.number_bytes();
    let [first, second] = numbers.primes.as_slice() else {
        return Err(failed("it has more than two primes".to_owned()));
    };
    let made = from_rsa(&RsaNumbers {
        modulus: &numbers.modulus,
        public_exponent: &numbers.public_exponent,
        private_exponent: &numbers.private_exponent,
        primes: [first, second],
    });
    let made = made.map_err(|error| failed(error.to_string()))?;
    context.ui.say(format!("Fingerprint: {}", made.fingerprint));
    Ok(match private {
        true => made.secret.into_bytes(),
        false => SecretBytes::new(made.public.into_bytes()),
    })
}

#[cfg(not(feature = "openpgp"))]
pub(super) fn convert(
    _context: &Context,
    _content: &SecretBytes,
    _name: &str,
    _private: bool,
) -> Result<SecretBytes, Failure> {
    Err(Failure::new(
        "--pgp: this program was built without OpenPGP",
    ))
}
