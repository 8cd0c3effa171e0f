//! What a new file begins with in the editor, the same as in the original.

use nixseal_document::Format;

/// The example of a format, to be read as a document of it.
pub(super) fn of(format: Format) -> &'static str {
    match format {
        Format::Binary => "Welcome to SOPS! Edit this file as you please!",
        Format::Dotenv => DOTENV,
        Format::Ini => INI,
        Format::Json => JSON,
        Format::Yaml => YAML,
    }
}

const DOTENV: &str = "\
# This is an example file.
hello=Welcome to SOPS! Edit this file as you please!
example_key=example_value
example_multiline=foo\\nbar\\nbaz
";

const INI: &str = "\
; This is an example file.
[Welcome!]
hello = Welcome to SOPS! Edit this file as you please!
example_key = example_value
";

const JSON: &str = r#"{
  "hello": "Welcome to SOPS! Edit this file as you please!",
  "example_key": "example_value",
  "example_array": ["example_value1", "example_value2"],
  "example_number": 1234.56789,
  "example_booleans": [true, false]
}
"#;

const YAML: &str = "\
hello: Welcome to SOPS! Edit this file as you please!
example_key: example_value
# Example comment
example_array:
    - example_value1
    - example_value2
example_number: 1234.56789
example_booleans:
    - true
    - false
";
