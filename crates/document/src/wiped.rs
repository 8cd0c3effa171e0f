//! Growing text that holds secrets without leaving copies in freed memory.

use zeroize::Zeroizing;

/// Appends.
pub(crate) fn push(text: &mut Zeroizing<String>, more: &str) {
    reserve(text, more.len());
    text.push_str(more);
}

/// Makes room for so many bytes; the old buffer is wiped.
pub(crate) fn reserve(text: &mut Zeroizing<String>, more: usize) {
    if text.capacity() - text.len() < more {
        let mut larger = Zeroizing::new(String::with_capacity((text.len() + more).max(32) * 2));
        larger.push_str(text);
        *text = larger;
    }
}

/// Appends to bytes.
pub(crate) fn extend(bytes: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if bytes.capacity() - bytes.len() < more.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity((bytes.len() + more.len()).max(64) * 2));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(more);
}
