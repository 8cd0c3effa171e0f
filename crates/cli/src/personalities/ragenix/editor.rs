//! ragenix's reading of `--editor` and `EDITOR`: words as in a shell, a lone
//! hyphen for standard input, and its own words for what goes wrong.

use std::process::ExitStatus;

use nixseal_base::editor::EditorError;

/// What a shell gives back when it finds no such program.
const NOT_FOUND: i32 = 127;

/// Where the new content comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// Standard input; the old content does not matter.
    Input,
    /// A command, whose program has this name.
    Command { program: String },
}

/// Why a line is no editor, in ragenix's words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineError {
    #[error("Could not parse editor")]
    Unparsable,
    #[error("Editor is empty")]
    Empty,
}

/// Looks at an editor line without running it.
pub(super) fn choose(line: &str) -> Result<Chosen, LineError> {
    let words = shlex::split(line).ok_or(LineError::Unparsable)?;
    match words.as_slice() {
        [] => Err(LineError::Empty),
        [hyphen] if hyphen == "-" => Ok(Chosen::Input),
        [program, ..] => Ok(Chosen::Command {
            program: program.clone(),
        }),
    }
}

/// What ragenix says when its editor fails.
pub(super) fn failure(program: &str, error: &EditorError) -> String {
    let failed = |status: &ExitStatus| match status.code() {
        Some(NOT_FOUND) => format!("Failed to spawn editor '{program}'"),
        _ => format!("Editor '{program}' exited with non-zero status code ({status})"),
    };
    match error {
        EditorError::Failed { status, .. } => failed(status),
        EditorError::NotStarted { cause, .. } => {
            format!("Failed to spawn editor '{program}': {cause}")
        }
        other => other.to_string(),
    }
}

/// By the names of the original's unit tests.
#[cfg(test)]
mod test_split_editor {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        shlex::split(line).unwrap()
    }

    #[test]
    fn parse_editor_no_args() {
        assert_eq!(words("vim"), ["vim"]);
    }

    #[test]
    fn parse_editor_one_arg() {
        assert_eq!(words("vim -R"), ["vim", "-R"]);
    }

    #[test]
    fn parse_editor_complex_1() {
        assert_eq!(words(r#"sed -i "s/.*/ x  /""#), ["sed", "-i", "s/.*/ x  /"]);
    }

    #[test]
    fn parse_editor_complex_2() {
        assert_eq!(words("sed -i 's/.*/ x  /'"), ["sed", "-i", "s/.*/ x  /"]);
    }

    #[test]
    fn parse_editor_stdin() {
        assert_eq!(choose(" - "), Ok(Chosen::Input));
        assert_eq!(
            choose("- x"),
            Ok(Chosen::Command {
                program: "-".to_owned()
            })
        );
    }

    #[test]
    fn err_for_empty_editor() {
        assert_eq!(choose("").unwrap_err().to_string(), "Editor is empty");
        assert_eq!(choose(" \t").unwrap_err(), LineError::Empty);
    }

    #[test]
    fn err_for_open_quotes() {
        for line in ["a \"", "a 'b", "a \\", "\"\\"] {
            assert_eq!(
                choose(line).unwrap_err().to_string(),
                "Could not parse editor"
            );
        }
    }
}
