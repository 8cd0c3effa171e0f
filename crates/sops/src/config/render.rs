//! The text of a new `.sops.yaml`.

use std::fmt::Write as _;

/// The files that a first rule is for, below the folder of the configuration.
const FIRST_RULE: &str = r"secrets/[^/]+\.(yaml|yml|json|env|ini|bin)$";

/// A configuration with these keys, each with the name of its anchor, and a creation rule for each
/// of the files, or without any for a folder `secrets`. Everybody can open everything.
pub fn render(keys: &[(&str, &str)], files: &[&str]) -> String {
    let mut text = String::from(
        "# Who can open which file. After a change here, bring the files in line: nixseal rekey\n\
         keys:\n",
    );
    for (name, key) in keys {
        let _ = writeln!(text, "  - &{name} {}", scalar(key));
    }
    text.push_str("creation_rules:\n");
    let patterns: Vec<String> = match files {
        [] => vec![FIRST_RULE.to_owned()],
        files => files.iter().map(|file| exactly(file)).collect(),
    };
    for pattern in patterns {
        let _ = writeln!(text, "  - path_regex: {}", scalar(&pattern));
        text.push_str("    key_groups:\n      - age:\n");
        for (name, _) in keys {
            let _ = writeln!(text, "          - *{name}");
        }
    }
    text
}

/// The expression that one path alone matches.
fn exactly(file: &str) -> String {
    let mut pattern = String::from("^");
    for character in file.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('$');
    pattern
}

/// A text on one line, in quotes where it would be read otherwise.
fn scalar(text: &str) -> String {
    let harmless = |one: char| one.is_ascii_alphanumeric() || r"+/=@._-^$\ ()[]|".contains(one);
    let first = text
        .chars()
        .next()
        .is_some_and(|one| one.is_ascii_alphanumeric() || one == '^');
    if first && text.chars().all(harmless) && !text.ends_with(' ') {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn the_text_is_read_back() {
        let text = render(&[("me", KEY)], &[]);
        let config = Config::parse(Path::new(".sops.yaml"), &text).unwrap();
        assert!(
            config.diagnostics().is_empty(),
            "{:?}",
            config.diagnostics()
        );
        let rule = |file: &str| config.creation_rule(Path::new("/a"), Path::new(file));
        let found = rule("/a/secrets/x.yaml").unwrap().unwrap();
        let groups = &found.encryption().unwrap().groups;
        assert_eq!(groups[0][0].to_string(), KEY);
        assert_eq!(config.owners.of(&groups[0][0]), Some("me"));
        assert!(rule("/a/secrets/x/y.yaml").is_err());
    }

    #[test]
    fn files_are_matched_exactly() {
        let text = render(&[("me", KEY)], &["it's (a) #1: x+y.yaml"]);
        let config = Config::parse(Path::new(".sops.yaml"), &text).unwrap();
        let rule = |file: &str| config.creation_rule(Path::new("/a"), Path::new(file));
        assert!(rule("/a/it's (a) #1: x+y.yaml").is_ok());
        assert!(rule("/a/it's (a) #1: x+yayaml").is_err());
    }
}
