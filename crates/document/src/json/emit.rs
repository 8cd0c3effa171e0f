//! Writing JSON in Go's layout.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

use crate::error::EmitError;
use crate::number;
use crate::size;
use crate::tree::{Entry, Map, Node, Pair, Value};

/// From this size on a text is not copied.
const LARGE: usize = 1 << 20;

/// One level of indentation.
#[derive(Clone, Debug)]
pub(crate) struct Indent(String);

impl Indent {
    /// -1 is a tab, 0 none (but every member has its line), more are spaces.
    ///
    /// # Errors
    /// Below -1.
    pub(crate) fn new(width: i64) -> Result<Self, EmitError> {
        match width {
            -1 => Ok(Self("\t".to_owned())),
            width => {
                let width = usize::try_from(width).map_err(|_| EmitError::Indent(width))?;
                Ok(Self(" ".repeat(width)))
            }
        }
    }

    /// These blanks.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// Writes a file.
pub(crate) fn emit(map: &Map, indent: &Indent) -> Result<Zeroizing<Vec<u8>>, EmitError> {
    // A large file is laid out in place, not copied while it grows.
    let margin = indent.0.len();
    let room = size::of_map(map, &|depth| depth * margin + "\n\"\": \"\",".len());
    let mut writer = Writer {
        out: Zeroizing::new(Vec::with_capacity(room)),
        indent,
        depth: 0,
    };
    writer.map(map)?;
    writer.put("\n");
    Ok(writer.out)
}

/// Writes a file that begins with a large text, as an encrypted binary file does, around that text:
/// it is taken out of the map. None for other files.
pub(crate) fn emit_around(
    map: &mut Map,
    indent: &Indent,
) -> Option<Result<SecretBytes, EmitError>> {
    let first = map.entries.first_mut()?;
    let Entry::Pair(Pair {
        key,
        value: Node::Scalar(scalar),
        ..
    }) = first
    else {
        return None;
    };
    match scalar.value() {
        Value::String(text) if text.len() >= LARGE && is_plain(text.expose()) => {}
        _ => return None,
    }
    let before = "{\n".len() + indent.0.len() + quoted(key).len() + ": \"".len();
    let text = scalar.take_text()?;
    Some(emit(map, indent).map(|around| {
        let (before, after) = around.split_at_checked(before).unwrap_or_default();
        text.between(before, after)
    }))
}

/// Writes one value, its first line not indented, the others as at that depth.
pub(crate) fn emit_value(
    node: &Node,
    indent: &Indent,
    depth: usize,
) -> Result<Zeroizing<String>, EmitError> {
    let mut writer = Writer {
        out: Zeroizing::default(),
        indent,
        depth,
    };
    writer.node(node, "")?;
    Ok(writer.text())
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> Zeroizing<String> {
    let mut writer = Writer {
        out: Zeroizing::default(),
        indent: &Indent(String::new()),
        depth: 0,
    };
    writer.string(text.as_bytes());
    writer.text()
}

struct Writer<'a> {
    /// Only whole characters.
    out: Zeroizing<Vec<u8>>,
    indent: &'a Indent,
    depth: usize,
}

type Emit = Result<(), EmitError>;

impl Writer<'_> {
    fn text(mut self) -> Zeroizing<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.out));
        Zeroizing::new(text.unwrap_or_default())
    }

    fn node(&mut self, node: &Node, key: &str) -> Emit {
        match node {
            Node::Map(map) => self.map(map),
            Node::List(list) => {
                let items = list.values().map(|node| ("", node));
                self.members('[', ']', items, |_, _| {})
            }
            Node::Scalar(scalar) => self.scalar(scalar.value(), key),
        }
    }

    fn map(&mut self, map: &Map) -> Emit {
        let pairs = map.pairs().map(|pair| (pair.key.as_str(), &pair.value));
        self.members('{', '}', pairs, |writer, key| {
            writer.string(key.as_bytes());
            writer.put(": ");
        })
    }

    fn members<'n>(
        &mut self,
        open: char,
        close: char,
        members: impl Iterator<Item = (&'n str, &'n Node)>,
        write_key: impl Fn(&mut Self, &str),
    ) -> Emit {
        self.put(open.encode_utf8(&mut [0; 4]));
        self.depth += 1;
        let mut empty = true;
        for (key, node) in members {
            if !empty {
                self.put(",");
            }
            empty = false;
            self.line();
            write_key(self, key);
            self.node(node, key)?;
        }
        self.depth -= 1;
        if !empty {
            self.line();
        }
        self.put(close.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn line(&mut self) {
        self.put("\n");
        for _ in 0..self.depth {
            self.put(&self.indent.0);
        }
    }

    fn scalar(&mut self, value: &Value, key: &str) -> Emit {
        match value {
            Value::Bool(value) => self.put(if *value { "true" } else { "false" }),
            Value::Bytes(bytes) => {
                let encoded = Zeroizing::new(STANDARD.encode(bytes.expose()));
                self.string(encoded.as_bytes());
            }
            Value::Float(value) => {
                let text = number::json(*value);
                let text = text.ok_or_else(|| EmitError::NotFinite(key.to_owned()))?;
                self.put(&text);
            }
            Value::Int(value) => self.put(&value.to_string()),
            Value::Null => self.put("null"),
            Value::String(bytes) => self.string(bytes.expose()),
            Value::Time(time) => self.string(time.to_string().as_bytes()),
        }
        Ok(())
    }

    fn string(&mut self, bytes: &[u8]) {
        self.put("\"");
        if is_plain(bytes) {
            crate::wiped::extend(&mut self.out, bytes);
        } else {
            for chunk in bytes.utf8_chunks() {
                self.characters(chunk.valid());
                for _ in chunk.invalid().iter() {
                    self.put("\\ufffd");
                }
            }
        }
        self.put("\"");
    }

    fn characters(&mut self, text: &str) {
        let special = |character: char| {
            matches!(
                character,
                '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f'
            )
        };
        let mut rest = text;
        while let Some(index) = rest.find(special) {
            let (plain, from) = rest.split_at(index);
            self.put(plain);
            let mut characters = from.chars();
            match characters.next() {
                Some('"') => self.put("\\\""),
                Some('\\') => self.put("\\\\"),
                Some('\n') => self.put("\\n"),
                Some('\r') => self.put("\\r"),
                Some('\t') => self.put("\\t"),
                Some('\x08') => self.put("\\b"),
                Some('\x0c') => self.put("\\f"),
                Some(other) => self.put(&format!("\\u{:04x}", u32::from(other))),
                None => {}
            }
            rest = characters.as_str();
        }
        self.put(rest);
    }

    /// Appends without leaving a copy of the text in freed memory.
    fn put(&mut self, text: &str) {
        crate::wiped::extend(&mut self.out, text.as_bytes());
    }
}

/// Whether a text is ASCII without anything to escape; block by block, which is fast.
fn is_plain(bytes: &[u8]) -> bool {
    let plain = |byte: &u8| {
        matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&')
    };
    let all = |block: &[u8]| block.iter().fold(true, |all, byte| all & plain(byte));
    bytes.chunks(64).all(all)
}

#[cfg(test)]
mod tests {
    use crate::{EmitOptions, Format, emit, emit_owned, parse};

    #[test]
    fn a_large_text_at_the_begin_is_written_as_any_other() {
        let large = "x".repeat(super::LARGE);
        let quote = format!("{}\\\"", &large[1..]);
        for text in [
            format!("{{\"data\": \"{large}\", \"sops\": {{\"mac\": \"\", \"age\": [1, \"\"]}}}}"),
            format!("{{\"a\\\"b\": \"{large}\"}}"),
            format!("{{\"a\": \"\", \"data\": \"{large}\"}}"),
            format!("{{\"data\": \"{quote}\", \"b\": true}}"),
            format!("{{\"data\": [\"{large}\"]}}"),
        ] {
            for indent in [None, Some(0), Some(3)] {
                let options = EmitOptions { indent };
                let branches = || parse(Format::Json, text.as_bytes()).unwrap().branches;
                let copied = emit(Format::Json, &branches(), &options).unwrap();
                let moved = emit_owned(Format::Json, branches(), &options).unwrap();
                assert!(copied == moved, "{}", text.replace(&large, "…"));
            }
        }
    }
}
