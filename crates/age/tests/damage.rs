//! Damaged files are refused, never opened as something else, and never make
//! us panic.

use std::io::Read;

use nixseal_age::{
    Armor, Error, FileKey, Header, OpenFile, PayloadFault, X25519Identity, decrypt_bytes,
    encrypt_bytes,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const CHUNK: usize = 65_536;

fn identity() -> X25519Identity {
    X25519Identity::from_bytes(&[9; 32])
}

fn seal(text: &[u8], armor: Armor) -> Vec<u8> {
    encrypt_bytes(&[identity().recipient()], text, armor).unwrap()
}

fn unlock(header: &Header) -> Result<FileKey, Error> {
    header.unlock(&[identity()])
}

fn open(file: &[u8]) -> Result<Vec<u8>, Error> {
    decrypt_bytes(file, unlock).map(|text| text.expose().to_vec())
}

/// What is released before the error, and the error; both ways of reading
/// have to agree.
fn open_partly(file: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    let start = || OpenFile::parse(file).unwrap().decrypt(unlock).unwrap();
    let (mut pushed, mut pulled) = (Vec::new(), Vec::new());
    let result = start().write_to(&mut pushed).map(drop);
    let mut reader = start().into_reader();
    let other = reader.read_to_end(&mut pulled).map_err(Error::from_read);
    assert!(
        pushed == pulled,
        "{} and {} bytes released",
        pushed.len(),
        pulled.len()
    );
    assert_eq!(
        format!("{:?}", result.as_ref().err()),
        format!("{:?}", other.err())
    );
    if result.is_err() {
        assert!(reader.read(&mut [0]).is_err(), "an end after an error");
    }
    (pushed, result)
}

fn text(size: usize) -> Vec<u8> {
    (0..size)
        .map(|index| (index.wrapping_mul(31) >> 3) as u8)
        .collect()
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

fn armor() -> impl Strategy<Value = Armor> {
    prop_oneof![Just(Armor::Binary), Just(Armor::Armored)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_round_trips(text in proptest::collection::vec(any::<u8>(), 0..3000), armor in armor()) {
        prop_assert_eq!(open(&seal(&text, armor)).unwrap(), text);
    }

    #[test]
    fn no_changed_byte_is_accepted(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        armor in armor(),
        place in any::<proptest::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let mut file = seal(&text, armor);
        let place = place.index(file.len());
        file[place] ^= change;
        match (open(&file), armor) {
            (Ok(opened), Armor::Armored) => prop_assert_eq!(opened, text),
            (Ok(_), Armor::Binary) => prop_assert!(false, "byte {} does not count", place),
            (Err(_), _) => {}
        }
    }

    #[test]
    fn no_cut_nor_insertion_is_accepted(
        text in proptest::collection::vec(any::<u8>(), 0..300),
        armor in armor(),
        place in any::<proptest::sample::Index>(),
        removed in 0..40_usize,
        inserted in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut file = seal(&text, armor);
        let place = place.index(file.len());
        let end = (place + removed).min(file.len());
        if file[place..end] != inserted {
            file.splice(place..end, inserted);
            match (open(&file), armor) {
                (Ok(opened), Armor::Armored) => prop_assert_eq!(opened, text),
                (Ok(_), Armor::Binary) => prop_assert!(false, "a change at {} is accepted", place),
                (Err(_), _) => {}
            }
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        prop_assert!(open(&bytes).is_err());
    }

    #[test]
    fn any_header_is_refused(
        lines in proptest::collection::vec("(-> [!-~]{1,9}( [!-~]{1,40}){0,3}|--- [A-Za-z0-9+/]{43}|[A-Za-z0-9+/]{0,66}|\\PC{0,20})", 0..12),
    ) {
        let file = format!("age-encryption.org/v1\n{}\n", lines.join("\n"));
        prop_assert!(open(file.as_bytes()).is_err());
    }
}

#[test]
fn every_truncation_is_refused() {
    for (armor, slack) in [(Armor::Binary, 0), (Armor::Armored, 1)] {
        let file = seal(b"a small secret", armor);
        for end in 0..file.len() - slack {
            assert!(
                open(&file[..end]).is_err(),
                "{armor:?} cut at {end} of {}",
                file.len()
            );
        }
    }
}

#[test]
fn every_appended_byte_is_refused() {
    for size in [0, 14, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK] {
        for tail in [1, 15, 16, 17, CHUNK + 16, 10 * CHUNK] {
            let mut file = seal(&text(size), Armor::Binary);
            file.resize(file.len() + tail, 0);
            assert!(open(&file).is_err(), "{tail} bytes behind {size}");
        }
    }
}

#[test]
fn damage_is_named_and_what_stands_before_it_is_released() {
    let text = text(40 * CHUNK + 5);
    let whole = seal(&text, Armor::Binary);
    let payload = whole.len() - (text.len() + 41 * 16);
    let sealed = CHUNK + 16;
    // At each chunk: a damaged byte, the end cut off behind it, another repeated.
    for chunk in [0, 1, 3, 4, 5, 11, 12, 13, 39, 40] {
        let start = payload + chunk * sealed;
        let mut damaged = whole.clone();
        damaged[start + 3] ^= 1;
        let (released, result) = open_partly(&damaged);
        assert!(released == text[..chunk * CHUNK], "chunk {chunk}");
        assert!(matches!(
            result,
            Err(Error::Payload { chunk: number, offset, reason: PayloadFault::Corrupted })
                if number == chunk as u64 && offset == number * CHUNK as u64
        ));

        let (released, result) = open_partly(&whole[..start]);
        assert!(
            released == text[..chunk * CHUNK],
            "cut before chunk {chunk}"
        );
        let truncated = PayloadFault::Truncated;
        assert!(matches!(result, Err(Error::Payload { reason, .. }) if reason == truncated));
    }
    let mut swapped = whole.clone();
    swapped[payload..payload + 2 * sealed].rotate_left(sealed);
    let (released, result) = open_partly(&swapped);
    assert!(released.is_empty() && result.is_err());
}

#[test]
fn data_behind_the_end_is_named() {
    let text = text(12 * CHUNK);
    let mut file = seal(&text, Armor::Binary);
    file.push(0);
    let (released, result) = open_partly(&file);
    assert!(released == text);
    assert!(matches!(
        result,
        Err(Error::Payload {
            chunk: 11,
            reason: PayloadFault::TrailingData,
            ..
        })
    ));
}

#[test]
fn damaged_armor_ends_the_payload_with_its_line() {
    let mut file = seal(&text(30 * CHUNK), Armor::Armored);
    let place = file.len() / 2 / 65 * 65;
    let line = file[..place].iter().filter(|byte| **byte == b'\n').count() + 1;
    file[place] = b'!';
    let start = || {
        OpenFile::parse(file.as_slice())
            .unwrap()
            .decrypt(unlock)
            .unwrap()
    };
    let mut pushed = Vec::new();
    let result = start().write_to(&mut pushed);
    // Whole batches before the damage are released, nothing of its own.
    assert!(pushed.len() >= 4 * CHUNK && text(30 * CHUNK).starts_with(&pushed));
    let mut pulled = Vec::new();
    start().into_reader().read_to_end(&mut pulled).unwrap_err();
    assert!(pulled.len() > 10 * CHUNK && text(30 * CHUNK).starts_with(&pulled));
    assert!(matches!(result, Err(Error::Armor { line: found, .. }) if found == line));
}
