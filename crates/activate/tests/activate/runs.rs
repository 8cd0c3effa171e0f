//! Runs of a manifest, one after the other: what is installed, kept, changed and removed.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::home::Home;
use nixseal_activate::{Outcome, Status};
use nixseal_base::env::NIXOS_ACTION;
use serde_json::json;

#[test]
fn both_kinds_of_secrets_and_templates_are_installed() {
    let mut home = Home::new();
    home.add_age("wifi", "hunter2");
    home.add_age("deep/er/token", "t0ken");
    let text = "a:\n  number: 5\n  on: true\n  text: x\n  list:\n  - one\n  - two\n";
    let file = home.sops_file("s.yaml", "yaml", text);
    for (name, key) in [("n", "a/number"), ("on", "a/on"), ("second", "a/list/1")] {
        let sops = json!({"file": file, "format": "yaml", "key": key});
        let placeholder = format!("<SOPS:{name}:PLACEHOLDER>");
        home.add(
            1,
            "secrets",
            json!({"name": name, "sops": sops, "placeholder": placeholder}),
        );
    }
    let whole = home.sops_file("s.env", "dotenv", "A=1\nB=two\n");
    let sops = json!({"file": whole, "format": "dotenv"});
    home.add(
        1,
        "secrets",
        json!({"name": "env", "sops": sops, "mode": "u=rw,g=r"}),
    );
    let content = "n=<SOPS:n:PLACEHOLDER> on=<SOPS:on:PLACEHOLDER>\n";
    home.add(1, "templates", json!({"name": "sub/t", "content": content}));
    home.add(
        0,
        "templates",
        json!({"name": "u", "content": "[<SOPS:n:PLACEHOLDER>]"}),
    );
    let run = home.activate();
    assert!(!run.report.is_failed(), "{:?}", run.report);
    for (path, content) in [
        ("agenix/wifi", "hunter2"),
        ("agenix/deep/er/token", "t0ken"),
        ("agenix/u", "[5]"),
        ("secrets/n", "5"),
        ("secrets/on", "true"),
        ("secrets/second", "two"),
        ("secrets/env", "A=1\nB=two\n"),
        ("secrets/rendered/sub/t", "n=5 on=true\n"),
    ] {
        assert_eq!(home.read(path), content, "{path}");
    }
    for (path, mode) in [
        ("agenix.d", 0o751),
        ("agenix.d/1", 0o751),
        ("agenix.d/1/deep", 0o755),
        ("agenix.d/1/deep/er", 0o755),
        ("agenix.d/1/wifi", 0o400),
        ("agenix.d/.nixseal", 0o700),
        ("agenix.d/result.json", 0o640),
        ("secrets.d/1/rendered/sub", 0o751),
        ("secrets.d/1/env", 0o640),
    ] {
        assert_eq!(home.mode(path), mode, "{path}");
    }
    assert_eq!(
        run.said
            .iter()
            .filter(|line| line.starts_with("1:"))
            .collect::<Vec<_>>()
            .len(),
        5,
        "{:?}",
        run.said
    );
}

#[test]
fn nothing_is_touched_when_nothing_changed() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.add_age("b", "2");
    assert_eq!(home.activate().tree("age").outcome, Outcome::Installed);
    let (file, folder) = (home.inode("agenix.d/1/a"), home.inode("agenix.d/1"));
    // Without the key: nothing is opened.
    let key = home.work.read("key.txt");
    home.work.remove("key.txt");
    let run = home.activate();
    assert!(
        run.report.is_failed(),
        "another key may open something else"
    );
    run.assert(&[("a", Status::Kept), ("b", Status::Kept)]);
    home.work.write_private("key.txt", key);
    home.activate();
    let run = home.activate();
    assert!(run.said.is_empty(), "{:?}", run.said);
    run.assert(&[("a", Status::Unchanged), ("b", Status::Unchanged)]);
    assert_eq!(run.tree("age").outcome, Outcome::Unchanged);
    assert_eq!(run.tree("age").generation, Some(1));
    assert_eq!(
        (home.inode("agenix.d/1/a"), home.inode("agenix.d/1")),
        (file, folder)
    );
}

