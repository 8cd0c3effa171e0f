//! Two runs: before users exist, and when they do (`--ignore-passwd`, `--own`).

use serde_json::json;

use super::{age, and_templates, manifest, sops, template};
use crate::scene::{Scene, ended, with};

#[test]
fn owners_come_when_users_exist() {
    let scene = Scene::new();
    for name in ["a", "b"] {
        scene.seal(name, name);
    }
    let app = json!({ "owner": "newcomer", "group": "newcomer", "mode": "0640" });
    let file = with(
        app.clone(),
        json!({ "symlink": false, "path": "/srv/file" }),
    );
    let there = with(app.clone(), json!({ "path": "/srv/link" }));
    let all = and_templates(
        manifest(
            &[with(age("a"), app.clone()), with(age("b"), file)],
            &[with(sops("test_key"), there)],
        ),
        &[with(template("t", "x"), app)],
    );
    ended(&mut scene.nixseal(&["--ignore-passwd"], &all)).with_code(0);
    let before = scene.everything();
    assert!(
        !before.iter().any(|line| line.contains("newcomer")),
        "{before:?}"
    );
    scene.host.shell(
        "echo newcomer:x:5000:5000::/:/bin/sh >>/etc/passwd; echo newcomer:x:5000: >>/etc/group",
    );
    // Nothing is opened in the second run.
    scene
        .host
        .shell("rm /etc/keys.txt /etc/*.age /etc/secrets.yaml");
    ended(&mut scene.nixseal(&["--own"], &all)).with_code(0);
    assert_eq!(
        scene.everything(),
        [
            "link root:root /run/agenix -> /run/agenix.d/1",
            "0751 root:keys /run/agenix.d/",
            "0751 root:keys /run/agenix.d/1/",
            "0640 5000:5000 /run/agenix.d/1/a",
            "link root:root /run/secrets -> /run/secrets.d/1",
            "0751 root:keys /run/secrets.d/",
            "0751 root:keys /run/secrets.d/1/",
            "0751 root:keys /run/secrets.d/1/rendered/",
            "0640 5000:5000 /run/secrets.d/1/rendered/t",
            "0640 5000:5000 /run/secrets.d/1/test_key",
            "0755 root:root /srv/",
            "0640 5000:5000 /srv/file",
            "link 5000:5000 /srv/link -> /run/secrets/test_key",
        ]
    );
    assert_eq!(scene.restarts(), "", "that owners came is no change");
}

#[test]
fn a_switch_with_both_runs_changes_nothing() {
    let scene = Scene::new();
    scene.seal("a", "1");
    let all = manifest(&[with(age("a"), json!({ "owner": "app" }))], &[]);
    let both = || {
        ended(&mut scene.nixseal(&["--ignore-passwd"], &all)).with_code(0);
        ended(&mut scene.nixseal(&["--own"], &all)).with_code(0);
    };
    both();
    let (tree, stamp) = (scene.everything(), scene.host.stamp("/run/agenix/a"));
    both();
    assert_eq!(scene.everything(), tree);
    assert_eq!(scene.host.stamp("/run/agenix/a"), stamp);
    assert_eq!(scene.restarts(), "");
    scene.seal("a", "2");
    both();
    assert_eq!(scene.host.access("/run/agenix/a"), "0400 app:root");
    assert_eq!(scene.restarts(), "a.service\n");
}

