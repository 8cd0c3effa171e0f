//! Recovering a data key from enough groups, cheap keys before dear ones.

use std::collections::BTreeMap;
use std::str::FromStr;

use nixseal_age::keyring::IdentityReport;
use nixseal_base::secret::SecretBytes;

use super::failure::{GroupReport, KeyReport, RecoveryFailure};
use crate::data_key::DataKey;
use crate::master_key::{Cost, KeySources, MasterKey, UnwrapFailure};
use crate::metadata::{KeyId, KeyKind, Metadata, WrappedKey};
use crate::shamir;

/// Names of people and hosts by their keys, to explain failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners(BTreeMap<String, String>);

impl Owners {
    /// Notes whose key it is; the first name counts.
    pub fn add(&mut self, id: &KeyId, name: &str) {
        self.0
            .entry(id.to_string())
            .or_insert_with(|| name.to_owned());
    }

    /// All keys, as [`KeyId`] writes them, with their owners.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, name)| (key.as_str(), name.as_str()))
    }

    /// Whose key it is.
    pub fn of(&self, id: &KeyId) -> Option<&str> {
        self.0.get(&id.to_string()).map(String::as_str)
    }
}

/// Kinds of keys in the order in which to try them, as `SOPS_DECRYPTION_ORDER` lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecryptionOrder(Option<Vec<KeyKind>>);

/// A decryption order that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("decryption order '{order}': {reason}")]
pub struct InvalidOrder {
    /// As given.
    pub order: String,
    /// What is wrong.
    pub reason: String,
    /// Whether a kind is listed twice, which `sops` has an exit code for.
    pub doubled: bool,
}

impl FromStr for DecryptionOrder {
    type Err = InvalidOrder;

    /// Kinds separated by commas; an empty text is the default order.
    fn from_str(text: &str) -> Result<Self, InvalidOrder> {
        let mut kinds = Vec::new();
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let invalid = |reason: String, doubled| {
                let order = text.to_owned();
                InvalidOrder {
                    order,
                    reason,
                    doubled,
                }
            };
            let unknown = || invalid(format!("there is no kind of keys called '{name}'"), false);
            let kind = KeyKind::from_name(name).ok_or_else(unknown)?;
            if kinds.contains(&kind) {
                return Err(invalid(format!("'{name}' is there twice"), true));
            }
            kinds.push(kind);
        }
        Ok(Self((!kinds.is_empty()).then_some(kinds)))
    }
}

impl DecryptionOrder {
    /// When to try a key, smallest first. Unless the user gave an order, what is at hand comes
    /// before what takes a program, a question or a service.
    fn rank(&self, kind: KeyKind, cost: Cost) -> (Cost, usize, Cost) {
        let position = |kinds: &[KeyKind]| {
            kinds
                .iter()
                .position(|known| *known == kind)
                .unwrap_or(kinds.len())
        };
        match &self.0 {
            Some(kinds) => (Cost::AtHand, position(kinds), cost),
            None => (cost, position(&[KeyKind::Age, KeyKind::Pgp]), cost),
        }
    }
}

/// Recovers the data key of a file.
///
/// Several groups: those that open without asking anybody are opened first, and the user or a
/// service is asked only while groups are missing.
///
/// # Errors
/// [`RecoveryFailure`] says for every recipient why not.
pub fn recover(
    metadata: &Metadata,
    sources: &KeySources<'_>,
    order: &DecryptionOrder,
    owners: &Owners,
) -> Result<DataKey, Box<RecoveryFailure>> {
    let groups = &metadata.groups;
    let required = match (groups.len(), metadata.shamir_threshold) {
        (0 | 1, _) => 1,
        (count, 0) => count,
        (_, threshold) => threshold as usize,
    };
    let mut groups: Vec<Group<'_>> = groups
        .iter()
        .map(|group| Group::new(group, sources, order))
        .collect();
    let mut opened = 0;
    for limit in [Cost::Program, Cost::Hopeless] {
        for group in &mut groups {
            if group.share.is_none() && opened < required {
                group.try_up_to(limit);
                opened += usize::from(group.share.is_some());
            }
        }
    }
    let shares: Vec<SecretBytes> = groups
        .iter()
        .filter_map(|group| group.share.as_ref().map(|(share, _)| share.duplicate()))
        .collect();
    let combined = if shares.len() < required {
        Ok(None)
    } else {
        combine(&shares).map(Some)
    };
    let fault = match combined {
        Ok(Some(key)) => return Ok(key),
        Ok(None) => None,
        Err(fault) => Some(fault),
    };
    let threshold = metadata.shamir_threshold;
    Err(Box::new(explain(
        groups, threshold, required, fault, owners,
    )))
}

