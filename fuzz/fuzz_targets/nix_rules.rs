//! `secrets.nix`: parsed, evaluated, read as rules.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use nixseal_base::env::Environment;
use nixseal_nix::rules;

/// A folder with one file, for this process.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("nixseal-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.join("secrets.nix")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*FILE, bytes).expect("a file");
    if let Ok(rules) = rules::load(&FILE, &Environment::default(), None) {
        for name in rules.names() {
            assert!(rules.get(name).is_some());
        }
    }
});