#[test]
fn only_what_changed_is_written() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.add_age("b", "2");
    home.activate();
    let kept = home.inode("agenix/b");
    home.age_file("a.age", "new");
    let run = home.activate();
    run.assert(&[("a", Status::Modified), ("b", Status::Unchanged)]);
    assert_eq!(home.read("agenix/a"), "new");
    assert_eq!(home.inode("agenix/b"), kept);
    assert!(!home.exists("agenix.d/1") && home.exists("agenix.d/2"));
    // Encrypted anew, with the same content.
    home.age_file("a.age", "new");
    let run = home.activate();
    run.assert(&[("a", Status::Unchanged)]);
    assert_eq!(run.tree("age").generation, Some(2));
    // Another mode is a change, and no new secret for the others.
    home.secret(0, 0)["mode"] = json!("0440");
    let run = home.activate();
    run.assert(&[("a", Status::Modified), ("b", Status::Unchanged)]);
    assert_eq!(
        (home.mode("agenix/a"), home.inode("agenix/b")),
        (0o440, kept)
    );
}

#[test]
fn what_was_changed_by_hand_is_put_right() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.activate();
    let path = home.run("agenix.d/1/a");
    std::fs::remove_file(&path).unwrap();
    home.activate();
    assert_eq!(home.read("agenix/a"), "1");
    let path = home.run("agenix/a").canonicalize().unwrap();
    std::fs::remove_file(&path).unwrap();
    home.work.write(&path, "planted");
    home.activate();
    assert_eq!(home.read("agenix/a"), "1");
}

#[test]
fn a_failure_keeps_the_previous_value() {
    let mut home = Home::new();
    for name in ["a", "b", "c"] {
        home.add_age(name, name);
    }
    home.secret(0, 0)["placeholder"] = json!("@A@");
    home.add(0, "templates", json!({"name": "t", "content": "<@A@>"}));
    home.activate();
    home.work.write("a.age", "broken");
    home.age_file("b.age", "new");
    let other = Home::new();
    other.age_file("n.age", "x");
    let stranger = other.work.join("n.age");
    home.add(
        0,
        "secrets",
        json!({"name": "n", "option": "age.secrets.n", "age": {"file": stranger}}),
    );
    let run = home.activate();
    assert!(run.report.is_failed());
    run.assert(&[
        ("a", Status::Kept),
        ("b", Status::Modified),
        ("c", Status::Unchanged),
        ("n", Status::Missing),
        ("t", Status::Kept),
    ]);
    for (path, content) in [("a", "a"), ("b", "new"), ("c", "c"), ("t", "<a>")] {
        assert_eq!(home.read(&format!("agenix/{path}")), content);
    }
    assert!(!home.exists("agenix/n"));
    let reason = run.entry("n").reason.clone().unwrap();
    assert!(
        reason.contains("no identity opens") && reason.contains("key.txt"),
        "{reason}"
    );
    assert!(
        run.entry("t")
            .reason
            .clone()
            .unwrap()
            .contains("secret 'a'")
    );
    // And comes right when the file does.
    home.age_file("a.age", "again");
    let run = home.activate();
    run.assert(&[("a", Status::Modified), ("t", Status::Modified)]);
    assert_eq!(home.read("agenix/t"), "<again>");
}

#[test]
fn abort_means_all_or_nothing_and_optional_means_neither() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.add_age("b", "2");
    home.activate();
    home.age_file("a.age", "new");
    home.work.write("b.age", "broken");
    home.secret(0, 1)["onFailure"] = json!("abort");
    let run = home.activate();
    assert_eq!(run.tree("age").outcome, Outcome::Aborted);
    assert!(run.report.is_failed());
    assert_eq!(
        (home.read("agenix/a").as_str(), home.exists("agenix.d/2")),
        ("1", false)
    );
    home.manifest["onFailure"] = json!("abort");
    home.secret(0, 1)["onFailure"] = json!(null);
    assert_eq!(home.activate().tree("age").outcome, Outcome::Aborted);
    home.secret(0, 1)["optional"] = json!(true);
    let run = home.activate();
    assert!(!run.report.is_failed());
    run.assert(&[("a", Status::Modified), ("b", Status::Kept)]);
    assert_eq!(
        (home.read("agenix/a"), home.read("agenix/b")),
        ("new".into(), "2".into())
    );
}