/// While a system is switched, services go on and read what is theirs.
#[test]
fn a_changed_secret_stays_with_its_owner_between_the_runs() {
    let scene = Scene::new();
    scene.host.record_systemctl();
    let told = || {
        scene
            .host
            .shell("grep try- /run/systemctl.log || true; rm -f /run/systemctl.log")
    };
    let of = |name: &str, owner: &str| with(age(name), json!({ "owner": owner }));
    let run = |flag: &str, secrets: &[serde_json::Value]| {
        let mut all = manifest(secrets, &[]);
        all["units"] = json!("systemctl");
        ended(&mut scene.nixseal(&[flag], &all)).with_code(0);
    };
    scene.seal("a", "1");
    scene.seal("b", "1");
    for flag in ["--ignore-passwd", "--own"] {
        run(flag, &[of("a", "app")]);
    }
    assert_eq!(told(), "");

    scene.seal("a", "2");
    run("--ignore-passwd", &[of("a", "app")]);
    assert_eq!(scene.host.access("/run/agenix/a"), "0400 app:root");
    assert_eq!(told(), "--no-block try-restart a.service\n");
    run("--own", &[of("a", "app")]);
    assert_eq!(told(), "");

    // A new one waits for its owner, and so does its unit.
    run("--ignore-passwd", &[of("a", "app"), of("b", "app")]);
    assert_eq!(scene.host.access("/run/agenix/b"), "0400 root:root");
    assert_eq!(told(), "");
    run("--own", &[of("a", "app"), of("b", "app")]);
    assert_eq!(scene.host.access("/run/agenix/b"), "0400 app:root");
    assert_eq!(told(), "--no-block try-restart b.service\n");
    run("--own", &[of("a", "app"), of("b", "app")]);
    assert_eq!(told(), "");

    // Who had it before does not get what is another's now.
    scene.seal("a", "3");
    run("--ignore-passwd", &[of("a", "web"), of("b", "app")]);
    assert_eq!(scene.host.access("/run/agenix/a"), "0400 root:root");
    run("--own", &[of("a", "web"), of("b", "app")]);
    assert_eq!(scene.host.access("/run/agenix/a"), "0400 web:root");
    assert_eq!(told(), "--no-block try-restart a.service\n");
}

#[test]
fn a_user_who_does_not_come_is_a_failure_of_one_secret() {
    let scene = Scene::new();
    scene.seal("a", "1");
    scene.seal("b", "2");
    let all = manifest(
        &[
            with(age("a"), json!({ "owner": "ghost" })),
            with(age("b"), json!({ "owner": "app" })),
        ],
        &[],
    );
    ended(&mut scene.nixseal(&["--ignore-passwd"], &all)).with_code(0);
    let end = ended(&mut scene.nixseal(&["--own"], &all)).with_code(1);
    assert!(
        end.stderr.contains("age.secrets.a") && end.stderr.contains("'ghost'"),
        "{end:?}"
    );
    assert_eq!(scene.host.access("/run/agenix/a"), "0400 root:root");
    assert_eq!(scene.host.access("/run/agenix/b"), "0400 app:root");
}

#[test]
fn bits_that_giving_away_takes_are_set_again() {
    let scene = Scene::new();
    scene.seal("a", "#!/bin/sh\n");
    let all = manifest(
        &[with(age("a"), json!({ "owner": "app", "mode": "6750" }))],
        &[],
    );
    ended(&mut scene.nixseal(&["--ignore-passwd"], &all)).with_code(0);
    ended(&mut scene.nixseal(&["--own"], &all)).with_code(0);
    assert_eq!(scene.host.access("/run/agenix/a"), "6750 app:root");
}

#[test]
fn owning_what_is_not_there_does_nothing() {
    let scene = Scene::new();
    let all = manifest(&[age("a")], &[sops("test_key")]);
    ended(&mut scene.nixseal(&["--own"], &all)).with_code(0);
    assert!(!scene.host.exists("/run/agenix") && !scene.host.exists("/run/secrets"));
}

/// A secret is never another's, not even for a moment: with a link planted where
/// its file is, the link's target is not given away.
#[test]
fn links_are_not_followed_when_owners_come() {
    let scene = Scene::new();
    scene.seal("a", "1");
    let fields = json!({ "owner": "app", "symlink": false, "path": "/srv/app/file" });
    scene.host.folder("/srv/app", "app", 0o755);
    let all = manifest(&[with(age("a"), fields)], &[]);
    ended(&mut scene.nixseal(&["--ignore-passwd"], &all)).with_code(0);
    scene.host.put("/etc/important", "x", 0o600);
    scene
        .host
        .shell("rm /srv/app/file; ln -s /etc/important /srv/app/file");
    ended(&mut scene.nixseal(&["--own"], &all));
    assert_eq!(scene.host.access("/etc/important"), "0600 root:root");
}
