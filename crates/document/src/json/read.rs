//! Reading JSON into the tree, with the places of values.

use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_base::span::Span;
use zeroize::Zeroizing;

use crate::error::{ParseError, ParseErrorKind};
use crate::tree::{Entry, Item, List, Map, Node, Origin, Pair, Scalar, Value};

/// Nesting that we allow.
const DEPTH_LIMIT: usize = 200;

/// Reads a file; bytes that are no UTF-8 become U+FFFD inside of strings, as Go has it: then the
/// text is not exact.
pub(crate) fn read(bytes: SecretBytes) -> Result<(SecretText, bool, Map), ParseError> {
    let (text, exact) = match bytes.into_text() {
        Ok(text) => (text, true),
        Err(bytes) => (replaced(bytes.expose()), false),
    };
    let mut reader = Reader {
        text: text.expose(),
        at: 0,
        depth: 0,
    };
    reader.skip_space();
    if reader.peek() != b'{' {
        return Err(reader.error("a JSON file needs an object ('{') at its top"));
    }
    let map = reader.object()?;
    reader.skip_space();
    if reader.at < reader.text.len() {
        return Err(reader.error("something stands behind the end of the JSON object"));
    }
    Ok((text, exact, map))
}

/// Every byte that is no part of a character becomes U+FFFD.
fn replaced(bytes: &[u8]) -> SecretText {
    let mut text = String::with_capacity(bytes.len() * 3);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    SecretText::new(text)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Read<T> = Result<T, ParseError>;

impl Reader<'_> {
    fn value(&mut self) -> Read<Node> {
        let start = self.at;
        let value = match self.peek() {
            b'{' => return self.object().map(Node::Map),
            b'[' => return self.list().map(Node::List),
            b'"' => Value::String(self.string()?),
            b't' if self.word("true") => Value::Bool(true),
            b'f' if self.word("false") => Value::Bool(false),
            b'n' if self.word("null") => Value::Null,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.error("expected a JSON value")),
        };
        Ok(Node::Scalar(Scalar::read(value, self.origin(start))))
    }

    fn object(&mut self) -> Read<Map> {
        let start = self.at;
        self.enter()?;
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            if entries.is_empty() && self.take(b'}') {
                break;
            }
            if self.peek() != b'"' {
                return Err(self.error("expected a key in double quotes"));
            }
            let key_start = self.at;
            let key = self.string()?;
            let origin = Some(self.origin(key_start));
            let key = key
                .into_text()
                .map_err(|_| self.error("the key is not UTF-8"))?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.error("expected ':' behind the key"));
            }
            self.skip_space();
            let value = self.value()?;
            entries.push(Entry::Pair(Pair {
                key: key.expose().to_owned(),
                value,
                origin,
            }));
            self.skip_space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.error("expected ',' or '}' in an object"));
            }
        }
        self.depth -= 1;
        Ok(Map {
            entries,
            origin: Some(self.origin(start)),
        })
    }

    fn list(&mut self) -> Read<List> {
        let start = self.at;
        self.enter()?;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if items.is_empty() && self.take(b']') {
                break;
            }
            items.push(Item::Value(self.value()?));
            self.skip_space();
            if self.take(b']') {
                break;
            }
            if !self.take(b',') {
                return Err(self.error("expected ',' or ']' in a list"));
            }
        }
        self.depth -= 1;
        Ok(List {
            items,
            origin: Some(self.origin(start)),
        })
    }

    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            let reason = format!("more than {DEPTH_LIMIT} levels of nesting");
            return Err(self.error(&reason).of_kind(ParseErrorKind::TooLarge));
        }
        self.at += 1;
        Ok(())
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.error("a number needs a digit here"));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.error("a number needs a digit behind its point"));
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(self.error("a number needs a digit in its exponent"));
            }
        }
        let text = self.text.get(start..self.at).unwrap_or("");
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Value::Int(number));
        }
        match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
            Some(number) => Ok(Value::Float(number)),
            None => {
                let span = Span::new(start, self.at);
                let reason = "the number is too large for floating point: put it in quotes";
                Err(ParseError::new(self.text, span, reason).of_kind(ParseErrorKind::NumberRange))
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        self.at - start
    }

    /// A string, from its opening quote.
    fn string(&mut self) -> Read<SecretBytes> {
        self.at += 1;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or(&[]);
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
        // Blocks without any are skipped whole: long strings are read at the speed of memory.
        let any = |block: &&[u8]| block.iter().fold(false, |any, byte| any | special(byte));
        let blocks = rest.chunks(64).take_while(|block| !any(block));
        let skipped: usize = blocks.map(<[u8]>::len).sum();
        let further = rest.get(skipped..).unwrap_or(&[]).iter().position(special);
        let plain = further.map_or(rest.len(), |further| skipped + further);
        self.at += plain;
        if self.take(b'"') {
            return Ok(SecretBytes::copy_of(rest.get(..plain).unwrap_or(&[])));
        }
        // No escape grows when it is decoded.
        let end = closing_quote(rest).unwrap_or(rest.len());
        let mut value = Zeroizing::new(Vec::with_capacity(end));
        value.extend_from_slice(rest.get(..plain).unwrap_or(&[]));
        loop {
            match self.peek() {
                b'"' => break,
                b'\\' => self.escape(&mut value)?,
                0..=0x1f if self.at >= self.text.len() => {
                    return Err(self.error("the string is never closed"));
                }
                0..=0x1f => {
                    return Err(self.error("a control character in a string needs an escape"));
                }
                byte => {
                    value.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Ok(SecretBytes::new(std::mem::take(&mut *value)))
    }

    fn escape(&mut self, value: &mut Zeroizing<Vec<u8>>) -> Read<()> {
        let escaped = self.text.as_bytes().get(self.at + 1).copied().unwrap_or(0);
        let plain = match escaped {
            b'"' | b'\\' | b'/' => escaped,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.unicode_escape()?;
                value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.error("unknown escape in a string")),
        };
        value.push(plain);
        self.at += 2;
        Ok(())
    }

    /// One `\uXXXX`, or two that make one character; a lone half becomes U+FFFD as in Go.
    fn unicode_escape(&mut self) -> Read<char> {
        let high = self
            .code_unit(self.at)
            .ok_or_else(|| self.error("'\\u' needs four hexadecimal digits"))?;
        self.at += 6;
        if let Some(character) = char::from_u32(high) {
            return Ok(character);
        }
        if (0xd800..0xdc00).contains(&high)
            && let Some(low @ 0xdc00..=0xdfff) = self.code_unit(self.at)
        {
            self.at += 6;
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten()
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word));
        if found {
            self.at += word.len();
        }
        found
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// The next byte; 0, which JSON does not allow anywhere, at the end.
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    fn origin(&self, start: usize) -> Origin {
        Origin {
            id: 0,
            alias: None,
            span: Span::new(start, self.at),
        }
    }

    fn error(&self, reason: &str) -> ParseError {
        let end = (self.at + 1).min(self.text.len());
        ParseError::new(self.text, Span::new(self.at, end.max(self.at)), reason)
    }
}

/// Where a string ends, so that its buffer never has to grow.
fn closing_quote(rest: &[u8]) -> Option<usize> {
    let mut escaped = false;
    rest.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })
}
