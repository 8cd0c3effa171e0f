//! The Nix parser: as the body of a function, so that nothing is evaluated.

#![no_main]

use std::path::Path;

use nixseal_base::env::Environment;
use nixseal_nix::eval::expression_to_json;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let text = format!("unused: {text}");
    let result = expression_to_json(&text, Path::new("/nonexistent"), &Environment::default());
    assert!(result.is_err(), "a function is no JSON");
});
