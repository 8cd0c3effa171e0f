//! `nixseal lint` and `nixseal check` as gates: what they could not look at does not pass, and their logs are valid.

use std::process::Command;

use nixseal_testkit::faults::without_root;
use nixseal_testkit::keys;
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Workdir, peers};
use serde_json::Value;

use crate::repository::NIXSEAL;
use crate::scan::{findings, json};

/// A repository whose files everybody may read, with a secret.
fn repository() -> Workdir {
    let work = Workdir::new();
    let user = keys::age(&work, "user.txt");
    work.remove("user.txt");
    let rules = format!("{{ \"a.age\".publicKeys = [ \"{}\" ]; }}\n", user.recipient);
    work.write("secrets.nix", rules);
    keys::age_encrypt(&work, &[&user.recipient], false, b"value", "a.age");
    work.write("odd #name %.nix", "{ x.password = \"Zk3vQ9xTw2\"; }\n");
    succeed(work.command(peers::program("git")).args(["init", "-q"]));
    for path in ["", "secrets.nix", "a.age", "odd #name %.nix"] {
        work.set_mode(path, if path.is_empty() { 0o755 } else { 0o644 });
    }
    work
}

fn run(work: &Workdir, arguments: &[&str]) -> Command {
    let mut command = work.command(NIXSEAL);
    command.args(arguments);
    // The folder belongs to root.
    command.env("GIT_CONFIG_COUNT", "1");
    command.env("GIT_CONFIG_KEY_0", "safe.directory");
    command.env("GIT_CONFIG_VALUE_0", "*");
    command
}

fn rules(report: &Value) -> Vec<(&str, &str)> {
    findings(report)
        .into_iter()
        .map(|one| (one["rule"].as_str().unwrap(), one["path"].as_str().unwrap()))
        .collect()
}

#[test]
fn what_cannot_be_read_does_not_pass() {
    let work = repository();
    work.write("closed.nix", "{ }");
    for path in ["closed.nix", "a.age"] {
        work.set_mode(path, 0);
    }
    let report = json(
        &mut without_root(&run(&work, &["lint", "--json", "closed.nix"])),
        3,
    );
    assert_eq!(rules(&report), [("not-read", "closed.nix")]);
    let report = json(&mut without_root(&run(&work, &["check", "--json"])), 3);
    let found = rules(&report);
    assert!(found.contains(&("unreadable-file", "a.age")), "{report:#}");
    assert!(found.contains(&("not-read", "closed.nix")), "{report:#}");
}

/// What the schema of SARIF 2.1.0 asks for, in what is used of it.
#[test]
fn logs_of_lint_and_check_are_valid_sarif() {
    let work = repository();
    for command in ["lint", "check"] {
        let log = json(&mut run(&work, &[command, "--sarif"]), 3);
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "nixseal");
        let ids: Vec<&Value> = driver["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| {
                assert!(rule["shortDescription"]["text"].is_string(), "{rule}");
                &rule["id"]
            })
            .collect();
        let results = run["results"].as_array().unwrap();
        assert!(!results.is_empty());
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(ids[index], &result["ruleId"]);
            let level = result["level"].as_str().unwrap();
            assert!(["error", "warning", "note"].contains(&level), "{level}");
            assert!(result["message"]["text"].is_string());
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
            assert!(uri.bytes().all(legal), "{uri}");
            if let Some(region) = place.get("region") {
                for field in ["startLine", "startColumn", "endLine", "endColumn"] {
                    assert!(
                        region[field].as_u64().is_some_and(|one| one >= 1),
                        "{region}"
                    );
                }
            }
        }
        let odd = |one: &&Value| {
            one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                == "odd%20%23name%20%25.nix"
        };
        assert_eq!(results.iter().filter(odd).count(), 1, "{log:#}");
        assert!(!log.to_string().contains("Zk3vQ9xTw2"));
    }
}
