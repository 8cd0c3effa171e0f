//! Encrypted values: any text in the place of one, and any value there and back.

#![no_main]

use nixseal_base::secret::SecretBytes;
use nixseal_document::Format;
use nixseal_document::tree::{Map, Node, Scalar, Value};
use nixseal_sops::{DecryptOptions, Envelope, ListComments, Metadata, Moment, Selector, Stash};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    match first {
        0..=127 => read(bytes),
        128.. => there_and_back(bytes),
    }
});

fn envelope() -> Envelope {
    let now = Moment::parse("2026-01-01T00:00:00Z").expect("it is a time");
    let metadata = Metadata::new(Vec::new(), Selector::Everything, now);
    Envelope::new(&[Map::default()], metadata, Format::Yaml).expect("there are no metadata")
}

fn document(value: Value) -> Vec<Map> {
    let mut map = Map::default();
    map.push("a", Node::scalar(value));
    vec![map]
}

fn value(documents: &[Map]) -> &Value {
    let node = documents[0].get("a").and_then(Node::as_scalar);
    node.map(Scalar::value).expect("the value is there")
}

fn read(bytes: &[u8]) {
    let options = DecryptOptions {
        ignore_mac: true,
        keep_nonces: true,
    };
    let mut documents = document(Value::String(SecretBytes::copy_of(bytes)));
    let _ = envelope().decrypt(&mut documents, &nixseal_fuzz::data_key(), options);
}

fn there_and_back(bytes: &[u8]) {
    let (place, change, text) = match bytes {
        [place, change, text @ ..] => (usize::from(*place), *change, text),
        _ => return,
    };
    let plain = match std::str::from_utf8(text).ok() {
        Some(text) if place % 2 == 0 => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) => Value::Float(number),
            _ => Value::String(SecretBytes::copy_of(text.as_bytes())),
        },
        _ => Value::String(SecretBytes::copy_of(text)),
    };
    let key = nixseal_fuzz::data_key();
    let mut documents = document(plain.duplicate());
    let mut envelope = envelope();
    let now = Moment::parse("2026-01-01T00:00:00Z").expect("it is a time");
    envelope
        .encrypt(
            &mut documents,
            &key,
            None::<&mut Stash>,
            ListComments::Elements,
            now,
        )
        .expect("any value can be encrypted");
    let mut sealed = match value(&documents) {
        Value::String(text) => text.expose().to_vec(),
        _ => panic!("it is not text"),
    };
    envelope
        .decrypt(&mut documents, &key, DecryptOptions::default())
        .expect("it decrypts");
    assert!(value(&documents).same(&plain), "another value");
    // Damaged anywhere, it is refused, or is what it was but for its type.
    if let Some(byte) = sealed.get_mut(place) {
        *byte ^= change;
        let mut damaged = document(Value::String(SecretBytes::new(sealed)));
        if envelope
            .decrypt(&mut damaged, &key, DecryptOptions::default())
            .is_ok()
        {
            assert!(
                text.is_empty() || format!("{:?}", value(&damaged)) != "",
                "accepted"
            );
        }
    }
}