fn combine(shares: &[SecretBytes]) -> Result<DataKey, String> {
    let wrong = |length: usize| format!("it has {length} bytes, but data keys have 32");
    match shares {
        [key] => DataKey::from_bytes(key.expose()).ok_or_else(|| wrong(key.len())),
        shares => {
            let key = shamir::combine(shares).map_err(|error| error.to_string())?;
            DataKey::from_bytes(key.expose()).ok_or_else(|| wrong(key.len()))
        }
    }
}

/// A group at work.
struct Group<'a> {
    /// Keys that were not tried yet, in reverse order.
    waiting: Vec<(Cost, Box<dyn MasterKey + 'a>, &'a WrappedKey)>,
    share: Option<(SecretBytes, KeyId)>,
    failures: Vec<(KeyId, UnwrapFailure)>,
}

impl<'a> Group<'a> {
    fn new(group: &'a [WrappedKey], sources: &KeySources<'a>, order: &DecryptionOrder) -> Self {
        let key = |key: &'a WrappedKey| {
            let master = sources.master_key(&key.id);
            (master.cost(&key.enc), master, key)
        };
        let mut waiting: Vec<_> = group.iter().map(key).collect();
        waiting.sort_by_key(|(cost, _, key)| order.rank(key.id.kind(), *cost));
        waiting.reverse();
        Self {
            waiting,
            share: None,
            failures: Vec::new(),
        }
    }

    /// Tries keys in order, until one opens, or the next would cost more than `limit`.
    fn try_up_to(&mut self, limit: Cost) {
        while let Some((cost, master, key)) = self.waiting.pop() {
            if cost > limit {
                self.waiting.push((cost, master, key));
                return;
            }
            match master.unwrap(&key.enc) {
                Ok(share) => {
                    self.share = Some((share, key.id.clone()));
                    return;
                }
                Err(failure) => self.failures.push((key.id.clone(), failure)),
            }
        }
    }
}

