//! Numbers of things.

/// `1 file`, `2 files`: the number and the noun, in the plural where there is not one.
pub(crate) fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_is_singular() {
        let files = |count: usize| super::counted(count, "file");
        assert_eq!(
            [files(0), files(1), files(2)],
            ["0 files", "1 file", "2 files"]
        );
    }
}
