//! One line of a script: conditions, expectation, words.

/// What must be true of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// No mark: it succeeds, or what it claims is true.
    Success,
    /// `!`: it fails properly, or what it claims is not true.
    Failure,
    /// `?`: a `status` line follows that tells the exit status.
    Either,
}

/// A line taken apart, before variables are put in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Names in brackets at its start, with `!` where it must not hold.
    pub(crate) conditions: Vec<String>,
    /// The mark before the command.
    pub(crate) expect: Expect,
    /// The command and its arguments; empty when there are conditions only.
    pub(crate) words: Vec<String>,
}

/// Takes a line apart; none for empty lines and comments. `variable` gives
/// the value of a variable by its name.
pub(crate) fn parse(
    line: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Line>, String> {
    let mut rest = line.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    let mut conditions = Vec::new();
    while let Some(inner) = rest.strip_prefix('[') {
        let (condition, after) = inner.split_once(']').ok_or("a condition has no ']'")?;
        conditions.push(condition.trim().to_owned());
        rest = after.trim_start();
    }
    let (expect, rest) = match rest.split_at_checked(2) {
        Some(("! ", rest)) => (Expect::Failure, rest),
        Some(("? ", rest)) => (Expect::Either, rest),
        _ => (Expect::Success, rest),
    };
    Ok(Some(Line {
        conditions,
        expect,
        words: words(rest, variable)?,
    }))
}

/// Splits into words at blank space. Text between single quotes is taken as
/// it is, two single quotes there are one; elsewhere `$NAME` and `${NAME}` are
/// replaced, and ` #` begins a comment. A `$` without a name stays one.
fn words(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let after = &rest[next.len_utf8()..];
        match next {
            ' ' | '\t' => {
                words.extend(word.take());
                rest = after;
            }
            '#' if word.is_none() => break,
            '\'' => {
                let (inner, after) = quoted(after)?;
                word.get_or_insert_default().push_str(&inner);
                rest = after;
            }
            '$' => {
                let (value, after) = replaced(after, &variable)?;
                word.get_or_insert_default().push_str(&value);
                rest = after;
            }
            other => {
                word.get_or_insert_default().push(other);
                rest = after;
            }
        }
    }
    words.extend(word);
    Ok(words)
}

/// The text up to the closing quote, and what follows.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut inner = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest
            .split_once('\'')
            .ok_or("a single quote is not closed")?;
        inner.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                inner.push('\'');
                rest = after;
            }
            None => return Ok((inner, after)),
        }
    }
}

/// The value of the variable whose name begins `text`, and what follows.
fn replaced(
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(String, &str), String> {
    let (name, after) = if let Some(inner) = text.strip_prefix('{') {
        inner.split_once('}').ok_or("a variable has no '}'")?
    } else {
        let end = text
            .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .unwrap_or(text.len());
        text.split_at(end)
    };
    if name.is_empty() {
        return Ok(("$".to_owned(), after));
    }
    let value = variable(name).ok_or_else(|| format!("the variable '{name}' is not set"))?;
    Ok((value, after))
}

/// Puts variables into a text with the same rules as in a line, without quotes.
pub(crate) fn expand(
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut parts = text.split('$');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (value, after) = replaced(part, &variable)?;
        result.push_str(&value);
        result.push_str(after);
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Line>, String> {
        parse(line, |name| (name == "W").then(|| "/w".to_owned()))
    }

    #[test]
    fn words_quotes_and_variables() {
        let line = parsed("[ours] [!root] ! exec a 'b c''d' $W/e ${W}f # g")
            .unwrap()
            .unwrap();
        assert_eq!(line.conditions, ["ours", "!root"]);
        assert_eq!(line.expect, Expect::Failure);
        assert_eq!(line.words, ["exec", "a", "b c'd", "/w/e", "/wf"]);
        assert_eq!(parsed(" # comment"), Ok(None));
        assert_eq!(parsed("a '' ^b$").unwrap().unwrap().words, ["a", "", "^b$"]);
    }

    #[test]
    fn mistakes_are_told() {
        assert!(parsed("a 'b").unwrap_err().contains("not closed"));
        assert!(parsed("$NO").unwrap_err().contains("'NO' is not set"));
        assert!(parsed("[ours").is_err());
    }
}
