//! Escapes of text.

use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

use super::{Encoding, Forms};

/// The longest that an escape makes of one byte: `\u001f`, `&quot;`.
const LONGEST: usize = 6;

/// Adds every escaping of `text`.
pub(super) fn all(text: &str, forms: &mut Forms) {
    let mut add = |encoding, escape: &dyn Fn(char, &mut Escaped)| {
        forms.add(encoding, escaped(text, escape));
    };
    use Encoding::{Json, Nix, Percent, Shell, Systemd, Xml};
    add(Json, &json);
    add(Json, &json_html);
    add(Json, &json_slash);
    add(Json, &json_ascii);
    add(Nix, &nix_dollar);
    forms.add(Nix, quoted_nix(text));
    forms.add(Nix, indented_nix(text));
    let mut add = |encoding, escape: &dyn Fn(char, &mut Escaped)| {
        forms.add(encoding, escaped(text, escape));
    };
    add(Shell, &|one, out| out.replace(one, '\'', "'\\''"));
    add(Shell, &|one, out| out.replace(one, '\'', "'\"'\"'"));
    add(Shell, &|one, out| out.backslash(one, "\"\\$`"));
    add(Shell, &|one, out| out.backslash(one, "\"\\$`!"));
    add(Shell, &shell_word);
    add(Shell, &|one, out| {
        out.backslash(one, " \"'`\\|&;()<>!{}*[]?^$")
    });
    add(Shell, &|one, out| {
        out.backslash(one, " \"'`\\|&;()<>!{}*[]?^$,")
    });
    add(Shell, &shell_ansi);
    add(Shell, &shell_octal);
    add(Systemd, &|one, out| out.replace(one, '%', "%%"));
    add(Systemd, &|one, out| match one {
        '%' => out.push("%%"),
        other => json(other, out),
    });
    add(Systemd, &|one, out| match one {
        '%' => out.push("%%"),
        '$' => out.push("$$"),
        other => json(other, out),
    });
    add(Systemd, &systemd_word);
    add(Systemd, &systemd_escape);
    add(Percent, &|one, out| percent(one, Digits::Upper, false, out));
    add(Percent, &|one, out| percent(one, Digits::Lower, false, out));
    add(Percent, &|one, out| percent(one, Digits::Upper, true, out));
    add(Percent, &|one, out| percent_keeping(one, "!*'()", out));
    add(Percent, &|one, out| {
        percent_keeping(one, ";,/?:@&=+$#!*'()", out)
    });
    add(Xml, &|one, out| xml(one, ["&quot;", "'"], out));
    add(Xml, &|one, out| xml(one, ["\"", "'"], out));
    // In an attribute, a line break would become a blank.
    for line_end in ["&#xA;", "&#10;"] {
        add(Xml, &|one, out| match one {
            '\n' => out.push(line_end),
            other => xml(other, ["&quot;", "'"], out),
        });
    }
    add(Xml, &|one, out| xml(one, ["&quot;", "&apos;"], out));
    add(Xml, &|one, out| xml(one, ["&quot;", "&#39;"], out));
    add(Xml, &|one, out| xml(one, ["&#34;", "&#39;"], out));
    add(Xml, &|one, out| xml(one, ["&quot;", "&#x27;"], out));
}

/// Adds both byte orders of UTF-16.
pub(super) fn utf16(text: &str, forms: &mut Forms) {
    let units = || text.encode_utf16();
    let collect = |bytes: &dyn Fn(u16) -> [u8; 2]| {
        let mut all = Vec::with_capacity(text.len() * 2);
        units().for_each(|unit| all.extend_from_slice(&bytes(unit)));
        SecretBytes::new(all)
    };
    forms.add(Encoding::Utf16Le, collect(&u16::to_le_bytes));
    forms.add(Encoding::Utf16Be, collect(&u16::to_be_bytes));
}

/// The escapes of strings in derivations: fewer than those of JSON.
pub(super) fn derivation_string(text: &str) -> SecretBytes {
    escaped(text, &derivation)
}

fn derivation(one: char, out: &mut Escaped) {
    match one {
        '\n' => out.push("\\n"),
        '\r' => out.push("\\r"),
        '\t' => out.push("\\t"),
        other => out.backslash(other, "\"\\"),
    }
}

/// What is written, in memory that is never grown.
struct Escaped(Zeroizing<Vec<u8>>);

impl Escaped {
    fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn one(&mut self, one: char) {
        self.push(one.encode_utf8(&mut [0; 4]));
    }

    fn replace(&mut self, one: char, wanted: char, by: &str) {
        if one == wanted {
            self.push(by);
        } else {
            self.one(one);
        }
    }

    /// Puts a backslash before each of `special`.
    fn backslash(&mut self, one: char, special: &str) {
        if special.contains(one) {
            self.push("\\");
        }
        self.one(one);
    }

    fn hex(&mut self, byte: u8, digits: Digits) {
        let table: &[u8; 16] = match digits {
            Digits::Lower => b"0123456789abcdef",
            Digits::Upper => b"0123456789ABCDEF",
        };
        self.0.push(table[usize::from(byte >> 4)]);
        self.0.push(table[usize::from(byte & 15)]);
    }

