//! Anchors, aliases, tags and directives.

use super::{Scan, Scanner};
use crate::yaml::cursor::Mark;
use crate::yaml::token::{Kind, slice};

impl Scanner<'_> {
    pub(super) fn anchor(&mut self, kind: Kind) -> Scan {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        self.cursor.skip();
        let name_start = self.cursor.mark.offset;
        while self.cursor.at_word() {
            self.cursor.skip();
        }
        let ends = self.cursor.at_space_or_end(0)
            || matches!(
                self.cursor.peek(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if name_start == self.cursor.mark.offset || !ends {
            return Err(self.error_at(
                start,
                "the name after '&' or '*' may hold letters, digits, '-' and '_' only; \
                 a value that starts so needs quotes",
            ));
        }
        self.push(kind, start);
        Ok(())
    }

    pub(super) fn tag(&mut self) -> Scan {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        let (handle, suffix) = if self.cursor.peek(1) == b'<' {
            self.cursor.skip_many(2);
            let suffix = self.tag_uri("", start)?;
            if self.cursor.peek(0) != b'>' {
                return Err(self.error_at(start, "the tag has no closing '>'"));
            }
            self.cursor.skip();
            (String::new(), suffix)
        } else {
            let handle = self.tag_handle(start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.tag_uri("", start)?;
                (handle, suffix)
            } else {
                // No handle after all, but the beginning of a local tag; `!` alone is a tag too.
                let suffix = self.tag_uri(&handle, start)?;
                if suffix.is_empty() {
                    (suffix, "!".to_owned())
                } else {
                    ("!".to_owned(), suffix)
                }
            }
        };
        if !self.cursor.at_space_or_end(0) {
            return Err(self.error_at(start, "a blank has to follow the tag"));
        }
        self.push(Kind::Tag { handle, suffix }, start);
        Ok(())
    }

    pub(super) fn directive(&mut self) -> Scan {
        self.leave_blocks(-1, self.cursor.mark);
        self.forget_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.mark;
        self.cursor.skip();
        let name_start = self.cursor.mark.offset;
        while self.cursor.at_word() {
            self.cursor.skip();
        }
        let name = slice(self.source, name_start..self.cursor.mark.offset);
        if name.is_empty() || !self.cursor.at_space_or_end(0) {
            return Err(self.error_at(start, "a directive's name has to follow '%'"));
        }
        let kind = match name {
            "YAML" => self.version_directive(start)?,
            "TAG" => self.tag_directive(start)?,
            _ => return Err(self.error_at(start, "only %YAML and %TAG directives are known")),
        };
        self.push(kind, start);
        self.cursor.skip_blanks();
        if self.cursor.peek(0) == b'#' {
            self.cursor.skip_to_break();
        }
        if !self.cursor.at_break_or_end(0) {
            return Err(self.error_at(start, "nothing but a comment may follow a directive"));
        }
        self.cursor.skip_break();
        Ok(())
    }

    fn version_directive(&mut self, start: Mark) -> Scan<Kind> {
        self.cursor.skip_blanks();
        let major = self.version_number(start)?;
        if self.cursor.peek(0) != b'.' {
            return Err(self.error_at(start, "%YAML needs a version such as 1.1"));
        }
        self.cursor.skip();
        let minor = self.version_number(start)?;
        Ok(Kind::VersionDirective { major, minor })
    }

    fn version_number(&mut self, start: Mark) -> Scan<u8> {
        let from = self.cursor.mark.offset;
        while self.cursor.peek(0).is_ascii_digit() {
            self.cursor.skip();
        }
        let digits = slice(self.source, from..self.cursor.mark.offset);
        match digits.parse() {
            Ok(number) if digits.len() <= 2 => Ok(number),
            _ => Err(self.error_at(start, "%YAML needs a version such as 1.1")),
        }
    }

    fn tag_directive(&mut self, start: Mark) -> Scan<Kind> {
        self.cursor.skip_blanks();
        let handle = self.tag_handle(start)?;
        if !handle.ends_with('!') || !self.cursor.at_blank(0) {
            return Err(self.error_at(start, "%TAG needs a handle such as !x!, then a prefix"));
        }
        self.cursor.skip_blanks();
        let prefix = self.tag_uri("", start)?;
        if !self.cursor.at_space_or_end(0) {
            return Err(self.error_at(start, "nothing may follow the prefix of %TAG"));
        }
        Ok(Kind::TagDirective { handle, prefix })
    }

    fn tag_handle(&mut self, start: Mark) -> Scan<String> {
        if self.cursor.peek(0) != b'!' {
            return Err(self.error_at(start, "a tag handle starts with '!'"));
        }
        let from = self.cursor.mark.offset;
        self.cursor.skip();
        while self.cursor.at_word() {
            self.cursor.skip();
        }
        if self.cursor.peek(0) == b'!' {
            self.cursor.skip();
        }
        Ok(slice(self.source, from..self.cursor.mark.offset).to_owned())
    }

    /// The rest of a tag; `head` is what was already read of it, with its `!`.
    fn tag_uri(&mut self, head: &str, start: Mark) -> Scan<String> {
        let mut uri = head.strip_prefix('!').unwrap_or("").as_bytes().to_vec();
        let mut found = !head.is_empty();
        loop {
            let byte = self.cursor.peek(0);
            if byte == b'%' {
                self.uri_escape(&mut uri, start)?;
            } else if self.cursor.at_word() || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                uri.push(byte);
                self.cursor.skip();
            } else {
                break;
            }
            found = true;
        }
        match String::from_utf8(uri) {
            Ok(uri) if found => Ok(uri),
            _ => Err(self.error_at(start, "the tag is empty or not UTF-8")),
        }
    }

    fn uri_escape(&mut self, uri: &mut Vec<u8>, start: Mark) -> Scan {
        let digit = |byte: u8| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        };
        match (digit(self.cursor.peek(1)), digit(self.cursor.peek(2))) {
            (Some(high), Some(low)) => {
                uri.push(high * 16 + low);
                self.cursor.skip_many(3);
                Ok(())
            }
            _ => Err(self.error_at(start, "'%' in a tag needs two hexadecimal digits")),
        }
    }
}
