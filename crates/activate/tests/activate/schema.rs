//! The published schema and the parser say the same.

use std::collections::BTreeSet;
use std::path::Path;

use nixseal_activate::{FIELDS, Manifest};
use nixseal_testkit::peers;
use serde_json::{Value, json};

fn schema() -> Value {
    let path = peers::workspace_root().join("docs/reference/manifest-1.schema.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The objects of the schema by the names that the parser has for them.
fn object<'s>(schema: &'s Value, name: &str) -> &'s Value {
    match name {
        "manifest" => schema,
        other => &schema["$defs"][other],
    }
}

#[test]
fn the_parser_and_the_schema_know_the_same_fields() {
    let schema = schema();
    for (name, fields) in FIELDS {
        let properties = object(&schema, name)["properties"].as_object().unwrap();
        let of_schema: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        let of_parser: BTreeSet<&str> = fields.iter().copied().flatten().copied().collect();
        assert_eq!(of_schema, of_parser, "{name}");
    }
    let objects = schema["$defs"].as_object().unwrap();
    let objects = objects
        .iter()
        .filter(|(_, one)| one.get("properties").is_some());
    assert_eq!(objects.count() + 1, FIELDS.len());
}

/// A manifest with every field.
fn full() -> Value {
    let item = json!({
        "name": "a", "option": "age.secrets.a", "path": "/run/x", "mode": "0440", "owner": "ann",
        "group": "keys", "uid": 1, "gid": 2, "restartUnits": ["a.service"],
        "reloadUnits": ["b.service"], "optional": true, "onFailure": "abort",
        "credentials": [{"unit": "a.service", "name": "a"}]
    });
    let with = |more: Value| {
        let mut item = item.clone();
        let fields = item.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        item
    };
    json!({
        "version": 1, "userMode": false, "onFailure": "keep",
        "identities": {"files": ["/i"], "ageKeyFiles": ["/k"], "sshKeys": ["/s"], "gnupgHome": "/g"},
        "hostPublicKeys": ["age1"],
        "logging": {"keyImport": false, "secretChanges": true},
        "units": "systemctl", "credentialsDirectory": "/run/c",
        "trees": [{
            "name": "age", "layout": "agenix", "mountPoint": "/run/agenix.d",
            "link": "/run/agenix", "fileSystem": "tmpfs", "keepGenerations": 0,
            "secrets": [
                with(json!({"age": {"file": "/f"}, "symlink": false, "hostPublicKeys": ["x"],
                            "placeholder": "<P>", "templateOnly": true, "checkFile": false})),
                with(json!({"sops": {"file": "/f", "format": "ini", "key": "a/b"}, "symlink": true,
                            "hostPublicKeys": [], "placeholder": null}))
            ],
            "templates": [with(json!({"content": "x", "file": "/t"}))]
        }]
    })
}

/// Manifests that are none, each with the place of what is wrong.
fn wrong() -> Vec<(Value, &'static str)> {
    let tree = |more: Value| {
        let mut tree = json!({"name": "t", "layout": "agenix", "mountPoint": "/m", "link": "/l"});
        tree.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"version": 1, "trees": [tree]})
    };
    let secret = |secret: Value| tree(json!({"secrets": [secret]}));
    vec![
        (json!({"version": 2}), "version 2"),
        (json!({"version": "1"}), "version \"1\""),
        (
            json!({"version": 1, "secrets": []}),
            "unknown field 'secrets'",
        ),
        (json!({"version": 1, "userMode": "yes"}), "'userMode'"),
        (json!({"version": 1, "units": "none"}), "'units'"),
        (json!({"version": 1, "trees": {}}), "'trees'"),
        (json!({"version": 1, "trees": [1]}), "trees[0]"),
        (json!({"version": 1, "trees": [{}]}), "'layout' is missing"),
        (
            tree(json!({"link": "l"})),
            "'link' has to be an absolute path",
        ),
        (tree(json!({"keepGenerations": -1})), "'keepGenerations'"),
        (secret(json!({"age": {"file": "/f"}})), "'name' is missing"),
        (
            secret(json!({"name": "a"})),
            "exactly one of 'age' and 'sops'",
        ),
        (
            secret(
                json!({"name": "a", "age": {"file": "/f"}, "sops": {"file": "/f", "format": "yaml"}}),
            ),
            "exactly one of 'age' and 'sops'",
        ),
        (
            secret(json!({"name": "a", "age": {}})),
            "trees[0].secrets[0].age: 'file' is missing",
        ),
        (
            secret(
                json!({"name": "a", "option": "age.secrets.a", "age": {"file": "/f"}, "mod": "x"}),
            ),
            "trees[0].secrets[0] (age.secrets.a): unknown field 'mod'",
        ),
        (
            secret(json!({"name": "a", "age": {"file": "/f"}, "uid": -1})),
            "'uid'",
        ),
        (
            secret(json!({"name": "a", "age": {"file": "/f"}, "uid": 4_294_967_295_u32})),
            "'uid'",
        ),
        (
            secret(json!({"name": "a", "age": {"file": "/f"}, "mode": 400})),
            "'mode'",
        ),
        (
            secret(json!({"name": "a", "sops": {"file": "/f", "format": "toml"}})),
            "'format'",
        ),
        (
            tree(json!({"templates": [{"name": "a", "symlink": true}]})),
            "unknown field 'symlink'",
        ),
    ]
}

