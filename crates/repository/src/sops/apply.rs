//! Bringing files of SOPS in line with their rules, and giving them new data keys.
//!
//! All files are opened and sealed, in parallel, before one is written: what fails is told for
//! every file, and the caller's batch puts all in place or none.

use std::path::PathBuf;

use nixseal_base::fs::Batch;
use nixseal_document::EmitOptions;
use nixseal_sops::key_groups::Owners;
use nixseal_sops::{
    DataKey, DecryptOptions, EncryptedFile, Error, KeyId, ListComments, Metadata, Moment,
};
use rayon::prelude::*;

use super::drift::{effective, missing};
use super::plan::Item;
use super::{SopsDrift, SopsError, SopsFile, SopsKeys, SopsRules};

/// What a run needs besides the files.
pub struct Run<'a> {
    /// What opens and wraps.
    pub keys: &'a SopsKeys<'a>,
    /// The time of the change.
    pub now: &'a Moment,
    /// Where the new files go.
    pub batch: &'a Batch,
    /// Called once a file.
    pub done: &'a (dyn Fn() + Sync),
}

/// Something about a file that was changed, worth telling.
#[derive(Debug)]
pub struct Notice {
    /// The file.
    pub path: PathBuf,
    /// What.
    pub message: String,
}

/// Stages each file as its rule wants it. With `anew`, every file gets a new data key, else those
/// which somebody shall not open any more.
///
/// # Errors
/// Why each of the files that failed did; nothing of these is of use then.
pub fn to_rules(
    items: Vec<Item>,
    anew: bool,
    run: &Run<'_>,
) -> Result<Vec<Notice>, Vec<SopsError>> {
    let jobs = items.into_iter().map(|item| Job::to_rule(item, anew));
    all(jobs.collect(), run)
}

/// Stages each file with a new data key for the same recipients. Its rules, where there are any,
/// name these in failures.
///
/// # Errors
/// As [`to_rules`].
pub fn rotate(
    files: Vec<(SopsFile, Option<SopsRules>)>,
    run: &Run<'_>,
) -> Result<Vec<Notice>, Vec<SopsError>> {
    let jobs = files
        .into_iter()
        .map(|(file, rules)| Job::rotation(file, rules.as_ref()));
    all(jobs.collect(), run)
}

/// One file and what is to be done with it.
struct Job {
    file: SopsFile,
    owners: Owners,
    target: Target,
    indentation: EmitOptions,
}

/// Who shall be able to open a file, and how its values shall be chosen.
struct Target {
    groups: Vec<Vec<KeyId>>,
    threshold: u32,
    drift: SopsDrift,
    /// Whether it needs a new data key.
    anew: bool,
}

impl Job {
    fn to_rule(item: Item, anew: bool) -> Self {
        let (groups, threshold) = (item.groups(), item.threshold());
        let anew = anew || !only_more(item.file.metadata(), &groups, threshold);
        let config = &item.rules.config;
        Self {
            owners: config.owners.clone(),
            indentation: config.emit_options(item.file.format()),
            target: Target {
                groups,
                threshold,
                drift: item.drift,
                anew,
            },
            file: *item.file,
        }
    }

    fn rotation(file: SopsFile, rules: Option<&SopsRules>) -> Self {
        let metadata = file.metadata();
        let group = |group: &Vec<nixseal_sops::WrappedKey>| {
            group.iter().map(|key| key.id.clone()).collect()
        };
        let target = Target {
            groups: metadata.groups.iter().map(group).collect(),
            threshold: metadata.shamir_threshold,
            drift: SopsDrift::default(),
            anew: true,
        };
        let config = rules.map(|rules| &rules.config);
        Self {
            owners: config.map_or_else(Owners::default, |config| config.owners.clone()),
            indentation: config.map_or_else(EmitOptions::default, |config| {
                config.emit_options(file.format())
            }),
            file,
            target,
        }
    }
}

fn all(mut jobs: Vec<Job>, run: &Run<'_>) -> Result<Vec<Notice>, Vec<SopsError>> {
    // The first file alone: whoever has to be asked for a passphrase is asked once.
    let rest = jobs.split_off(jobs.len().min(1));
    let mut results: Vec<_> = jobs.into_iter().map(|job| one(job, run)).collect();
    results.extend(
        rest.into_par_iter()
            .map(|job| one(job, run))
            .collect::<Vec<_>>(),
    );
    let mut notices = Vec::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(notice) => notices.extend(notice),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() {
        Ok(notices)
    } else {
        Err(failures)
    }
}

