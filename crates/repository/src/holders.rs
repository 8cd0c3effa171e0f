//! Everybody who is, or was, a recipient: keys with their names, over files of both kinds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use nixseal_age::keyring::Interaction;
use nixseal_age::recipients::{ParsedRecipient, parse_recipient};
use nixseal_base::env::Environment;
use nixseal_sops::{KeyId, KeyKind};

use crate::lock::RecipientId;
use crate::secret::Reader;

/// Fewest letters of an OpenPGP fingerprint that name a key.
const SHORTEST_FINGERPRINT: usize = 16;

/// A key that something is, or was, encrypted to.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The key in full, or its form in the lock where nothing else is known.
    pub key: String,
    /// What rules call it, or called it; the best first.
    pub names: Vec<String>,
    /// Its short form, for keys without a name.
    short: String,
    /// Kind and tag of its stanzas, where it is an SSH key.
    pub tag: Option<(String, String)>,
    /// The first word of its stanzas; none for plugins and what is no age key.
    pub stanza: Option<&'static str>,
    /// The age key that `ssh-to-age` makes of it: its owner can open what is for that one too.
    pub(crate) derived: Option<RecipientId>,
}

impl Holder {
    /// What people call it: its names, else a short form of the key.
    pub fn label(&self) -> String {
        match self.names.is_empty() {
            true => self.short.clone(),
            false => self.names.join(" = "),
        }
    }

    /// Its first name, else a short form of the key.
    pub fn name(&self) -> &str {
        self.names.first().map_or(&self.short, String::as_str)
    }
}

/// All of them.
pub struct Holders {
    all: BTreeMap<RecipientId, Holder>,
    read: HashMap<String, RecipientId>,
    asks: Arc<Interaction>,
}

impl Default for Holders {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            read: HashMap::new(),
            asks: Interaction::silent(Environment::default()),
        }
    }
}

/// One person or machine: all the keys that a name or a key stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Its keys; with an SSH key also the age key that is made of it, and the other way round.
    pub keys: BTreeSet<RecipientId>,
    /// Kinds and tags of its SSH stanzas.
    pub tags: BTreeSet<(String, String)>,
    /// The first words of the stanzas that its keys have.
    pub stanzas: BTreeSet<&'static str>,
    /// Whether it has keys whose stanzas look like anything.
    pub has_plugin: bool,
}

impl Holders {
    /// Notes a recipient of `.age` files, as rules write it; none where it cannot be used.
    pub fn age(&mut self, text: &str, names: &[String]) -> Option<RecipientId> {
        let id = match self.read.get(text) {
            Some(id) => id.clone(),
            None => {
                let recipient = parse_recipient(text, &self.asks).ok()?;
                let id = RecipientId::of(recipient.canonical());
                let holder = || of_recipient(&recipient);
                self.all.entry(id.clone()).or_insert_with(holder);
                self.read.insert(text.to_owned(), id.clone());
                id
            }
        };
        self.name(&id, names);
        Some(id)
    }

    /// Notes a recipient of the rules at hand.
    pub fn reader(&mut self, reader: &Reader) -> RecipientId {
        let id = reader.wanted.id.clone();
        let holder = || of_recipient(&reader.recipient);
        self.all.entry(id.clone()).or_insert_with(holder);
        if reader.label != reader.recipient.label() {
            let names: Vec<String> = reader.label.split(" = ").map(str::to_owned).collect();
            self.name(&id, &names);
        }
        id
    }

    /// Notes a key of a SOPS file.
    pub fn sops(&mut self, key: &KeyId, name: Option<&str>) -> RecipientId {
        let names: Vec<String> = name.into_iter().map(str::to_owned).collect();
        let text = key.to_string();
        if key.kind() == KeyKind::Age
            && let Some(id) = self.age(&text, &names)
        {
            return id;
        }
        let id = id_of(key);
        let short = || match (key.kind(), text.len().checked_sub(16)) {
            (KeyKind::Pgp, Some(end)) => format!("pgp {}", text.get(end..).unwrap_or(&text)),
            _ => text.clone(),
        };
        let all = &mut self.all;
        all.entry(id.clone())
            .or_insert_with(|| plain(text.clone(), short()));
        self.name(&id, &names);
        id
    }

