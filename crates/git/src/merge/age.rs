//! Merging `.age` files: one value in each, so one side has to win.

use nixseal_base::secret::SecretBytes;

use super::Sides;

/// Which version of an `.age` file stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Ours.
    Ours,
    /// The other one.
    Theirs,
    /// Both sides changed the value.
    Neither,
}

/// Chooses by bytes, then by value: `open` decrypts a version. A side that was only encrypted anew
/// gives way to one with another value.
///
/// The second value tells whether the sides may be for different recipients, so that the file has
/// to be brought in line with its rule.
///
/// # Errors
/// Those of `open`.
pub fn choose<E>(
    sides: Sides<'_>,
    mut open: impl FnMut(&'static str, &[u8]) -> Result<SecretBytes, E>,
) -> Result<(Chosen, bool), E> {
    let Sides { ours, base, theirs } = sides;
    if ours == theirs || theirs == base {
        return Ok((Chosen::Ours, false));
    }
    if ours == base {
        return Ok((Chosen::Theirs, false));
    }
    let (mine, other) = (open(super::OURS, ours)?, open(super::THEIRS, theirs)?);
    if mine == other {
        return Ok((Chosen::Ours, true));
    }
    if base.is_empty() {
        return Ok((Chosen::Neither, false));
    }
    let old = open(super::BASE, base)?;
    Ok(match (mine == old, other == old) {
        (true, _) => (Chosen::Theirs, true),
        (_, true) => (Chosen::Ours, true),
        (false, false) => (Chosen::Neither, false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version is its value and, after a dot, what encrypting it anew changes.
    fn chosen(ours: &str, base: &str, theirs: &str) -> (Chosen, bool) {
        let sides = Sides {
            ours: ours.as_bytes(),
            base: base.as_bytes(),
            theirs: theirs.as_bytes(),
        };
        let open = |_: &str, bytes: &[u8]| {
            let value = bytes.split(|byte| *byte == b'.').next().unwrap_or_default();
            Ok::<_, ()>(SecretBytes::copy_of(value))
        };
        choose(sides, open).unwrap()
    }

    #[test]
    fn the_side_with_another_value_stays() {
        assert_eq!(chosen("a.1", "a.1", "b.1"), (Chosen::Theirs, false));
        assert_eq!(chosen("b.1", "a.1", "a.1"), (Chosen::Ours, false));
        assert_eq!(chosen("a.2", "a.1", "a.3"), (Chosen::Ours, true));
        assert_eq!(chosen("a.2", "a.1", "b.1"), (Chosen::Theirs, true));
        assert_eq!(chosen("b.1", "a.1", "a.2"), (Chosen::Ours, true));
        assert_eq!(chosen("b.1", "a.1", "c.1"), (Chosen::Neither, false));
        assert_eq!(chosen("b.1", "", "c.1"), (Chosen::Neither, false));
        assert_eq!(chosen("b.1", "", "b.2"), (Chosen::Ours, true));
    }
}
