//! Choices that are the same for the same seed.

/// A generator of choices.
pub(crate) struct Random(nixseal_testkit::random::Random);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(nixseal_testkit::random::Random::new(seed))
    }

    /// Below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.0.below(limit as u64)).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}
