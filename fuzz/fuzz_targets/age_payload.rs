//! Payloads: anything behind a header that authenticates, and real payloads damaged.

#![no_main]

use std::io::Read as _;

use nixseal_age::{Armor, Encryptor, FileKey, Header, OpenFile, X25519Identity};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let key = FileKey::new([3; 16]);
    let mut file = Header::seal(Vec::new(), &key).to_bytes();
    file.extend_from_slice(bytes);
    if let Ok(opened) = OpenFile::parse(file.as_slice()) {
        let plain = opened
            .with_file_key(&key)
            .expect("the header authenticates");
        assert!(plain.read_all(1 << 20).is_err(), "forged");
    }
    let [low, high, change, text @ ..] = bytes else {
        return;
    };
    // Several chunks, so that their numbers matter.
    let text = text.repeat(usize::from(*low) * 8 + 1);
    let identity = X25519Identity::from_bytes(&[9; 32]);
    let encryptor = Encryptor::new(&[identity.recipient()]).expect("encrypt");
    let mut sealed = Vec::new();
    encryptor
        .encrypt(text.as_slice(), &mut sealed, Armor::Binary)
        .expect("encrypt");
    let at = usize::from(u16::from_le_bytes([*low, *high])) % sealed.len();
    sealed[at] ^= change;
    let opened = OpenFile::parse(sealed.as_slice())
        .and_then(|file| file.decrypt(|header| header.unlock(&[identity])));
    let mut read = Vec::new();
    let result = opened.and_then(|plain| {
        plain
            .into_reader()
            .read_to_end(&mut read)
            .map_err(nixseal_age::Error::from_read)
    });
    assert!(text.starts_with(&read), "other bytes were released");
    assert_eq!(result.is_ok(), *change == 0, "damage is seen");
});
