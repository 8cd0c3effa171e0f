//! The manifest of sops-nix: absent and null are the zero value, unknown fields are ignored.

use std::path::{Path, PathBuf};

use nixseal_document::Format;
use serde_json::Value;

use super::json::kind_word;
use super::{
    FileSystem, Identities, Item, ItemSource, Layout, Logging, Manifest, ManifestFormat, Policy,
    Principal, Secret, Sops, SshKey, Template, Tree, UnitsBy,
};

/// What is wrong with it.
pub(super) enum Wrong {
    /// Its shape.
    Parse(String),
    /// What it says.
    Invalid(String),
}

impl From<String> for Wrong {
    fn from(reason: String) -> Self {
        Self::Parse(reason)
    }
}

/// Reads it.
pub(super) fn manifest(path: &Path, value: &Value) -> Result<Manifest, Wrong> {
    let top = Object::new(value, "manifest", "main.manifest", "")?;
    let mut secrets = Vec::new();
    let placeholders = top.map("placeholderBySecretName")?;
    for value in top.list("secrets")? {
        let object = Object::new(value, "secret", "main.secret", "secrets")?;
        let mut secret = secret(&object)?;
        let placeholder = placeholders.and_then(|map| map.get(&secret.item.name));
        secret.placeholder = placeholder.and_then(Value::as_str).map(str::to_owned);
        secrets.push(secret);
    }
    let mut templates = Vec::new();
    for value in top.list("templates")? {
        templates.push(template(&Object::new(
            value,
            "template",
            "main.template",
            "templates",
        )?)?);
    }
    let user_mode = top.bool("userMode")?;
    let file_system = match (user_mode, top.bool("useTmpfs")?) {
        (true, _) => FileSystem::None,
        (false, true) => FileSystem::Tmpfs,
        (false, false) => FileSystem::Ramfs,
    };
    let logging = match top.get("logging") {
        Some(value) => {
            let object = Object::new(value, "loggingConfig", "main.loggingConfig", "logging")?;
            Logging {
                key_import: object.bool("keyImport")?,
                secret_changes: object.bool("secretChanges")?,
            }
        }
        None => Logging {
            key_import: false,
            secret_changes: false,
        },
    };
    let tree = Tree {
        name: "sops".to_owned(),
        layout: Layout::SopsNix,
        mount_point: top.string("secretsMountPoint")?.into(),
        link: top.string("symlinkPath")?.into(),
        file_system,
        // A negative number prunes nothing that is not older than all.
        keep_generations: u64::try_from(top.int("keepGenerations")?).unwrap_or(0),
        secrets,
        templates,
    };
    Ok(Manifest {
        format: ManifestFormat::SopsNix,
        path: path.to_owned(),
        user_mode,
        on_failure: Policy::Abort,
        identities: identities(&top)?,
        host_public_keys: Vec::new(),
        logging,
        units: UnitsBy::Lists,
        credentials_directory: None,
        trees: vec![tree],
    })
}

fn identities(top: &Object<'_>) -> Result<Identities, String> {
    let rsa = top.strings("sshKeyPaths")?.into_iter().map(|path| SshKey {
        path: path.into(),
        age: false,
        openpgp: true,
    });
    let age = top.strings("ageSshKeyPaths")?;
    let age = age.into_iter().map(|path| SshKey {
        path: path.into(),
        age: true,
        openpgp: false,
    });
    let present = |text: String| (!text.is_empty()).then(|| PathBuf::from(text));
    Ok(Identities {
        files: Vec::new(),
        age_key_files: present(top.string("ageKeyFile")?).into_iter().collect(),
        ssh_keys: rsa.chain(age).collect(),
        gnupg_home: present(top.string("gnupgHome")?),
    })
}

fn item(object: &Object<'_>) -> Result<Item, String> {
    let principal = |name: &'static str, number: &'static str| -> Result<Principal, String> {
        let number = object.int(number)?;
        Ok(match object.optional_string(name)? {
            Some(name) => Principal::Name(name),
            // Go hands the number over as it is; the system takes 32 bits of it.
            None => Principal::Number(number as u32),
        })
    };
    Ok(Item {
        name: object.string("name")?,
        option: None,
        path: Some(object.string("path")?.into()),
        symlink: true,
        mode: object.string("mode")?,
        owner: principal("owner", "uid")?,
        group: principal("group", "gid")?,
        restart_units: object.strings("restartUnits")?,
        reload_units: object.strings("reloadUnits")?,
        optional: false,
        on_failure: None,
        credentials: Vec::new(),
    })
}

