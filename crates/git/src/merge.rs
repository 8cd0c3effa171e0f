//! Merging two versions of an encrypted file that come from a common one.
//!
//! All sides are decrypted, what they say is merged by key, and the result is encrypted so that
//! every value that stayed the same stays the same text. Where both sides changed one value in
//! different ways, ours stays in a file that is whole, and the conflict is reported by key.

mod age;
mod list;
mod recipients;
mod same;
mod tree;

use std::path::Path;

use nixseal_base::secret::SecretBytes;
use nixseal_document::EmitOptions;
use nixseal_repository::sops::discover::Content;
use nixseal_repository::sops::{OpenSopsFile, SopsError, SopsKeys};
use nixseal_sops::key_groups::{Owners, WrapError, wrap};
use nixseal_sops::{KeyGroup, KeyId, Metadata, Moment};

pub use self::age::{Chosen, choose};
pub use self::tree::{Change, Conflict, Subject};

/// The contents of the three files.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// The branch that is merged into.
    pub ours: &'a [u8],
    /// What both come from; empty where both added the file.
    pub base: &'a [u8],
    /// The branch that is merged.
    pub theirs: &'a [u8],
}

/// What a merge gave.
pub struct Merged {
    /// The file, whole and with a fitting MAC even where there are conflicts.
    pub content: SecretBytes,
    /// Where our side stayed although the other one changed something as well.
    pub conflicts: Vec<Conflict>,
    /// Settings of the encryption of which the same is true.
    pub settings: Vec<&'static str>,
    /// Whether the layout could not be kept.
    pub layout_lost: bool,
}

/// Why nothing could be merged. No side was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// One of the versions is no SOPS file.
    #[error("the version of {0} is not a SOPS file")]
    NotSops(&'static str),
    /// One of the versions cannot be read or opened.
    #[error("the version of {side}: {error}")]
    Side {
        /// Whose.
        side: &'static str,
        /// Why.
        error: SopsError,
    },
    /// One branch has more documents in the file than the other.
    #[error("the branches do not have the same number of documents in the file")]
    Documents,
    /// The merged recipients cannot be encrypted to.
    #[error("{0}")]
    Wrap(#[from] WrapError),
    /// The merged values cannot be encrypted.
    #[error("the merged file: {0}")]
    Result(SopsError),
}

/// What people call the three sides.
pub const OURS: &str = "our branch";
/// The common one.
pub const BASE: &str = "the common ancestor";
/// The merged one.
pub const THEIRS: &str = "the other branch";

/// Merges SOPS files that stand at `path` in the work tree.
///
/// # Errors
/// [`MergeError`], when a side cannot be opened or the result cannot be written.
pub fn merge(
    path: &Path,
    sides: Sides<'_>,
    keys: &SopsKeys<'_>,
    owners: &Owners,
    now: &Moment,
) -> Result<Merged, MergeError> {
    let open = |side, bytes| open(path, side, bytes, keys, owners);
    let mut ours = open(OURS, sides.ours)?;
    let base = match Content::of(path, sides.base) {
        // Both encrypted what was in clear, or both added the file.
        Content::Clear | Content::Other => None,
        _ => Some(open(BASE, sides.base)?),
    };
    let mut theirs = open(THEIRS, sides.theirs)?;
    // Who has another data key than before decided that the old one shall not do any more.
    let swapped = base
        .as_ref()
        .is_some_and(|base| ours.key() == base.key() && theirs.key() != base.key());
    if swapped {
        std::mem::swap(&mut ours, &mut theirs);
    }
    let settings = merge_metadata(&mut ours, base.as_ref(), &theirs, keys, now)?;
    if theirs.key() == ours.key() {
        let stash = std::mem::take(&mut theirs.decrypted.stash);
        ours.decrypted.stash.absorb(stash);
    }
    let old = base.as_ref().map(|base| &base.document().branches[..]);
    let new = std::mem::take(&mut theirs.document_mut().branches);
    let branches = &mut ours.document_mut().branches;
    let conflicts = tree::documents(branches, old.unwrap_or_default(), new);
    let mut conflicts = conflicts.ok_or(MergeError::Documents)?;
    if swapped {
        conflicts.iter_mut().for_each(Conflict::swap);
    }
    let sealed = ours.seal(now.clone(), EmitOptions::default());
    let sealed = sealed.map_err(MergeError::Result)?;
    Ok(Merged {
        content: sealed.content,
        conflicts,
        settings,
        layout_lost: sealed.layout_lost.is_some(),
    })
}

fn open(
    path: &Path,
    side: &'static str,
    bytes: &[u8],
    keys: &SopsKeys<'_>,
    owners: &Owners,
) -> Result<OpenSopsFile, MergeError> {
    let failed = |error| MergeError::Side { side, error };
    match Content::of(path, bytes) {
        Content::Encrypted(file) => file.open(keys, owners, false).map_err(failed),
        Content::Damaged(error) => Err(failed(error)),
        Content::Clear | Content::Other => Err(MergeError::NotSops(side)),
    }
}

fn merge_metadata(
    ours: &mut OpenSopsFile,
    base: Option<&OpenSopsFile>,
    theirs: &OpenSopsFile,
    keys: &SopsKeys<'_>,
    now: &Moment,
) -> Result<Vec<&'static str>, MergeError> {
    let same_key = ours.key() == theirs.key();
    let other = metadata(theirs);
    let mine = &mut ours.decrypted.envelope.metadata;
    let merged = recipients::merge(mine, base.map(metadata), other);
    let fits = |metadata: &Metadata| {
        let same = |(old, new): (&KeyGroup, &Vec<KeyId>)| old.iter().map(|key| &key.id).eq(new);
        metadata.shamir_threshold == merged.threshold
            && metadata.groups.len() == merged.groups.len()
            && metadata.groups.iter().zip(&merged.groups).all(same)
    };
    if fits(mine) {
        return Ok(merged.disputed);
    }
    let groups = if same_key && fits(other) {
        other.groups.clone()
    } else {
        let mut known = mine.groups.concat();
        if same_key {
            known.extend(other.groups.iter().flatten().cloned());
        }
        // Entries of one group hold the key itself, those of several only shares.
        let single = mine.groups.len() == 1 && (!same_key || other.groups.len() == 1);
        let previous = if single { vec![known] } else { Vec::new() };
        let (sources, threshold) = (keys.sources(), merged.threshold);
        wrap(
            ours.key(),
            &merged.groups,
            threshold,
            &previous,
            &sources,
            now,
        )?
    };
    let mine = &mut ours.decrypted.envelope.metadata;
    mine.groups = groups;
    mine.shamir_threshold = merged.threshold;
    Ok(merged.disputed)
}

fn metadata(file: &OpenSopsFile) -> &Metadata {
    &file.decrypted.envelope.metadata
}

impl Conflict {
    fn swap(&mut self) {
        if let Subject::Value { ours, theirs } = &mut self.subject {
            std::mem::swap(ours, theirs);
        }
    }
}
