//! INI files as SOPS reads and writes them through the library go-ini.
//!
//! Sections are maps of strings; keys before the first header are in the section `DEFAULT`. A
//! comment block belongs to the key or section below it and is one comment of several lines; in
//! the tree a section's comes first in it and a key's behind the key. `=` or `:` separates; values
//! are trimmed, lose one pair of quotes, go on after a `\` at the line's end or between backticks
//! or `"""`; `#` and `;` begin a comment anywhere else.
//!
//! Differences on purpose: a key `-` (which go-ini numbers, and SOPS then writes as a comment), a
//! key that stands twice in a section (SOPS keeps the last value only) and text behind a closing
//! backtick or `"""` (which go-ini drops) are errors; comments there are kept; a value is written in such quotes that it reads back as it was, or refused; comments
//! below the last key stay in the tree.

pub(crate) mod emit;
pub(crate) mod read;
pub(crate) mod splice;

pub(crate) use read::read;

/// The section of keys that stand before any header.
pub const DEFAULT_SECTION: &str = "DEFAULT";
