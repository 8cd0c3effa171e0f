//! Random documents as people and tools write them, with everything that makes them hard to read.

pub mod flat;
pub mod yaml;

use crate::random::Random;

/// Choices that are the same for the same seed.
pub struct Choices(Random);

impl Choices {
    /// Choices that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// Below `limit`, which must not be zero.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.0.below(limit as u64)).expect("it is below a usize")
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}
