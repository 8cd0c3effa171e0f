//! What a host can open, from its public keys.

use std::collections::BTreeSet;

use nixseal_age::recipients::RecipientKind;
use nixseal_age::{Interaction, ParsedRecipient, Stanza, parse_recipient};
use nixseal_base::env::Environment;
use nixseal_sops::{KeyId, KeyKind, Metadata};

use super::Findings;
use crate::manifest::Manifest;

/// The public keys of a host, and what follows from them.
pub(super) struct Hosts {
    recipients: Vec<ParsedRecipient>,
    /// Canonical texts, those of derived keys too.
    canonical: BTreeSet<String>,
    /// Fingerprints of OpenPGP keys, upper case.
    openpgp: BTreeSet<String>,
    /// Whether a folder of GnuPG may have any other.
    gnupg: bool,
}

impl Hosts {
    /// Those of the manifest.
    pub(super) fn new(manifest: &Manifest, findings: &mut Findings) -> Self {
        Self::of(
            &manifest.host_public_keys,
            manifest,
            "hostPublicKeys",
            findings,
        )
    }

    /// Those of a list; `subject` is at fault when one is none.
    pub(super) fn of(
        keys: &[String],
        manifest: &Manifest,
        subject: &str,
        findings: &mut Findings,
    ) -> Self {
        let interaction = Interaction::silent(Environment::default());
        let mut hosts = Self {
            recipients: Vec::new(),
            canonical: BTreeSet::new(),
            openpgp: BTreeSet::new(),
            gnupg: manifest.identities.gnupg_home.is_some(),
        };
        for text in keys {
            if let Some(fingerprint) = fingerprint(text) {
                hosts.openpgp.insert(fingerprint);
                continue;
            }
            match parse_recipient(text.trim(), &interaction) {
                Ok(recipient) => hosts.add(recipient),
                Err(error) => findings.add(
                    subject,
                    format!("the host's public key '{text}' cannot be used: {error}"),
                ),
            }
        }
        hosts
    }

    fn add(&mut self, recipient: ParsedRecipient) {
        self.canonical.insert(recipient.canonical().to_owned());
        if let Some(key) = recipient.ssh_key() {
            self.openpgp.extend(openpgp_of(key.wire()));
            if let Some(derived) = ParsedRecipient::derived_from(key) {
                self.canonical.insert(derived.canonical().to_owned());
                self.recipients.push(derived);
            }
        }
        self.recipients.push(recipient);
    }

    /// Whether nothing is known of the host.
    fn is_unknown(&self) -> bool {
        self.recipients.is_empty() && self.openpgp.is_empty()
    }

    /// Whether the host may be able to open an age file. Stanzas that do not say for whom they are
    /// count as its own if it has a key of their kind.
    pub(super) fn open_age(&self, stanzas: &[Stanza]) -> Result<(), String> {
        if self.is_unknown() || stanzas.iter().any(|stanza| self.may_be_for(stanza)) {
            return Ok(());
        }
        let kinds: BTreeSet<&str> = stanzas.iter().map(|stanza| stanza.tag.as_str()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        Err(format!(
            "none of its {} recipients ({}) is a key of this host",
            stanzas.len(),
            kinds.join(", ")
        ))
    }

    fn may_be_for(&self, stanza: &Stanza) -> bool {
        self.recipients.iter().any(|recipient| {
            match (recipient.stanza_kind(), recipient.ssh_tag()) {
                (Some(kind), Some(tag)) => stanza.tag == kind && stanza.args.first() == Some(&tag),
                (Some(kind), None) => stanza.tag == kind,
                // Plugins choose their stanzas freely.
                (None, _) => {
                    matches!(recipient.kind(), RecipientKind::Plugin(_)) && !is_known(&stanza.tag)
                }
            }
        })
    }

    /// Whether the host can open enough key groups of a SOPS file.
    pub(super) fn open_sops(&self, metadata: &Metadata) -> Result<(), String> {
        if self.is_unknown() {
            return Ok(());
        }
        let groups = &metadata.groups;
        let opened = groups
            .iter()
            .filter(|group| group.iter().any(|key| self.has(&key.id)))
            .count();
        let required = match (groups.len(), metadata.shamir_threshold) {
            (0 | 1, _) => 1,
            (count, 0) => count,
            (_, threshold) => usize::try_from(threshold).unwrap_or(usize::MAX),
        };
        match (opened >= required, groups.len()) {
            (true, _) => Ok(()),
            (false, 0 | 1) => {
                let all: Vec<String> = metadata.keys().map(|(_, key)| key.id.to_string()).collect();
                Err(format!(
                    "none of its recipients is a key of this host: {}",
                    all.join(", ")
                ))
            }
            (false, count) => Err(format!(
                "{required} of its {count} key groups are needed, and this host has keys of {opened}"
            )),
        }
    }

    fn has(&self, id: &KeyId) -> bool {
        match id.kind() {
            KeyKind::Age => {
                let text = id.field("recipient");
                let interaction = Interaction::silent(Environment::default());
                let canonical = parse_recipient(text, &interaction)
                    .map(|recipient| recipient.canonical().to_owned());
                self.canonical
                    .contains(canonical.as_deref().unwrap_or(text))
            }
            KeyKind::Pgp => {
                let wanted = id.field("fp").trim_end_matches('!').to_uppercase();
                self.gnupg
                    || self
                        .openpgp
                        .iter()
                        .any(|known| !wanted.is_empty() && known.ends_with(&wanted))
            }
            _ => false,
        }
    }
}

fn is_known(kind: &str) -> bool {
    matches!(
        kind,
        "X25519" | "mlkem768x25519" | "ssh-ed25519" | "ssh-rsa" | "scrypt"
    )
}

/// A fingerprint of an OpenPGP key, as it stands in SOPS files.
fn fingerprint(text: &str) -> Option<String> {
    let digits: String = text.split_whitespace().collect();
    let is_one = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| digits.to_uppercase())
}

/// The fingerprint of the OpenPGP key that an RSA host key makes.
#[cfg(feature = "openpgp")]
fn openpgp_of(wire: &[u8]) -> Option<String> {
    let (kind, rest) = field(wire)?;
    if kind != b"ssh-rsa" {
        return None;
    }
    let (exponent, rest) = field(rest)?;
    let (modulus, _) = field(rest)?;
    nixseal_pgp::ssh::rsa_fingerprint(modulus, exponent).ok()
}

#[cfg(not(feature = "openpgp"))]
fn openpgp_of(_wire: &[u8]) -> Option<String> {
    None
}

/// A string with its length before it (RFC 4251, section 5), and what follows.
#[cfg(feature = "openpgp")]
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}
