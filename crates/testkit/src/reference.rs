//! Pages of the documentation that must be what the code says.

use std::path::{Path, PathBuf};

/// A file of `docs/reference`, seen from a crate of the workspace.
pub fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference")
        .join(name)
}

/// Compares a section of a page, between `<!-- NAME -->` and `<!-- end -->`, with what it must be;
/// `UPDATE_GOLDEN` writes it anew. `note` is shown where they differ.
pub fn section(path: &Path, name: &str, wanted: &str, note: &str) {
    let page = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("'{}': {error}", path.display()));
    let begin = format!("<!-- {name} -->\n");
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        let (found, after) = rest.split_once("<!-- end -->")?;
        Some((before, found, after))
    });
    let (before, found, after) =
        parts.unwrap_or_else(|| panic!("'{}' has no section '{name}'", path.display()));
    if found == wanted {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_GOLDEN").is_some(),
        "'{}' is not true any more; UPDATE_GOLDEN=1 writes it anew\n{note}\n{wanted}",
        path.display()
    );
    let page = format!("{before}{begin}{wanted}<!-- end -->{after}");
    std::fs::write(path, page).unwrap_or_else(|error| panic!("'{}': {error}", path.display()));
}
