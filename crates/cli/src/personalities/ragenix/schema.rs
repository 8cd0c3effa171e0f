//! The shape of a rules file, as `ragenix --schema` prints it and checks it.
//!
//! The constraints are ragenix's: an attribute set of attribute sets, each with
//! `publicKeys`, a list of at least one string, none twice; other attributes
//! are free. They are checked on the evaluated value, before anything is done.

use serde_json::Value;

/// The schema, JSON Schema draft 7.
pub(super) const TEXT: &str = include_str!("rules.schema.json");

/// What is wrong with a rules file, one line each: the place as a JSON pointer
/// and the reason, in order of the file names.
pub(super) fn violations(rules: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let Some(rules) = rules.as_object() else {
        found.push(not_of_type("", rules, "object"));
        return found;
    };
    for (file, rule) in rules {
        let pointer = format!("/{}", escape(file));
        match (rule, rule.get("publicKeys")) {
            (Value::Object(_), Some(keys)) => {
                check_keys(&format!("{pointer}/publicKeys"), keys, &mut found);
            }
            (Value::Object(_), None) => {
                found.push(format!("{pointer}: \"publicKeys\" is a required property"));
            }
            _ => found.push(not_of_type(&pointer, rule, "object")),
        }
    }
    found
}

fn check_keys(pointer: &str, value: &Value, found: &mut Vec<String>) {
    let Some(keys) = value.as_array() else {
        found.push(not_of_type(pointer, value, "array"));
        return;
    };
    for (index, key) in keys.iter().enumerate().filter(|(_, key)| !key.is_string()) {
        found.push(not_of_type(&format!("{pointer}/{index}"), key, "string"));
    }
    if keys.is_empty() {
        found.push(format!("{pointer}: {value} has less than 1 item"));
    }
    let distinct: std::collections::BTreeSet<String> = keys.iter().map(Value::to_string).collect();
    if distinct.len() < keys.len() {
        found.push(format!("{pointer}: {value} has non-unique elements"));
    }
}

fn not_of_type(pointer: &str, value: &Value, kind: &str) -> String {
    format!("{pointer}: {value} is not of type \"{kind}\"")
}

/// A name inside a JSON pointer (RFC 6901, section 3).
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(json: &str) -> Vec<String> {
        violations(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_text_is_json_and_says_what_is_checked() {
        let schema: Value = serde_json::from_str(TEXT).unwrap();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        let rule = &schema["additionalProperties"];
        assert_eq!(schema["type"], "object");
        assert_eq!(rule["type"], "object");
        assert_eq!(rule["required"], serde_json::json!(["publicKeys"]));
        let keys = &rule["properties"]["publicKeys"];
        assert_eq!(keys["type"], "array");
        assert_eq!(keys["minItems"], 1);
        assert_eq!(keys["uniqueItems"], true);
        assert_eq!(keys["items"]["type"], "string");
        assert!(rule.get("additionalProperties").is_none());
    }

    #[test]
    fn good_rules_pass() {
        assert!(lines("{}").is_empty());
        assert!(lines(r#"{"a": {"publicKeys": ["k", "l"], "armor": "?", "more": 1}}"#).is_empty());
    }

    /// Each line as ragenix words it.
    #[test]
    fn each_constraint_is_named_with_its_place() {
        assert_eq!(lines("[]"), [": [] is not of type \"object\""]);
        assert_eq!(
            lines(r#"{"wurzel": "pfropf"}"#),
            ["/wurzel: \"pfropf\" is not of type \"object\""]
        );
        assert_eq!(
            lines(r#"{"b": {}}"#),
            ["/b: \"publicKeys\" is a required property"]
        );
        assert_eq!(
            lines(r#"{"a": {"publicKeys": []}}"#),
            ["/a/publicKeys: [] has less than 1 item"]
        );
        assert_eq!(
            lines(r#"{"a": {"publicKeys": ["x", "x"]}}"#),
            ["/a/publicKeys: [\"x\",\"x\"] has non-unique elements"]
        );
        assert_eq!(
            lines(r#"{"a": {"publicKeys": "x"}, "f/g~": {"publicKeys": [1, null]}}"#),
            [
                "/a/publicKeys: \"x\" is not of type \"array\"",
                "/f~1g~0/publicKeys/0: 1 is not of type \"string\"",
                "/f~1g~0/publicKeys/1: null is not of type \"string\"",
            ]
        );
    }
}
