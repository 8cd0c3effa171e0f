//! Regular expressions as SOPS has them: the syntax of RE2, where `\d`, `\w`, `\s` and `\b` mean
//! ASCII, read with the `regex` crate, where they do not.
//!
//! The pattern is translated: those classes are spelled out, and whatever the crate would read as
//! an operator that RE2 does not have (`[a[b]`, `&&`, `\<`, a lone brace) is escaped.

use std::iter::Peekable;
use std::str::Chars;

use regex::bytes::Regex;

/// Compiles a pattern of RE2's syntax; matches anywhere in a text.
///
/// # Errors
/// What is wrong with the pattern, in one line.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = Translator::new(pattern).run()?;
    Regex::new(&translated).map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("the pattern needs more than {limit} bytes of memory")
        }
        // The last line of the crate's picture holds the reason; the picture shows the
        // translation, which nobody wrote.
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    })
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    output: String,
}

impl<'a> Translator<'a> {
    fn new(pattern: &'a str) -> Self {
        Self {
            rest: pattern.chars().peekable(),
            output: String::with_capacity(pattern.len() + 16),
        }
    }

    fn run(mut self) -> Result<String, String> {
        // Whether what came last was an operator that repeats: RE2 allows no second one.
        let mut repeats = false;
        while let Some(character) = self.rest.next() {
            let mut repeated = false;
            match character {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '{' => repeated = self.brace(),
                '}' => self.output.push_str("\\}"),
                '(' => self.group()?,
                '*' | '+' | '?' => {
                    self.output.push(character);
                    repeated = true;
                }
                other => self.output.push(other),
            }
            if repeated && repeats {
                return Err("a repetition is repeated".to_owned());
            }
            if repeated && self.rest.next_if_eq(&'?').is_some() {
                self.output.push('?');
            }
            repeats = repeated;
        }
        Ok(self.output)
    }

