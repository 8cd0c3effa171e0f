//! Writing HTML: everything that comes from elsewhere is escaped.

use std::fmt::Write as _;

/// A growing page.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of our own.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text from elsewhere.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // What turns the direction of a line hides what it says.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.0.push('\u{fffd}'),
                other if other.is_control() && other != '\n' => self.0.push('\u{fffd}'),
                other => self.0.push(other),
            }
        }
        self
    }

    /// A number.
    pub(super) fn number(&mut self, number: impl Into<i128>) -> &mut Self {
        let _ = write!(self.0, "{}", number.into());
        self
    }

    /// The start of a table whose columns can be sorted; a class may follow the name of each.
    pub(super) fn table(&mut self, class: &str, id: &str, columns: &[(&str, &str)]) -> &mut Self {
        self.raw("<div class=\"sheet ").text(class);
        self.raw("\"><table><thead><tr>");
        for (name, class) in columns {
            self.raw("<th scope=\"col\" class=\"").text(class);
            self.raw("\"><button type=\"button\">").text(name);
            self.raw("</button></th>");
        }
        self.raw("</tr></thead><tbody");
        if !id.is_empty() {
            self.raw(" id=\"").text(id).raw("\"");
        }
        self.raw(">")
    }

    /// Its end.
    pub(super) fn end_table(&mut self) -> &mut Self {
        self.raw("</tbody></table><div class=\"none\" hidden>nothing fits the filter</div></div>\n")
    }

    /// A small word with a colour; the class says which.
    pub(super) fn pill(&mut self, class: &str, text: &str) -> &mut Self {
        self.raw("<span class=\"pill ").text(class).raw("\">");
        self.text(text).raw("</span>")
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut html = Html::default();
        html.text("<script>'x'\"&\u{202e}\u{1b}");
        assert_eq!(
            html.finish(),
            "&lt;script&gt;&#39;x&#39;&quot;&amp;\u{fffd}\u{fffd}"
        );
    }
}