    /// Notes a recipient that only a lock knows.
    pub fn recorded(&mut self, id: &RecipientId) {
        if self.all.contains_key(id) {
            return;
        }
        let key = id.as_str().replacen(':', " ", 1);
        let holder = match parse_recipient(&key, &self.asks) {
            Ok(recipient) => of_recipient(&recipient),
            Err(_) => plain(key, crate::drift::shorten(id.as_str())),
        };
        self.all.insert(id.clone(), holder);
    }

    /// Notes what an unnamed stanza says, where no key is known for it.
    pub fn tagged(&mut self, kind: &str, tag: &str) -> RecipientId {
        let known = self.all.iter().find(|(_, holder)| {
            let of = holder.tag.as_ref();
            of.is_some_and(|(one, two)| one == kind && two == tag)
        });
        if let Some((id, _)) = known {
            return id.clone();
        }
        let text = format!("a {kind} key with the tag {tag}");
        let id = RecipientId::of(&format!("{kind}#{tag}"));
        let holder = Holder {
            tag: Some((kind.to_owned(), tag.to_owned())),
            ..plain(text.clone(), text)
        };
        self.all.insert(id.clone(), holder);
        id
    }

    fn name(&mut self, id: &RecipientId, names: &[String]) {
        if let Some(holder) = self.all.get_mut(id) {
            for name in names {
                if !holder.names.contains(name) {
                    holder.names.push(name.clone());
                }
            }
        }
    }

    /// Everybody, each once: keys that belong together are one subject.
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects: Vec<Subject> = Vec::new();
        let mut seen: BTreeSet<RecipientId> = BTreeSet::new();
        for id in self.all.keys() {
            if !seen.contains(id) {
                let subject = self.subject(BTreeSet::from([id.clone()]));
                seen.extend(subject.keys.iter().cloned());
                subjects.push(subject);
            }
        }
        subjects
    }

    /// One of them.
    pub fn get(&self, id: &RecipientId) -> Option<&Holder> {
        self.all.get(id)
    }

    /// What to call one of them.
    pub fn label(&self, id: &RecipientId) -> String {
        let known = self.all.get(id).map(Holder::label);
        known.unwrap_or_else(|| id.as_str().to_owned())
    }

    /// All names, sorted.
    pub fn names(&self) -> BTreeSet<&str> {
        let names = self.all.values().flat_map(|holder| &holder.names);
        names.map(String::as_str).collect()
    }

    /// Whom a name, a key or an OpenPGP fingerprint means; none where nobody is called so.
    pub fn find(&self, wanted: &str) -> Option<Subject> {
        let wanted = wanted.trim();
        let mut keys: BTreeSet<RecipientId> = BTreeSet::new();
        if let Ok(recipient) = parse_recipient(wanted, &self.asks) {
            keys.insert(RecipientId::of(recipient.canonical()));
            keys.extend(derived(&recipient));
        }
        let fingerprint = wanted.replace(' ', "").to_ascii_uppercase();
        let is_fingerprint = fingerprint.len() >= SHORTEST_FINGERPRINT
            && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        for (id, holder) in &self.all {
            let pgp = id.as_str().strip_prefix("pgp:");
            let printed = pgp.is_some_and(|pgp| is_fingerprint && pgp.ends_with(&fingerprint));
            if holder.names.iter().any(|name| name == wanted) || holder.key == wanted || printed {
                keys.insert(id.clone());
            }
        }
        if keys.is_empty() {
            return None;
        }
        Some(self.subject(keys))
    }

    /// All that belongs to some keys.
    fn subject(&self, mut keys: BTreeSet<RecipientId>) -> Subject {
        let derived: Vec<RecipientId> = keys
            .iter()
            .filter_map(|id| self.all.get(id)?.derived.clone())
            .collect();
        keys.extend(derived);
        for (id, holder) in &self.all {
            if holder
                .derived
                .as_ref()
                .is_some_and(|made| keys.contains(made))
            {
                keys.insert(id.clone());
            }
        }
        let holders = || keys.iter().filter_map(|id| self.all.get(id));
        let mut stanzas: BTreeSet<&'static str> =
            holders().filter_map(|holder| holder.stanza).collect();
        // A key that nobody knows yet, such as the one made of an SSH key.
        let native = |id: &&RecipientId| id.as_str().starts_with("age1");
        if keys
            .iter()
            .any(|id| native(&id) && !self.all.contains_key(id))
        {
            stanzas.insert("X25519");
        }
        Subject {
            tags: holders().filter_map(|holder| holder.tag.clone()).collect(),
            has_plugin: holders().any(|one| one.stanza.is_none() && one.key.starts_with("age1")),
            stanzas,
            keys,
        }
    }
}

