//! Lines as an SVG picture of a terminal window.

use crate::styles::{Line, Style};

/// Width of a letter and height of a line at the size of the text, in pixels.
const LETTER: f32 = 7.85;
const HEIGHT: usize = 19;
const MARGIN: usize = 18;
const BAR: usize = 34;
/// The window is never narrower than so many letters.
const LEAST: usize = 84;

const BACKGROUND: &str = "#1b1e28";
const TEXT: &str = "#d7dae0";
/// Black to white, readable on the background.
const COLOURS: [&str; 8] = [
    "#5c6370", "#f07178", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#d7dae0",
];

/// The whole picture.
pub(crate) fn svg(title: &str, lines: &[Line]) -> String {
    let kept = lines.len()
        - lines
            .iter()
            .rev()
            .take_while(|line| line.0.is_empty())
            .count();
    let lines = &lines[..kept];
    let letters = lines.iter().map(length).max().unwrap_or(0).max(LEAST);
    let width = (letters as f32 * LETTER) as usize + 2 * MARGIN;
    let height = lines.len() * HEIGHT + 2 * MARGIN + BAR;
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{label}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"9\" fill=\"{BACKGROUND}\"/>\n\
         <g fill=\"#3b4048\"><circle cx=\"20\" cy=\"17\" r=\"5.5\"/><circle cx=\"38\" cy=\"17\" r=\"5.5\"/>\
         <circle cx=\"56\" cy=\"17\" r=\"5.5\"/></g>\n\
         <text x=\"50%\" y=\"21\" text-anchor=\"middle\" fill=\"#7d8590\">{label}</text>\n\
         <g fill=\"{TEXT}\">\n",
        label = escaped(title),
    );
    for (index, line) in lines.iter().enumerate() {
        if !line.0.is_empty() {
            let baseline = BAR + MARGIN + index * HEIGHT + 6;
            picture.push_str(&drawn(line, baseline));
        }
    }
    picture.push_str("</g>\n</svg>\n");
    picture
}

fn drawn(line: &Line, baseline: usize) -> String {
    let mut text = String::new();
    let mut column = 0;
    for run in &line.0 {
        // Each run is put where it belongs, so that a reader's font cannot shift it.
        let left = MARGIN as f32 + column as f32 * LETTER;
        let length = run.text.chars().count();
        text.push_str(&format!(
            "<text x=\"{left:.1}\" y=\"{baseline}\" textLength=\"{:.1}\"{}>{}</text>\n",
            length as f32 * LETTER,
            attributes(run.style),
            // Blanks would be joined, and left out at the ends.
            escaped(&run.text).replace(' ', "\u{a0}")
        ));
        column += length;
    }
    text
}

fn attributes(style: Style) -> String {
    let mut attributes = String::new();
    if let Some(colour) = style.colour {
        attributes.push_str(&format!(" fill=\"{}\"", COLOURS[usize::from(colour)]));
    }
    if style.is_bold {
        attributes.push_str(" font-weight=\"bold\"");
    }
    if style.is_dim {
        attributes.push_str(" opacity=\"0.65\"");
    }
    attributes
}

fn length(line: &Line) -> usize {
    line.0.iter().map(|run| run.text.chars().count()).sum()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
