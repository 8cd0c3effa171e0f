//! What the real `sops` makes of a file, all values left in clear.

use std::process::{Command, Stdio};

use nixseal_document::Format;
use nixseal_testkit::{Workdir, peers};

/// Encrypts to a key that nobody has.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// Runs `sops` in a folder of its own.
pub(crate) struct Sops {
    work: Workdir,
    program: std::path::PathBuf,
}

impl Sops {
    pub(crate) fn new() -> Self {
        Self {
            work: Workdir::new(),
            program: peers::sops(),
        }
    }

    /// The file in the layout of `sops`, without the metadata it adds: one text for each document.
    /// The error is what it complains about.
    pub(crate) fn canonical(&self, format: Format, text: &[u8]) -> Result<Vec<String>, String> {
        let file = self.work.write("input", text);
        let output = Command::new(&self.program)
            .args(["--disable-version-check", "encrypt", "--age", RECIPIENT])
            // Nothing is encrypted, so that all of the tree can be seen.
            .args(["--encrypted-regex", "^no key is named like this$"])
            .args([
                "--input-type",
                format.name(),
                "--output-type",
                format.name(),
            ])
            .arg(file)
            .env_clear()
            .env("HOME", self.work.path())
            .current_dir(self.work.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8(output.stdout).unwrap();
        Ok(match format {
            Format::Yaml => documents(&text)
                .iter()
                .map(|text| before_yaml_metadata(text))
                .collect(),
            Format::Json => vec![before_json_metadata(&text)],
            Format::Dotenv => vec![before_dotenv_metadata(&text)],
            Format::Ini => vec![before_ini_metadata(&text)],
            Format::Binary => vec![text],
        })
    }
}

/// The documents of a canonical YAML text.
pub(crate) fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line == "---\n" {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
        }
    }
    documents
}

fn before_yaml_metadata(text: &str) -> String {
    // Behind the colon `sops` may write a comment that it could not place before.
    let end = text.find("\nsops:").map_or(0, |index| index + 1);
    assert!(end > 0 || text.starts_with("sops:"), "no metadata:\n{text}");
    if end == 0 {
        "{}\n".to_owned()
    } else {
        text[..end].to_owned()
    }
}

fn before_json_metadata(text: &str) -> String {
    let end = text.rfind("\t\"sops\": {").expect("metadata");
    let before = text[..end].trim_end();
    match before.strip_suffix(',') {
        Some(members) => format!("{members}\n}}\n"),
        None => "{}\n".to_owned(),
    }
}

fn before_dotenv_metadata(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !line.starts_with("sops_"))
        .collect()
}

fn before_ini_metadata(text: &str) -> String {
    let end = text.find("[sops]\n").expect("metadata");
    let before = &text[..end];
    // An empty line stands between sections.
    before.strip_suffix('\n').unwrap_or(before).to_owned()
}
