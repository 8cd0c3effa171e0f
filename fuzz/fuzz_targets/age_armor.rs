//! Armor: what is read, written again, reads the same.

#![no_main]

use std::io::{Read as _, Write as _};

use nixseal_age::{ArmorReader, ArmorWriter};

fn read(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    ArmorReader::new(text).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let mut writer = ArmorWriter::new(Vec::new());
    writer.write_all(text).expect("memory");
    let armored = writer.finish().expect("memory");
    assert!(read(&armored).as_deref() == Some(text), "there and back");
    let Some(bytes) = read(text) else {
        return;
    };
    let mut writer = ArmorWriter::new(Vec::new());
    writer.write_all(&bytes).expect("memory");
    let again = writer.finish().expect("memory");
    // Strict: only blank space around and kinds of line ends may differ.
    let blank = |byte: u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let plain =
        |text: &[u8]| -> Vec<u8> { text.iter().copied().filter(|byte| !blank(*byte)).collect() };
    assert!(plain(text) == plain(&again), "two armors of the same bytes");
});
