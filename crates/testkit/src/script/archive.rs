//! A script's text: its commands, then files under `-- NAME --` lines.

/// A script taken apart, so that it can be put together again as it was.
pub(crate) struct Archive {
    /// Everything before the first file.
    pub(crate) commands: String,
    /// Names and contents, in order.
    pub(crate) files: Vec<(String, String)>,
}

impl Archive {
    pub(crate) fn parse(text: &str) -> Self {
        let mut archive = Self {
            commands: String::new(),
            files: Vec::new(),
        };
        for line in text.split_inclusive('\n') {
            if let Some(name) = marker(line) {
                archive.files.push((name.to_owned(), String::new()));
            } else {
                let part = match archive.files.last_mut() {
                    Some((_, content)) => content,
                    None => &mut archive.commands,
                };
                part.push_str(line);
            }
        }
        archive
    }

    /// Replaces the content of a file; false when there is none by that name.
    pub(crate) fn set_file(&mut self, name: &str, content: &str) -> bool {
        let found = self.files.iter_mut().find(|(known, _)| known == name);
        match found {
            Some((_, old)) => {
                content.clone_into(old);
                true
            }
            None => false,
        }
    }

    /// The whole text again.
    pub(crate) fn text(&self) -> String {
        let mut text = self.commands.clone();
        for (name, content) in &self.files {
            text.push_str(&format!("-- {name} --\n"));
            text.push_str(content);
        }
        text
    }
}

/// The name in a line `-- NAME --`.
fn marker(line: &str) -> Option<&str> {
    let name = line
        .trim_end()
        .strip_prefix("-- ")?
        .strip_suffix(" --")?
        .trim();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_apart_and_put_together() {
        let text = "exec a\n\n-- x --\n1\n-- --\n-- y/z --\n-- w --\n2\n";
        let archive = Archive::parse(text);
        assert_eq!(archive.commands, "exec a\n\n");
        let file = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        assert_eq!(
            archive.files,
            [file("x", "1\n-- --\n"), file("y/z", ""), file("w", "2\n")]
        );
        assert_eq!(archive.text(), text);
    }
}