    /// After a backslash.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let character = self.rest.next().ok_or("a backslash at the end")?;
        let spelled = match character {
            'd' => "[0-9]",
            'D' => "[^0-9]",
            's' => "[\\t\\n\\f\\r ]",
            'S' => "[^\\t\\n\\f\\r ]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            'b' if !in_class => "(?-u:\\b)",
            'B' if !in_class => "(?-u:\\B)",
            'Q' if !in_class => return self.quoted(),
            'z' | 'A' if !in_class => {
                self.output.push('\\');
                self.output.push(character);
                return Ok(());
            }
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' => {
                self.output.push('\\');
                self.output.push(character);
                // The braces of `\x{10FFFF}` and `\p{Greek}` are no repetition.
                if matches!(character, 'x' | 'p' | 'P') && self.rest.peek() == Some(&'{') {
                    self.copy_through('}');
                }
                return Ok(());
            }
            '0'..='7' => return self.octal(character),
            other if other.is_ascii_alphanumeric() || !other.is_ascii() => {
                return Err(format!("the escape '\\{other}' does not exist"));
            }
            other => {
                self.literal(other);
                return Ok(());
            }
        };
        self.output.push_str(spelled);
        Ok(())
    }

    /// `\0`, `\012`, `\123`: a character in octal; a single digit other than 0 would be a
    /// reference to a group, which RE2 does not have.
    fn octal(&mut self, first: char) -> Result<(), String> {
        let mut digits = first.to_string();
        while digits.len() < 3
            && let Some(digit) = self.rest.next_if(|next| ('0'..='7').contains(next))
        {
            digits.push(digit);
        }
        if first != '0' && digits.len() == 1 {
            return Err(format!("the escape '\\{first}' does not exist"));
        }
        let code = u32::from_str_radix(&digits, 8).unwrap_or_default();
        self.output.push_str(&format!("\\x{{{code:X}}}"));
        Ok(())
    }

    /// `\Q…\E`: everything between is literal.
    fn quoted(&mut self) -> Result<(), String> {
        while let Some(character) = self.rest.next() {
            if character == '\\' && self.rest.next_if_eq(&'E').is_some() {
                break;
            }
            self.literal(character);
        }
        Ok(())
    }

    /// After an opening bracket, up to its closing one.
    fn class(&mut self) -> Result<(), String> {
        self.output.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.output.push('^');
        }
        let mut first = true;
        loop {
            let character = self.rest.next().ok_or("a '[' without its ']'")?;
            match character {
                ']' if !first => {
                    self.output.push(']');
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '[' if self.rest.peek() == Some(&':') => {
                    self.output.push('[');
                    self.copy_through(']');
                }
                // A range; a dash at either end is itself.
                '-' if !first && self.rest.peek() != Some(&']') => self.output.push('-'),
                other => self.literal(other),
            }
            first = false;
        }
    }

    /// `{2}`, `{2,}`, `{2,3}` repeat; any other brace is itself. Whether it repeats.
    fn brace(&mut self) -> bool {
        let inner: String = self.rest.clone().take_while(|next| *next != '}').collect();
        let closed = self.rest.clone().nth(inner.chars().count()) == Some('}');
        let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let repeats = closed && !least.is_empty() && number(least) && number(most);
        if repeats {
            self.output.push('{');
            self.copy_through('}');
        } else {
            self.output.push_str("\\{");
        }
        repeats
    }

    /// After an opening parenthesis: the crate has a flag more than RE2.
    fn group(&mut self) -> Result<(), String> {
        self.output.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.output.push('?');
        let flags: String = self
            .rest
            .clone()
            .take_while(|next| next.is_ascii_alphabetic() || *next == '-')
            .collect();
        let wrong = |flag: &char| !matches!(flag, 'i' | 'm' | 's' | 'U' | '-' | 'P');
        match flags.chars().find(wrong) {
            Some(flag) => Err(format!("the flag '{flag}' does not exist")),
            None => Ok(()),
        }
    }

    fn copy_through(&mut self, last: char) {
        for character in self.rest.by_ref() {
            self.output.push(character);
            if character == last {
                break;
            }
        }
    }

    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() && character != '<' && character != '>' {
            self.output.push('\\');
        }
        self.output.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_what_re2_means() {
        for (pattern, text, matches) in [
            (r"^\d+$", "12", true),
            (r"^\d+$", "٣", false),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^[\W]$", "é", true),
            (r"^[^\W]$", "x", true),
            (r"^\S\s$", "é\t", true),
            (r"\s", "\u{a0}", false),
            (r"\s", "\x0b", false),
            (r"\bfoo\b", "éfoo-", true),
            (r"a.c", "a\nc", false),
            (r"(?s)a.c", "a\nc", true),
            (r"(?i)STRASSE|Ünder", "üNDER", true),
            (r"^[a[b]+$", "a[b", true),
            (r"^[a&&b]+$", "a&b", true),
            (r"^[]a]+$", "]a", true),
            (r"^[a-]+$", "a-", true),
            (r"^[-a]+$", "a-", true),
            (r"^[[:alpha:]_]+$", "ab_", true),
            (r"^[[:^alpha:]]+$", "12", true),
            (r"^a{$", "a{", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^a{2}$", "aa", true),
            (r"^a{1,}$", "aaa", true),
            (r"^{}$", "{}", true),
            (r"^\<x\>$", "<x>", true),
            (r"^\Qa.b\E.$", "a.b!", true),
            (r"^\Qa\\E$", "a\\", true),
            (r"^\x41\x{42}\103$", "ABC", true),
            (r"^\p{Greek}\pL$", "λz", true),
            (r"^(?P<n>a)(?:b)$", "ab", true),
            (r"\Ax\z", "x", true),
            (r"x$", "x\n", false),
            (r"^(a*?)+?b??$", "aab", true),
            (r"secrets/.*\.ya?ml$", "secrets/a/b.yml", true),
            ("^(data|stringData)$", "stringData", true),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(
                regex.is_match(text.as_bytes()),
                matches,
                "{pattern} on {text}"
            );
        }
    }

    #[test]
    fn refuses_what_re2_refuses() {
        for pattern in [
            "(",
            ")",
            "[",
            "[z-a]",
            "*",
            r"\1",
            r"\8",
            r"\y",
            r"\",
            "a**",
            "a{2}*",
            "a*??",
            "(?x)a",
            "(?=a)",
            r"\p{Nope}",
        ] {
            let error = compile(pattern).expect_err(pattern);
            assert!(!error.is_empty() && !error.contains('\n'), "{error}");
        }
    }
}
