//! Windows of patterns: a bitmap that says no, and the windows themselves.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::Geometry;
use crate::pattern::Pattern;

/// Bits of the bitmap for each window: one text window in so many passes it by chance.
const BITS_PER_WINDOW: usize = 64;
/// Most bits of the bitmap, as a power of two: what stays in the cache of a core.
const MOST_BITS: u32 = 22;
const FEWEST_BITS: u32 = 12;

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
    /// How far a hash is shifted to be the number of a bit.
    shift: u32,
    /// Sorted by window.
    windows: Zeroizing<Vec<u64>>,
    places: Vec<(u32, u32)>,
    /// First entry, plus one, of the windows whose hash begins so; 0 for none.
    slots: Vec<u32>,
    slot_shift: u32,
}

/// Spreads the bits of a window: every one of them changes the upper bits, which count.
#[inline]
fn hash(window: u64) -> u64 {
    window.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Table {
    pub(super) fn new(patterns: &[Pattern], geometry: Geometry) -> Self {
        let mut entries = chosen(patterns, geometry);
        entries.sort_unstable_by_key(|entry| (hash(entry.window), entry.window, entry.pattern));
        let wanted = (entries.len() * BITS_PER_WINDOW).next_power_of_two();
        let bits = wanted.trailing_zeros().clamp(FEWEST_BITS, MOST_BITS);
        let slot_bits = (entries.len() * 2)
            .next_power_of_two()
            .trailing_zeros()
            .max(1);
        let mut table = Self {
            bits: Zeroizing::new(vec![0; 1 << (bits - 6)]),
            shift: 64 - bits,
            windows: Zeroizing::new(entries.iter().map(|entry| entry.window).collect()),
            places: entries
                .iter()
                .map(|entry| (entry.pattern, entry.offset))
                .collect(),
            slots: vec![0; 1 << slot_bits],
            slot_shift: 64 - slot_bits,
        };
        for (number, entry) in (1..).zip(&entries) {
            let bit = hash(entry.window) >> table.shift;
            if let Some(word) = table.bits.get_mut((bit >> 6) as usize) {
                *word |= 1 << (bit & 63);
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

    /// Its lowest bit is 0 when no pattern has the window, and nearly always only then; the others
    /// mean nothing.
    #[inline]
    pub(super) fn word(&self, window: u64) -> u64 {
        let bit = hash(window) >> self.shift;
        // Shifting by the number of a bit looks at its lower six bits only.
        self.bits
            .get((bit >> 6) as usize)
            .map_or(0, |word| word.wrapping_shr(bit as u32))
    }

    /// False when no pattern has the window; nearly always right when true.
    #[inline]
    pub(super) fn may_hold(&self, window: u64) -> bool {
        self.word(window) & 1 == 1
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
