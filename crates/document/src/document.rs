//! One file: its tree, its text, and the two ways to write it.

use nixseal_base::secret::{SecretBytes, SecretText};
use zeroize::Zeroizing;

use crate::error::{EmitError, ParseError};
use crate::format::Format;
use crate::tree::{Map, Node};
use crate::{binary, dotenv, ini, json, yaml};

/// A file that was read.
#[derive(Debug)]
pub struct Document {
    /// The documents of a YAML file in order; exactly one map in the other formats.
    pub branches: Vec<Map>,
    pub(crate) source: Source,
}

/// The text a tree was read from.
#[derive(Debug)]
pub(crate) enum Source {
    Binary,
    /// No longer there, by [`Document::forget_text`].
    Forgotten(Format),
    Dotenv(SecretBytes),
    Ini {
        text: SecretText,
    },
    /// Not exact when bytes that are no UTF-8 had to be replaced.
    Json {
        text: SecretText,
        exact: bool,
    },
    Yaml {
        text: SecretText,
        encoding: yaml::input::Encoding,
    },
}

/// How canonical output is laid out.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmitOptions {
    /// Columns of one level for YAML (2 to 9; 0 for the default 4; others act as 2) and JSON
    /// (0 and more, -1 for a tab), as `--indent` of `sops` takes it.
    pub indent: Option<i64>,
}

/// Reads a file.
///
/// # Errors
/// Whatever `sops` refuses, at its place, and what it would alter in silence (see the modules of
/// the formats).
pub fn parse(format: Format, bytes: &[u8]) -> Result<Document, ParseError> {
    parse_owned(format, SecretBytes::copy_of(bytes))
}

/// Reads a file whose bytes the caller gives up: of a large file there is one copy less.
///
/// # Errors
/// Those of [`parse`].
pub fn parse_owned(format: Format, bytes: SecretBytes) -> Result<Document, ParseError> {
    let (branches, source) = match format {
        Format::Binary => (vec![binary::read(bytes)], Source::Binary),
        Format::Dotenv => (vec![dotenv::read(bytes.expose())?], Source::Dotenv(bytes)),
        Format::Ini => {
            let (text, map, _) = ini::read(bytes)?;
            (vec![map], Source::Ini { text })
        }
        Format::Json => {
            let (text, exact, map) = json::read::read(bytes)?;
            (vec![map], Source::Json { text, exact })
        }
        Format::Yaml => {
            let (text, encoding, branches) = yaml::read(bytes)?;
            (branches, Source::Yaml { text, encoding })
        }
    };
    Ok(Document { branches, source })
}

/// Writes a tree in the layout of `sops` 3.13.3.
///
/// # Errors
/// What the format cannot hold.
pub fn emit(
    format: Format,
    branches: &[Map],
    options: &EmitOptions,
) -> Result<SecretBytes, EmitError> {
    let text = |mut text: Zeroizing<String>| {
        let text = std::mem::take(&mut *text);
        Zeroizing::new(text.into_bytes())
    };
    let mut bytes = match format {
        Format::Binary => binary::emit(single(format, branches)?)?,
        Format::Dotenv => dotenv::emit(single(format, branches)?)?,
        Format::Ini => text(ini::emit::emit(single(format, branches)?)?),
        Format::Json => {
            // As by `sops`, of several YAML documents only the first.
            let map = branches.first().ok_or(EmitError::Documents(format))?;
            json::emit::emit(map, &json_indent(options)?)?
        }
        Format::Yaml => text(yaml::emit::emit(branches, yaml_indent(options))?),
    };
    Ok(SecretBytes::new(std::mem::take(&mut *bytes)))
}

/// The same for a tree that the caller gives up: the content of a large binary file, plain or
/// encrypted, is not copied.
///
/// # Errors
/// Those of [`emit`].
pub fn emit_owned(
    format: Format,
    mut branches: Vec<Map>,
    options: &EmitOptions,
) -> Result<SecretBytes, EmitError> {
    if format == Format::Binary
        && let [map] = branches.as_mut_slice()
        && let Some(Node::Scalar(scalar)) = map.get_mut(binary::DATA_KEY)
        && let Some(content) = scalar.take_text()
    {
        return Ok(content);
    }
    if format == Format::Json
        && let [map, ..] = branches.as_mut_slice()
        && let Some(emitted) = json::emit::emit_around(map, &json_indent(options)?)
    {
        return emitted;
    }
    emit(format, &branches, options)
}

/// Writes one value by itself, as `--extract` of `sops` shows maps, lists and scalars.
///
/// # Errors
/// What the format cannot hold; binary files have no parts.
pub fn emit_value(
    format: Format,
    node: &Node,
    options: &EmitOptions,
) -> Result<SecretBytes, EmitError> {
    let text = match format {
        Format::Binary => return Err(EmitError::NotBinary),
        Format::Dotenv => match node.as_scalar().map(crate::tree::Scalar::value) {
            Some(crate::tree::Value::String(bytes)) => return Ok(bytes.duplicate()),
            _ => {
                return Err(EmitError::Nested {
                    format,
                    key: String::new(),
                });
            }
        },
        Format::Ini | Format::Json => json::emit::emit_value(node, &json_indent(options)?, 0)?,
        Format::Yaml => yaml::emit::emit_value(node, yaml_indent(options))?,
    };
    Ok(SecretBytes::copy_of(text.as_bytes()))
}

impl Document {
    /// The format it was read from.
    pub fn format(&self) -> Format {
        match self.source {
            Source::Binary => Format::Binary,
            Source::Forgotten(format) => format,
            Source::Dotenv(_) => Format::Dotenv,
            Source::Ini { .. } => Format::Ini,
            Source::Json { .. } => Format::Json,
            Source::Yaml { .. } => Format::Yaml,
        }
    }

    /// The text it was read from, to show places in; none for binary files and what is no UTF-8.
    pub fn text(&self) -> Option<&str> {
        match &self.source {
            Source::Binary | Source::Forgotten(_) => None,
            Source::Dotenv(bytes) => std::str::from_utf8(bytes.expose()).ok(),
            Source::Ini { text } | Source::Json { text, .. } | Source::Yaml { text, .. } => {
                Some(text.expose())
            }
        }
    }

    /// Wipes the text it was read from, which frees the memory of a large file that will be
    /// written anew or not at all. [`Self::splice`] fails from then on.
    pub fn forget_text(&mut self) {
        self.source = Source::Forgotten(self.format());
    }

    /// The tree alone; the text is wiped.
    pub fn into_branches(self) -> Vec<Map> {
        self.branches
    }

    /// Writes the tree anew in the layout of `sops` 3.13.3.
    ///
    /// # Errors
    /// What the format cannot hold.
    pub fn emit_canonical(&self, options: &EmitOptions) -> Result<SecretBytes, EmitError> {
        emit(self.format(), &self.branches, options)
    }
}

fn single(format: Format, branches: &[Map]) -> Result<&Map, EmitError> {
    match branches {
        [map] => Ok(map),
        _ => Err(EmitError::Documents(format)),
    }
}

fn json_indent(options: &EmitOptions) -> Result<json::emit::Indent, EmitError> {
    json::emit::Indent::new(options.indent.unwrap_or(-1))
}

fn yaml_indent(options: &EmitOptions) -> i64 {
    options.indent.unwrap_or(yaml::emit::DEFAULT_INDENT)
}
