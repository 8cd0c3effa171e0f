//! Time grows with the length of the input: a pattern, repeated to half a megabyte, may not cost
//! much more for each of its bytes than when it is repeated to an eighth of one.
//!
//! The first byte chooses the parser, the second where the repeated part begins, the third where
//! it ends.

#![no_main]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use nixseal_age::identity_file::{Layout, parse_identity_file};
use nixseal_age::ssh::{SshKeyFile, SshPublicKey};
use nixseal_age::{Header, Interaction, parse_recipients_file};
use nixseal_base::env::Environment;
use nixseal_base::secret::SecretBytes;
use nixseal_document::{EmitOptions, Format, parse, path};
use nixseal_nix::eval::expression_to_json;
use nixseal_sops::EncryptedFile;
use nixseal_sops::config::Config;
use rustix::time::{ClockId, clock_gettime};

const LENGTH: usize = 1 << 19;
const PART: usize = 8;

/// What takes less is linear enough.
const FAST: Duration = Duration::from_secs(1);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [parser, start, end, pattern @ ..] = bytes else {
        return;
    };
    let start = usize::from(*start).min(pattern.len());
    let end = pattern.len() - usize::from(*end).min(pattern.len() - start);
    let (prefix, rest) = pattern.split_at(start);
    let (unit, suffix) = rest.split_at(end - start);
    if unit.is_empty() {
        return;
    }
    let text = |length: usize| [prefix, &unit.repeat(length / unit.len() + 1), suffix].concat();
    let long = time(*parser, &text(LENGTH));
    if long < FAST {
        return;
    }
    let short = time(*parser, &text(LENGTH / PART));
    let ratio = long.as_secs_f64() / short.as_secs_f64().max(1e-6);
    assert!(
        ratio < 2.5 * PART as f64,
        "{PART} times the input takes {ratio:.0} times the time: {short:?}, {long:?}"
    );
});

fn time(parser: u8, text: &[u8]) -> Duration {
    let start = clock_gettime(ClockId::ProcessCPUTime);
    run(parser, text);
    let spent = clock_gettime(ClockId::ProcessCPUTime) - start;
    Duration::new(spent.tv_sec as u64, spent.tv_nsec as u32)
}

fn run(parser: u8, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let interaction = || Interaction::silent(Environment::default());
    match parser % 13 {
        index @ 0..=3 => {
            let formats = [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini];
            if let Ok(document) = parse(formats[usize::from(index)], bytes) {
                let _ = black_box(document.emit_canonical(&EmitOptions::default()));
                let _ = black_box(document.splice());
            }
        }
        index @ 4..=7 => {
            let formats = [Format::Yaml, Format::Json, Format::Dotenv, Format::Ini];
            let _ = black_box(EncryptedFile::parse(formats[usize::from(index - 4)], bytes));
        }
        8 => drop(black_box(Config::parse(Path::new("/r/.sops.yaml"), &text))),
        9 => {
            let _ = black_box(path::Path::parse(&text));
            let _ = black_box(path::Path::parse_index(&text));
        }
        10 => {
            let _ = black_box(Header::read(&mut &*bytes));
            let _ = black_box(SshKeyFile::parse(bytes));
            let _ = black_box(SshPublicKey::parse_file(&text));
        }
        11 => {
            let _ = black_box(parse_recipients_file("file", bytes, &interaction()));
            let contents = SecretBytes::copy_of(bytes);
            let _ = parse_identity_file("file", contents, Layout::Words, &interaction());
        }
        _ => {
            let text = format!("unused: {text}");
            let folder = Path::new("/nonexistent");
            let _ = black_box(expression_to_json(&text, folder, &Environment::default()));
        }
    }
}
