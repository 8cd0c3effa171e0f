//! Makes a folder that is like a Nix store, the same in every run, for measurements.
//!
//! `store-tree FOLDER BYTES` makes about so many bytes of files: sizes are log-normal with a median
//! of 3 kB and a mean of 30 kB, as in a store; contents are programs (machine code, tables of
//! strings, zeros), texts, and compressed data. `store-tree --values COUNT` prints so many values
//! of 16 to 48 letters and digits, one a line, that are not in such a folder.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it makes files and values for measurements"
)]

use std::fs;
use std::path::Path;

use nixseal_testkit::Random;

const POOL: usize = 32 << 20;
/// Natural logarithm of the median size of a file, and its spread.
const MEDIAN: f64 = 8.0;
const SPREAD: f64 = 2.15;
const LARGEST: f64 = 256e6;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--values", count] => values(count.parse().expect("a number of values")),
        [folder, bytes] => tree(Path::new(folder), bytes.parse().expect("a number of bytes")),
        _ => panic!("usage: store-tree FOLDER BYTES | store-tree --values COUNT"),
    }
}

fn values(count: usize) {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = Random::new(42);
    for _ in 0..count {
        let length = 16 + random.below(33);
        let letter = |_| char::from(LETTERS[random.below(62) as usize]);
        println!("{}", (0..length).map(letter).collect::<String>());
    }
}

fn tree(folder: &Path, bytes: u64) {
    let mut random = Random::new(7);
    let pools = [text(&mut random), code(&mut random), random.bytes(POOL)];
    let (mut made, mut number) = (0, 0_u64);
    while made < bytes {
        let hash: String = base32(&mut random);
        let name = random.word(8);
        let object = folder.join(format!("{hash}-{name}-1.{number}"));
        number += 1;
        for part in ["bin", "lib", "share/doc", "lib/site-packages/module"] {
            let part = object.join(part);
            fs::create_dir_all(&part).expect("make a folder");
            for _ in 0..1 + random.below(12) {
                let size = size(&mut random).min((bytes - made).max(1));
                let path = part.join(format!("{}.{}", random.word(9), random.word(2)));
                fs::write(path, content(&pools, size as usize, &mut random)).expect("write");
                made += size;
            }
            std::os::unix::fs::symlink(format!("../{name}"), part.join("link")).expect("link");
        }
    }
}

fn base32(random: &mut Random) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";
    let digit = |_| char::from(DIGITS[random.below(32) as usize]);
    (0..32).map(digit).collect()
}

/// Log-normal, by the sum of twelve even numbers.
fn size(random: &mut Random) -> u64 {
    let even = |random: &mut Random| random.below(1 << 32) as f64 / (1_u64 << 32) as f64;
    let normal = (0..12).map(|_| even(random)).sum::<f64>() - 6.0;
    (MEDIAN + SPREAD * normal).exp().clamp(1.0, LARGEST) as u64
}

/// Small files are mostly text; large ones are programs with some of everything.
fn content(pools: &[Vec<u8>; 3], size: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size);
    let kind = random.below(10);
    while bytes.len() < size {
        let piece = (4096 + random.below(1 << 18) as usize).min(size - bytes.len());
        let pool = match (kind, random.below(8)) {
            (0..=4, _) if size < 64 << 10 => &pools[0],
            (0, _) => &pools[2],
            (_, 0) => {
                bytes.resize(bytes.len() + piece, 0);
                continue;
            }
            (_, 1 | 2) => &pools[0],
            (_, 3) => &pools[2],
            _ => &pools[1],
        };
        let at = random.below((POOL - piece) as u64) as usize;
        bytes.extend_from_slice(&pool[at..at + piece]);
    }
    bytes
}

/// Words, with the marks of programs and manuals between them.
fn text(random: &mut Random) -> Vec<u8> {
    let words: Vec<String> = (0..3000)
        .map(|_| {
            let length = 2 + random.below(9) as usize;
            let word = random.word(length);
            word.trim_start_matches(|one: char| one.is_ascii_digit())
                .to_owned()
        })
        .collect();
    const MARKS: [&str; 12] = [
        " ", " ", " ", " ", "\n", "\n    ", ", ", " = ", "(", ")", ";\n", "_",
    ];
    let mut bytes = Vec::with_capacity(POOL + 64);
    while bytes.len() < POOL {
        // Some words are far more common than others.
        let place = random.below(3000) * random.below(3000) / 3000;
        bytes.extend_from_slice(words[place as usize].as_bytes());
        bytes.extend_from_slice(MARKS[random.below(12) as usize].as_bytes());
    }
    bytes.truncate(POOL);
    bytes
}

/// Bytes as in machine code: some are far more common than others.
fn code(random: &mut Random) -> Vec<u8> {
    const COMMON: [u8; 16] = [
        0, 0, 0, 0x48, 0x8b, 0x89, 0xff, 0x0f, 0xe8, 0x24, 0x8d, 0x41, 0x83, 0xc0, 0x85, 0x01,
    ];
    let mut bytes = Vec::with_capacity(POOL + 8);
    while bytes.len() < POOL {
        let bits = random.next_u64();
        for index in 0..8 {
            let byte = (bits >> (8 * index)) as u8;
            bytes.push(match byte & 0x80 {
                0 => COMMON[usize::from(byte & 15)],
                _ => byte.rotate_left(3),
            });
        }
    }
    bytes.truncate(POOL);
    bytes
}
