//! Every case of `nix/tests`, in one evaluation, and evaluations that must fail.

use serde_json::Value;

use crate::nix::{Nix, project, say_which_lib};

/// Fewer would mean that a file of cases is not read.
const FEWEST_CASES: u64 = 155;

#[test]
fn every_case_gives_what_it_should() {
    say_which_lib();
    let nix = Nix::new();
    let tests = project("nix/tests");
    let report = nix.evaluate(&format!(
        "import {0} {{ lib = import {0}/lib.nix; }}",
        tests.display()
    ));
    let failures = report["failures"].as_array().expect("a list of failures");
    assert!(
        failures.is_empty(),
        "{} cases failed:\n{}",
        failures.len(),
        failures.iter().map(explain).collect::<String>()
    );
    let count = report["count"].as_u64().expect("a number of cases");
    assert!(count >= FEWEST_CASES, "only {count} cases were read");
}

fn explain(failure: &Value) -> String {
    format!(
        "- {}\n  got  {}\n  want {}\n",
        failure["name"].as_str().unwrap_or_default(),
        failure["got"],
        failure["want"]
    )
}

/// The sentence of sops-nix, and the option.
const OUTSIDE: &[&str] = &[
    "is not in the Nix store. Either add it to the Nix store or set sops.validateSopsFiles to false",
    "sops.secrets.token.sopsFile",
];

/// What ends an evaluation says which option is wrong, and why.
#[test]
fn evaluations_that_fail_name_the_option() {
    let nix = Nix::new();
    let file = project("nix/tests/failing.nix");
    for (name, words) in [
        (
            "sops-file-gone",
            &["fixtures/gone.yaml' set in sops.secrets.token.sopsFile"][..],
        ),
        (
            "sops-file-gone-darwin",
            &["fixtures/gone.yaml' set in sops.secrets.token.sopsFile"],
        ),
        (
            "sops-file-gone-home",
            &["fixtures/gone.yaml' set in sops.secrets.token.sopsFile"],
        ),
        ("sops-file-outside-darwin", OUTSIDE),
        ("sops-file-outside-home", OUTSIDE),
        (
            "sops-file-missing",
            &["Cannot find path '/persist/not-there.yaml' set in sops.secrets.token.sopsFile"],
        ),
        ("sops-file-outside", OUTSIDE),
        (
            "unknown-owner",
            &[
                "sops.secrets.token.owner: no user \"nobody-there\" is declared",
                "set sops.secrets.token.group too",
            ],
        ),
        (
            "unknown-template-owner",
            &["sops.templates.t.owner: no user \"nobody-there\" is declared"],
        ),
        (
            "key-in-store",
            &["age.keyFile", "path not in the Nix store"],
        ),
        (
            "wrong-format",
            &["sops.secrets.token.format", "one of \"yaml\""],
        ),
        (
            "read-only-hash",
            &["sops.secrets.token.sopsFileHash", "read-only"],
        ),
        (
            "unknown-option",
            &["age.secrets.wifi.fil", "does not exist"],
        ),
    ] {
        let output = nix.try_evaluate(&format!(
            "import {} {{ name = \"{name}\"; }}",
            file.display()
        ));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name} evaluates");
        for word in words {
            assert!(
                complaint.contains(word),
                "{name} says nothing of '{word}':\n{complaint}"
            );
        }
        assert!(
            !complaint.contains("infinite recursion"),
            "{name}:\n{complaint}"
        );
    }
}

/// The modules beside those of agenix and sops-nix, for people who have them: `NIXSEAL_AGENIX_SOURCE`,
/// `NIXSEAL_SOPS_NIX_SOURCE` and `NIXPKGS_LIB` are their folders.
#[cfg(feature = "originals")]
#[test]
fn configurations_mean_what_they_mean_with_the_originals() {
    let folder = |name: &str| {
        std::env::var(name).unwrap_or_else(|_| panic!("set {name} to the folder of its source"))
    };
    let nix = Nix::new();
    let tests = project("nix/tests");
    let report = nix.evaluate(&format!(
        "import {0}/parity.nix {{ lib = import {0}/lib.nix; agenix = {1}; sopsNix = {2}; }}",
        tests.display(),
        folder("NIXSEAL_AGENIX_SOURCE"),
        folder("NIXSEAL_SOPS_NIX_SOURCE"),
    ));
    assert!(
        report["count"].as_u64() > Some(100),
        "few configurations: {report}"
    );
    for list in ["options", "configurations"] {
        let differences = report[list].as_array().expect("a list");
        assert!(differences.is_empty(), "{list} differ: {differences:#?}");
    }
}
