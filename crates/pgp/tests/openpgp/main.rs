//! OpenPGP against the real `gpg`: as a child, and without it.

mod gpg;

#[cfg(feature = "openpgp")]
mod choice;
#[cfg(feature = "openpgp")]
mod damage;
#[cfg(feature = "openpgp")]
mod files;
#[cfg(feature = "openpgp")]
mod ssh;
#[cfg(feature = "openpgp")]
mod support;
