//! Encrypted files: documents with metadata in all five syntaxes; the first byte chooses one.

#![no_main]

use nixseal_document::{EmitOptions, Format};
use nixseal_sops::{DecryptOptions, EncryptedFile, Layout, Metadata};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let format = Format::ALL[usize::from(*first) % Format::ALL.len()];
    let Ok(file) = EncryptedFile::parse(format, bytes) else {
        return;
    };
    // A group without keys that we know cannot be written in every format; nobody can make one.
    if file.metadata().groups.iter().any(|group| group.is_empty()) {
        return;
    }
    let expected = shown(file.metadata());
    for layout in [Layout::Canonical(EmitOptions::default()), Layout::Kept] {
        let file = EncryptedFile::parse(format, bytes).expect("it was read before");
        let kept = matches!(layout, Layout::Kept);
        let Ok(written) = file.emit(layout) else {
            continue;
        };
        let text = || String::from_utf8_lossy(written.expose()).into_owned();
        let read = EncryptedFile::parse(format, written.expose())
            .unwrap_or_else(|error| panic!("{kept}, it does not read back: {error}\n{}", text()));
        assert_eq!(expected, shown(read.metadata()), "{kept}\n{}", text());
    }
    let options = DecryptOptions {
        ignore_mac: true,
        keep_nonces: true,
    };
    let _ = file.decrypt(&nixseal_fuzz::data_key(), options);
});

/// All but fields that we do not know: these are sorted when they are written.
fn shown(metadata: &Metadata) -> String {
    let Metadata {
        groups,
        shamir_threshold,
        last_modified,
        mac,
        selector,
        mac_only_encrypted,
        version,
        ..
    } = metadata;
    format!(
        "{groups:#?} {shamir_threshold} {last_modified} {mac} {selector:?} {mac_only_encrypted} {version}"
    )
}
