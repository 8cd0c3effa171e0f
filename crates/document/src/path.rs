//! Paths to a value: our own `a.b[0]`, and the `["a"]["b"][0]` of `sops set` and `--extract`.

mod change;

pub use change::PathFault;

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a list, counted from 0, comments not counted.
    Index(usize),
    /// Into a map.
    Key(String),
}

/// Steps from the top of a document to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// Why a path could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid path '{path}': {reason}")]
pub struct PathError {
    path: String,
    reason: String,
}

impl Path {
    /// Reads `a.b[0]."key.with.dots"[1]`: keys are separated by dots, list positions stand in
    /// brackets, and a key in double quotes may hold anything, with `\"` and `\\` for those two.
    ///
    /// # Errors
    /// Empty keys, open quotes or brackets, and positions that are no number.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.starts_with("[\"") || text.starts_with("['") {
            return Self::parse_index(text);
        }
        let error = |reason: &str| PathError {
            path: text.to_owned(),
            reason: reason.to_owned(),
        };
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            if let Some(inner) = rest.strip_prefix('[') {
                let (index, after) = inner.split_once(']').ok_or_else(|| error("no ']'"))?;
                let index = index.parse().map_err(|_| error("no number in '[]'"))?;
                steps.push(Step::Index(index));
                rest = after;
            } else if let Some(inner) = rest.strip_prefix('"') {
                let (key, after) = quoted(inner).ok_or_else(|| error("no closing quote"))?;
                steps.push(Step::Key(key));
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                let (key, after) = rest.split_at(end);
                if key.is_empty() {
                    return Err(error("a key is missing"));
                }
                steps.push(Step::Key(key.to_owned()));
                rest = after;
            }
            match rest.strip_prefix('.') {
                Some(after) if !after.starts_with('[') => rest = after,
                Some(_) => return Err(error("a key is missing")),
                None if rest.is_empty() => return Ok(Self(steps)),
                None if rest.starts_with('[') => {}
                None => return Err(error("expected '.' or '['")),
            }
        }
    }

    /// Reads `["a"]['b'][0]`, SOPS's syntax without escapes: a text is cut at every `[`.
    ///
    /// # Errors
    /// Anything that is not a quoted key or a number in brackets; SOPS cannot reach keys with `[`.
    pub fn parse_index(text: &str) -> Result<Self, PathError> {
        let error = |reason: String| PathError {
            path: text.to_owned(),
            reason,
        };
        let mut steps = Vec::new();
        let mut parts = text.split('[');
        if parts.next() != Some("") {
            return Err(error("it has to begin with '['".to_owned()));
        }
        for part in parts {
            let inner = part.strip_suffix(']');
            let inner = inner.ok_or_else(|| error(format!("component '[{part}' has no ']'")))?;
            let unquoted = ['"', '\''].iter().find_map(|quote| {
                inner
                    .strip_prefix(*quote)
                    .and_then(|rest| rest.strip_suffix(*quote))
            });
            steps.push(match (unquoted, inner.parse()) {
                (Some(key), _) => Step::Key(key.to_owned()),
                (None, Ok(index)) => Step::Index(index),
                (None, Err(_)) => {
                    let reason =
                        format!("component '[{part}' is neither a quoted key nor a number");
                    return Err(error(reason));
                }
            });
        }
        Ok(Self(steps))
    }
}

/// Our own syntax.
impl std::fmt::Display for Path {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Key(key) => {
                    if index > 0 {
                        formatter.write_str(".")?;
                    }
                    let plain = !key.is_empty() && !key.contains(['.', '[', '"', '\\']);
                    if plain {
                        formatter.write_str(key)?;
                    } else {
                        let escaped = key.replace('\\', "\\\\").replace('"', "\\\"");
                        write!(formatter, "\"{escaped}\"")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Reads up to the closing quote; gives the text and what follows the quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return text.get(index + 1..).map(|after| (key, after)),
            '\\' => key.push(characters.next()?.1),
            _ => key.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        Path::parse(text).unwrap().0
    }

    fn key(text: &str) -> Step {
        Step::Key(text.to_owned())
    }

    #[test]
    fn our_syntax() {
        assert_eq!(steps("a.b[0]"), [key("a"), key("b"), Step::Index(0)]);
        assert_eq!(
            steps("a[1][2].c"),
            [key("a"), Step::Index(1), Step::Index(2), key("c")]
        );
        assert_eq!(
            steps(r#""x.y"."q\"z".w"#),
            [key("x.y"), key("q\"z"), key("w")]
        );
        assert_eq!(
            steps(r#"["a"]['b'][0]"#),
            [key("a"), key("b"), Step::Index(0)]
        );
        for wrong in [
            "", ".", "a.", "a..b", "a[", "a[x]", "a[-1]", "\"a", "a]b[", "\"a\"b", "a.[0]",
        ] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn paths_print_as_they_are_read() {
        for text in ["a.b[0]", r#""x.y"[1].z"#, r#"a."q\"\\""#] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_syntax_of_sops() {
        let read = |text| Path::parse_index(text).map(|path| path.0);
        assert_eq!(read(r#"["a.b"][0]"#), Ok(vec![key("a.b"), Step::Index(0)]));
        for wrong in ["a", r#"["a"#, r#"["a[b"]"#, "[x]", "[-1]", "x[0]"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
