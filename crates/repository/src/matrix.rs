//! Who can read what: files against recipients, told without any private key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::drift::Mark;
use crate::holders::{Holder, Holders};
use crate::lock::RecipientId;
use crate::rekey;
use crate::sops::plan;
use crate::{FileState, Repository};

/// What one recipient has to do with one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Can open it, as its rule says.
    Reads,
    /// Its rule says so, and the file does not tell.
    Ruled,
    /// Its rule says so, but the file is not encrypted to it yet.
    Added,
    /// Can open it still, although its rule does not say so.
    Left,
}

impl Access {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Ruled => "ruled",
            Self::Added => "added",
            Self::Left => "left",
        }
    }

    /// The letter for it in tables.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Reads => "x",
            Self::Ruled => "?",
            Self::Added => "+",
            Self::Left => "-",
        }
    }
}

impl Access {
    /// What somebody has to do with a file who has both keys.
    fn or(self, other: Self) -> Self {
        use Access::{Added, Left, Reads, Ruled};
        match (self, other) {
            (Reads, _) | (_, Reads) => Reads,
            // One of the keys opens it, and the rule names the other.
            (Left, Ruled | Added) | (Ruled | Added, Left) => Reads,
            (Left, Left) => Left,
            (Ruled, _) | (_, Ruled) => Ruled,
            (Added, Added) => Added,
        }
    }
}

/// A recipient, as the head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, different from those of all others.
    pub name: String,
    /// Its keys: an SSH key, and the age key that `ssh-to-age` makes of it, are one recipient.
    pub keys: Vec<String>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its absolute path.
    pub path: PathBuf,
    /// One cell a column.
    pub cells: Vec<Option<Access>>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    /// Sorted by name.
    pub columns: Vec<Column>,
    /// `.age` files, then SOPS files, each in the order given.
    pub rows: Vec<Row>,
}

type Cells = BTreeMap<RecipientId, Access>;

/// Collects files and makes the matrix of them.
#[derive(Default)]
pub struct Builder {
    holders: Holders,
    rows: Vec<(PathBuf, Cells)>,
}

