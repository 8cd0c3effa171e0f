//! Cuts a text into tokens, on demand, with the rules of Nix's lexer: the longest
//! match wins.

use nixseal_base::span::Span;

use super::token::{Kind, Token};
use super::{Result, SyntaxError};

/// A place in a text from which tokens are read.
pub(super) struct Lexer<'t> {
    pub(super) text: &'t [u8],
    pub(super) position: usize,
    /// The run of path characters around the position, once it is known: every
    /// token in it has to look at its end.
    run: Span,
    /// The same for the characters of a URI's scheme.
    scheme: Span,
    /// Where comments stand, for who wants to know.
    pub(super) comments: Option<Vec<Span>>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text: text.as_bytes(),
            position: 0,
            run: Span::default(),
            scheme: Span::default(),
            comments: None,
        }
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// Reads the next token and moves behind it.
    pub(super) fn next(&mut self) -> Result<Token> {
        self.skip_blank()?;
        let start = self.position;
        let (kind, length) = self.longest(start);
        self.position = start + length;
        Ok(Token {
            kind,
            span: Span::new(start, start + length),
        })
    }

    fn skip_blank(&mut self) -> Result<()> {
        loop {
            match (self.byte(self.position), self.byte(self.position + 1)) {
                (b' ' | b'\t' | b'\r' | b'\n', _) => self.position += 1,
                (b'#', _) => {
                    let start = self.position;
                    let rest = &self.text[start..];
                    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                    self.position += end.unwrap_or(rest.len());
                    self.note_comment(start);
                }
                (b'/', b'*') => {
                    let start = self.position;
                    self.skip_comment()?;
                    self.note_comment(start);
                }
                _ => return Ok(()),
            }
        }
    }

    /// Notes a comment that ends here. Tokens that are looked at in advance are read again, and
    /// so are the comments before them.
    fn note_comment(&mut self, start: usize) {
        if let Some(comments) = &mut self.comments
            && comments.last().is_none_or(|last| last.start < start)
        {
            comments.push(Span::new(start, self.position));
        }
    }

    fn skip_comment(&mut self) -> Result<()> {
        let start = self.position;
        let inner = self.text.get(start + 2..).unwrap_or_default();
        match inner.windows(2).position(|pair| pair == b"*/") {
            Some(length) => {
                self.position = start + 2 + length + 2;
                Ok(())
            }
            None => {
                let span = Span::new(start, start + 2);
                Err(SyntaxError::new(
                    span,
                    "this comment is never closed with `*/`",
                ))
            }
        }
    }

    fn longest(&mut self, start: usize) -> (Kind, usize) {
        let first = self.byte(start);
        if start >= self.text.len() {
            return (Kind::End, 0);
        }
        if is_path(first) || first == b'/' {
            if let Some(length) = self.path(start) {
                return (Kind::Path, length);
            }
            if let Some(length) = self.uri(start) {
                return (Kind::Uri, length);
            }
        }
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(start),
            b'0'..=b'9' | b'.' => self.number(start),
            b'~' if self.byte(start + 1) == b'/' => self.home_path(start),
            b'<' => self.angle(start),
            _ => self.sign(start),
        }
    }

    fn word(&self, start: usize) -> (Kind, usize) {
        let rest = &self.text[start..];
        let length = rest.iter().take_while(|byte| is_word(**byte)).count();
        let kind = match &rest[..length] {
            b"assert" => Kind::Assert,
            b"else" => Kind::Else,
            b"if" => Kind::If,
            b"in" => Kind::In,
            b"inherit" => Kind::Inherit,
            b"let" => Kind::Let,
            b"or" => Kind::OrWord,
            b"rec" => Kind::Rec,
            b"then" => Kind::Then,
            b"with" => Kind::With,
            _ => Kind::Name,
        };
        (kind, length)
    }

    /// A number, or dots.
    fn number(&self, start: usize) -> (Kind, usize) {
        let digits = self.digits(start);
        let behind = start + digits;
        let first = self.byte(start);
        let fraction = if self.byte(behind) == b'.' {
            1 + self.digits(behind + 1)
        } else {
            0
        };
        // `1.` is a float, `0.` and `01.5` are none, `.5` is.
        let float = match digits {
            0 => fraction > 1,
            1 if first == b'0' => fraction > 1,
            _ => first != b'0' && fraction > 0,
        };
        if float {
            let end = behind + fraction;
            return (Kind::Float, end + self.exponent(end) - start);
        }
        if digits > 0 {
            return (Kind::Int, digits);
        }
        if self.text[start..].starts_with(b"...") {
            return (Kind::Ellipsis, 3);
        }
        (Kind::Dot, 1)
    }

    fn digits(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    fn exponent(&self, at: usize) -> usize {
        if !matches!(self.byte(at), b'e' | b'E') {
            return 0;
        }
        let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
        match self.digits(at + 1 + sign) {
            0 => 0,
            digits => 1 + sign + digits,
        }
    }

    /// Length of a path that starts here, where one does.
    fn path(&mut self, start: usize) -> Option<usize> {
        let end = self.run(start);
        match (self.byte(end), self.byte(end + 1)) {
            (b'/', next) if is_path(next) => Some(self.segments(end) - start),
            (b'/', b'$') if self.byte(end + 2) == b'{' => Some(end + 1 - start),
            _ => None,
        }
    }

    fn home_path(&self, start: usize) -> (Kind, usize) {
        match (self.byte(start + 2), self.byte(start + 3)) {
            (next, _) if is_path(next) => (Kind::Path, self.segments(start + 1) - start),
            (b'$', b'{') => (Kind::Path, 2),
            _ => (Kind::Unknown, 1),
        }
    }

    /// End of `/a/b`, with a slash at its end where there is one.
    fn segments(&self, mut at: usize) -> usize {
        while self.byte(at) == b'/' && is_path(self.byte(at + 1)) {
            at += 1;
            while is_path(self.byte(at)) {
                at += 1;
            }
        }
        if self.byte(at) == b'/' { at + 1 } else { at }
    }

    fn run(&mut self, start: usize) -> usize {
        if !(self.run.start..self.run.end).contains(&start) {
            let rest = &self.text[start..];
            let length = rest.iter().take_while(|byte| is_path(**byte)).count();
            self.run = Span::new(start, start + length);
        }
        self.run.end
    }

    fn uri(&mut self, start: usize) -> Option<usize> {
        if !self.byte(start).is_ascii_alphabetic() {
            return None;
        }
        if !(self.scheme.start..self.scheme.end).contains(&start) {
            let rest = &self.text[start..];
            let length = rest.iter().take_while(|byte| is(**byte, SCHEME)).count();
            self.scheme = Span::new(start, start + length);
        }
        let colon = self.scheme.end;
        if self.byte(colon) != b':' {
            return None;
        }
        let rest = self.text.get(colon + 1..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_uri(**byte)).count();
        (length > 0).then(|| colon + 1 + length - start)
    }

    fn angle(&self, start: usize) -> (Kind, usize) {
        let mut at = start + 1;
        loop {
            let segment = at;
            while is_path(self.byte(at)) {
                at += 1;
            }
            match self.byte(at) {
                _ if at == segment => break,
                b'/' => at += 1,
                b'>' => return (Kind::SearchPath, at + 1 - start),
                _ => break,
            }
        }
        match self.byte(start + 1) {
            b'=' => (Kind::LessOrEqual, 2),
            b'|' => (Kind::PipeLeft, 2),
            _ => (Kind::Less, 1),
        }
    }

    fn sign(&self, start: usize) -> (Kind, usize) {
        let (first, second) = (self.byte(start), self.byte(start + 1));
        let two = match (first, second) {
            (b'=', b'=') => Kind::Equal,
            (b'!', b'=') => Kind::NotEqual,
            (b'>', b'=') => Kind::MoreOrEqual,
            (b'&', b'&') => Kind::And,
            (b'|', b'|') => Kind::Or,
            (b'|', b'>') => Kind::PipeRight,
            (b'-', b'>') => Kind::Implies,
            (b'/', b'/') => Kind::Update,
            (b'+', b'+') => Kind::Concat,
            (b'$', b'{') => Kind::Interpolation,
            (b'\'', b'\'') => Kind::TwoQuotes,
            _ => Kind::Unknown,
        };
        if two != Kind::Unknown {
            return (two, 2);
        }
        let one = match first {
            b'"' => Kind::Quote,
            b'{' => Kind::BraceOpen,
            b'}' => Kind::BraceClose,
            b'[' => Kind::BracketOpen,
            b']' => Kind::BracketClose,
            b'(' => Kind::ParenOpen,
            b')' => Kind::ParenClose,
            b'=' => Kind::Assign,
            b'@' => Kind::At,
            b':' => Kind::Colon,
            b',' => Kind::Comma,
            b'?' => Kind::Question,
            b';' => Kind::Semicolon,
            b'/' => Kind::Divide,
            b'-' => Kind::Minus,
            b'>' => Kind::More,
            b'!' => Kind::Not,
            b'+' => Kind::Plus,
            b'*' => Kind::Times,
            _ => Kind::Unknown,
        };
        // A whole character, so that places stay between characters.
        let rest = &self.text[start + 1..];
        let length = 1 + rest
            .iter()
            .take_while(|byte| (0x80..0xc0).contains(*byte))
            .count();
        (one, if first < 0x80 { 1 } else { length })
    }
}

