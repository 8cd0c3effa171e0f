//! Headers of age files: what is read is written back byte for byte.

#![no_main]

use nixseal_age::{Header, OpenFile, X25519Identity};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    if let Ok(header) = Header::read(&mut rest) {
        let length = bytes.len() - rest.len();
        assert!(
            header.to_bytes() == bytes[..length],
            "it is written otherwise"
        );
        let _ = header.unlock(&[X25519Identity::from_bytes(&[9; 32])]);
    }
    if let Ok(file) = OpenFile::parse(bytes) {
        let _ = file.decrypt(|header| header.unlock(&[X25519Identity::from_bytes(&[9; 32])]));
    }
});
