//! Paths in the words of `sops`: `["key"][0]['key']`, for `set`, `unset` and `--extract`.
//!
//! `sops` cuts the text at every `[`, takes off the last character of each part if it is `]`, and
//! looks at the first one only to tell keys from positions. So `"a"]` and `["a]` are good paths,
//! keys have no escapes, and those with a `[` cannot be reached.

use nixseal_document::path::{Path, Step};

/// Why a path is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// What `sops` refuses, in its words.
    #[error("{0}")]
    Syntax(String),
    /// What `sops` crashes on, with exit code 2: a part without content, a position below 0.
    #[error("invalid path '{path}': {reason}")]
    Impossible {
        /// The whole path.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Reads a path. An empty text is the path to the whole document.
///
/// # Errors
/// What `sops` refuses or crashes on.
pub fn parse(text: &str) -> Result<Path, IndexError> {
    let impossible = |reason| IndexError::Impossible {
        path: text.to_owned(),
        reason,
    };
    let mut steps = Vec::new();
    for component in text.split('[').filter(|component| !component.is_empty()) {
        let Some(inner) = component.strip_suffix(']') else {
            let reason = format!("component {component} doesn't end with ]");
            return Err(IndexError::Syntax(reason));
        };
        steps.push(match inner.strip_prefix(['"', '\'']) {
            Some(rest) => {
                let mut key = rest.chars();
                let reason = "a key needs a quote on both sides";
                key.next_back().ok_or_else(|| impossible(reason))?;
                Step::Key(key.as_str().to_owned())
            }
            None if inner.is_empty() => {
                return Err(impossible("'[]' names neither key nor position"));
            }
            None => {
                let position = number(inner).map_err(IndexError::Syntax)?;
                let below = |_| impossible("positions count from 0");
                Step::Index(usize::try_from(position).map_err(below)?)
            }
        });
    }
    Ok(Path(steps))
}

/// A whole number of 64 bits, perhaps with a sign.
fn number(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let reason = if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        "invalid syntax"
    } else {
        match text.parse() {
            Ok(number) => return Ok(number),
            Err(_) => "value out of range",
        }
    };
    Err(format!("strconv.Atoi: parsing {text:?}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Step {
        Step::Key(text.to_owned())
    }

    #[test]
    fn what_sops_takes() {
        for (text, expected) in [
            ("", vec![]),
            (r#"["a"]['b'][0]"#, vec![key("a"), key("b"), Step::Index(0)]),
            (r#"["a.b"]["c d"]"#, vec![key("a.b"), key("c d")]),
            (r#""a"]"#, vec![key("a")]),
            (r#"[["a"]"#, vec![key("a")]),
            (r#"["ab]"#, vec![key("a")]),
            (r#"["aé]"#, vec![key("a")]),
            (r#"[""]"#, vec![key("")]),
            (r#"["a]"]"#, vec![key("a]")]),
            ("[+1]", vec![Step::Index(1)]),
            ("[007]", vec![Step::Index(7)]),
        ] {
            assert_eq!(parse(text), Ok(Path(expected)), "{text}");
        }
    }

    #[test]
    fn what_sops_refuses() {
        for (text, expected) in [
            ("a", "component a doesn't end with ]"),
            (r#"["a""#, r#"component "a" doesn't end with ]"#),
            (r#"["a"] "#, r#"component "a"]  doesn't end with ]"#),
            (r#"["a[b"]"#, r#"component "a doesn't end with ]"#),
            ("[a]", r#"strconv.Atoi: parsing "a": invalid syntax"#),
            ("[1_0]", r#"strconv.Atoi: parsing "1_0": invalid syntax"#),
            ("[+]", r#"strconv.Atoi: parsing "+": invalid syntax"#),
            (
                "[99999999999999999999]",
                r#"strconv.Atoi: parsing "99999999999999999999": value out of range"#,
            ),
        ] {
            assert_eq!(
                parse(text),
                Err(IndexError::Syntax(expected.to_owned())),
                "{text}"
            );
        }
        for text in ["[]", r#"["]"#, "[-1]", r#"["a"]["b"][-7]"#] {
            assert!(
                matches!(parse(text), Err(IndexError::Impossible { .. })),
                "{text}"
            );
        }
    }
}
