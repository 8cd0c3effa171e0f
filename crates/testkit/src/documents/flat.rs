//! Choices JSON, dotenv and INI files.

use super::Choices;

const WORDS: &[&str] = &[
    "a",
    "b c",
    "é",
    "",
    "x=y",
    "x: y",
    "#no",
    "a;b",
    " lead",
    "trail ",
    "\\n",
    "a\\nb",
    "`tick`",
    "\"dq\"",
    "'sq'",
    "\"\"\"",
    "1",
    "true",
    "ends\\",
    "tab\there",
    "[x]",
    "☺",
    "%(x)s",
    "${y}",
];

/// A JSON object.
pub fn json(random: &mut Choices) -> String {
    let mut text = String::new();
    object(random, 0, &mut text);
    text.push('\n');
    text
}

fn object(random: &mut Choices, depth: usize, text: &mut String) {
    text.push('{');
    for index in 0..random.below(5) {
        if index > 0 {
            text.push(',');
        }
        space(random, text);
        text.push_str(random.pick(&["\"a\"", "\"b\"", "\"<k>\"", "\"\"", "\"é\\n\"", "\"c d\""]));
        space(random, text);
        text.push(':');
        value(random, depth, text);
    }
    space(random, text);
    text.push('}');
}

fn value(random: &mut Choices, depth: usize, text: &mut String) {
    space(random, text);
    match random.below(10) {
        0..=1 if depth < 4 => object(random, depth + 1, text),
        2..=3 if depth < 4 => {
            text.push('[');
            for index in 0..random.below(4) {
                if index > 0 {
                    text.push(',');
                }
                value(random, depth + 1, text);
            }
            text.push(']');
        }
        _ => text.push_str(random.pick(&[
            "1",
            "-0",
            "0.5",
            "1e3",
            "1E-7",
            "1e21",
            "12345678901234567890",
            "-9223372036854775808",
            "9223372036854775808",
            "1.0",
            "true",
            "false",
            "null",
            "\"\"",
            "\"x\"",
            "\"<&>\"",
            "\"\\u2028 \u{2029}\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\b\\f\\n\\r\\t\\/\"",
            "\"\\u0000\\u001f\u{7f}\"",
            "\"é☺😀\"",
            "123456789.125",
            "0.000001",
            "1e-6",
            "100000000000000000000",
        ])),
    }
    space(random, text);
}

fn space(random: &mut Choices, text: &mut String) {
    if random.percent(30) {
        text.push_str(random.pick(&[" ", "\n", "\t", "\r\n", "  "]));
    }
}

/// A dotenv file.
pub fn dotenv(random: &mut Choices) -> String {
    let mut text = String::new();
    for index in 0..random.below(8) {
        match random.below(10) {
            0 => text.push('\n'),
            1..=2 => {
                text.push('#');
                text.push_str(random.pick(WORDS));
                text.push('\n');
            }
            3 if random.percent(10) => text.push_str("no delimiter\n"),
            _ => {
                text.push_str(random.pick(&["KEY", "a", " b ", "export C", "é", ""]));
                text.push_str(&index.to_string());
                text.push('=');
                text.push_str(random.pick(WORDS));
                text.push_str(if random.percent(10) { "\r\n" } else { "\n" });
            }
        }
    }
    if random.percent(20) {
        text.pop();
    }
    text
}

/// An INI file.
pub fn ini(random: &mut Choices) -> String {
    let mut text = String::new();
    for index in 0..random.below(12) {
        match random.below(12) {
            0 => text.push('\n'),
            1..=2 => {
                text.push_str(random.pick(&["# ", "; ", "#", ";", "  # ", ";; "]));
                text.push_str(random.pick(WORDS));
                text.push('\n');
            }
            3..=4 => {
                text.push_str(random.pick(&[
                    "[a]",
                    "[b.c]",
                    "[ d ]",
                    "[a]",
                    "[e] ; c",
                    "[DEFAULT]",
                    "  [f]",
                ]));
                text.push('\n');
            }
            5 => text.push_str(random.pick(&[
                "m = \"\"\"two\nlines\"\"\"\n",
                "m2 = `two\nlines`\n",
                "m3 = one \\\n  two \\\n three\n",
                "`q=k` = v\n",
                "\"dq:k\" = v\n",
            ])),
            _ => {
                text.push_str(random.pick(&["k", "key_", "  ind", "é", "a b"]));
                text.push_str(&index.to_string());
                text.push_str(random.pick(&["=", " = ", ": ", "   =   "]));
                text.push_str(random.pick(WORDS));
                if random.percent(10) {
                    text.push_str(" ; note");
                }
                text.push_str(if random.percent(10) { "\r\n" } else { "\n" });
            }
        }
    }
    text
}
