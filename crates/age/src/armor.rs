//! ASCII armor: base64 in lines of 64 columns between two marker lines.
//!
//! Strict as in Go age: exact markers, full lines, canonical padding, either
//! kind of line end, and up to [`MAX_BLANK`] bytes of white space around.

mod reader;
mod writer;

pub use reader::ArmorReader;
pub use writer::ArmorWriter;

/// First line of an armored file.
pub const ARMOR_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// Last line of an armored file.
pub const ARMOR_END: &str = "-----END AGE ENCRYPTED FILE-----";

/// White space that may stand before or behind the armor, in bytes each.
pub(crate) const MAX_BLANK: usize = 1024;

/// Whether a file is written as bytes or as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Armor {
    /// The plain binary format.
    #[default]
    Binary,
    /// Base64 between marker lines, a third larger.
    Armored,
}

/// White space as it may surround armor.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
