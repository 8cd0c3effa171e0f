//! Windows of patterns: a bitmap that says no, and the windows themselves.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::Geometry;
use super::sieve::{SIZES, hash, place_of};
use crate::pattern::Pattern;

/// Bits of the bitmap for each window: one text window in so many passes it by chance.
const BITS_PER_WINDOW: usize = 64;
/// A window of a pattern.
#[derive(Clone, Copy, zeroize::Zeroize)]
pub(super) struct Entry {
    window: u64,
    pub(super) pattern: u32,
    /// Where it is in the pattern.
    pub(super) offset: u32,
}

/// All windows that were chosen.
pub(super) struct Table {
    bits: Zeroizing<Vec<u64>>,
    /// Sorted by window.
    windows: Zeroizing<Vec<u64>>,
    places: Vec<(u32, u32)>,
    /// First entry, plus one, of the windows whose hash begins so; 0 for none.
    slots: Vec<u32>,
    slot_shift: u32,
}

impl Table {
    pub(super) fn new(patterns: &[Pattern], geometry: Geometry) -> Self {
        let mut entries = chosen(patterns, geometry);
        entries.sort_unstable_by_key(|entry| (hash(entry.window), entry.window, entry.pattern));
        let wanted = (entries.len() * BITS_PER_WINDOW).div_ceil(64);
        let words = SIZES.into_iter().find(|words| *words >= wanted);
        let words = words.unwrap_or(SIZES[SIZES.len() - 1]);
        let slot_bits = (entries.len() * 2)
            .next_power_of_two()
            .trailing_zeros()
            .max(1);
        let mut table = Self {
            bits: Zeroizing::new(vec![0; words]),
            windows: Zeroizing::new(entries.iter().map(|entry| entry.window).collect()),
            places: entries
                .iter()
                .map(|entry| (entry.pattern, entry.offset))
                .collect(),
            slots: vec![0; 1 << slot_bits],
            slot_shift: 64 - slot_bits,
        };
        for (number, entry) in (1..).zip(&entries) {
            let (word, bit) = place_of(hash(entry.window), words);
            if let Some(word) = table.bits.get_mut(word) {
                *word |= 1 << bit;
            }
            let slot = (hash(entry.window) >> table.slot_shift) as usize;
            if let Some(slot) = table.slots.get_mut(slot).filter(|slot| **slot == 0) {
                *slot = number;
            }
        }
        // Windows are pieces of secrets.
        zeroize::Zeroize::zeroize(&mut entries);
        table
    }

    /// A bit for every hash of a window that a pattern has.
    pub(super) fn bitmap(&self) -> &[u64] {
        &self.bits
    }

    /// False when no pattern has the window; nearly always right when true.
    pub(super) fn may_hold(&self, window: u64) -> bool {
        let (word, bit) = place_of(hash(window), self.bits.len());
        self.bits.get(word).is_some_and(|word| word >> bit & 1 == 1)
    }

    /// The patterns that have the window.
    pub(super) fn entries(&self, window: u64) -> impl Iterator<Item = Entry> {
        let hashed = hash(window);
        let slot = (hashed >> self.slot_shift) as usize;
        let first = self.slots.get(slot).copied().unwrap_or(0) as usize;
        let begin = match first.checked_sub(1) {
            None => self.windows.len(),
            // Entries are sorted by hash.
            Some(begin) => {
                let rest = self.windows.get(begin..).unwrap_or_default();
                begin
                    + rest
                        .iter()
                        .take_while(|other| hash(**other) < hashed)
                        .count()
            }
        };
        let windows = self.windows.get(begin..).unwrap_or_default();
        let places = self.places.get(begin..).unwrap_or_default();
        windows
            .iter()
            .zip(places)
            .take_while(move |(other, _)| **other == window)
            .map(|(other, (pattern, offset))| Entry {
                window: *other,
                pattern: *pattern,
                offset: *offset,
            })
    }
}

/// For each pattern a window for each remainder of the stride: the one that fewest patterns share.
fn chosen(patterns: &[Pattern], geometry: Geometry) -> Vec<Entry> {
    let Geometry { window, stride, .. } = geometry;
    // What is far inside of a long pattern is not needed.
    let reach = |pattern: &Pattern| pattern.bytes.len().min(window + 4 * stride - 1);
    let mut shared: HashMap<u64, u32> = HashMap::new();
    for pattern in patterns {
        for bytes in pattern.bytes.expose()[..reach(pattern)].windows(window) {
            *shared.entry(geometry.load(bytes)).or_default() += 1;
        }
    }
    let mut entries = Vec::new();
    for (number, pattern) in (0..).zip(patterns) {
        let all: Vec<Entry> = pattern.bytes.expose()[..reach(pattern)]
            .windows(window)
            .zip(0..)
            .map(|(bytes, offset)| Entry {
                window: geometry.load(bytes),
                pattern: number,
                offset,
            })
            .collect();
        let cost = |entry: &Entry| {
            let uniform = entry.window.to_le_bytes()[..window]
                .iter()
                .filter(|byte| **byte == entry.window.to_le_bytes()[0])
                .count();
            (shared.get(&entry.window).copied().unwrap_or(0), uniform)
        };
        // A line break may take the place of any of them.
        if pattern.encoding.wraps() {
            entries.extend(all.iter().take(2 * stride + window - 1));
            continue;
        }
        for remainder in 0..stride {
            let same = all.iter().skip(remainder).step_by(stride);
            entries.extend(same.min_by_key(|entry| cost(entry)));
        }
    }
    entries
}
