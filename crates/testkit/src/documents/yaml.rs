//! Choices YAML files as people and tools write them: comments everywhere, every scalar style, flow
//! and block, several documents, odd indentation.

use super::Choices;

const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "key",
    "password",
    "db_user",
    "x.y",
    "with space",
    "\"quoted\"",
    "'single'",
    "yes",
    "null_",
    "é",
    "a-b",
    "URL",
    "\"1\"",
    "\"true\"",
    "? q",
    "sopsy",
    "\"\"",
    "\"a: b\"",
];

const SCALARS: &[&str] = &[
    "1",
    "-7",
    "0x1F",
    "017",
    "08",
    "1_000",
    "1.5",
    "1e3",
    "1234567.5",
    ".inf",
    "-.inf",
    "0.00001",
    "true",
    "False",
    "yes",
    "no",
    "~",
    "null",
    "",
    "text",
    "two words",
    "it's",
    "\"dq\"",
    "'sq'",
    "\"\"",
    "''",
    "\"a\\tb\"",
    "\"line\\nbreak\"",
    "\"\\u263a\"",
    "\"\\U0001F600\"",
    "é",
    "☺",
    "2024-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43",
    "12:30:45",
    "a:b",
    "http://x.y/z?q=1#f",
    "\"trailing \"",
    "\" leading\"",
    "-",
    "- x",
    "@at",
    "`tick",
    "%pct",
    "a #b",
    "a#b",
    "'#'",
    "\"#\"",
    "[1, 2]",
    "[]",
    "{}",
    "{a: 1, b: [x, \"y\"]}",
    "[a, {b: c}]",
    "!!str 5",
    "!!binary aGVsbG8=",
    "!custom x",
    "\"multi\\n  indented\\n\"",
    "\"\\ttab\"",
    "\"ends\\n\\n\"",
    "\"\\n\"",
    "\" x\\ny\"",
    "\"x \\ny\"",
    "\"0\"",
    "\"1.5\"",
    "\"~\"",
    "+1",
    "1.0",
    "1e400",
    "9223372036854775807",
    "-9223372036854775808",
    "0o17",
    "0b101",
    ".5",
    "5.",
    "<a>",
    "a,b",
    "\"a\\\\b\"",
    "'a\\b'",
    "x'y\"z",
    "--- x",
    "...",
    "\"---\"",
    "=",
    "\"=\"",
    "<",
    "\"\\u00a0\"",
    "\"\\u2028\"",
    "\"\\r\"",
    "\"\\0\"",
    "&",
    "*",
    "!x",
    "?x",
    ":x",
    "-x",
    "x:",
];

const COMMENTS: &[&str] = &[
    "# c",
    "#c",
    "#",
    "#  two",
    "# é",
    "## x",
    "# a: b",
    "# - x",
    "#\tx",
    "# it's \"q\"",
];

/// A generator of one file.
pub struct Writer<'a> {
    random: &'a mut Choices,
    text: String,
    /// Chance of a comment in each place, of a hundred.
    comments: usize,
}

/// A file of some documents, each a map.
pub fn file(random: &mut Choices, comments: usize) -> String {
    let mut writer = Writer {
        random,
        text: String::new(),
        comments,
    };
    let documents = if writer.random.percent(15) {
        1 + writer.random.below(3)
    } else {
        1
    };
    for index in 0..documents {
        if index > 0 || writer.random.percent(10) {
            writer.own_comment(0);
            writer.text.push_str("---");
            writer.line_end();
        }
        writer.map(0, 0);
        writer.own_comment(0);
    }
    writer.text
}

