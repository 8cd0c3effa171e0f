//! What the run that made a generation knew: kept beside it, for root only, so that the next run
//! can tell that nothing changed without opening anything. Anything doubtful in it counts as
//! unknown.

use std::collections::HashMap;

use nixseal_base::fs::{Folder, FsError, Ownership};
use serde_json::{Value, json};

use crate::changes::UnitLists;
use crate::digest::Digest;
use crate::manifest::Kind;

/// No state is longer, in bytes.
const LIMIT: usize = 256 << 20;

/// The format of the file.
const VERSION: u64 = 1;

/// What is known of a generation.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) keys: Option<Digest>,
    pub(crate) items: HashMap<(Kind, String), Known>,
    /// Units that changes concern and that nobody has told yet.
    pub(crate) untold: UnitLists,
}

/// What is known of a secret or template in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// Of what it was made from.
    pub(crate) input: Digest,
    /// Of its content.
    pub(crate) output: Digest,
    /// Its owner after the last run that knew users; before that none.
    pub(crate) owner: Option<Ownership>,
    /// The link elsewhere, and where it leads.
    pub(crate) link: Option<(String, String)>,
}

fn name(generation: u64) -> String {
    format!("state-{generation}")
}

fn names(value: Option<&Value>) -> Vec<String> {
    let names = value.and_then(Value::as_array).into_iter().flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

impl State {
    /// That of a generation; empty where there is none, or none that can be read.
    pub(crate) fn read(private: &Folder, generation: u64) -> Self {
        let Ok((bytes, status)) = private.read(name(generation), LIMIT) else {
            return Self::default();
        };
        let euid = rustix::process::geteuid().as_raw();
        if status.owner.uid != euid || status.mode & 0o077 != 0 {
            return Self::default();
        }
        let value = serde_json::from_slice(bytes.expose()).unwrap_or(Value::Null);
        Self::parse(&value).unwrap_or_default()
    }

    fn parse(value: &Value) -> Option<Self> {
        if value.get("version")?.as_u64()? != VERSION {
            return None;
        }
        let text = |value: &Value, field: &str| Some(value.get(field)?.as_str()?.to_owned());
        let mut items = HashMap::new();
        for item in value.get("items")?.as_array()? {
            let kind = match item.get("kind")?.as_str()? {
                "secret" => Kind::Secret,
                _ => Kind::Template,
            };
            let number = |field: &str| {
                let number = item.get(field)?.as_u64()?;
                u32::try_from(number).ok()
            };
            let owner = number("uid").zip(number("gid"));
            let known = Known {
                input: Digest::read(&text(item, "input")?),
                output: Digest::read(&text(item, "output")?),
                owner: owner.map(|(uid, gid)| Ownership { uid, gid }),
                link: text(item, "link").zip(text(item, "target")),
            };
            items.insert((kind, text(item, "name")?), known);
        }
        Some(Self {
            keys: text(value, "keys").map(|text| Digest::read(&text)),
            items,
            untold: UnitLists {
                restart: names(value.get("restart")),
                reload: names(value.get("reload")),
            },
        })
    }

    /// What is known of an item.
    pub(crate) fn item(&self, kind: Kind, name: &str) -> Option<&Known> {
        self.items.get(&(kind, name.to_owned()))
    }

    /// Writes it down for a generation.
    pub(crate) fn write(&self, private: &Folder, generation: u64) -> Result<(), FsError> {
        let mut items: Vec<_> = self.items.iter().collect();
        items.sort_by_key(|(key, _)| *key);
        let items: Vec<Value> = items
            .into_iter()
            .map(|((kind, name), known)| {
                json!({
                    "kind": kind.word(),
                    "name": name,
                    "input": known.input.as_str(),
                    "output": known.output.as_str(),
                    "uid": known.owner.map(|owner| owner.uid),
                    "gid": known.owner.map(|owner| owner.gid),
                    "link": known.link.as_ref().map(|(link, _)| link),
                    "target": known.link.as_ref().map(|(_, target)| target),
                })
            })
            .collect();
        let keys = self.keys.as_ref().map(Digest::as_str);
        let mut value = json!({"version": VERSION, "keys": keys, "items": items});
        for (field, units) in [
            ("restart", &self.untold.restart),
            ("reload", &self.untold.reload),
        ] {
            if !units.is_empty() {
                value[field] = json!(units);
            }
        }
        private.replace(name(generation), value.to_string().as_bytes(), 0o600, None)
    }

    /// Removes those of generations that are gone.
    pub(crate) fn prune(private: &Folder, is_there: impl Fn(u64) -> bool) {
        for name in private.names().unwrap_or_default() {
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix("state-")?.parse().ok());
            if number.is_some_and(|number| !is_there(number)) {
                let _ = private.remove(name);
            }
        }
    }
}
