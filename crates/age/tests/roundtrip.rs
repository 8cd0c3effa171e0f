//! What is sealed opens again, in every way of writing and reading.

use std::io::{Read, Write};

use nixseal_age::{
    Armor, Encryptor, Error, Header, OpenFile, X25519Identity, decrypt_bytes, encrypt,
    encrypt_bytes,
};

const SIZES: [usize; 12] = [
    0, 1, 47, 48, 65_535, 65_536, 65_537, 131_072, 262_144, 262_145, 1_048_576, 3_000_001,
];

fn text(size: usize) -> Vec<u8> {
    (0..size)
        .map(|index| (index.wrapping_mul(31) >> 3) as u8)
        .collect()
}

fn opener(
    identity: &X25519Identity,
) -> impl FnOnce(&Header) -> Result<nixseal_age::FileKey, Error> {
    move |header| header.unlock(&[identity])
}

#[test]
fn every_size_and_form_round_trips() {
    let identity = X25519Identity::generate().unwrap();
    for size in SIZES {
        let text = text(size);
        for armor in [Armor::Binary, Armor::Armored] {
            let file = encrypt_bytes(&[identity.recipient()], &text, armor).unwrap();
            let open = OpenFile::parse(file.as_slice()).unwrap();
            assert_eq!(open.armor(), armor);
            let opened = decrypt_bytes(&file, opener(&identity)).unwrap();
            assert!(opened.expose() == text, "{size} bytes, {armor:?}");
        }
    }
}

#[test]
fn pushing_and_pulling_gives_the_same() {
    let identity = X25519Identity::generate().unwrap();
    for size in SIZES {
        let text = text(size);
        for armor in [Armor::Binary, Armor::Armored] {
            let encryptor = Encryptor::new(&[identity.recipient()]).unwrap();
            let mut writer = encryptor.writer(Vec::new(), armor).unwrap();
            for piece in text.chunks(7_001) {
                writer.write_all(piece).unwrap();
            }
            let file = writer.finish().unwrap();
            let plaintext = OpenFile::parse(file.as_slice())
                .unwrap()
                .decrypt(opener(&identity));
            let mut read = Vec::new();
            plaintext
                .unwrap()
                .into_reader()
                .read_to_end(&mut read)
                .unwrap();
            assert!(read == text, "{size} bytes, {armor:?}");
        }
    }
}

#[test]
fn the_number_of_plaintext_bytes_is_told() {
    let identity = X25519Identity::generate().unwrap();
    let mut file = Vec::new();
    let count = encrypt(
        &[identity.recipient()],
        text(700_000).as_slice(),
        &mut file,
        Armor::Binary,
    );
    assert_eq!(count.unwrap(), 700_000);
    let plaintext = OpenFile::parse(file.as_slice())
        .unwrap()
        .decrypt(opener(&identity))
        .unwrap();
    assert_eq!(plaintext.write_to(std::io::sink()).unwrap(), 700_000);
}