fn parsed(manifest: &Value) -> Result<Manifest, String> {
    let text = manifest.to_string();
    let parsed = Manifest::parse(Path::new("m.json"), text.as_bytes());
    parsed.map_err(|error| error.to_string())
}

#[test]
fn both_accept_and_refuse_the_same() {
    let schema = schema();
    let minimal = json!({"version": 1});
    for manifest in [full(), minimal] {
        validate(&schema, &schema, &manifest).unwrap();
        parsed(&manifest).unwrap();
    }
    for (manifest, place) in wrong() {
        assert!(validate(&schema, &schema, &manifest).is_err(), "{manifest}");
        let error = parsed(&manifest).unwrap_err();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let manifest = json!({"version": 1, "units": 1, "x": 1, "trees": [{"y": 2}]});
    let error = parsed(&manifest).unwrap_err();
    for part in ["'units'", "'x'", "'y'", "'mountPoint' is missing"] {
        assert!(error.contains(part), "{error}");
    }
}

/// As much of JSON Schema as the published one needs; a keyword that is not here is a failure.
fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let inner = |schema: &Value, value: &Value| validate(root, schema, value);
    for (keyword, wanted) in schema.as_object().unwrap() {
        let good = match keyword.as_str() {
            "$schema" | "$id" | "title" | "$defs" | "default" => true,
            "$ref" => {
                let name = wanted.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                inner(&root["$defs"][name], value)?;
                true
            }
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|one| is_of(value, one)),
                one => is_of(value, one),
            },
            "minimum" => value
                .as_i64()
                .is_none_or(|number| number >= wanted.as_i64().unwrap()),
            "maximum" => value
                .as_i64()
                .is_none_or(|number| number <= wanted.as_i64().unwrap()),
            "pattern" => {
                assert_eq!(wanted, "^[/%]");
                value
                    .as_str()
                    .is_none_or(|text| text.starts_with(['/', '%']))
            }
            "anyOf" => wanted
                .as_array()
                .unwrap()
                .iter()
                .any(|one| inner(one, value).is_ok()),
            "oneOf" => {
                let all = wanted.as_array().unwrap().iter();
                all.filter(|one| inner(one, value).is_ok()).count() == 1
            }
            "items" => match value.as_array() {
                Some(values) => {
                    values.iter().try_for_each(|value| inner(wanted, value))?;
                    true
                }
                None => true,
            },
            "required" => value.as_object().is_none_or(|map| {
                let mut fields = wanted.as_array().unwrap().iter();
                fields.all(|field| map.contains_key(field.as_str().unwrap()))
            }),
            "properties" => {
                for (field, value) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = wanted.get(field) {
                        inner(schema, value)?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                let mut fields = value.as_object().into_iter().flatten();
                fields.all(|(field, _)| known.contains_key(field))
            }
            other => panic!("the schema has the keyword '{other}'"),
        };
        if !good {
            return Err(format!("{value}: {keyword} {wanted}"));
        }
    }
    Ok(())
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the schema has the type '{other}'"),
    }
}
