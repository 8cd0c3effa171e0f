//! How a value got to where it was found, and what to do about it.

mod advice;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::derivation::{Field, field_at};
use crate::finding::{Finding, Place};
use crate::store::{Known, name_of, object_of};

/// Of a file only so much is read to explain what was found in it, in bytes.
const MOST_READ: u64 = 64 * 1024 * 1024;

/// What holds the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A derivation.
    Derivation {
        /// Its name.
        name: String,
        /// Which part of it.
        field: Option<Field>,
    },
    /// A unit of systemd.
    Unit {
        /// Its name.
        name: String,
        /// The setting, such as `Environment`.
        setting: Option<String>,
    },
    /// Text that evaluation wrote into the store.
    Text,
    /// A file or folder that was copied into the store.
    Source,
    /// Something that was built.
    Built,
    /// Something in a store of which Nix tells nothing.
    Object,
    /// A file elsewhere.
    File,
}

/// An explanation of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What holds the value.
    pub holder: Holder,
    /// The object of the store, where it is in one.
    pub object: Option<PathBuf>,
    /// The derivation that built the object.
    pub deriver: Option<String>,
    /// Line, counted from 1, when the file is text.
    pub line: Option<u64>,
}

/// Explains a finding; `known` is what Nix tells of the objects of the store.
pub fn explain(finding: &Finding, known: &BTreeMap<PathBuf, Known>) -> Origin {
    let object = object_of(&finding.path);
    let known = object.as_ref().and_then(|object| known.get(object));
    let content = Content::read(finding);
    let holder = match (unit_of(&finding.path), derivation_of(&finding.path)) {
        (_, Some(name)) => Holder::Derivation {
            name,
            field: content.as_ref().and_then(Content::field),
        },
        (Some(name), None) => Holder::Unit {
            name,
            setting: content.as_ref().and_then(Content::setting),
        },
        (None, None) => match (known, &object) {
            (Some(known), _) if known.is_text => Holder::Text,
            (Some(known), _) if known.deriver.is_some() => Holder::Built,
            (Some(_), _) => Holder::Source,
            (None, Some(_)) => Holder::Object,
            (None, None) => Holder::File,
        },
    };
    Origin {
        holder,
        deriver: known.and_then(|known| known.deriver.clone()),
        object,
        line: content.as_ref().and_then(Content::line),
    }
}

/// The text of a file up to some bytes after what was found.
struct Content {
    bytes: zeroize::Zeroizing<Vec<u8>>,
    offset: usize,
}

impl Content {
    fn read(finding: &Finding) -> Option<Self> {
        let Place::Content { offset } = finding.place else {
            return None;
        };
        if offset > MOST_READ {
            return None;
        }
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        let file = File::open(&finding.path).ok()?;
        file.take(MOST_READ).read_to_end(&mut bytes).ok()?;
        Some(Self {
            bytes,
            offset: usize::try_from(offset).ok()?,
        })
    }

    fn before(&self) -> &[u8] {
        self.bytes.get(..self.offset).unwrap_or_default()
    }

    /// Files with zero bytes have no lines.
    fn line(&self) -> Option<u64> {
        if self.bytes.contains(&0) || self.offset > self.bytes.len() {
            return None;
        }
        let breaks = self.before().iter().filter(|byte| **byte == b'\n').count();
        Some(breaks as u64 + 1)
    }

    fn field(&self) -> Option<Field> {
        field_at(&self.bytes, self.offset)
    }

    /// What stands before the `=` of the line, where the value is after it.
    fn setting(&self) -> Option<String> {
        let line = self.before().rsplit(|byte| *byte == b'\n').next()?;
        let end = line.iter().position(|byte| *byte == b'=')?;
        let name = std::str::from_utf8(line.get(..end)?).ok()?;
        let legal = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        legal.then(|| name.to_owned())
    }
}

fn derivation_of(path: &Path) -> Option<String> {
    let object = path.file_name()?;
    let name = name_of(object)?.to_string_lossy();
    Some(name.strip_suffix(".drv")?.to_owned())
}

/// The name of the unit that a file is, or is an extension of.
fn unit_of(path: &Path) -> Option<String> {
    const KINDS: [&str; 11] = [
        "service",
        "socket",
        "timer",
        "path",
        "mount",
        "automount",
        "swap",
        "target",
        "slice",
        "scope",
        "device",
    ];
    let is_unit = |name: &str| {
        let end = name.rsplit_once('.').map(|(_, end)| end);
        end.is_some_and(|end| KINDS.contains(&end))
    };
    let shown = |path: &Path| {
        let name = path.file_name()?;
        Some(name_of(name).unwrap_or(name).to_string_lossy().into_owned())
    };
    let name = shown(path)?;
    if is_unit(&name) {
        return Some(name);
    }
    let folder = shown(path.parent()?)?;
    let unit = folder.strip_suffix(".d")?;
    (name.ends_with(".conf") && is_unit(unit)).then(|| unit.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_derivations_are_known_by_their_names() {
        const HASH: &str = "w6wzl4ipr95ky7fhdqxifdzqdw9ms1r8";
        let unit = |path: &str| unit_of(Path::new(&path.replace("HASH", HASH)));
        assert_eq!(
            unit("/s/HASH-unit-a.service/a.service").as_deref(),
            Some("a.service")
        );
        assert_eq!(unit("/s/HASH-a.service").as_deref(), Some("a.service"));
        assert_eq!(
            unit("/e/a.service.d/overrides.conf").as_deref(),
            Some("a.service")
        );
        assert_eq!(unit("/e/a.d/overrides.conf"), None);
        let derivation = |path: &str| derivation_of(Path::new(&path.replace("HASH", HASH)));
        assert_eq!(
            derivation("/s/HASH-a.service.drv").as_deref(),
            Some("a.service")
        );
        assert_eq!(derivation("/s/a.drv"), None);
    }
}
