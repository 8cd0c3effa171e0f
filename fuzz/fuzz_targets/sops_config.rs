//! `.sops.yaml`.

#![no_main]

use std::path::Path;

use nixseal_document::Format;
use nixseal_sops::config::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(config) = Config::parse(Path::new("/r/.sops.yaml"), text) else {
        return;
    };
    let _ = config.creation_rule(Path::new("/r"), Path::new("/r/secrets/a.yaml"));
    let _ = config.destination_rule("secrets/a.yaml");
    for format in Format::ALL {
        let _ = config.emit_options(format);
    }
    for diagnostic in config.diagnostics() {
        assert!(!diagnostic.to_string().is_empty());
    }
});
