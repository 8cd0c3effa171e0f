//! Paths as text, the way Nix treats them: no look at the file system.

/// Removes `.`, `..` and doubled slashes from an absolute path.
pub(crate) fn canonical(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut canonical = Vec::with_capacity(path.len());
    for part in &parts {
        canonical.push(b'/');
        canonical.extend_from_slice(part);
    }
    if canonical.is_empty() {
        canonical.push(b'/');
    }
    canonical
}

/// What is behind the last slash, where one slash at the end does not count.
pub(crate) fn base_name(path: &[u8]) -> &[u8] {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let start = path
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |index| index + 1);
    path.get(start..).unwrap_or_default()
}

/// What is before the last slash.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| *byte == b'/') {
        None => b".",
        Some(0) => b"/",
        Some(index) => path.get(..index).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_paths() {
        for (path, expected) in [
            ("/a/./b//c/../d", "/a/b/d"),
            ("/..", "/"),
            ("/", "/"),
            ("/a/", "/a"),
            ("//a", "/a"),
        ] {
            assert_eq!(canonical(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn names_and_parents() {
        assert_eq!(base_name(b"/a/b.pub"), b"b.pub");
        assert_eq!(base_name(b"a/b/"), b"b");
        assert_eq!(base_name(b"/"), b"");
        assert_eq!(parent(b"/a/b"), b"/a");
        assert_eq!(parent(b"/a"), b"/");
        assert_eq!(parent(b"a"), b".");
    }
}