impl Writer<'_> {
    fn map(&mut self, indent: usize, depth: usize) {
        let count = 1 + self.random.below(4);
        let start = self.random.below(KEYS.len());
        for index in 0..count {
            self.own_comment(indent);
            self.spaces(indent);
            self.pair(KEYS[(start + index * 5) % KEYS.len()], indent, depth);
        }
        self.own_comment(indent);
    }

    /// A pair whose key stands at the column `indent` of the current line.
    fn pair(&mut self, key: &str, indent: usize, depth: usize) {
        self.text.push_str(key);
        if key.starts_with('?') {
            self.line_end();
            self.spaces(indent);
        }
        self.text.push(':');
        self.value(indent, depth, true);
    }

    fn list(&mut self, indent: usize, depth: usize) {
        for _ in 0..1 + self.random.below(3) {
            self.own_comment(indent);
            self.spaces(indent);
            self.text.push('-');
            self.item(indent, depth);
        }
        self.own_comment(indent);
    }

    fn item(&mut self, indent: usize, depth: usize) {
        if depth < 4 && self.random.percent(35) {
            let gap = 1 + usize::from(self.random.percent(10));
            if self.random.percent(self.comments / 3) {
                self.line_end();
                return if self.random.percent(50) {
                    self.map(indent + 2, depth + 1);
                } else {
                    self.list(indent + 2, depth + 1);
                };
            }
            self.spaces(gap);
            let inner = indent + 1 + gap;
            if self.random.percent(70) {
                let start = self.random.below(KEYS.len());
                for index in 0..1 + self.random.below(3) {
                    let key = KEYS[(start + index * 5) % KEYS.len()];
                    if index > 0 {
                        self.own_comment(inner);
                        self.spaces(inner);
                    }
                    self.pair(key, inner, depth + 1);
                }
            } else {
                self.text.push('-');
                self.item(inner, depth + 1);
            }
            return;
        }
        self.value(indent, depth.max(4), false);
    }

    /// What follows a colon or dash.
    fn value(&mut self, indent: usize, depth: usize, in_map: bool) {
        match self.random.below(20) {
            0..=3 if depth < 4 => {
                self.line_end();
                let deeper = indent + 1 + self.random.below(4);
                self.map(deeper, depth + 1);
            }
            4..=6 if depth < 4 => {
                self.line_end();
                let deeper = indent + self.random.below(4);
                self.list(if in_map { deeper } else { deeper + 1 }, depth + 1);
            }
            7..=8 => self.block(indent),
            9 => {
                self.text.push(' ');
                self.flow(0, indent);
                self.line_end();
            }
            10 => {
                self.text.push_str(" two");
                self.line_end_without_comment();
                self.spaces(indent + 2);
                self.text.push_str("lines");
                self.line_end();
            }
            _ => {
                self.text.push(' ');
                let scalar = self.random.pick(SCALARS);
                self.text.push_str(scalar);
                self.line_end();
            }
        }
    }

    fn block(&mut self, indent: usize) {
        let header = self.random.pick(&["|", "|-", "|+", ">", ">-", ">+"]);
        self.text.push(' ');
        self.text.push_str(header);
        self.line_end();
        let deeper = indent + 1 + self.random.below(4);
        for _ in 0..1 + self.random.below(3) {
            if self.random.percent(15) {
                self.text.push('\n');
            }
            self.spaces(deeper);
            let line = self.random.pick(&[
                "line",
                "two words",
                "# no comment",
                "  more",
                "é ☺",
                "x: y",
                "\tt",
            ]);
            self.text.push_str(line);
            self.text.push('\n');
        }
        if self.random.percent(20) {
            self.text.push('\n');
        }
    }

    fn flow(&mut self, depth: usize, indent: usize) {
        let map = self.random.percent(50);
        self.text.push(if map { '{' } else { '[' });
        for index in 0..self.random.below(4) {
            if index > 0 {
                self.text.push(',');
            }
            self.flow_gap(indent);
            if map {
                self.text.push_str(["k", "\"l\"", "m n", "o"][index % 4]);
                self.text.push_str(": ");
            }
            if depth < 2 && self.random.percent(25) {
                self.flow(depth + 1, indent);
            } else {
                let scalar = self
                    .random
                    .pick(&["1", "x", "\"q, r\"", "'s'", "true", "~", "a b", "1.5"]);
                self.text.push_str(scalar);
            }
        }
        self.flow_gap(indent);
        self.text.push(if map { '}' } else { ']' });
    }

    fn flow_gap(&mut self, indent: usize) {
        if self.random.percent(self.comments / 3) {
            let comment = self.random.pick(COMMENTS);
            self.text.push(' ');
            self.text.push_str(comment);
            self.text.push('\n');
            self.spaces(indent + 2);
        } else if self.random.percent(40) {
            self.text.push(' ');
        }
    }

    fn line_end(&mut self) {
        if self.random.percent(self.comments) {
            let comment = self.random.pick(COMMENTS);
            self.text.push(' ');
            self.text.push_str(comment);
        }
        self.line_end_without_comment();
    }

    fn line_end_without_comment(&mut self) {
        self.text.push('\n');
        if self.random.percent(5) {
            self.text.push('\n');
        }
    }

    /// Comments on lines of their own, mostly where content of that depth would stand.
    fn own_comment(&mut self, indent: usize) {
        while self.random.percent(self.comments) {
            let column = match self.random.below(10) {
                0 => self.random.below(9),
                1 => indent + 2,
                2 => 0,
                _ => indent,
            };
            self.spaces(column);
            let comment = self.random.pick(COMMENTS);
            self.text.push_str(comment);
            self.line_end_without_comment();
        }
    }

    fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }
}
