//! Paths to values, in both syntaxes.

#![no_main]

use nixseal_document::path::{Path, PathFault, Step};
use nixseal_document::tree::{Map, Node};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Path::parse_index(text);
    let Ok(path) = Path::parse(text) else {
        return;
    };
    let again = Path::parse(&path.to_string());
    assert_eq!(again.as_ref(), Ok(&path), "it is shown otherwise");
    // Beyond the end of a list an item is added, wherever that is.
    if path.0.iter().any(|step| matches!(step, Step::Index(1..))) {
        return;
    }
    let mut map = Map::default();
    match path.set(&mut map, Node::text("value")) {
        Ok(_) => {
            assert_eq!(path.find(&map).and_then(Node::as_str), Some("value"));
            assert!(path.remove(&mut map).is_ok());
            assert!(path.find(&map).is_none());
        }
        Err(PathFault::TooDeep) => {}
        Err(_) => {
            let index = |step: &Step| matches!(step, Step::Index(_));
            assert!(path.0.is_empty() || path.0.iter().any(index), "{path:?}");
        }
    }
});
