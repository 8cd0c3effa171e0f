//! Lossless documents: one ordered tree for YAML, JSON, dotenv, INI and binary files.
//!
//! [`parse`] reads a file into a [`Document`] whose [tree](tree::Map) has every value with its
//! exact type, every comment, and the place of each in the text. Callers change the tree; then
//! [`Document::emit_canonical`] writes it anew as `sops` 3.13.3 lays it out, and
//! [`Document::splice`] puts only the changes into the original text.

pub mod binary;
mod document;
mod dotenv;
mod error;
pub mod flat;
mod format;
pub mod ini;
mod json;
pub mod number;
pub mod path;
mod size;
mod splice;
mod timestamp;
pub mod tree;
mod wiped;
mod yaml;

pub use document::{Document, EmitOptions, emit, emit_owned, emit_value, parse, parse_owned};
pub use error::{EmitError, ParseError, ParseErrorKind, SpliceError};
pub use format::{Format, UnknownFormat};
pub use timestamp::Timestamp;