fn explain(
    groups: Vec<Group<'_>>,
    threshold: u32,
    required: usize,
    fault: Option<String>,
    owners: &Owners,
) -> RecoveryFailure {
    let (mut identities, mut absent) = (Vec::new(), Vec::new());
    let mut report = |(id, failure): (KeyId, UnwrapFailure)| {
        for identity in failure.identities {
            // The same identity is reported for every recipient; what it failed at counts.
            let same = |known: &IdentityReport| {
                known.source == identity.source && known.public == identity.public
            };
            if !identities.iter().any(same) {
                identities.push(identity);
            }
        }
        for place in failure.absent {
            if !absent.contains(&place) {
                absent.push(place);
            }
        }
        let owner = owners.of(&id).map(str::to_owned);
        KeyReport {
            id,
            owner,
            reason: failure.reason,
        }
    };
    let groups = groups.into_iter().map(|group| GroupReport {
        opened_by: group.share.map(|(_, id)| id),
        failures: group.failures.into_iter().map(&mut report).collect(),
    });
    let groups = groups.collect();
    RecoveryFailure {
        groups,
        threshold,
        required,
        fault,
        identities,
        absent,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::master_key::KeySource;
    use crate::metadata::Moment;
    use crate::selector::Selector;

    /// Keys whose wrapped text says what they cost and whether they open.
    #[derive(Default)]
    struct Fake {
        tried: Mutex<Vec<String>>,
    }

    struct FakeKey<'a>(&'a Fake, KeyId);

    impl KeySource for Fake {
        fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>> {
            Some(Box::new(FakeKey(self, id.clone())))
        }
    }

    impl MasterKey for FakeKey<'_> {
        fn id(&self) -> &KeyId {
            &self.1
        }

        fn cost(&self, enc: &str) -> Cost {
            match enc.split(' ').next() {
                Some("hand") => Cost::AtHand,
                Some("program") => Cost::Program,
                Some("question") => Cost::Question,
                _ => Cost::Hopeless,
            }
        }

        fn wrap(&self, _share: &SecretBytes) -> Result<String, String> {
            Err("not here".to_owned())
        }

        fn unwrap(&self, enc: &str) -> Result<SecretBytes, UnwrapFailure> {
            self.0.tried.lock().unwrap().push(self.1.to_string());
            let opens = !enc.ends_with("no") && !enc.starts_with("hopeless");
            let share = enc.rsplit(' ').next().unwrap_or_default();
            let share = share
                .parse()
                .map_or_else(|_| vec![7; 32], |point: u8| vec![point; 33]);
            if opens {
                Ok(SecretBytes::new(share))
            } else {
                Err(UnwrapFailure::new("closed"))
            }
        }
    }

    /// Tries groups of `(kind, wrapped)`; keys are named by kind and position.
    fn tried(groups: &[&[(KeyKind, &str)]], threshold: u32, order: &str) -> (Vec<String>, bool) {
        let key = |(index, (kind, enc)): (usize, &(KeyKind, &str))| {
            let field = if *kind == KeyKind::Age {
                "recipient"
            } else {
                "fp"
            };
            let id = KeyId::new(*kind, &[(field, &format!("{kind}{index}"))]);
            WrappedKey {
                id,
                created_at: None,
                enc: (*enc).to_owned(),
            }
        };
        let groups = groups
            .iter()
            .map(|group| group.iter().enumerate().map(key).collect());
        let moment = Moment::parse("2026-11-23T06:46:17Z").unwrap();
        let mut metadata = Metadata::new(groups.collect(), Selector::Everything, moment);
        metadata.shamir_threshold = threshold;
        let fake = Fake::default();
        let sources = KeySources::new(vec![&fake]);
        let result = recover(
            &metadata,
            &sources,
            &order.parse().unwrap(),
            &Owners::default(),
        );
        let opened = result.is_ok();
        (fake.tried.into_inner().unwrap(), opened)
    }

    #[test]
    fn cheap_keys_come_first_and_nobody_is_asked_in_vain() {
        use KeyKind::{Age, Pgp};
        let group = [
            (Age, "hopeless"),
            (Age, "question x"),
            (Pgp, "program no"),
            (Age, "hand no"),
        ];
        let (order, opened) = tried(&[&group], 0, "");
        assert!(opened);
        assert_eq!(order, ["age3", "pgp2", "age1"]);
        let (order, _) = tried(&[&[(Age, "question x"), (Pgp, "program x")]], 0, "");
        assert_eq!(order, ["pgp1"]);
        let (order, opened) = tried(&[&[(Age, "hopeless"), (Age, "hand no")]], 0, "");
        assert_eq!(
            (order.len(), opened),
            (2, false),
            "all are tried for their reasons"
        );
    }

    #[test]
    fn the_order_of_the_user_counts() {
        use KeyKind::{Age, Pgp};
        let group = [(Age, "hand x"), (Pgp, "program x")];
        assert_eq!(tried(&[&group], 0, "pgp,age").0, ["pgp1"]);
        assert_eq!(tried(&[&group], 0, "age").0, ["age0"]);
    }

    #[test]
    fn no_more_groups_are_opened_than_needed() {
        use KeyKind::Age;
        let groups: [&[(KeyKind, &str)]; 3] = [
            &[(Age, "question 1")],
            &[(Age, "hand 2")],
            &[(Age, "hand 3")],
        ];
        assert_eq!(
            tried(&groups, 2, "").0.len(),
            2,
            "the question is not needed"
        );
        assert_eq!(tried(&groups, 3, "").0, ["age0", "age0", "age0"]);
        assert_eq!(
            tried(&groups, 0, "").0.len(),
            3,
            "no threshold: all of them"
        );
    }

    #[test]
    fn orders_are_read() {
        assert_eq!("".parse(), Ok(DecryptionOrder::default()));
        let kinds = vec![KeyKind::Pgp, KeyKind::HcKms];
        assert_eq!("pgp, hckms".parse(), Ok(DecryptionOrder(Some(kinds))));
        assert!("pgp,pgp".parse::<DecryptionOrder>().unwrap_err().doubled);
        let unknown = "gpg".parse::<DecryptionOrder>().unwrap_err();
        assert!(!unknown.doubled && unknown.to_string().contains("'gpg'"));
    }
}
