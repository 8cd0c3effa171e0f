//! The outer frame of OpenPGP packets (RFC 9580, section 4.2): where each begins and ends.
//!
//! Rings are cut into packets here, before anything looks into them: a key or signature that the
//! library does not know hides no other one.

use pgp::packet::{Packet, PacketParser};

/// Tags of RFC 9580, section 5.
pub(super) const SIGNATURE: u8 = 2;
pub(super) const SECRET_KEY: u8 = 5;
pub(super) const PUBLIC_KEY: u8 = 6;
pub(super) const SECRET_SUBKEY: u8 = 7;
pub(super) const USER_ID: u8 = 13;
pub(super) const PUBLIC_SUBKEY: u8 = 14;
pub(super) const USER_ATTRIBUTE: u8 = 17;

/// One packet.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) tag: u8,
    /// With its header.
    pub(super) bytes: &'a [u8],
}

impl Frame<'_> {
    /// The packet, where the library understands it.
    pub(super) fn parse(&self) -> Option<Packet> {
        PacketParser::new(self.bytes).next()?.ok()
    }
}

/// The packets of a ring; ends at the first byte that begins none. Lengths of no fixed size occur
/// in messages only.
pub(super) struct Frames<'a>(&'a [u8]);

impl<'a> Frames<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let (tag, length) = measure(self.0)?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Frame { tag, bytes })
    }
}

/// The tag and the length with the header.
fn measure(bytes: &[u8]) -> Option<(u8, usize)> {
    let first = *bytes.first()?;
    let byte = |index: usize| bytes.get(index).copied().map(usize::from);
    let long = |count: usize| {
        (1..=count).try_fold(0_usize, |sum, index| {
            sum.checked_mul(256)?.checked_add(byte(index)?)
        })
    };
    let (tag, header, body) = match first {
        ..0x80 => return None,
        // The old format: the two lowest bits tell how long the length is.
        0x80..0xc0 => {
            let count = match first & 3 {
                0 => 1,
                1 => 2,
                2 => 4,
                _ => return None,
            };
            ((first >> 2) & 0x0f, 1 + count, long(count)?)
        }
        0xc0.. => {
            let (header, body) = match byte(1)? {
                short @ 0..192 => (2, short),
                high @ 192..224 => (3, (high - 192) * 256 + byte(2)? + 192),
                255 => (6, long(5)? - (255 << 32)),
                _ => return None,
            };
            (first & 0x3f, header, body)
        }
    };
    Some((tag, usize::checked_add(header, body)?))
}

/// The transferable keys of a ring, each from its primary key to the next one.
pub(super) struct Blocks<'a>(&'a [u8]);

impl<'a> Blocks<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let is_primary = |frame: &Frame<'_>| matches!(frame.tag, SECRET_KEY | PUBLIC_KEY);
        let whole = self.0;
        let mut frames = Frames::new(whole);
        let before: usize = frames
            .by_ref()
            .take_while(|frame| !is_primary(frame))
            .map(length)
            .sum();
        let start = whole.get(before..).filter(|start| !start.is_empty())?;
        let mut frames = Frames::new(start);
        let first = length(frames.next()?);
        let rest: usize = frames
            .take_while(|frame| !is_primary(frame))
            .map(length)
            .sum();
        let (block, rest) = start.split_at_checked(first + rest)?;
        self.0 = rest;
        Some(block)
    }
}

fn length(frame: Frame<'_>) -> usize {
    frame.bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(bytes: &[u8]) -> Vec<(u8, usize)> {
        Frames::new(bytes)
            .map(|frame| (frame.tag, frame.bytes.len()))
            .collect()
    }

    #[test]
    fn all_lengths_are_read() {
        let mut bytes = vec![0xc6, 2, 1, 2];
        bytes.extend([0xcd, 192, 8]);
        bytes.extend([0; 200]);
        bytes.extend([0xcd, 255, 0, 0, 0, 1, 7]);
        bytes.extend([0x98, 1, 7]);
        bytes.extend([0x99, 0, 1, 7]);
        bytes.extend([0x9a, 0, 0, 0, 1, 7]);
        assert_eq!(
            tags(&bytes),
            [(6, 4), (13, 203), (13, 7), (6, 3), (6, 4), (6, 6)]
        );
    }

    #[test]
    fn what_is_no_frame_ends_the_ring() {
        for wrong in [
            &[][..],
            b"text",
            &[0xc6],
            &[0xc6, 5, 1],
            &[0xc6, 224, 1],
            &[0x9b, 1],
            &[0xc6, 255, 255, 255, 255, 255, 1],
            &[0x9a, 255, 255, 255, 255],
        ] {
            assert_eq!(tags(wrong), [], "{wrong:?}");
            assert_eq!(Blocks::new(wrong).count(), 0, "{wrong:?}");
        }
    }

    #[test]
    fn blocks_begin_at_primary_keys() {
        let ring = [
            0xcd, 0, 0xc6, 1, 9, 0xcd, 0, 0xce, 0, 0xc5, 0, 0xc6, 0, 0xc2, 0, 0x00, 0xc6, 0,
        ];
        let lengths: Vec<usize> = Blocks::new(&ring).map(<[u8]>::len).collect();
        assert_eq!(lengths, [7, 2, 4]);
    }
}