#[test]
fn links_elsewhere_are_made_and_removed() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.add_age("b", "2");
    let (one, two) = (home.work.join("home/one"), home.work.join("home/two"));
    home.secret(0, 0)["path"] = json!(one);
    home.secret(0, 1)["path"] = json!(two);
    home.work.write("home/one", "in the way");
    home.activate();
    assert_eq!(std::fs::read_link(&one).unwrap(), home.run("agenix/a"));
    assert_eq!(std::fs::read_to_string(&two).unwrap(), "2");
    // One is somebody else's by now: it stays.
    std::fs::remove_file(&two).unwrap();
    symlink("/etc/hostname", &two).unwrap();
    home.manifest["trees"][0]["secrets"] = json!([]);
    let run = home.activate();
    assert!(!run.report.is_failed(), "{:?}", run.report);
    assert!(one.symlink_metadata().is_err());
    assert_eq!(
        std::fs::read_link(&two).unwrap(),
        PathBuf::from("/etc/hostname")
    );
    assert!(!home.exists("agenix/a"));
}

#[test]
fn a_folder_in_the_way_fails_alone() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.add_age("b", "2");
    home.work.write("full/file", "");
    home.secret(0, 0)["path"] = json!(home.work.join("full"));
    let run = home.activate();
    assert!(run.report.is_failed());
    assert!(
        run.entry("a")
            .reason
            .clone()
            .unwrap()
            .contains("directory not empty")
    );
    assert_eq!(home.read("agenix/b"), "2");
    assert!(home.work.exists("full/file"));
}

#[test]
fn files_of_their_own_are_replaced_and_stay() {
    let mut home = Home::new();
    home.add_age("a", "1");
    let path = home.work.join("etc/a");
    home.secret(0, 0)["path"] = json!(path);
    home.secret(0, 0)["symlink"] = json!(false);
    home.secret(0, 0)["mode"] = json!("0440");
    home.activate();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "1");
    assert_eq!(home.work.mode("etc/a"), 0o440);
    assert!(!home.exists("agenix/a"));
    let before = home.work.stamp("etc/a");
    home.activate().assert(&[("a", Status::Unchanged)]);
    assert!(before == home.work.stamp("etc/a"));
    home.age_file("a.age", "2");
    home.activate().assert(&[("a", Status::Modified)]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "2");
    home.manifest["trees"][0]["secrets"] = json!([]);
    home.activate();
    assert!(path.exists());
}

#[test]
fn credentials_are_links_for_their_units() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.secret(0, 0)["credentials"] = json!([
        {"unit": "x.service", "name": "token"}, {"unit": "y.service", "name": "t"}
    ]);
    home.activate();
    assert_eq!(home.read("credentials/x.service/token"), "1");
    assert_eq!(
        (home.mode("credentials"), home.mode("credentials/x.service")),
        (0o700, 0o700)
    );
    symlink("/etc/hostname", home.run("credentials/x.service/foreign")).unwrap();
    home.secret(0, 0)["credentials"] = json!([]);
    home.activate();
    assert!(!home.exists("credentials/x.service/token") && !home.exists("credentials/y.service"));
    assert!(home.exists("credentials/x.service/foreign"));
}

