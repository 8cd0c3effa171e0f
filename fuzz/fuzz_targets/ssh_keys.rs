//! SSH keys: private ones in all containers, public ones as lines and in wire format.

#![no_main]

use nixseal_age::ssh::{SshKeyFile, SshPublicKey};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // With a passphrase the file says how long to compute: that is not for fuzzing.
    if let Ok(file) = SshKeyFile::parse(bytes)
        && !file.needs_passphrase()
        && let Ok(key) = file.unlock(None)
    {
        let public = key.public();
        assert_eq!(
            SshPublicKey::parse_line(&public.to_string()).as_ref(),
            Ok(public)
        );
    }
    if let Ok(key) = SshPublicKey::from_wire(bytes) {
        assert!(key.wire() == bytes, "the wire format is kept");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = SshPublicKey::parse_file(text);
        if let Ok(key) = SshPublicKey::parse_line(text) {
            assert_eq!(
                SshPublicKey::parse_line(&key.to_string()).as_ref(),
                Ok(&key)
            );
            let _ = (key.tag(), key.fingerprint(), key.age_recipient());
        }
    }
});