/// How a key of a SOPS file is told from others; equal for equal keys of `.age` files.
pub fn id_of(key: &KeyId) -> RecipientId {
    let text = key.to_string();
    RecipientId::of(&match key.kind() {
        KeyKind::Age => text,
        KeyKind::Pgp => format!("pgp:{}", text.to_ascii_uppercase()),
        kind => format!("{kind}:{}", text.replace(' ', "%20")),
    })
}

fn of_recipient(recipient: &ParsedRecipient) -> Holder {
    let tag = recipient.stanza_kind().zip(recipient.ssh_tag());
    Holder {
        tag: tag.map(|(kind, tag)| (kind.to_owned(), tag)),
        stanza: recipient.stanza_kind(),
        derived: derived(recipient),
        ..plain(recipient.canonical().to_owned(), recipient.label())
    }
}

fn derived(recipient: &ParsedRecipient) -> Option<RecipientId> {
    let made = ParsedRecipient::derived_from(recipient.ssh_key()?)?;
    Some(RecipientId::of(made.canonical()))
}

fn plain(key: String, short: String) -> Holder {
    Holder {
        key,
        names: Vec::new(),
        short,
        tag: None,
        stanza: None,
        derived: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    const SSH: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    #[test]
    fn names_and_keys_are_found() {
        let mut holders = Holders::default();
        let id = holders.age(AGE, &["alice".to_owned()]).unwrap();
        holders.sops(&KeyId::age(AGE), Some("laptop"));
        holders.sops(
            &KeyId::pgp("85D77543B3D624B63CEA9E6DBC17301B491B3F21"),
            Some("bob"),
        );
        for name in ["alice", "laptop", AGE] {
            assert_eq!(
                holders.find(name).unwrap().keys,
                BTreeSet::from([id.clone()]),
                "{name}"
            );
        }
        assert_eq!(holders.label(&id), "alice = laptop");
        let bob = holders.find("bob").unwrap();
        assert_eq!(holders.find("bc17301b491b3f21").unwrap(), bob);
        assert_eq!(holders.find("491b3f21"), None);
        assert_eq!(holders.find("carol"), None);
    }

    #[test]
    fn an_ssh_key_and_the_age_key_made_of_it_are_one_person() {
        let mut holders = Holders::default();
        let ssh = holders
            .age(&format!("{SSH} root@host"), &["host".to_owned()])
            .unwrap();
        let subject = holders.find("host").unwrap();
        assert_eq!(subject.keys.len(), 2);
        assert_eq!(subject.stanzas, BTreeSet::from(["X25519", "ssh-ed25519"]));
        assert_eq!(subject.tags.len(), 1);
        let made = subject.keys.iter().find(|id| **id != ssh).unwrap();
        assert_eq!(holders.find(made.as_str()).unwrap().keys, subject.keys);
    }

    #[test]
    fn what_only_a_lock_or_a_stanza_knows_has_a_name_too() {
        let mut holders = Holders::default();
        let id = RecipientId::of(SSH);
        holders.recorded(&id);
        assert_eq!(holders.get(&id).unwrap().key, SSH);
        let tag = holders.get(&id).unwrap().tag.clone().unwrap();
        assert_eq!(holders.tagged(&tag.0, &tag.1), id);
        let other = holders.tagged("ssh-rsa", "AAAA");
        assert_eq!(holders.label(&other), "a ssh-rsa key with the tag AAAA");
    }
}
