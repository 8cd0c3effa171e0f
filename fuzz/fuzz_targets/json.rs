//! Documents: json.

#![no_main]

use nixseal_document::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nixseal_fuzz::document(Format::Json, bytes));