fn one(job: Job, run: &Run<'_>) -> Result<Option<Notice>, SopsError> {
    let Job {
        file,
        owners,
        target,
        indentation,
    } = job;
    let key = file.unlock(run.keys, &owners)?;
    let changed = file.map("rekey", |file| change(file, &key, target, run))?;
    let sealed = changed.seal(indentation)?;
    sealed.stage(run.batch)?;
    (run.done)();
    Ok(sealed.layout_lost.map(|reason| Notice {
        path: sealed.path,
        message: format!("its layout could not be kept: {reason}"),
    }))
}

/// The file as it shall be.
fn change(
    file: EncryptedFile,
    key: &DataKey,
    target: Target,
    run: &Run<'_>,
) -> Result<EncryptedFile, Error> {
    let Target {
        groups,
        threshold,
        drift,
        anew,
    } = target;
    let (sources, now) = (run.keys.sources(), run.now);
    let chooses = drift.selector.is_some() || drift.mac_only_encrypted.is_some();
    let mut file = file;
    if !anew && !chooses {
        file.rewrap(key, &groups, threshold, &sources, now)?;
        return Ok(file);
    }
    // Also with a new key: list comments stay what they are by their nonces.
    let options = DecryptOptions {
        ignore_mac: false,
        keep_nonces: true,
    };
    let mut decrypted = file.decrypt(key, options)?;
    let metadata = &mut decrypted.envelope.metadata;
    if let Some((_, wanted)) = drift.selector {
        metadata.selector = wanted;
    }
    if let Some(wanted) = drift.mac_only_encrypted {
        metadata.mac_only_encrypted = wanted;
    }
    let comments = ListComments::Comments;
    if anew {
        return decrypted.rotate(&groups, threshold, &sources, comments, now.clone());
    }
    let mut file = decrypted.encrypt(key, comments, now.clone())?;
    file.rewrap(key, &groups, threshold, &sources, now)?;
    Ok(file)
}

/// Whether everybody who can open a file now still can with these groups: then nobody needs to be
/// shut out by a new data key.
fn only_more(metadata: &Metadata, groups: &[Vec<KeyId>], threshold: u32) -> bool {
    let old = &metadata.groups;
    let before = effective(metadata.shamir_threshold, old.len());
    let after = effective(threshold, groups.len());
    let stays = |(old, new): (&Vec<nixseal_sops::WrappedKey>, &Vec<KeyId>)| {
        let old: Vec<&KeyId> = old.iter().map(|key| &key.id).collect();
        let new: Vec<&KeyId> = new.iter().collect();
        missing(&old, &new).is_empty()
    };
    old.len() <= groups.len() && after <= before && old.iter().zip(groups).all(stays)
}

#[cfg(test)]
mod tests {
    use nixseal_sops::{Selector, WrappedKey};

    use super::*;

    fn ids(groups: &[&[&str]]) -> Vec<Vec<KeyId>> {
        let group = |group: &&[&str]| group.iter().map(|id| KeyId::pgp(id)).collect();
        groups.iter().map(group).collect()
    }

    #[test]
    fn whoever_leaves_is_shut_out() {
        let more = |old: (&[&[&str]], u32), new: (&[&[&str]], u32)| {
            let key = |id: KeyId| WrappedKey {
                id,
                created_at: None,
                enc: String::new(),
            };
            let groups = ids(old.0)
                .into_iter()
                .map(|group| group.into_iter().map(key).collect());
            let moment = Moment::parse("2026-11-23T06:46:17Z").unwrap();
            let mut metadata = Metadata::new(groups.collect(), Selector::Everything, moment);
            metadata.shamir_threshold = old.1;
            only_more(&metadata, &ids(new.0), new.1)
        };
        assert!(more((&[&["A"]], 0), (&[&["B", "A"]], 0)));
        assert!(!more((&[&["A", "B"]], 0), (&[&["A", "C"]], 0)));
        // One key was enough, two are needed: who had the one knows the data key.
        assert!(!more((&[&["A"]], 0), (&[&["A"], &["B"]], 0)));
        assert!(!more((&[&["A"], &["B"]], 1), (&[&["A"], &["B"]], 2)));
        assert!(more((&[&["A"], &["B"]], 2), (&[&["A"], &["B"], &["C"]], 2)));
        assert!(!more(
            (&[&["A"], &["B"]], 0),
            (&[&["A"], &["B"], &["C"]], 0)
        ));
        assert!(!more((&[&["A"], &["B"]], 2), (&[&["B"], &["A"]], 2)));
        assert!(!more((&[&["A"], &["B"]], 2), (&[&["A", "B"]], 0)));
    }
}
