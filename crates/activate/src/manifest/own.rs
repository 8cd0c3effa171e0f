//! Our own manifest, version 1: every unknown field and wrong type is an error, and all are told.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use nixseal_document::Format;
use serde_json::{Map, Value};

use super::json::kind_word;
use super::{
    Age, Credential, FileSystem, Identities, Item, ItemSource, Layout, Logging, Manifest,
    ManifestFormat, Policy, Principal, Secret, Sops, SshKey, Template, Tree, UnitsBy,
};

/// The version that is read.
const VERSION: u64 = 1;

const ITEM: &[&str] = &[
    "name",
    "option",
    "path",
    "mode",
    "owner",
    "group",
    "uid",
    "gid",
    "restartUnits",
    "reloadUnits",
    "optional",
    "onFailure",
    "credentials",
];

/// Every object of the format with its fields; the published schema has the same.
pub const FIELDS: &[(&str, &[&[&str]])] = &[
    (
        "manifest",
        &[&[
            "version",
            "userMode",
            "onFailure",
            "identities",
            "hostPublicKeys",
            "logging",
            "units",
            "credentialsDirectory",
            "trees",
        ]],
    ),
    (
        "identities",
        &[&["files", "ageKeyFiles", "sshKeys", "gnupgHome"]],
    ),
    ("logging", &[&["keyImport", "secretChanges"]]),
    (
        "tree",
        &[&[
            "name",
            "layout",
            "mountPoint",
            "link",
            "fileSystem",
            "keepGenerations",
            "secrets",
            "templates",
        ]],
    ),
    (
        "secret",
        &[
            ITEM,
            &[
                "age",
                "sops",
                "symlink",
                "hostPublicKeys",
                "placeholder",
                "templateOnly",
                "checkFile",
            ],
        ],
    ),
    ("template", &[ITEM, &["content", "file"]]),
    ("age", &[&["file"]]),
    ("sops", &[&["file", "format", "key"]]),
    ("credential", &[&["unit", "name"]]),
];

/// Reads it, or tells everything that is wrong.
pub(super) fn manifest(path: &Path, value: &Value) -> Result<Manifest, Vec<String>> {
    let problems = RefCell::new(Vec::new());
    let top = Object::new(&problems, "manifest", String::new(), value);
    match top.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        _ => {
            let found = top.get("version").map(Value::to_string).unwrap_or_default();
            return Err(vec![format!(
                "version {found} is not known here, only version {VERSION}: a newer nixseal may \
                 know it"
            )]);
        }
    }
    let user_mode = top.bool("userMode", false);
    let manifest = Manifest {
        format: ManifestFormat::Own,
        path: path.to_owned(),
        user_mode,
        on_failure: top.word("onFailure", &POLICIES).unwrap_or(Policy::Keep),
        identities: identities(&top),
        host_public_keys: top.strings("hostPublicKeys"),
        logging: logging(&top),
        units: top.word("units", &UNITS).unwrap_or(UnitsBy::Lists),
        credentials_directory: top.path("credentialsDirectory"),
        trees: top
            .objects("trees", "tree")
            .map(|object| tree(&object, user_mode))
            .collect(),
    };
    drop(top);
    let problems = problems.into_inner();
    match problems.is_empty() {
        true => Ok(manifest),
        false => Err(problems),
    }
}

const POLICIES: [(&str, Policy); 2] = [("keep", Policy::Keep), ("abort", Policy::Abort)];
const UNITS: [(&str, UnitsBy); 2] = [("lists", UnitsBy::Lists), ("systemctl", UnitsBy::Systemctl)];
const LAYOUTS: [(&str, Layout); 2] = [("agenix", Layout::Agenix), ("sops-nix", Layout::SopsNix)];
const FILE_SYSTEMS: [(&str, FileSystem); 3] = [
    ("ramfs", FileSystem::Ramfs),
    ("tmpfs", FileSystem::Tmpfs),
    ("none", FileSystem::None),
];
const FORMATS: [(&str, Format); 5] = [
    ("yaml", Format::Yaml),
    ("json", Format::Json),
    ("dotenv", Format::Dotenv),
    ("ini", Format::Ini),
    ("binary", Format::Binary),
];

fn identities(top: &Object<'_>) -> Identities {
    let Some(object) = top.object("identities", "identities") else {
        return Identities::default();
    };
    let paths = |field| object.strings(field).into_iter().map(PathBuf::from);
    Identities {
        files: paths("files").collect(),
        age_key_files: paths("ageKeyFiles").collect(),
        ssh_keys: paths("sshKeys")
            .map(|path| SshKey {
                path,
                age: true,
                openpgp: true,
            })
            .collect(),
        gnupg_home: object.path("gnupgHome"),
    }
}

