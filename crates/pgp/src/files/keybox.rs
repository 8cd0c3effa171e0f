//! `pubring.kbx`, where GnuPG since 2.1 keeps public keys: a row of blobs, each with the
//! fingerprints of a certificate before the certificate itself. The layout is described in
//! GnuPG's `kbx/keybox-blob.c`; numbers are big-endian.

use super::name::KeyName;

/// Kind of a blob that holds an OpenPGP certificate.
const OPENPGP: u8 = 2;
/// Flag of a blob that GnuPG made for a moment only.
const EPHEMERAL: u64 = 2;
/// Where the list of keys begins.
const KEYS: usize = 20;

/// The certificates in which the key of that name is.
pub(super) fn certificates<'a>(keybox: &'a [u8], name: &KeyName) -> impl Iterator<Item = &'a [u8]> {
    Blobs(keybox).filter_map(|blob| certificate(blob, name))
}

struct Blobs<'a>(&'a [u8]);

impl<'a> Iterator for Blobs<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        // A blob has its length, its kind and its version at least.
        let length = usize::try_from(number(self.0, 0, 4)?)
            .ok()
            .filter(|length| *length >= 6)?;
        let (blob, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(blob)
    }
}

fn certificate<'a>(blob: &'a [u8], name: &KeyName) -> Option<&'a [u8]> {
    if *blob.get(4)? != OPENPGP || number(blob, 6, 2)? & EPHEMERAL != 0 {
        return None;
    }
    let fingerprint_length = match blob.get(5)? {
        1 => 20,
        2 => 32,
        _ => return None,
    };
    let at = |offset: usize, count: usize| usize::try_from(number(blob, offset, count)?).ok();
    let (start, length) = (at(8, 4)?, at(12, 4)?);
    let (count, size) = (at(16, 2)?, at(18, 2)?);
    if size < fingerprint_length {
        return None;
    }
    let list = blob.get(KEYS..)?.chunks_exact(size).take(count);
    let mut fingerprints = list.filter_map(|entry| entry.get(..fingerprint_length));
    // In a blob of version 2, a shorter fingerprint has zeros after it.
    let found = fingerprints.any(|stored| {
        let shorter = stored.get(..20).filter(|_| ends_in_zeros(stored));
        name.is_fingerprint(stored) || shorter.is_some_and(|stored| name.is_fingerprint(stored))
    });
    let end = start.checked_add(length)?;
    blob.get(start..end).filter(|_| found)
}

fn ends_in_zeros(stored: &[u8]) -> bool {
    stored
        .get(20..)
        .is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
}

fn number(bytes: &[u8], offset: usize, count: usize) -> Option<u64> {
    let digits = bytes.get(offset..offset.checked_add(count)?)?;
    Some(
        digits
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A blob of version 1 with one key and a certificate of three bytes.
    fn blob(fingerprint: [u8; 20]) -> Vec<u8> {
        let mut blob = vec![
            0, 0, 0, 51, OPENPGP, 1, 0, 0, 0, 0, 0, 48, 0, 0, 0, 3, 0, 1, 0, 28,
        ];
        blob.extend(fingerprint);
        blob.extend([0; 8]);
        blob.extend(b"key");
        blob
    }

    fn found(keybox: &[u8], name: &str) -> usize {
        certificates(keybox, &KeyName::parse(name).unwrap()).count()
    }

    #[test]
    fn certificates_are_found_by_fingerprint_and_key_id() {
        let header = [0, 0, 0, 8, 1, 1, 0, 2];
        let keybox = [header.to_vec(), blob([0xaa; 20]), blob([0xbb; 20])].concat();
        assert_eq!(found(&keybox, &"bb".repeat(20)), 1);
        assert_eq!(found(&keybox, &"aa".repeat(8)), 1);
        assert_eq!(found(&keybox, &"cc".repeat(8)), 0);
        let name = KeyName::parse(&"bb".repeat(20)).unwrap();
        assert_eq!(certificates(&keybox, &name).next(), Some(&b"key"[..]));
    }

    #[test]
    fn every_changed_byte_and_length_is_survived() {
        let keybox = [blob([0xaa; 20]), blob([0xaa; 20])].concat();
        for index in 0..keybox.len() {
            found(&keybox[..index], &"aa".repeat(20));
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = keybox.clone();
                changed[index] = value;
                assert!(found(&changed, &"aa".repeat(20)) <= 2);
            }
        }
    }
}
