//! Base64 of a value that stands somewhere in a longer text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

use super::{Encoding, Forms};

/// The letters that are the same whatever stands before and after the value, for each place in the
/// group of three bytes that it may begin in.
pub(super) fn all(value: &[u8], forms: &mut Forms) {
    for offset in 0..3 {
        forms.add(
            Encoding::Base64,
            core(value, offset, |bytes, into| {
                STANDARD_NO_PAD.encode_slice(bytes, into).unwrap_or(0)
            }),
        );
    }
    for offset in 0..3 {
        forms.add(
            Encoding::Base64Url,
            core(value, offset, |bytes, into| {
                URL_SAFE_NO_PAD.encode_slice(bytes, into).unwrap_or(0)
            }),
        );
    }
}

fn core(value: &[u8], offset: usize, encode: impl Fn(&[u8], &mut [u8]) -> usize) -> SecretBytes {
    let mut shifted = Zeroizing::new(Vec::with_capacity(offset + value.len()));
    shifted.resize(offset, 0);
    shifted.extend_from_slice(value);
    let mut letters = Zeroizing::new(vec![0; shifted.len().div_ceil(3) * 4]);
    let length = encode(&shifted, &mut letters);
    // A letter holds six bits: the first that holds none of what stands before, and the last that
    // holds none of what stands after.
    let first = (offset * 8).div_ceil(6);
    let end = (shifted.len() * 8 / 6).min(length);
    SecretBytes::copy_of(letters.get(first..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alignment_is_found_in_a_longer_text() {
        let value = b"swordfish-swordfish";
        let mut forms = Forms::default();
        all(value, &mut forms);
        for before in 0..6 {
            for after in 0..6 {
                let text = [vec![b'x'; before].as_slice(), value, &vec![b'y'; after]].concat();
                let encoded = STANDARD_NO_PAD.encode(text);
                assert!(
                    forms
                        .0
                        .iter()
                        .any(|form| encoded.contains(form.bytes.as_text().unwrap())),
                    "{before} bytes before, {after} after"
                );
            }
        }
        assert!(forms.0.iter().all(|form| form.bytes.len() >= 24));
    }
}