impl Builder {
    /// Adds `.age` files with their rules.
    pub fn age(&mut self, repository: &Repository, items: &[rekey::Item<'_>]) {
        for item in items {
            for reader in item.readers {
                self.holders.reader(reader);
            }
        }
        for item in items {
            let cells = age_cells(&mut self.holders, repository, item);
            self.rows.push((item.path.clone(), cells));
        }
    }

    /// Adds SOPS files with their rules.
    pub fn sops(&mut self, items: &[plan::Item]) {
        for item in items {
            let owners = &item.rules.config.owners;
            let mut cells = Cells::new();
            let metadata = item.file.metadata();
            let has = metadata.keys().map(|(_, key)| &key.id);
            let (mut ids, mut wanted) = (BTreeSet::new(), BTreeSet::new());
            for key in has {
                ids.insert(self.holders.sops(key, owners.of(key)));
            }
            for key in item.groups().iter().flatten() {
                wanted.insert(self.holders.sops(key, owners.of(key)));
            }
            for id in &ids {
                let access = match wanted.contains(id) {
                    true => Access::Reads,
                    false => Access::Left,
                };
                cells.insert(id.clone(), access);
            }
            for id in wanted.difference(&ids) {
                cells.insert(id.clone(), Access::Added);
            }
            self.rows.push((item.path.clone(), cells));
        }
    }

    /// The matrix.
    pub fn finish(self) -> Matrix {
        let Self { holders, rows } = self;
        let used: BTreeSet<&RecipientId> =
            rows.iter().flat_map(|(_, cells)| cells.keys()).collect();
        let mut columns = columns(&holders, &used);
        columns.sort_by(|one, two| one.1.name.cmp(&two.1.name));
        let row = |(path, cells): &(PathBuf, Cells)| Row {
            path: path.clone(),
            cells: columns
                .iter()
                .map(|(ids, _)| {
                    let found = ids.iter().filter_map(|id| cells.get(*id).copied());
                    found.reduce(Access::or)
                })
                .collect(),
        };
        Matrix {
            rows: rows.iter().map(row).collect(),
            columns: columns.into_iter().map(|(_, column)| column).collect(),
        }
    }
}

/// The recipients, each with the keys that belong together, the SSH key first.
fn columns<'i>(
    holders: &Holders,
    used: &BTreeSet<&'i RecipientId>,
) -> Vec<(Vec<&'i RecipientId>, Column)> {
    let made_of = |id: &RecipientId| {
        let made = holders.get(id)?.derived.as_ref()?;
        used.get(made).copied()
    };
    let mut together: BTreeMap<&RecipientId, Vec<&'i RecipientId>> = BTreeMap::new();
    for id in used {
        together
            .entry(made_of(id).unwrap_or(id))
            .or_default()
            .push(id);
    }
    for (made, ids) in &mut together {
        ids.sort_by_key(|id| *id == *made);
    }
    let labels: Vec<String> = together.values().map(|ids| name(holders, ids)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for label in &labels {
        *counts.entry(label).or_default() += 1;
    }
    let column = |(ids, label): (Vec<&'i RecipientId>, &String)| {
        let key = |id: &&RecipientId| {
            let holder = holders.get(id);
            holder.map_or(id.as_str(), |holder| &holder.key).to_owned()
        };
        let keys: Vec<String> = ids.iter().map(key).collect();
        let end = keys.first().map(|key| ends(key)).unwrap_or_default();
        let name = match counts.get(label.as_str()) {
            Some(2..) => format!("{label} ({end})"),
            _ => label.clone(),
        };
        (ids, Column { name, keys })
    };
    together.into_values().zip(&labels).map(column).collect()
}

/// One name a key is enough for the head of a column; a short form of a key where none has a name.
fn name(holders: &Holders, ids: &[&RecipientId]) -> String {
    let known = || ids.iter().filter_map(|id| holders.get(id));
    let mut names: Vec<&str> = known()
        .filter_map(|holder| holder.names.first().map(String::as_str))
        .collect();
    names.dedup();
    if names.is_empty() {
        let first = ids.first().map_or("", |id| id.as_str());
        return known().next().map_or(first, Holder::name).to_owned();
    }
    names.join(" = ")
}

fn age_cells(holders: &mut Holders, repository: &Repository, item: &rekey::Item<'_>) -> Cells {
    let mut cells = Cells::new();
    let FileState::Encrypted(file) = &item.state else {
        let ids = item.readers.iter().map(|reader| reader.wanted.id.clone());
        return ids.map(|id| (id, Access::Added)).collect();
    };
    let recorded = repository.lock.recipients(&item.secret.name, &file.digest);
    for reader in item.readers {
        let can = match (recorded, &reader.wanted.mark) {
            (Some(recorded), _) => Some(recorded.contains(&reader.wanted.id)),
            (None, Mark::Tagged { kind, tag }) => Some(file.stanzas.iter().any(|stanza| {
                stanza.tag == *kind && stanza.args.first().is_some_and(|one| one == tag)
            })),
            (None, Mark::Anonymous(kind)) => {
                let any = file.stanzas.iter().any(|stanza| stanza.tag == *kind);
                if any { None } else { Some(false) }
            }
            (None, Mark::Opaque) => None,
        };
        let access = match can {
            Some(true) => Access::Reads,
            Some(false) => Access::Added,
            None => Access::Ruled,
        };
        cells.insert(reader.wanted.id.clone(), access);
    }
    let others: Vec<RecipientId> = match recorded {
        Some(recorded) => {
            recorded.iter().for_each(|id| holders.recorded(id));
            recorded.iter().cloned().collect()
        }
        None => {
            let tagged = file
                .stanzas
                .iter()
                .filter(|stanza| matches!(stanza.tag.as_str(), "ssh-ed25519" | "ssh-rsa"));
            let tag = |stanza: &nixseal_age::Stanza| {
                let tag = stanza.args.first().map_or("", String::as_str);
                holders.tagged(&stanza.tag, tag)
            };
            tagged.map(tag).collect()
        }
    };
    for id in others {
        cells.entry(id).or_insert(Access::Left);
    }
    cells
}

/// The end of a key, which tells it from others of the same name.
fn ends(key: &str) -> String {
    let kind = key.split([' ', '1', ':']).next().unwrap_or_default();
    let count = key.chars().count();
    let end: String = key.chars().skip(count.saturating_sub(6)).collect();
    format!("{kind} …{end}")
}
