//! The text of a new rules file, in the style of nixfmt.

use std::collections::HashMap;
use std::fmt::Write as _;

/// Words that cannot be variables.
const KEYWORDS: &[&str] = &[
    "assert", "builtins", "else", "false", "if", "in", "inherit", "let", "null", "or", "rec",
    "then", "true", "with",
];

/// A recipient that the file shall give a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecipient {
    /// Whatever names it, such as a user's or a host's name; made a variable.
    pub name: String,
    /// The public key.
    pub key: String,
}

/// An entry that the file shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// The file's name.
    pub name: String,
    /// Who may read it, as positions in the list of recipients.
    pub recipients: Vec<usize>,
}

/// A rules file with these recipients and entries. Positions that no recipient
/// has are left out.
pub fn render(recipients: &[NewRecipient], rules: &[NewRule]) -> String {
    let variables = variables(recipients);
    let mut text = String::new();
    if !recipients.is_empty() {
        text.push_str("let\n");
        for (variable, recipient) in variables.iter().zip(recipients) {
            line(
                &mut text,
                format_args!("  {variable} = {};", quote(recipient.key.trim())),
            );
        }
        text.push_str("in\n");
    }
    if rules.is_empty() {
        text.push_str("{ }\n");
        return text;
    }
    text.push_str("{\n");
    for rule in rules {
        let names: Vec<&str> = rule
            .recipients
            .iter()
            .filter_map(|index| variables.get(*index).map(String::as_str))
            .collect();
        let name = quote(&rule.name);
        match names.as_slice() {
            [] => line(&mut text, format_args!("  {name}.publicKeys = [ ];")),
            [only] => line(&mut text, format_args!("  {name}.publicKeys = [ {only} ];")),
            many => {
                let many = many.join("\n    ");
                line(
                    &mut text,
                    format_args!("  {name}.publicKeys = [\n    {many}\n  ];"),
                );
            }
        }
    }
    text.push_str("}\n");
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// Variables for the recipients, all different.
fn variables(recipients: &[NewRecipient]) -> Vec<String> {
    let mut uses: HashMap<String, usize> = HashMap::new();
    let mut taken: std::collections::HashSet<String> = std::collections::HashSet::new();
    let mut variables = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        let base = variable(&recipient.name);
        let mut name = base.clone();
        while !taken.insert(name.clone()) {
            let count = uses.entry(base.clone()).or_insert(1);
            *count += 1;
            name = format!("{base}-{count}");
        }
        variables.push(name);
    }
    variables
}

fn variable(name: &str) -> String {
    let part = name.split(['@', '.']).next().unwrap_or_default();
    let mut variable: String = part
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() || character == '_' {
                character
            } else {
                '-'
            }
        })
        .collect();
    if !variable.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        variable.insert_str(0, "key-");
    }
    if KEYWORDS.contains(&variable.as_str()) {
        variable.push_str("-key");
    }
    let variable = variable.trim_end_matches('-');
    if variable.is_empty() {
        "key".to_owned()
    } else {
        variable.to_owned()
    }
}

/// A Nix string of `text`.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '$' => quoted.push_str("\\$"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
