//! Wrapping a data key for all master keys of a file.

use nixseal_base::secret::SecretBytes;

use crate::data_key::DataKey;
use crate::master_key::KeySources;
use crate::metadata::{KeyGroup, KeyId, Moment, WrappedKey};
use crate::shamir::{self, ShamirError};

/// Why a data key could not be wrapped. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// A group, or the whole file, without a key.
    #[error("{}", empty(.0))]
    EmptyGroup(Option<usize>),
    /// Impossible threshold.
    #[error("{0}")]
    Shamir(#[from] ShamirError),
    /// Some keys refused.
    #[error("the data key cannot be encrypted for {}", listed(.0))]
    Keys(Vec<(KeyId, String)>),
}

/// What entries of the same file are good for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Previous<'a> {
    /// They wrap another data key: entries for the same master key keep their date.
    Dates(&'a [KeyGroup]),
    /// They wrap the same data key: with one group, entries for the same master key stay as they
    /// are, so that only what changes is written.
    SameKey(&'a [KeyGroup]),
}

/// Wraps `key` for `groups`, `threshold` of which shall be needed if there are several (0: all).
/// Entries are dated `now`.
///
/// With one group, entries of `previous` for the same key are kept as they are: give those of the
/// same file and data key, so that only what changes is written.
///
/// # Errors
/// [`WrapError`]; all keys that refuse are named at once.
pub fn wrap(
    key: &DataKey,
    groups: &[Vec<KeyId>],
    threshold: u32,
    previous: &[KeyGroup],
    sources: &KeySources<'_>,
    now: &Moment,
) -> Result<Vec<KeyGroup>, WrapError> {
    let previous = Previous::SameKey(previous);
    wrap_after(key, groups, threshold, previous, sources, now)
}

/// [`wrap`] with any use of previous entries.
pub(crate) fn wrap_after(
    key: &DataKey,
    groups: &[Vec<KeyId>],
    threshold: u32,
    previous: Previous<'_>,
    sources: &KeySources<'_>,
    now: &Moment,
) -> Result<Vec<KeyGroup>, WrapError> {
    if groups.is_empty() {
        return Err(WrapError::EmptyGroup(None));
    }
    if let Some(empty) = groups.iter().position(Vec::is_empty) {
        return Err(WrapError::EmptyGroup((groups.len() > 1).then_some(empty)));
    }
    let known: &[WrappedKey] = match (groups, previous) {
        ([_], Previous::SameKey([group])) => group,
        _ => &[],
    };
    let dated = |id: &KeyId| match previous {
        Previous::Dates(groups) => groups
            .iter()
            .flatten()
            .find(|entry| entry.id == *id)
            .and_then(|entry| entry.created_at.as_ref()),
        Previous::SameKey(_) => None,
    };
    let mut refused = Vec::new();
    let mut wrapped = Vec::with_capacity(groups.len());
    for (group, share) in groups.iter().zip(shares(key, groups.len(), threshold)?) {
        let mut entries = KeyGroup::with_capacity(group.len());
        for id in group {
            match known
                .iter()
                .find(|entry| entry.id == *id && !entry.enc.is_empty())
            {
                Some(entry) => entries.push(entry.clone()),
                None => match sources.master_key(id).wrap(&share) {
                    Ok(enc) => entries.push(entry(id, enc, dated(id).unwrap_or(now))),
                    Err(reason) => refused.push((id.clone(), reason)),
                },
            }
        }
        wrapped.push(entries);
    }
    if refused.is_empty() {
        Ok(wrapped)
    } else {
        Err(WrapError::Keys(refused))
    }
}

fn shares(key: &DataKey, groups: usize, threshold: u32) -> Result<Vec<SecretBytes>, ShamirError> {
    match (groups, threshold) {
        (1, _) => Ok(vec![key.to_secret()]),
        (groups, 0) => shamir::split(key.expose(), groups, groups),
        (groups, threshold) => shamir::split(key.expose(), groups, threshold as usize),
    }
}

fn entry(id: &KeyId, enc: String, made: &Moment) -> WrappedKey {
    let created_at = id.kind().is_dated().then(|| made.clone());
    WrappedKey {
        id: id.clone(),
        created_at,
        enc,
    }
}

fn empty(group: &Option<usize>) -> String {
    match group {
        None => "nobody could open the file: no keys are given".to_owned(),
        Some(index) => format!("key group {} has no keys", index + 1),
    }
}

fn listed(refused: &[(KeyId, String)]) -> String {
    let one = |(id, reason): &(KeyId, String)| format!("{} '{id}': {reason}", id.kind());
    refused.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master_key::{Cost, KeySource, MasterKey, UnwrapFailure};

    /// Keys of every kind that wrap nothing.
    struct Open;

    struct OpenKey(KeyId);

    impl KeySource for Open {
        fn master_key<'a>(&'a self, id: &KeyId) -> Option<Box<dyn MasterKey + 'a>> {
            Some(Box::new(OpenKey(id.clone())))
        }
    }

    impl MasterKey for OpenKey {
        fn id(&self) -> &KeyId {
            &self.0
        }

        fn cost(&self, _enc: &str) -> Cost {
            Cost::AtHand
        }

        fn wrap(&self, _share: &SecretBytes) -> Result<String, String> {
            Ok("fresh".to_owned())
        }

        fn unwrap(&self, _enc: &str) -> Result<SecretBytes, UnwrapFailure> {
            Err(UnwrapFailure::new("never"))
        }
    }

    #[test]
    fn entries_that_stay_keep_their_date_or_all() {
        let moment = |text: &str| Moment::parse(text).unwrap();
        let (then, now) = (
            moment("2020-01-01T00:00:00Z"),
            moment("2026-11-23T06:46:17Z"),
        );
        let (old, new) = (KeyId::pgp("AA"), KeyId::pgp("BB"));
        let known = [vec![entry(&old, "kept".to_owned(), &then)]];
        let groups = [vec![old, new]];
        let key = DataKey::generate().unwrap();
        let sources = KeySources::new(vec![&Open]);
        let wrapped = |previous| {
            let wrapped = wrap_after(&key, &groups, 0, previous, &sources, &now).unwrap();
            let shown = |entry: &WrappedKey| {
                let made = entry.created_at.as_ref().unwrap().as_str().to_owned();
                (entry.enc.clone(), made)
            };
            wrapped[0].iter().map(shown).collect::<Vec<_>>()
        };
        let pair = |enc: &str, made: &Moment| (enc.to_owned(), made.as_str().to_owned());
        let (of_then, of_now) = (pair("fresh", &then), pair("fresh", &now));
        assert_eq!(wrapped(Previous::Dates(&known)), [of_then, of_now.clone()]);
        assert_eq!(
            wrapped(Previous::SameKey(&known)),
            [pair("kept", &then), of_now]
        );
    }
}
