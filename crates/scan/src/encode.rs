//! The forms in which a value ends up in files.
//!
//! Every escaping is one that a tool on the way to the store applies: `builtins.toJSON`, Nix string
//! literals, `lib.escapeShellArg`, `printf %q`, `systemd-escape`, unit specifiers, URLs, XML, and
//! the strings of derivations around any of these.

mod base64;
mod text;

use std::fmt;

use nixseal_base::secret::SecretBytes;

/// How a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// Base64 with `+` and `/`, at any of three alignments.
    Base64,
    /// Base64 with `-` and `_`, at any of three alignments.
    Base64Url,
    /// Hexadecimal digits.
    Hex,
    /// Percent-encoded, as in URLs.
    Percent,
    /// A string of JSON, or of a derivation, which escapes less.
    Json,
    /// A string of Nix, in either of its quotings.
    Nix,
    /// A word of a shell, in one of its quotings.
    Shell,
    /// A unit of systemd: escaped with `\x20`, with `%` or `$` doubled.
    Systemd,
    /// Text of XML or HTML.
    Xml,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Plain,
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::Percent,
        Self::Json,
        Self::Nix,
        Self::Shell,
        Self::Systemd,
        Self::Xml,
        Self::Utf16Le,
        Self::Utf16Be,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
            Self::Percent => "percent",
            Self::Json => "json",
            Self::Nix => "nix",
            Self::Shell => "shell",
            Self::Systemd => "systemd",
            Self::Xml => "xml",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }

    /// Whether long runs of it are wrapped into lines.
    pub(crate) fn wraps(self) -> bool {
        matches!(self, Self::Base64 | Self::Base64Url)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A value in one encoding.
pub struct Form {
    /// Which.
    pub encoding: Encoding,
    /// Its bytes; of base64, those that do not depend on what stands around the value.
    pub bytes: SecretBytes,
}

/// `value` in every encoding; equal forms are given once, under the plainest name.
pub fn forms(value: &[u8]) -> Vec<Form> {
    let mut forms = Forms::default();
    forms.add(Encoding::Plain, SecretBytes::copy_of(value));
    if let Ok(text) = std::str::from_utf8(value) {
        text::all(text, &mut forms);
        // Derivations quote what stands in them once more.
        let quoted: Vec<_> = forms.quotable().collect();
        for (encoding, bytes) in quoted {
            forms.add(encoding, bytes);
        }
        text::utf16(text, &mut forms);
    }
    base64::all(value, &mut forms);
    forms.add(Encoding::Hex, hex(value, b"0123456789abcdef"));
    forms.add(Encoding::Hex, hex(value, b"0123456789ABCDEF"));
    forms.0
}

/// Forms so far, without repetition.
#[derive(Default)]
struct Forms(Vec<Form>);

impl Forms {
    fn add(&mut self, encoding: Encoding, bytes: SecretBytes) {
        if !self.0.iter().any(|form| form.bytes == bytes) {
            self.0.push(Form { encoding, bytes });
        }
    }

    /// What a string of a derivation makes of the forms so far, where it changes them.
    fn quotable(&self) -> impl Iterator<Item = (Encoding, SecretBytes)> {
        self.0.iter().filter_map(|form| {
            let quoted = text::derivation_string(form.bytes.as_text()?);
            let encoding = match form.encoding {
                Encoding::Plain => Encoding::Json,
                other => other,
            };
            Some((encoding, quoted))
        })
    }
}

fn hex(value: &[u8], digits: &[u8; 16]) -> SecretBytes {
    let mut bytes = Vec::with_capacity(value.len() * 2);
    for byte in value {
        bytes.push(digits[usize::from(byte >> 4)]);
        bytes.push(digits[usize::from(byte & 15)]);
    }
    SecretBytes::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &str, encoding: Encoding) -> Vec<String> {
        forms(value.as_bytes())
            .iter()
            .filter(|form| form.encoding == encoding)
            .map(|form| String::from_utf8_lossy(form.bytes.expose()).into_owned())
            .collect()
    }

    #[test]
    fn letters_need_no_escapes() {
        let names: Vec<_> = forms(b"correcthorse")
            .iter()
            .map(|form| form.encoding)
            .collect();
        use Encoding::*;
        assert_eq!(
            names,
            [Plain, Utf16Le, Utf16Be, Base64, Base64, Base64, Hex, Hex]
        );
    }

    #[test]
    fn escapes_are_those_of_the_tools() {
        let has = |value: &str, encoding, form: &str| {
            let all = texts(value, encoding);
            assert!(all.iter().any(|text| text == form), "{form} in {all:?}");
        };
        has("a\"b\\c\nd", Encoding::Json, "a\\\"b\\\\c\\nd");
        has("a<b>&c", Encoding::Json, "a\\u003cb\\u003e\\u0026c");
        has("a/b c", Encoding::Json, "a\\/b c");
        has("é/x", Encoding::Json, "\\u00e9/x");
        has("a${b}\"", Encoding::Nix, "a\\${b}\\\"");
        has("a${b}''", Encoding::Nix, "a''${b}'''");
        has("it's", Encoding::Shell, "it'\\''s");
        has("it's", Encoding::Shell, "it'\"'\"'s");
        has("a b$c", Encoding::Shell, "a\\ b\\$c");
        has("a\"b$c`", Encoding::Shell, "a\\\"b\\$c\\`");
        has("a b-c/d", Encoding::Systemd, "a\\x20b\\x2dc-d");
        has("50%\"$x", Encoding::Systemd, "50%%\\\"$$x");
        has("a b+c/", Encoding::Percent, "a%20b%2Bc%2F");
        has("a b+c/", Encoding::Percent, "a%20b%2bc%2f");
        has("a b+c/", Encoding::Percent, "a+b%2Bc%2F");
        has("a<b>\"", Encoding::Xml, "a&lt;b&gt;&quot;");
        // A shell word in a derivation.
        has("it's", Encoding::Shell, "it'\\\\''s");
        assert_eq!(
            texts("jK~", Encoding::Hex),
            ["6a4b7e", "6A4B7E"].map(str::to_owned)
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_not_escaped() {
        let names: Vec<_> = forms(&[0xff, 0, 1]).iter().map(|f| f.encoding).collect();
        assert!(names.iter().all(|name| matches!(
            name,
            Encoding::Plain | Encoding::Base64 | Encoding::Hex
        ) || *name == Encoding::Base64Url));
    }
}
