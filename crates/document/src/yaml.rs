//! YAML as SOPS reads and writes it, that is as go-yaml v3 with SOPS's store on top.
//!
//! [`scanner`] turns text into tokens and gathers comments, [`compose`] makes a graph of nodes of
//! them and decides which node a comment belongs to, [`build`] makes the tree of SOPS. [`emit`]
//! writes it anew, [`splice`] into the old text.
//!
//! Comments that go-yaml loses are put back where they stand ([`lost`]). What SOPS reads only to lose or break it later is an error here: values that do not fit their
//! tag or doubled aliases in later documents, numbers past 64 bits, keys that are no strings.

mod build;
mod compose;
mod cursor;
pub(crate) mod emit;
pub(crate) mod input;
mod lost;
mod resolve;
mod scanner;
pub(crate) mod splice;
mod token;

use nixseal_base::secret::{SecretBytes, SecretText};
use nixseal_base::span::Span;

use crate::error::ParseError;
use crate::tree::Map;

/// Reads all documents of a file.
pub(crate) fn read(
    bytes: SecretBytes,
) -> Result<(SecretText, input::Encoding, Vec<Map>), ParseError> {
    let (text, encoding) = input::decode(bytes)?;
    let (_, branches) = read_text(text.expose())?;
    Ok((text, encoding, branches))
}

fn read_text(source: &str) -> Result<(compose::Graph, Vec<Map>), ParseError> {
    let scanned = scanner::scan(source);
    let comments = scanned.comment_spans();
    let graph = compose::compose(source, scanned)?;
    let mut branches = build::build(source, &graph)?;
    lost::restore(source, comments, &graph.documents, &mut branches);
    if branches.is_empty() && !source.is_empty() {
        let reason = "the file holds no document, only blanks or comments";
        return Err(ParseError::new(source, Span::default(), reason));
    }
    Ok((graph, branches))
}
