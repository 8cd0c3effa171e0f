//! The five formats and how SOPS tells them by a file's name.

use std::fmt;
use std::str::FromStr;

/// A syntax of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Any bytes; encrypted as a JSON file with one string.
    Binary,
    /// `KEY=value` lines.
    Dotenv,
    /// Sections of `key = value` lines.
    Ini,
    /// JSON with an object at the top.
    Json,
    /// YAML 1.1 as go-yaml v3 reads it.
    Yaml,
}

impl Format {
    /// All formats, by name.
    pub const ALL: [Self; 5] = [
        Self::Binary,
        Self::Dotenv,
        Self::Ini,
        Self::Json,
        Self::Yaml,
    ];

    /// The format of a file by the end of its name: `.yaml`, `.yml`, `.json`, `.env`, `.ini`, in
    /// small letters; anything else is binary, as SOPS has it.
    pub fn for_path(path: &str) -> Self {
        let suffixes = [
            (".yaml", Self::Yaml),
            (".yml", Self::Yaml),
            (".json", Self::Json),
            (".env", Self::Dotenv),
            (".ini", Self::Ini),
        ];
        let found = suffixes.iter().find(|(suffix, _)| path.ends_with(suffix));
        found.map_or(Self::Binary, |(_, format)| *format)
    }

    /// Its name, as `--input-type` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// No format has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format '{0}': expected binary, dotenv, ini, json or yaml")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_decide_as_in_sops() {
        for (path, format) in [
            ("a/b.yaml", Format::Yaml),
            ("b.yml", Format::Yaml),
            ("b.json", Format::Json),
            (".env", Format::Dotenv),
            ("prod.env", Format::Dotenv),
            ("b.ini", Format::Ini),
            ("b.yaml.enc", Format::Binary),
            ("b.YAML", Format::Binary),
            ("yaml", Format::Binary),
        ] {
            assert_eq!(Format::for_path(path), format, "{path}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert!("env".parse::<Format>().is_err());
    }
}