fn logging(top: &Object<'_>) -> Logging {
    let object = top.object("logging", "logging");
    let on = |field| {
        object
            .as_ref()
            .is_none_or(|object| object.bool(field, true))
    };
    Logging {
        key_import: on("keyImport"),
        secret_changes: on("secretChanges"),
    }
}

fn tree(object: &Object<'_>, user_mode: bool) -> Tree {
    let file_system = object.word("fileSystem", &FILE_SYSTEMS);
    Tree {
        name: object.required("name"),
        layout: object.required_word("layout", &LAYOUTS, Layout::SopsNix),
        mount_point: object.absolute("mountPoint"),
        link: object.absolute("link"),
        file_system: match (user_mode, file_system) {
            (true, _) => FileSystem::None,
            (false, file_system) => file_system.unwrap_or(FileSystem::Ramfs),
        },
        keep_generations: object.number("keepGenerations", u64::MAX).unwrap_or(1),
        secrets: object
            .objects("secrets", "secret")
            .map(|object| secret(&object))
            .collect(),
        templates: object
            .objects("templates", "template")
            .map(|object| template(&object))
            .collect(),
    }
}

fn item(object: &Object<'_>) -> Item {
    let principal = |name, number| match object.optional(name) {
        Some(text) => match text.parse() {
            Ok(number) => Principal::Number(number),
            Err(_) => Principal::Name(text),
        },
        None => {
            // The largest one means "unchanged" to the system.
            let number = object.number(number, u64::from(u32::MAX) - 1).unwrap_or(0);
            Principal::Number(u32::try_from(number).unwrap_or(0))
        }
    };
    Item {
        name: object.required("name"),
        option: object.optional("option"),
        path: object.path("path"),
        symlink: !object.knows("symlink") || object.bool("symlink", true),
        mode: object.optional("mode").unwrap_or_else(|| "0400".to_owned()),
        owner: principal("owner", "uid"),
        group: principal("group", "gid"),
        restart_units: object.strings("restartUnits"),
        reload_units: object.strings("reloadUnits"),
        optional: object.bool("optional", false),
        on_failure: object.word("onFailure", &POLICIES),
        credentials: object
            .objects("credentials", "credential")
            .map(|object| Credential {
                unit: object.required("unit"),
                name: object.required("name"),
            })
            .collect(),
    }
}

fn secret(object: &Object<'_>) -> Secret {
    let age = object.object("age", "age");
    let sops = object.object("sops", "sops");
    if age.is_some() == sops.is_some() {
        object.problem("exactly one of 'age' and 'sops' has to be there");
    }
    let source = match (&age, &sops) {
        (Some(age), _) => ItemSource::Age(Age {
            file: age.required("file").into(),
        }),
        (None, Some(sops)) => ItemSource::Sops(Sops {
            file: sops.required("file").into(),
            format: sops.required_word("format", &FORMATS, Format::Yaml),
            key: sops.optional("key").unwrap_or_default(),
        }),
        (None, None) => ItemSource::Age(Age {
            file: PathBuf::new(),
        }),
    };
    Secret {
        item: item(object),
        source,
        host_public_keys: object
            .get("hostPublicKeys")
            .map(|_| object.strings("hostPublicKeys"))
            .filter(|keys| !keys.is_empty()),
        placeholder: object.optional("placeholder"),
        template_only: object.bool("templateOnly", false),
        check_file: object.bool("checkFile", true),
    }
}

fn template(object: &Object<'_>) -> Template {
    Template {
        item: item(object),
        content: object.optional("content").unwrap_or_default(),
        file: object.path("file"),
    }
}