#[test]
fn a_dry_run_says_and_does_nothing() {
    let mut home = Home::new();
    let sops = json!({"file": home.sops_file("s.json", "json", "{\"a\": {\"b\": 1}}"), "format": "json", "key": "a/b"});
    home.add(1, "secrets", json!({"name": "a", "sops": sops}));
    home.add_age("x", "1");
    home.dry_run = true;
    let run = home.activate();
    assert!(run.report.dry && !run.report.is_failed());
    assert!(!home.exists("secrets.d") && !home.exists("agenix.d"));
    home.dry_run = false;
    home.activate();
    home.sops_file("s.json", "json", "{\"a\": {\"b\": 2}}");
    home.secret(1, 0)["restartUnits"] = json!(["x.service"]);
    let before = home.work.tree();
    home.environment = home.environment.clone().with(&NIXOS_ACTION, "dry-activate");
    let run = home.activate();
    assert!(
        run.said.contains(&"1:would modify secret: a".to_owned()),
        "{:?}",
        run.said
    );
    assert!(
        run.said.contains(&"2:would restart x.service".to_owned()),
        "{:?}",
        run.said
    );
    assert_eq!(home.work.tree(), before);
}

#[test]
fn units_are_told_of_changes_once() {
    let mut home = Home::new();
    // Notes what it is called with, and knows no unit `typo.service`.
    let script = "#!/bin/sh\n\
        case \" $* \" in *' show '*) printf 'loaded\\n\\nnot-found\\n\\nloaded\\n'; exit;; esac\n\
        echo \"$*\" >>\"$0.log\"\n";
    home.work.write("bin/systemctl", script);
    home.work.set_mode("bin/systemctl", 0o755);
    home.add_age("a", "1");
    home.add_age("b", "1");
    home.secret(0, 0)["restartUnits"] = json!(["x.service", "typo.service", "x.service"]);
    home.secret(0, 0)["reloadUnits"] = json!(["x.service", "y.service"]);
    home.secret(0, 1)["restartUnits"] = json!(["z.service"]);
    assert!(!home.activate().report.is_failed());
    assert!(
        !home.work.exists("bin/systemctl.log"),
        "units start with what they find"
    );
    home.age_file("a.age", "2");
    let run = home.activate();
    assert_eq!(
        home.work.read_text("bin/systemctl.log"),
        "--user --no-block try-restart x.service\n\
         --user --no-block try-reload-or-restart y.service\n"
    );
    assert!(run.report.problems[0].contains("there is no unit 'typo.service'"));
    assert_eq!(run.report.problems.len(), 1);
    home.secret(0, 1)["reloadUnits"] = json!(["no unit"]);
    let run = home.activate();
    assert!(run.report.problems[0].contains("'no unit' is no name of a unit"));
}

#[test]
fn what_a_killed_run_left_is_cleaned_up() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.activate();
    home.work.write("run/agenix.d/.nixseal/new/a", "half");
    home.work.write("run/agenix.d/2/a", "never live");
    home.work.write("run/agenix.d/keep/a", "not ours");
    home.activate();
    assert!(!home.exists("agenix.d/2") && home.exists("agenix.d/keep"));
    home.age_file("a.age", "2");
    home.activate();
    assert_eq!(home.read("agenix.d/2/a"), "2");
    assert!(!home.exists("agenix.d/.nixseal/new"));
}

#[test]
fn generations_are_kept_as_asked() {
    let mut home = Home::new();
    home.add_age("a", "0");
    home.manifest["trees"][0]["keepGenerations"] = json!(2);
    for round in 1..5 {
        home.age_file("a.age", &round.to_string());
        home.activate();
    }
    assert_eq!(home.read("agenix/a"), "4");
    let there = |number: u32| home.exists(&format!("agenix.d/{number}"));
    assert_eq!([1, 2, 3, 4].map(there), [false, false, true, true]);
}

#[test]
fn items_for_one_place_fail_and_nothing_else() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.add_age("b", "2");
    let file = home.age_file("c.age", "3");
    for name in ["a", "b/c", "../d", "", "e/"] {
        home.add(0, "secrets", json!({"name": name, "age": {"file": file}}));
    }
    let run = home.activate();
    assert!(run.report.is_failed());
    assert_eq!(
        (home.read("agenix/a"), home.read("agenix/b")),
        ("1".into(), "2".into())
    );
    let failed = run.tree("age").failures().count();
    assert_eq!(failed, 5, "{:?}", run.report);
}