fn secret(object: &Object<'_>) -> Result<Secret, Wrong> {
    let format = match object.string("format")?.as_str() {
        "" | "yaml" => Format::Yaml,
        "json" => Format::Json,
        "binary" => Format::Binary,
        "dotenv" => Format::Dotenv,
        "ini" => Format::Ini,
        other => {
            let name = object.string("name")?;
            return Err(Wrong::Invalid(format!(
                "unsupported format {other} for secret {name}"
            )));
        }
    };
    Ok(Secret {
        item: item(object)?,
        source: ItemSource::Sops(Sops {
            file: object.string("sopsFile")?.into(),
            format,
            key: object.string("key")?,
        }),
        host_public_keys: None,
        placeholder: None,
        template_only: false,
        check_file: true,
    })
}

fn template(object: &Object<'_>) -> Result<Template, String> {
    let file = object.string("file")?;
    Ok(Template {
        item: item(object)?,
        content: object.string("content")?,
        file: (!file.is_empty()).then(|| file.into()),
    })
}

/// An object, with what Go calls it in its errors.
struct Object<'a> {
    map: Option<&'a serde_json::Map<String, Value>>,
    name: &'static str,
    prefix: &'static str,
}

impl<'a> Object<'a> {
    fn new(
        value: &'a Value,
        name: &'static str,
        go_type: &str,
        prefix: &'static str,
    ) -> Result<Self, String> {
        let map = match value {
            Value::Object(map) => Some(map),
            Value::Null => None,
            other if prefix.is_empty() => {
                let kind = kind_word(other);
                return Err(format!(
                    "json: cannot unmarshal {kind} into Go value of type {go_type}"
                ));
            }
            other => {
                let kind = kind_word(other);
                return Err(format!(
                    "json: cannot unmarshal {kind} into Go struct field manifest.{prefix} of \
                     type {go_type}"
                ));
            }
        };
        Ok(Self { map, name, prefix })
    }

    /// The value of a field that is there and not null.
    fn get(&self, field: &str) -> Option<&'a Value> {
        self.map?.get(field).filter(|value| !value.is_null())
    }

    fn wrong(&self, field: &str, value: &Value, go_type: &str) -> String {
        let kind = match value {
            Value::Number(number) if go_type == "int" => format!("number {number}"),
            other => kind_word(other).to_owned(),
        };
        let dot = if self.prefix.is_empty() { "" } else { "." };
        format!(
            "json: cannot unmarshal {kind} into Go struct field {}.{}{dot}{field} of type \
             {go_type}",
            self.name, self.prefix
        )
    }

    fn optional_string(&self, field: &str) -> Result<Option<String>, String> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.wrong(field, other, "string")),
        }
    }

    fn string(&self, field: &str) -> Result<String, String> {
        Ok(self.optional_string(field)?.unwrap_or_default())
    }

    fn bool(&self, field: &str) -> Result<bool, String> {
        match self.get(field) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(other) => Err(self.wrong(field, other, "bool")),
        }
    }

    fn int(&self, field: &str) -> Result<i64, String> {
        match self.get(field) {
            None => Ok(0),
            Some(value) => value
                .as_i64()
                .ok_or_else(|| self.wrong(field, value, "int")),
        }
    }

    fn list(&self, field: &str) -> Result<&'a [Value], String> {
        match self.get(field) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(other) => {
                let element = field.strip_suffix('s').unwrap_or(field);
                Err(self.wrong(field, other, &format!("[]main.{element}")))
            }
        }
    }

    fn strings(&self, field: &str) -> Result<Vec<String>, String> {
        let list = match self.get(field) {
            None => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(self.wrong(field, other, "[]string")),
        };
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Ok(String::new()),
            other => Err(self.wrong(field, other, "string")),
        };
        list.iter().map(text).collect()
    }

    fn map(&self, field: &str) -> Result<Option<&'a serde_json::Map<String, Value>>, String> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Object(map)) => match map.values().find(|value| !value.is_string()) {
                None => Ok(Some(map)),
                Some(other) => Err(self.wrong(field, other, "string")),
            },
            Some(other) => Err(self.wrong(field, other, "map[string]string")),
        }
    }
}
