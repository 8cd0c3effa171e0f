//! Growing text that holds secrets without leaving copies in freed memory.

use nixseal_base::secret::wipe_buffer;
use zeroize::Zeroizing;

/// Appends.
pub(crate) fn push(text: &mut Zeroizing<String>, more: &str) {
    reserve(text, more.len());
    text.push_str(more);
}

/// Makes room for so many bytes; the old buffer is wiped.
pub(crate) fn reserve(text: &mut Zeroizing<String>, more: usize) {
    if text.capacity() - text.len() < more {
        let mut larger = String::with_capacity(room(text.len(), more));
        larger.push_str(text);
        wipe_buffer(&mut std::mem::replace(&mut **text, larger).into_bytes());
    }
}

/// Appends to bytes.
pub(crate) fn extend(bytes: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if bytes.capacity() - bytes.len() < more.len() {
        let mut larger = Vec::with_capacity(room(bytes.len(), more.len()));
        larger.extend_from_slice(bytes);
        wipe_buffer(&mut std::mem::replace(&mut **bytes, larger));
    }
    bytes.extend_from_slice(more);
}

/// How large a buffer becomes: a short one doubles; a long one gets a quarter more, since all of it
/// is wiped in the end; and around one large piece there is little, because little follows it.
fn room(length: usize, more: usize) -> usize {
    let spare = if length < 1 << 20 { length } else { length / 4 };
    length + more + spare.max(4096).min(length.max(more).max(64))
}
