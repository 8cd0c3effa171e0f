//! What a file is, told by its content: its name decides only where the content does not.

use std::io::Read as _;
use std::path::Path;

use nixseal_base::fs::{self, FsError};
use nixseal_document::Format;

use super::error::SopsError;
use super::file::SopsFile;

/// The first line of age files, binary and armored, up to the version.
const AGE_MARKS: [&[u8]; 2] = [
    b"age-encryption.org/",
    b"-----BEGIN AGE ENCRYPTED FILE-----",
];

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Missing,
    /// An age file, or what its name says to be one.
    Age,
    /// A SOPS file.
    Sops(Box<SopsFile>),
    /// Something else: why it is no SOPS file. It may be plaintext.
    Other(Box<SopsError>),
}

impl Found {
    /// Looks at the file at `path`; `format` is that of the file where the user named it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn at(path: &Path, format: Option<Format>) -> Result<Self, FsError> {
        let age = match format {
            Some(_) => false,
            None => match begins_as_age(path) {
                Ok(age) => age || is_age_name(path),
                Err(error) if error.is_not_found() => return Ok(Self::Missing),
                Err(error) => return Err(error),
            },
        };
        if age {
            return Ok(Self::Age);
        }
        match SopsFile::read(path, format) {
            Ok(file) => Ok(Self::Sops(Box::new(file))),
            Err(SopsError::Fs(error)) if error.is_not_found() => Ok(Self::Missing),
            Err(SopsError::Fs(error)) => Err(error),
            Err(error) => Ok(Self::Other(Box::new(error))),
        }
    }
}

/// Whether a file is for the rules of `.age` files by its name.
pub fn is_age_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "age")
}

fn begins_as_age(path: &Path) -> Result<bool, FsError> {
    let mut head = Vec::new();
    // What cannot be read here fails again, with its reason, when all is read.
    let _ = fs::open(path)?.take(256).read_to_end(&mut head);
    let head = head.trim_ascii_start();
    Ok(AGE_MARKS.iter().any(|mark| head.starts_with(mark)))
}

/// The format that a file's name says: by its suffix as in `sops`, and where that says nothing by
/// the one before it, as in `secrets.yaml.enc`.
pub fn named_format(path: &Path) -> Format {
    let format = |path: &Path| Format::for_path(&path.to_string_lossy());
    match format(path) {
        Format::Binary => path
            .file_stem()
            .map_or(Format::Binary, |stem| format(Path::new(stem))),
        named => named,
    }
}

/// The formats that an encrypted file may have, the likeliest first.
pub(super) fn candidates(path: &Path, content: &[u8]) -> Vec<Format> {
    let mut formats = Vec::with_capacity(3);
    let mut add = |format| {
        if !formats.contains(&format) {
            formats.push(format);
        }
    };
    let by_suffix = Format::for_path(&path.to_string_lossy());
    if by_suffix != Format::Binary {
        add(by_suffix);
    }
    match sniffed(content) {
        // A file of one value `data` is binary unless its name says otherwise.
        Some(Format::Json) if named_format(path) != Format::Json => {
            add(Format::Binary);
            add(Format::Json);
        }
        Some(format) => add(format),
        None => {}
    }
    add(named_format(path));
    formats
}

/// The format in which a text has metadata, by how these begin.
fn sniffed(content: &[u8]) -> Option<Format> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if content.trim_ascii_start().starts_with(b"{") {
        return Some(Format::Json);
    }
    content.split(|byte| *byte == b'\n').find_map(|line| {
        if line.starts_with(b"sops:") || line.starts_with(b"\"sops\":") {
            Some(Format::Yaml)
        } else if line.starts_with(b"sops_") {
            Some(Format::Dotenv)
        } else if line.starts_with(b"[sops]") {
            Some(Format::Ini)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_where_the_name_does_not() {
        use Format::{Binary, Dotenv, Ini, Json, Yaml};
        for (name, content, formats) in [
            ("a.yaml", "a: 1\nsops:\n", vec![Yaml]),
            ("a.yaml", "{\"sops\": {}}", vec![Yaml, Binary, Json]),
            ("a.yaml.enc", "a: 1\nsops:\n", vec![Yaml]),
            ("a.enc", "\"sops\": {}\n", vec![Yaml, Binary]),
            ("a.json.enc", "{\"data\": 1}", vec![Json]),
            ("a", " {\"data\": 1}", vec![Binary, Json]),
            ("secrets", "A=1\r\nsops_mac=x\r\n", vec![Dotenv, Binary]),
            ("x.conf", "[a]\n[sops]\n", vec![Ini, Binary]),
            ("x.env.bak", "", vec![Dotenv]),
            ("x", "", vec![Binary]),
        ] {
            assert_eq!(
                candidates(Path::new(name), content.as_bytes()),
                formats,
                "{name}"
            );
        }
    }

    #[test]
    fn the_inner_suffix_counts_where_the_last_says_nothing() {
        assert_eq!(named_format(Path::new("d/a.yaml.enc")), Format::Yaml);
        assert_eq!(named_format(Path::new("a.json.yaml")), Format::Yaml);
        assert_eq!(named_format(Path::new("a.bin")), Format::Binary);
    }

    #[test]
    fn age_files_are_known_by_content_or_name() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            use std::io::Write as _;
            let path = folder.path().join(name);
            let file = std::fs::File::options()
                .create(true)
                .append(true)
                .open(&path);
            file.unwrap().write_all(content.as_bytes()).unwrap();
            path
        };
        let found = |path: &Path| format!("{:?}", Found::at(path, None).unwrap());
        assert_eq!(found(&write("a", "age-encryption.org/v1\n")), "Age");
        let armored = write("b.txt", "\n-----BEGIN AGE ENCRYPTED FILE-----\n");
        assert_eq!(found(&armored), "Age");
        assert_eq!(found(&write("c.age", "nonsense")), "Age");
        assert_eq!(found(&folder.path().join("none.yaml")), "Missing");
        assert!(found(&write("d.yaml", "a: 1\n")).starts_with("Other"));
        assert!(Found::at(folder.path(), None).is_err());
    }
}