/// In which kinds of tokens each byte may stand.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let letter = (byte as u8).is_ascii_alphanumeric();
        let in_path = letter || matches!(byte as u8, b'.' | b'_' | b'-' | b'+');
        let in_word = letter || matches!(byte as u8, b'_' | b'\'' | b'-');
        let in_scheme = letter || matches!(byte as u8, b'+' | b'-' | b'.');
        let in_uri = in_path
            || matches!(
                byte as u8,
                b'%' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'$' | b','
            )
            || matches!(byte as u8, b'!' | b'~' | b'*' | b'\'');
        classes[byte] = (PATH * in_path as u8)
            | (WORD * in_word as u8)
            | (SCHEME * in_scheme as u8)
            | (URI * in_uri as u8);
        byte += 1;
    }
    classes
};
const PATH: u8 = 1;
const WORD: u8 = 2;
const SCHEME: u8 = 4;
const URI: u8 = 8;

fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

pub(super) fn is_path(byte: u8) -> bool {
    is(byte, PATH)
}

fn is_word(byte: u8) -> bool {
    is(byte, WORD)
}

fn is_uri(byte: u8) -> bool {
    is(byte, URI)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text);
        let mut kinds = Vec::new();
        loop {
            let token = lexer.next().unwrap();
            if token.kind == Kind::End {
                return kinds;
            }
            kinds.push((token.kind, &text[token.span.start..token.span.end]));
        }
    }

    #[test]
    fn the_longest_match_wins() {
        use Kind::{
            Dot, Ellipsis, Float, Implies, Int, Less, Minus, Name, Path, SearchPath, Update, Uri,
        };
        assert_eq!(kinds("a-b"), [(Name, "a-b")]);
        assert_eq!(kinds("a -b"), [(Name, "a"), (Minus, "-"), (Name, "b")]);
        assert_eq!(kinds("a/b"), [(Path, "a/b")]);
        assert_eq!(kinds("-a/b"), [(Path, "-a/b")]);
        assert_eq!(kinds("a//b"), [(Name, "a"), (Update, "//"), (Name, "b")]);
        assert_eq!(kinds("a:b"), [(Uri, "a:b")]);
        assert_eq!(kinds("1.5.2"), [(Float, "1.5"), (Float, ".2")]);
        assert_eq!(kinds("0.a"), [(Int, "0"), (Dot, "."), (Name, "a")]);
        assert_eq!(kinds("00.5"), [(Int, "00"), (Float, ".5")]);
        assert_eq!(kinds("1.e5"), [(Float, "1.e5")]);
        assert_eq!(kinds("..."), [(Ellipsis, "...")]);
        assert_eq!(kinds(".../x"), [(Path, ".../x")]);
        assert_eq!(kinds("<a/b>"), [(SearchPath, "<a/b>")]);
        assert_eq!(kinds("<a>b"), [(SearchPath, "<a>"), (Name, "b")]);
        assert_eq!(kinds("<a b>")[..2], [(Less, "<"), (Name, "a")]);
        assert_eq!(
            kinds("a->b"),
            [(Name, "a-"), (Kind::More, ">"), (Name, "b")]
        );
        assert_eq!(kinds("a ->b"), [(Name, "a"), (Implies, "->"), (Name, "b")]);
        assert_eq!(kinds("~/a/b"), [(Path, "~/a/b")]);
        assert_eq!(
            kinds("./a/${"),
            [(Path, "./a/"), (Kind::Interpolation, "${")]
        );
    }

    #[test]
    fn comments() {
        assert_eq!(
            kinds("/**/ a /* * / ** */ # b\n/***/c"),
            [(Kind::Name, "a"), (Kind::Name, "c")]
        );
        assert!(Lexer::new("/* a *").next().is_err());
    }
}
