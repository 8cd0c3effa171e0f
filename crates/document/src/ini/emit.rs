//! Writing INI in go-ini's layout.

use zeroize::Zeroizing;

use super::DEFAULT_SECTION;
use super::read::{key_reads_back, reads_back};
use crate::error::EmitError;
use crate::format::Format;
use crate::tree::{Comment, Entry, Map, Node, Pair};
use crate::{flat, wiped};

/// Writes a file; comments outside of sections are left out, as by `sops`.
pub(crate) fn emit(map: &Map) -> Result<Zeroizing<String>, EmitError> {
    let mut out = Zeroizing::new(String::new());
    let count = map.pairs().count();
    for (index, pair) in map.pairs().enumerate() {
        let section = section_of(pair)?;
        let headless = index == 0 && pair.key.eq_ignore_ascii_case(DEFAULT_SECTION);
        let written = lines_of(section)?;
        for comment in &written.head {
            wiped::push(&mut out, comment);
        }
        if !headless {
            wiped::push(&mut out, &header(&pair.key)?);
        } else if written.keys.is_empty() {
            continue;
        }
        for line in written.aligned() {
            wiped::push(&mut out, &line);
        }
        if index + 1 < count {
            wiped::push(&mut out, "\n");
        }
    }
    // Whoever reads it would take it for a byte-order mark.
    if out.starts_with('\u{feff}') {
        return Err(EmitError::Key {
            format: Format::Ini,
            key: "\u{feff}".to_owned(),
        });
    }
    Ok(out)
}

/// The section under a key of the top.
pub(super) fn section_of(pair: &Pair) -> Result<&Map, EmitError> {
    match &pair.value {
        Node::Map(map) => Ok(map),
        _ => Err(EmitError::NotASection(pair.key.clone())),
    }
}

/// A section's header line.
pub(crate) fn header(name: &str) -> Result<String, EmitError> {
    if name.is_empty() || name.contains('\n') {
        return Err(EmitError::Key {
            format: Format::Ini,
            key: name.to_owned(),
        });
    }
    Ok(format!("[{name}]\n"))
}

/// A section's header and lines.
pub(crate) fn section(name: &str, map: &Map) -> Result<Zeroizing<String>, EmitError> {
    let mut out = Zeroizing::new(String::new());
    let written = lines_of(map)?;
    for comment in &written.head {
        wiped::push(&mut out, comment);
    }
    wiped::push(&mut out, &header(name)?);
    for line in written.aligned() {
        wiped::push(&mut out, &line);
    }
    Ok(out)
}

/// Key, blanks, `=`, value and line break.
pub(crate) fn pair_line(pair: &Pair, width: usize) -> Result<Zeroizing<String>, EmitError> {
    let key = key_text(&pair.key)?;
    let value = value_text(pair)?;
    Ok(line(&key, width, &value))
}

/// The lines of a comment, marked. As in go-ini, blanks around a line that has no mark of its own
/// stay in comments of sections only.
pub(crate) fn comment_lines(
    comment: &Comment,
    of_section: bool,
) -> Result<Zeroizing<String>, EmitError> {
    let text = std::str::from_utf8(comment.text()).map_err(|_| EmitError::Value {
        format: Format::Ini,
        key: String::new(),
        reason: "a comment is not UTF-8",
    })?;
    let mut out = Zeroizing::new(String::new());
    if text.is_empty() {
        return Ok(out);
    }
    for line in text.split('\n') {
        let (mark, text) = match line.chars().next() {
            Some(mark @ ('#' | ';')) => (mark, line.get(1..).unwrap_or("").trim()),
            _ if of_section => (';', line),
            _ => (';', line.trim()),
        };
        wiped::push(&mut out, mark.encode_utf8(&mut [0; 4]));
        wiped::push(&mut out, " ");
        wiped::push(&mut out, text);
        wiped::push(&mut out, "\n");
    }
    Ok(out)
}

/// The value of a pair, quoted as needed.
pub(crate) fn value_text(pair: &Pair) -> Result<Zeroizing<String>, EmitError> {
    let error = |reason| EmitError::Value {
        format: Format::Ini,
        key: pair.key.clone(),
        reason,
    };
    let Node::Scalar(scalar) = &pair.value else {
        return Err(EmitError::Nested {
            format: Format::Ini,
            key: pair.key.clone(),
        });
    };
    let bytes = flat::text(scalar.value());
    let text = std::str::from_utf8(&bytes).map_err(|_| error("it is not UTF-8"))?;
    let quoted = |quote: &str| {
        let mut quoted = Zeroizing::new(String::with_capacity(text.len() + 2 * quote.len()));
        quoted.push_str(quote);
        quoted.push_str(text);
        quoted.push_str(quote);
        quoted
    };
    let usual = if text.contains(['\n', '`']) {
        "\"\"\""
    } else if text.contains(['#', ';']) {
        "`"
    } else if text.trim().len() != text.len() {
        "\""
    } else {
        ""
    };
    [usual, "", "`", "\"\"\"", "\"", "'"]
        .into_iter()
        .map(quoted)
        .find(|written| reads_back(written, text))
        .ok_or_else(|| error("no quoting lets it be read back"))
}

/// The text of a section, line by line, before keys are aligned.
struct Lines {
    head: Vec<Zeroizing<String>>,
    keys: Vec<(Zeroizing<String>, String, Zeroizing<String>)>,
}

impl Lines {
    fn aligned(&self) -> impl Iterator<Item = Zeroizing<String>> {
        let width = self
            .keys
            .iter()
            .map(|(_, key, _)| key.len())
            .max()
            .unwrap_or(0);
        self.keys.iter().map(move |(comment, key, value)| {
            let mut text = Zeroizing::new(String::new());
            wiped::push(&mut text, comment);
            wiped::push(&mut text, &line(key, width, value));
            text
        })
    }
}

fn lines_of(section: &Map) -> Result<Lines, EmitError> {
    let mut lines = Lines {
        head: Vec::new(),
        keys: Vec::new(),
    };
    for entry in &section.entries {
        match entry {
            Entry::Comment(comment) => {
                let text = comment_lines(comment, lines.keys.is_empty())?;
                match lines.keys.last_mut() {
                    Some((above, _, _)) => wiped::push(above, &text),
                    None => lines.head.push(text),
                }
            }
            Entry::Pair(pair) => {
                lines.keys.push((
                    Zeroizing::default(),
                    key_text(&pair.key)?,
                    value_text(pair)?,
                ));
            }
        }
    }
    Ok(lines)
}

fn line(key: &str, width: usize, value: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    wiped::push(&mut text, key);
    wiped::push(&mut text, &" ".repeat(width.saturating_sub(key.len())));
    wiped::push(&mut text, " = ");
    wiped::push(&mut text, value);
    wiped::push(&mut text, "\n");
    text
}

fn key_text(key: &str) -> Result<String, EmitError> {
    let usual = if key.contains(['"', '=', ':']) {
        "`"
    } else if key.contains('`') {
        "\"\"\""
    } else {
        ""
    };
    [usual, "", "`", "\"\"\"", "\""]
        .into_iter()
        .map(|quote| format!("{quote}{key}{quote}"))
        .find(|written| key_reads_back(written, key))
        .ok_or_else(|| EmitError::Key {
            format: Format::Ini,
            key: key.to_owned(),
        })
}
