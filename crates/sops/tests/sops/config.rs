//! `.sops.yaml` against the real `sops`, and what is said about odd ones.

use std::path::Path;

use nixseal_base::diag::Severity;
use nixseal_document::Format;
use nixseal_sops::config::{Config, Destination, RuleError};
use nixseal_sops::{EncryptedFile, KeyId, KeyKind};
use nixseal_testkit::keys;

use crate::bench::Bench;

/// A file as people write it; `ADMIN`, `HOST` and `OTHER` are put in.
const CONFIG: &str = r#"keys:
  - &admin ADMIN
  - &hosts
    - &web HOST
  - &other OTHER
defaults: &defaults
  mac_only_encrypted: true
creation_rules:
  - path_regex: ^secrets/[^/]+\.(yaml|json|env|ini)$
    key_groups:
      - age:
          - *admin
          - *web
  - path_regex: ^flat/\d+
    age: >-
      ADMIN,
      HOST
    unencrypted_regex: ^clear
  - path_regex: shamir
    shamir_threshold: 2
    key_groups:
      - age: [*admin]
      - merge:
          - age: [*web, *other]
          - age: [*web]
        age: ["OTHER"]
  - path_regex: merged
    <<: *defaults
    age: [*admin, "HOST,OTHER"]
  - path_regex: everything_else$
    age: ADMIN
    encrypted_suffix: _secret
stores:
  yaml: {indent: 2}
  json: {indent: 3}
"#;

struct Keys {
    bench: Bench,
    text: String,
}

fn keys() -> Keys {
    let bench = Bench::new();
    let host = keys::age(&bench.work, "host.txt");
    let other = keys::age(&bench.work, "other.txt");
    let text = CONFIG
        .replace("ADMIN", &bench.key.recipient)
        .replace("HOST", &host.recipient)
        .replace("OTHER", &other.recipient);
    Keys { bench, text }
}

#[test]
fn rules_are_chosen_as_sops_chooses_them() {
    let Keys { bench, text } = keys();
    bench.work.write(".sops.yaml", &text);
    let config = Config::parse(Path::new(".sops.yaml"), &text).unwrap();
    for file in [
        "secrets/a.yaml",
        "secrets/sub/a.yaml",
        "secrets/b.json",
        "flat/12.yaml",
        "flat/x.yaml",
        "a/shamir.yaml",
        "merged.yaml",
        "x/everything_else",
        "nothing",
    ] {
        bench.work.write(file, "{\"a\": \"b\"}\n");
        let theirs = bench.sops(&["encrypt", file]).output().unwrap();
        let ours = config.creation_rule(bench.work.path(), &bench.work.join(file));
        let rule = match ours {
            Err(RuleError::NoMatch { file: relative, .. }) => {
                assert_eq!(relative, file);
                assert_eq!(theirs.status.code(), Some(1), "{file}");
                continue;
            }
            other => other.unwrap().unwrap(),
        };
        assert!(
            theirs.status.success(),
            "{file}: {}",
            String::from_utf8_lossy(&theirs.stderr)
        );
        let theirs = EncryptedFile::parse(Format::for_path(file), &theirs.stdout).unwrap();
        let metadata = theirs.metadata();
        let encryption = rule.encryption().unwrap();
        let ids = |group: &nixseal_sops::KeyGroup| -> Vec<KeyId> {
            group.iter().map(|key| key.id.clone()).collect()
        };
        assert_eq!(
            metadata.groups.iter().map(ids).collect::<Vec<_>>(),
            encryption.groups,
            "{file}"
        );
        assert_eq!(
            metadata.shamir_threshold, encryption.shamir_threshold,
            "{file}"
        );
        if Format::for_path(file) != Format::Binary {
            assert_eq!(
                metadata.mac_only_encrypted, encryption.mac_only_encrypted,
                "{file}"
            );
            if let Some(selector) = &encryption.selector {
                assert_eq!(&metadata.selector, selector);
            }
        }
    }
    assert_eq!(config.emit_options(Format::Yaml).indent, Some(2));
    assert_eq!(config.emit_options(Format::Json).indent, Some(3));
    assert_eq!(config.emit_options(Format::Binary).indent, None);
    assert_eq!(config.diagnostics(), []);
}

#[test]
fn anchors_name_the_owners_of_keys() {
    let Keys { bench, text } = keys();
    let config = Config::parse(Path::new(".sops.yaml"), &text).unwrap();
    assert_eq!(
        config.owners.of(&KeyId::age(&bench.key.recipient)),
        Some("admin")
    );
    let host = bench.work.read_text("host.txt");
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))
        .unwrap();
    assert_eq!(config.owners.of(&KeyId::age(host)), Some("web"));
}

/// Severity, line, column and beginning of each finding.
fn findings(text: &str) -> Vec<(Severity, usize, usize, String)> {
    let config = Config::parse(Path::new(".sops.yaml"), text).unwrap();
    let finding = |one: &nixseal_base::diag::Diagnostic| {
        let at = one.position().unwrap();
        (
            one.severity,
            at.line,
            at.column,
            format!("{} {}", one.message, one.hints.join(" ")),
        )
    };
    config.diagnostics().iter().map(finding).collect()
}

