//! Files of identities and of recipients.

#![no_main]

use nixseal_age::identity_file::{Layout, parse_identity_file};
use nixseal_age::{Interaction, parse_recipient, parse_recipients_file};
use nixseal_base::env::Environment;
use nixseal_base::secret::SecretBytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let interaction = Interaction::silent(Environment::default());
    for layout in [Layout::Lines, Layout::Words] {
        let contents = SecretBytes::copy_of(bytes);
        let _ = parse_identity_file("file", contents, layout, &interaction);
    }
    if let Ok(file) = parse_recipients_file("file", bytes, &interaction) {
        for recipient in &file.recipients {
            let again = parse_recipient(recipient.canonical(), &interaction)
                .unwrap_or_else(|error| panic!("'{}': {error}", recipient.canonical()));
            assert_eq!(again.canonical(), recipient.canonical());
        }
    }
});
