//! Terminal output as lines of styled runs.

/// A line: runs of text of one style each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Vec<Run>);

/// Text of one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// What the escape sequences of a terminal say, as far as programs here use them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) is_bold: bool,
    pub(crate) is_dim: bool,
    /// 0 to 7, the colours of a terminal; none is that of the text.
    pub(crate) colour: Option<u8>,
}

/// The line that a user typed.
pub(crate) fn prompt(command: &str) -> Line {
    let sign = Style {
        colour: Some(2),
        ..Style::default()
    };
    let typed = Style {
        is_bold: true,
        ..Style::default()
    };
    Line(vec![
        run("$ ", sign),
        run(command.trim_start_matches("$ "), typed),
    ])
}

/// The lines of a program's output; a progress line that was drawn over is left out.
pub(crate) fn lines_of(output: &str) -> Vec<Line> {
    let mut style = Style::default();
    let lines = output.trim_end().lines();
    lines
        .map(|line| {
            let last = line.rsplit('\r').next().unwrap_or(line);
            styled(last, &mut style)
        })
        .collect()
}

/// The line as a terminal of so many columns shows it.
pub(crate) fn wrapped(line: Line, width: usize) -> Vec<Line> {
    let (mut lines, mut room) = (vec![Line::default()], width);
    for Run { text, style } in line.0 {
        let mut letters = text.chars().peekable();
        while letters.peek().is_some() {
            if room == 0 {
                lines.push(Line::default());
                room = width;
            }
            let part: String = letters.by_ref().take(room).collect();
            room -= part.chars().count();
            if let Some(last) = lines.last_mut() {
                last.0.push(Run { text: part, style });
            }
        }
    }
    lines
}

fn styled(line: &str, style: &mut Style) -> Line {
    let mut runs: Vec<Run> = Vec::new();
    let mut parts = line.split("\x1b[");
    if let Some(text) = parts.next().filter(|text| !text.is_empty()) {
        runs.push(run(text, *style));
    }
    for part in parts {
        let Some(end) = part.find(|letter: char| letter.is_ascii_alphabetic()) else {
            continue;
        };
        let (codes, rest) = part.split_at(end);
        if rest.starts_with('m') {
            codes.split(';').for_each(|code| style.apply(code));
        }
        let text = &rest[1..];
        if !text.is_empty() {
            runs.push(run(text, *style));
        }
    }
    Line(runs)
}

impl Style {
    fn apply(&mut self, code: &str) {
        match code.parse::<u8>().unwrap_or(0) {
            0 => *self = Self::default(),
            1 => self.is_bold = true,
            2 => self.is_dim = true,
            22 => (self.is_bold, self.is_dim) = (false, false),
            code @ 30..=37 => self.colour = Some(code - 30),
            code @ 90..=97 => self.colour = Some(code - 90),
            39 => self.colour = None,
            _ => {}
        }
    }
}

fn run(text: &str, style: Style) -> Run {
    Run {
        text: text.to_owned(),
        style,
    }
}