#[test]
fn the_last_run_can_be_asked_for() {
    let mut home = Home::new();
    home.add_age("a", "1");
    let status = |home: &Home| home.with_options(nixseal_activate::status).0.unwrap();
    assert_eq!(status(&home)[0].1, None);
    let run = home.activate();
    assert_eq!(status(&home)[0].1.as_ref(), Some(run.tree("age")));
    home.work.write("a.age", "broken");
    let run = home.activate();
    let last = status(&home).remove(0).1.unwrap();
    assert!(last.is_failed());
    assert_eq!(&last, run.tree("age"));
    assert!(!home.read("agenix.d/result.json").contains("\"1\""));
}

#[test]
fn locked_keys_are_named() {
    let mut home = Home::new();
    let ssh = nixseal_testkit::keys::ssh(
        &home.work,
        "locked",
        nixseal_testkit::keys::SshKind::Ed25519,
        Some("secret"),
    );
    let recipient = [ssh.public.as_str()];
    nixseal_testkit::keys::age_encrypt(&home.work, &recipient, false, b"x", "l.age");
    let file = home.work.join("l.age");
    home.manifest["identities"]["sshKeys"] = json!([ssh.path]);
    home.add(0, "secrets", json!({"name": "l", "age": {"file": file}}));
    let run = home.activate();
    let reason = run.entry("l").reason.clone().unwrap();
    assert!(
        reason.contains("locked") && reason.contains("passphrase"),
        "{reason}"
    );
}

#[test]
fn secrets_for_templates_only_are_opened_when_they_are_needed() {
    let mut home = Home::new();
    home.add_age("a", "1");
    home.add_age("b", "2");
    home.secret(0, 0)["placeholder"] = json!("@A@");
    home.secret(0, 0)["templateOnly"] = json!(true);
    home.secret(0, 1)["placeholder"] = json!("@B@");
    home.add(1, "templates", json!({"name": "t", "content": "@A@@B@"}));
    let run = home.activate();
    assert_eq!(home.read("secrets/rendered/t"), "12");
    assert!(!home.exists("agenix/a"));
    assert!(
        run.tree("age")
            .entries
            .iter()
            .all(|entry| entry.name != "a")
    );
    let run = home.activate();
    assert_eq!(run.tree("sops").outcome, Outcome::Unchanged);
    // The other secret of the template changed, its own file did not.
    home.age_file("b.age", "3");
    home.activate();
    assert_eq!(home.read("secrets/rendered/t"), "13");
    home.age_file("a.age", "4");
    home.activate();
    assert_eq!(home.read("secrets/rendered/t"), "43");
    home.work.write("a.age", "broken");
    let run = home.activate();
    run.assert(&[
        ("a", Status::Missing),
        ("t", Status::Kept),
        ("b", Status::Unchanged),
    ]);
    assert_eq!(home.read("secrets/rendered/t"), "43");
    home.manifest["trees"][1]["templates"] = json!([]);
    home.age_file("a.age", "5");
    let run = home.activate();
    assert!(!run.report.is_failed(), "{:?}", run.report);
}

#[test]
fn identities_of_either_kind_may_be_in_one_list() {
    let mut home = Home::new();
    let ssh = nixseal_testkit::keys::ssh(
        &home.work,
        "host",
        nixseal_testkit::keys::SshKind::Ed25519,
        None,
    );
    let missing = home.work.join("missing");
    let empty = home.work.write("empty", "");
    home.manifest["identities"] =
        json!({"files": [missing, home.work.join("key.txt"), empty, ssh.path]});
    home.add_age("a", "1");
    let recipient = [ssh.public.as_str()];
    let file = home.work.join("s.age");
    nixseal_testkit::keys::age_encrypt(&home.work, &recipient, false, b"2", "s.age");
    home.add(0, "secrets", json!({"name": "s", "age": {"file": file}}));
    let run = home.activate();
    assert!(!run.report.is_failed(), "{:?}", run.report);
    assert_eq!(
        (home.read("agenix/a"), home.read("agenix/s")),
        ("1".into(), "2".into())
    );
    let missing = missing.display();
    let line = format!("1:[agenix] WARNING: config.age.identityPaths entry {missing} not present!");
    assert!(run.said.contains(&line), "{:?}", run.said);
}
