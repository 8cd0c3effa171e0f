//! The loop that reads every text: which places hold a window that may be a pattern's.
//!
//! It is compiled for each stride and each size of the bitmap, so that all places of a block and all
//! words of the bitmap are known to exist, and shifts to be constant.

use super::WIDEST;

/// Places that are looked at before there is a branch.
const LANES: usize = 8;

/// The strides it is compiled for, ascending.
pub(super) const STRIDES: [usize; 12] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24];

/// Sizes of the bitmap that it is compiled for, in words of 64 bits, ascending: what stays in the
/// first cache of a core, and what stays in its second.
pub(super) const SIZES: [usize; 3] = [SMALL, MIDDLE, LARGE];
const SMALL: usize = 1 << 10;
const MIDDLE: usize = 1 << 14;
const LARGE: usize = 1 << 16;

/// Spreads the bits of a window: every one of them changes the upper bits, which count.
#[inline]
pub(super) fn hash(window: u64) -> u64 {
    window.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The word of a bitmap of so many words, and the bit in it, of a hash.
#[inline]
pub(super) fn place_of(hash: u64, words: usize) -> (usize, u32) {
    let bit = hash >> (u64::BITS - 6 - words.ilog2());
    ((bit >> 6) as usize, (bit & 63) as u32)
}

/// Calls `hit` with every place that is a multiple of `stride` whose window the bitmap knows, and
/// gives the first place that was not looked at: too close to the end of the text.
///
/// `mask` takes from eight bytes what belongs to a window.
pub(super) fn sieve(
    bitmap: &[u64],
    (stride, mask): (usize, u64),
    text: &[u8],
    hit: &mut dyn FnMut(usize),
) -> usize {
    match bitmap.len() {
        SMALL => of_size::<SMALL>(bitmap, (stride, mask), text, hit),
        MIDDLE => of_size::<MIDDLE>(bitmap, (stride, mask), text, hit),
        _ => of_size::<LARGE>(bitmap, (stride, mask), text, hit),
    }
}

fn of_size<const WORDS: usize>(
    bitmap: &[u64],
    (stride, mask): (usize, u64),
    text: &[u8],
    hit: &mut dyn FnMut(usize),
) -> usize {
    let Some(bitmap) = bitmap.first_chunk::<WORDS>() else {
        return 0;
    };
    let sieve = Sieve { bitmap, mask };
    match stride {
        2 => sieve.run::<2>(text, hit),
        3 => sieve.run::<3>(text, hit),
        4 => sieve.run::<4>(text, hit),
        5 => sieve.run::<5>(text, hit),
        6 => sieve.run::<6>(text, hit),
        8 => sieve.run::<8>(text, hit),
        10 => sieve.run::<10>(text, hit),
        12 => sieve.run::<12>(text, hit),
        16 => sieve.run::<16>(text, hit),
        20 => sieve.run::<20>(text, hit),
        24 => sieve.run::<24>(text, hit),
        _ => sieve.run::<1>(text, hit),
    }
}

struct Sieve<'a, const WORDS: usize> {
    bitmap: &'a [u64; WORDS],
    mask: u64,
}

impl<const WORDS: usize> Sieve<'_, WORDS> {
    fn run<const STRIDE: usize>(&self, text: &[u8], hit: &mut dyn FnMut(usize)) -> usize {
        let mut place = 0;
        while let Some(block) = text.get(place..place + (LANES - 1) * STRIDE + WIDEST) {
            let lanes = (0..LANES).map(|lane| self.word(block, lane * STRIDE));
            if lanes.fold(0, |all, word| all | word) & 1 == 1 {
                self.tell::<STRIDE>(block, place, hit);
            }
            place += LANES * STRIDE;
        }
        place
    }

    #[cold]
    fn tell<const STRIDE: usize>(&self, block: &[u8], place: usize, hit: &mut dyn FnMut(usize)) {
        for lane in 0..LANES {
            if self.word(block, lane * STRIDE) & 1 == 1 {
                hit(place + lane * STRIDE);
            }
        }
    }

    /// Its lowest bit tells whether the bitmap knows the window there; the others mean nothing.
    #[inline(always)]
    fn word(&self, block: &[u8], at: usize) -> u64 {
        let bytes = block.get(at..).and_then(|rest| rest.first_chunk());
        let window = bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes)) & self.mask;
        let (word, bit) = place_of(hash(window), WORDS);
        self.bitmap
            .get(word)
            .map_or(0, |word| word.wrapping_shr(bit))
    }
}
