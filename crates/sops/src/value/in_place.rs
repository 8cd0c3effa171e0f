//! Base64 within one buffer: a large value is in memory once while it is encrypted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes that are encoded at a time: whole groups of three, few enough for the stack.
const CHUNK: usize = 768;

/// How long so many bytes are when they are encoded, with padding.
pub(super) fn encoded_len(length: usize) -> usize {
    length.div_ceil(3) * 4
}

/// Encodes the last `length` bytes of `buffer` over all of it, which is as long as the text.
///
/// What is written never reaches what is still to be read: of `length` bytes, `i` that are encoded
/// take `4 * i / 3`, and the next to be read stands at `length / 3 + i` or later.
///
/// What the buffer held passes the stack: it is for ciphertext.
pub(super) fn encode(buffer: &mut [u8], length: usize) {
    debug_assert_eq!(buffer.len(), encoded_len(length));
    let (mut read, mut written) = (buffer.len() - length, 0);
    let mut chunk = [0; CHUNK];
    while let Some(rest) = buffer.get(read..).filter(|rest| !rest.is_empty()) {
        let taken = rest.len().min(CHUNK);
        let (Some(piece), Some(from)) = (chunk.get_mut(..taken), rest.get(..taken)) else {
            return;
        };
        piece.copy_from_slice(from);
        read += taken;
        let room = buffer.get_mut(written..).unwrap_or_default();
        // There is room for it: that is how long the buffer is.
        written += STANDARD.encode_slice(&*piece, room).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_what_the_library_gives() {
        let plain: Vec<u8> = (0..=u8::MAX).cycle().take(4 * CHUNK + 5).collect();
        let lengths = (0..20)
            .chain(CHUNK - 4..CHUNK + 4)
            .chain(4 * CHUNK - 4..plain.len());
        for length in lengths {
            let plain = &plain[..length];
            let mut buffer = vec![0xff; encoded_len(length)];
            let at = buffer.len() - length;
            buffer[at..].copy_from_slice(plain);
            encode(&mut buffer, length);
            assert_eq!(buffer, STANDARD.encode(plain).into_bytes(), "{length}");
        }
    }
}