/// An object and where it stands; problems are collected.
struct Object<'a> {
    problems: &'a RefCell<Vec<String>>,
    fields: &'static [&'static [&'static str]],
    place: String,
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Object<'a> {
    fn new(
        problems: &'a RefCell<Vec<String>>,
        kind: &str,
        place: String,
        value: &'a Value,
    ) -> Self {
        let fields = FIELDS.iter().find(|(name, _)| *name == kind);
        let object = Self {
            problems,
            fields: fields.map_or(&[], |(_, fields)| *fields),
            place,
            map: value.as_object(),
        };
        match object.map {
            None => object.problem(&format!("an object has to be here, not {}", shown(value))),
            Some(map) => {
                for field in map.keys().filter(|field| !object.knows(field)) {
                    object.problem(&format!("unknown field '{field}'"));
                }
            }
        }
        object
    }

    fn knows(&self, field: &str) -> bool {
        self.fields.iter().any(|fields| fields.contains(&field))
    }

    /// Notes what is wrong with this object.
    fn problem(&self, message: &str) {
        let option = self.map.and_then(|map| map.get("option")?.as_str());
        let option = option
            .map(|option| format!(" ({option})"))
            .unwrap_or_default();
        let place = match self.place.as_str() {
            "" => String::new(),
            place => format!("{place}{option}: "),
        };
        self.problems.borrow_mut().push(format!("{place}{message}"));
    }

    fn inner(&self, field: &str) -> String {
        match self.place.as_str() {
            "" => field.to_owned(),
            place => format!("{place}.{field}"),
        }
    }

    /// The value of a field that is there and not null.
    fn get(&self, field: &str) -> Option<&'a Value> {
        debug_assert!(self.knows(field), "'{field}' is in no table");
        self.map?.get(field).filter(|value| !value.is_null())
    }

    fn wrong<T>(&self, field: &str, wanted: &str, value: &Value) -> Option<T> {
        self.problem(&format!(
            "'{field}' has to be {wanted}, not {}",
            shown(value)
        ));
        None
    }

    fn optional(&self, field: &str) -> Option<String> {
        let value = self.get(field)?;
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.wrong(field, "a string", value),
        }
    }

    fn required(&self, field: &str) -> String {
        if self.map.is_some() && self.get(field).is_none() {
            self.problem(&format!("'{field}' is missing"));
        }
        self.optional(field).unwrap_or_default()
    }

    fn path(&self, field: &str) -> Option<PathBuf> {
        let text = self.optional(field).filter(|text| !text.is_empty())?;
        Some(PathBuf::from(text))
    }

    /// A path that has to be there; `%r` may stand at its beginning.
    fn absolute(&self, field: &str) -> PathBuf {
        let text = self.required(field);
        if !text.is_empty() && !text.starts_with(['/', '%']) {
            self.problem(&format!(
                "'{field}' has to be an absolute path, not '{text}'"
            ));
        }
        text.into()
    }

    fn bool(&self, field: &str, default: bool) -> bool {
        let Some(value) = self.get(field) else {
            return default;
        };
        value
            .as_bool()
            .or_else(|| self.wrong(field, "true or false", value))
            .unwrap_or(default)
    }

    fn number(&self, field: &str, most: u64) -> Option<u64> {
        let value = self.get(field)?;
        match value.as_u64().filter(|number| *number <= most) {
            Some(number) => Some(number),
            None => self.wrong(field, "a whole number that is not negative", value),
        }
    }

    fn word<T: Copy>(&self, field: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.get(field)?;
        let text = value.as_str();
        match words.iter().find(|(word, _)| text == Some(word)) {
            Some((_, meant)) => Some(*meant),
            None => {
                let words: Vec<String> =
                    words.iter().map(|(word, _)| format!("'{word}'")).collect();
                self.wrong(field, &words.join(" or "), value)
            }
        }
    }

    fn required_word<T: Copy>(&self, field: &str, words: &[(&str, T)], otherwise: T) -> T {
        if self.map.is_some() && self.get(field).is_none() {
            self.problem(&format!("'{field}' is missing"));
        }
        self.word(field, words).unwrap_or(otherwise)
    }

    fn list(&self, field: &str) -> &'a [Value] {
        match self.get(field) {
            None => &[],
            Some(Value::Array(list)) => list,
            Some(other) => self.wrong(field, "a list", other).unwrap_or(&[]),
        }
    }

    fn strings(&self, field: &str) -> Vec<String> {
        let text = |value: &Value| match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.wrong(field, "a list of strings", value),
        };
        self.list(field).iter().filter_map(text).collect()
    }

    fn object(&self, field: &str, kind: &str) -> Option<Object<'a>> {
        let value = self.get(field)?;
        Some(Object::new(self.problems, kind, self.inner(field), value))
    }

    fn objects(&self, field: &str, kind: &str) -> impl Iterator<Item = Object<'a>> {
        let values = self.list(field).iter().enumerate();
        values.map(move |(index, value)| {
            let place = format!("{}[{index}]", self.inner(field));
            Object::new(self.problems, kind, place, value)
        })
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        other => format!("a {}", kind_word(other)),
    }
}
