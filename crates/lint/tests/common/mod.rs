//! Texts of the reference that must be what the code says.

use std::path::{Path, PathBuf};

use nixseal_base::fs::{Batch, Creation};

/// A file of the reference of the lint.
pub(crate) fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference/lint")
        .join(name)
}

/// Compares a section of a page, between `<!-- NAME -->` and `<!-- end -->`, with what it must be.
pub(crate) fn section(path: &Path, name: &str, wanted: &str, note: &str) {
    let page = std::fs::read_to_string(path).expect("the page is there");
    let begin = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&begin).expect("the page has the section");
    let (found, after) = rest.split_once("<!-- end -->").expect("the section ends");
    if found == wanted {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "a switch of the tests alone")]
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    assert!(
        update,
        "'{}' is not true any more; UPDATE_GOLDEN=1 writes it anew\n{note}\n{wanted}",
        path.display()
    );
    println!("{note}");
    let batch = Batch::new();
    let page = format!("{before}{begin}{wanted}<!-- end -->{after}");
    batch
        .stage(path, page.as_bytes(), Creation::PUBLIC)
        .unwrap();
    batch.commit().unwrap();
}
