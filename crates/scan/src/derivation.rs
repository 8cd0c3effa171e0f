//! Which part of a `.drv` file holds a place in it.

/// A part of a derivation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The value of a variable of the build.
    Variable(String),
    /// The name of one.
    VariableName,
    /// An argument of the builder.
    Argument,
    /// The builder.
    Builder,
    /// Outputs, inputs or the platform.
    Other,
}

/// The part that holds the byte at `offset`; none when the text is no derivation, or the byte is
/// between its strings.
pub fn field_at(text: &[u8], offset: usize) -> Option<Field> {
    let begin = b"Derive(".len();
    if !text.starts_with(b"Derive(") {
        return None;
    }
    let (mut depth, mut field) = (0_usize, 0_usize);
    // The strings of the innermost tuple so far.
    let mut first: Option<(usize, usize)> = None;
    let mut at = begin;
    while at < text.len() && at <= offset {
        match text[at] {
            b'"' => {
                let end = string_end(text, at + 1)?;
                if (at..=end).contains(&offset) {
                    return Some(named(text, field, first));
                }
                first = first.or(Some((at + 1, end)));
                at = end;
            }
            b'(' | b'[' => {
                depth += 1;
                first = None;
            }
            b')' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => field += 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The place of the quote that ends the string which begins at `from`.
fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Fields in the order of the format: outputs, input derivations, input sources, platform, builder,
/// arguments, environment.
fn named(text: &[u8], field: usize, first: Option<(usize, usize)>) -> Field {
    match (field, first) {
        (4, _) => Field::Builder,
        (5, _) => Field::Argument,
        (6, None) => Field::VariableName,
        (6, Some((start, end))) => {
            let name = text.get(start..end).unwrap_or_default();
            Field::Variable(String::from_utf8_lossy(name).into_owned())
        }
        _ => Field::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"Derive([("out","/o","","")],[("/i.drv",["out"])],["/s"],"x86_64-linux","/bin/sh",["-c","echo \"AA,(BB"],[("name","n"),("TOKEN","x\\\"CC)"),("DD","y")])"#;

    #[test]
    fn every_part_is_told_apart() {
        let at = |word: &str| field_at(TEXT.as_bytes(), TEXT.find(word).unwrap());
        assert_eq!(at("BB"), Some(Field::Argument));
        assert_eq!(at("CC"), Some(Field::Variable("TOKEN".to_owned())));
        assert_eq!(at("DD"), Some(Field::VariableName));
        assert_eq!(at("/bin/sh"), Some(Field::Builder));
        assert_eq!(at("/i.drv"), Some(Field::Other));
        assert_eq!(field_at(TEXT.as_bytes(), TEXT.len() - 1), None);
        assert_eq!(field_at(b"else", 1), None);
        for end in 0..TEXT.len() {
            let _ = field_at(&TEXT.as_bytes()[..end], end);
        }
    }
}