#[test]
fn odd_files_are_told_with_their_places() {
    let age = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let text = format!(
        "keys:\n  - &unused {age}\n  - &used {age}\ncreation_rule: []\ncreation_rules:\n  \
         - path_regex: a\n    keygroups: []\n    age: *used\n  - path_regex: a\n    age: {age}\n  \
         - path_regex: '('\n    age: {age}\n  - path_regex: c\n    age: age1x\n  - path_regex: d\n    \
         age: {age}\n    encrypted_regex: '['\n  - path_regex: e\n    key_groups:\n      - ages: []\n  \
         - age: {age}\n    encrypted_suffix: a\n    encrypted_regex: b\n  - path_regex: f\n    \
         pgp: ABCD\nstores:\n  yml: {{indent: 2}}\n  json: {{ident: 2}}\n"
    );
    let found = findings(&text);
    let expected = [
        (Severity::Warning, 2, "the anchor 'unused' is not used"),
        (
            Severity::Warning,
            4,
            "unknown key 'creation_rule' at the top: sops ignores it did you mean 'creation_rules'?",
        ),
        (
            Severity::Warning,
            7,
            "unknown key 'keygroups' in a creation rule: sops ignores it did you mean 'key_groups'?",
        ),
        (
            Severity::Warning,
            9,
            "this rule is never reached: a rule before it has 'a' too",
        ),
        (
            Severity::Error,
            11,
            "path_regex '(' is not a valid regular expression",
        ),
        (Severity::Error, 14, "'age1x' is not a key of age"),
        (
            Severity::Error,
            17,
            "encrypted_regex '[' is not a valid regular expression",
        ),
        (Severity::Warning, 18, "this rule has no keys"),
        (
            Severity::Warning,
            20,
            "unknown key 'ages' in a key group: sops ignores it did you mean 'age'?",
        ),
        (Severity::Error, 22, "a rule can have one selector only"),
        (
            Severity::Warning,
            24,
            "this rule is never reached: a rule before it matches every path",
        ),
        (Severity::Warning, 27, "unknown key 'yml' in 'stores'"),
        (Severity::Warning, 28, "unknown key 'ident' in a store"),
    ];
    let shown: Vec<_> = found
        .iter()
        .map(|one| (one.0, one.1, one.3.as_str()))
        .collect();
    for (index, (severity, line, message)) in expected.iter().enumerate() {
        let (found_severity, found_line, text) =
            shown.get(index).unwrap_or_else(|| panic!("{shown:#?}"));
        assert_eq!(
            (found_severity, found_line),
            (severity, line),
            "{text}\n{shown:#?}"
        );
        assert!(text.starts_with(message), "{text}\n{message}");
    }
    assert_eq!(shown.len(), expected.len(), "{shown:#?}");
    assert_eq!(found[0].2, 5, "columns count from 1");
}

#[test]
fn files_that_sops_refuses_are_refused() {
    let bench = Bench::new();
    bench.work.write("f.yaml", "a: b\n");
    for text in [
        "creation_rules: x\n",
        "creation_rules: [x]\n",
        "creation_rules:\n  - shamir_threshold: two\n",
        "creation_rules:\n  - mac_only_encrypted: 1\n",
        "creation_rules:\n  - path_regex: [a]\n",
        "stores: {yaml: {indent: x}}\n",
        "creation_rules: [\n",
        "- x\n",
    ] {
        bench.work.write(".sops.yaml", text);
        let theirs = bench
            .sops(&["encrypt", "--age", &bench.key.recipient, "f.yaml"])
            .output()
            .unwrap();
        assert!(!theirs.status.success(), "{text}");
        let error = Config::parse(Path::new(".sops.yaml"), text).expect_err(text);
        assert!(error.position().is_some(), "{error}");
    }
    for text in ["", "# nothing\n", "creation_rules:\n", "other: 1\n"] {
        let config = Config::parse(Path::new(".sops.yaml"), text).unwrap();
        let rule = config.creation_rule(Path::new("/x"), Path::new("/x/y"));
        assert!(rule.unwrap().is_none(), "{text}");
    }
}

#[test]
fn cloud_keys_and_destinations_are_kept() {
    let text = "creation_rules:\n  - kms: arn:aws:kms:r:1:key/a+arn:aws:iam::1:role/r, arn:b\n    \
                aws_profile: p\n    gcp_kms: projects/p\n    hckms: ['r:u']\n    \
                azure_keyvault: https://v/keys/n/1\n    hc_vault_transit_uri: https://v/v1/t/keys/k\n    \
                pgp: 'AB CD,EF'\ndestination_rules:\n  - s3_bucket: b\n    s3_prefix: p/\n    \
                path_regex: s3/\n    omit_extensions: true\n  - vault_path: x/\n    \
                recreation_rule:\n      pgp: AB\n";
    let config = Config::parse(Path::new(".sops.yaml"), text).unwrap();
    let rule = config
        .creation_rule(Path::new("/"), Path::new("/f"))
        .unwrap()
        .unwrap();
    let group = &rule.encryption().unwrap().groups[0];
    let shown: Vec<String> = group
        .iter()
        .map(|id| format!("{} {id}", id.kind()))
        .collect();
    assert_eq!(
        shown,
        [
            "pgp ABCD",
            "pgp EF",
            "kms arn:aws:kms:r:1:key/a+arn:aws:iam::1:role/r||p",
            "kms arn:b||p",
            "gcp_kms projects/p",
            "hckms r:u",
            "azure_kv https://v/keys/n/1",
            "hc_vault https://v/v1/t/keys/k",
        ]
    );
    assert!(
        config.diagnostics().is_empty(),
        "{:?}",
        config.diagnostics()
    );
    let rule = config.destination_rule("s3/x").unwrap();
    assert!(rule.omit_extensions);
    let s3 = Destination::S3 {
        bucket: "b".to_owned(),
        prefix: "p/".to_owned(),
    };
    assert_eq!(rule.destination, Some(s3));
    let rule = config.destination_rule("other").unwrap();
    assert!(matches!(rule.destination, Some(Destination::Vault { .. })));
    let recreation = rule.recreation_rule.as_ref().unwrap().encryption().unwrap();
    assert_eq!(recreation.groups, [vec![KeyId::pgp("AB")]]);
    assert_eq!(recreation.groups[0][0].kind(), KeyKind::Pgp);
}