    /// Each byte of a character after `before`.
    fn bytes(&mut self, one: char, before: &str, digits: Digits) {
        for byte in one.encode_utf8(&mut [0; 4]).bytes() {
            self.push(before);
            self.hex(byte, digits);
        }
    }
}

#[derive(Clone, Copy)]
enum Digits {
    Lower,
    Upper,
}

fn escaped(text: &str, escape: &dyn Fn(char, &mut Escaped)) -> SecretBytes {
    let mut out = Escaped(Zeroizing::new(Vec::with_capacity(text.len() * LONGEST)));
    text.chars().for_each(|one| escape(one, &mut out));
    SecretBytes::copy_of(&out.0)
}

fn json(one: char, out: &mut Escaped) {
    match one {
        '\n' => out.push("\\n"),
        '\r' => out.push("\\r"),
        '\t' => out.push("\\t"),
        '\u{8}' => out.push("\\b"),
        '\u{c}' => out.push("\\f"),
        '\0'..='\u{1f}' => {
            out.push("\\u00");
            out.hex(one as u8, Digits::Lower);
        }
        other => out.backslash(other, "\"\\"),
    }
}

/// As Go writes it, for HTML.
fn json_html(one: char, out: &mut Escaped) {
    match one {
        '<' | '>' | '&' => {
            out.push("\\u00");
            out.hex(one as u8, Digits::Lower);
        }
        other => json(other, out),
    }
}

/// As PHP writes it.
fn json_slash(one: char, out: &mut Escaped) {
    match one {
        '/' => out.push("\\/"),
        other => json(other, out),
    }
}

/// As Python writes it.
fn json_ascii(one: char, out: &mut Escaped) {
    if one.is_ascii() {
        return json(one, out);
    }
    for unit in one.encode_utf16(&mut [0; 2]) {
        out.push("\\u");
        unit.to_be_bytes()
            .into_iter()
            .for_each(|byte| out.hex(byte, Digits::Lower));
    }
}

/// A string in `"` with every `$` escaped.
fn nix_dollar(one: char, out: &mut Escaped) {
    match one {
        '$' => out.push("\\$"),
        other => derivation(other, out),
    }
}

/// A string in `"` with only `${` escaped.
fn quoted_nix(text: &str) -> SecretBytes {
    let quoted = derivation_string(text);
    let quoted = Zeroizing::new(quoted.as_text().unwrap_or_default().replace("${", "\\${"));
    SecretBytes::copy_of(quoted.as_bytes())
}

/// A string in `''`, in which lines stay lines.
fn indented_nix(text: &str) -> SecretBytes {
    let quoted = Zeroizing::new(text.replace("''", "'''"));
    let quoted = Zeroizing::new(quoted.replace("${", "''${"));
    SecretBytes::copy_of(quoted.as_bytes())
}

/// A word without quotes, as `printf %q` writes it.
fn shell_word(one: char, out: &mut Escaped) {
    let plain = one.is_ascii_alphanumeric() || !one.is_ascii() || "_-./:=@%+,".contains(one);
    if !plain {
        out.push("\\");
    }
    out.one(one);
}

/// A word in `$'…'`.
fn shell_ansi(one: char, out: &mut Escaped) {
    match one {
        '\n' => out.push("\\n"),
        '\r' => out.push("\\r"),
        '\t' => out.push("\\t"),
        other => out.backslash(other, "'\\"),
    }
}

/// The same where the locale has only ASCII.
fn shell_octal(one: char, out: &mut Escaped) {
    if one.is_ascii() {
        return shell_ansi(one, out);
    }
    for byte in one.encode_utf8(&mut [0; 4]).bytes() {
        out.push("\\");
        for shift in [6, 3, 0] {
            out.0.push(b'0' + (byte >> shift & 7));
        }
    }
}

/// A word of a command or of `Environment=`, with what separates words escaped.
fn systemd_word(one: char, out: &mut Escaped) {
    match one {
        '%' => out.push("%%"),
        ' ' | '\t' | '\n' | '\\' | '"' | '\'' => out.bytes(one, "\\x", Digits::Lower),
        other => out.one(other),
    }
}

/// The name of a unit, as `systemd-escape` writes it.
fn systemd_escape(one: char, out: &mut Escaped) {
    match one {
        '/' => out.push("-"),
        one if one.is_ascii_alphanumeric() || ":_.".contains(one) => out.one(one),
        other => out.bytes(other, "\\x", Digits::Lower),
    }
}

fn percent(one: char, digits: Digits, plus: bool, out: &mut Escaped) {
    match one {
        ' ' if plus => out.push("+"),
        one if one.is_ascii_alphanumeric() || "-_.~".contains(one) => out.one(one),
        other => out.bytes(other, "%", digits),
    }
}

/// As `encodeURIComponent` and `encodeURI` of JavaScript, which keep some marks.
fn percent_keeping(one: char, kept: &str, out: &mut Escaped) {
    match one {
        one if kept.contains(one) => out.one(one),
        other => percent(other, Digits::Upper, false, out),
    }
}

fn xml(one: char, [double, single]: [&str; 2], out: &mut Escaped) {
    match one {
        '&' => out.push("&amp;"),
        '<' => out.push("&lt;"),
        '>' => out.push("&gt;"),
        '"' => out.push(double),
        '\'' => out.push(single),
        other => out.one(other),
    }
}
