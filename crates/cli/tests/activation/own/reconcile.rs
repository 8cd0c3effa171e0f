//! Reconciliation: only what changed is changed.

use serde_json::json;

use super::{age, and_templates, manifest, sops, template};
use crate::scene::{Scene, ended, with};

const PATHS: [&str; 4] = [
    "/run/agenix/a",
    "/run/agenix/b",
    "/run/secrets/test_key",
    "/run/secrets/rendered/t",
];

fn scene() -> (Scene, serde_json::Value) {
    let scene = Scene::new();
    scene.seal("a", "1");
    scene.seal("b", "1");
    let key = with(
        sops("test_key"),
        json!({ "placeholder": "<SOPS:k:PLACEHOLDER>" }),
    );
    let all = and_templates(
        manifest(&[age("a"), age("b")], &[key]),
        &[template("t", "is <SOPS:k:PLACEHOLDER>")],
    );
    scene.activate(&all).with_code(0);
    (scene, all)
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let (scene, all) = scene();
    let stamps = || PATHS.map(|path| scene.host.stamp(path));
    let (before, tree) = (stamps(), scene.everything());
    assert_eq!(scene.restarts(), "", "nothing is restarted at boot");
    for _ in 0..3 {
        scene.activate(&all).with_code(0);
        assert_eq!(stamps(), before);
        assert_eq!(scene.everything(), tree);
        assert_eq!(scene.restarts(), "");
    }
    // The same plaintext encrypted anew is no change either.
    scene.seal("a", "1");
    scene.sops("secrets.yaml", crate::scene::SECRETS);
    scene.activate(&all).with_code(0);
    assert_eq!(stamps(), before);
    assert_eq!(scene.restarts(), "");
}

#[test]
fn what_did_not_change_stays_the_same_file() {
    let (scene, all) = scene();
    let before = PATHS.map(|path| scene.host.stamp(path));
    scene.seal("a", "2");
    scene.activate(&all).with_code(0);
    assert_eq!(scene.secret("a"), "2");
    let after = PATHS.map(|path| scene.host.stamp(path));
    assert_ne!(
        after[0].0, before[0].0,
        "a reader of the old file sees only the old content"
    );
    assert_eq!(after[1..], before[1..]);
    assert_eq!(scene.restarts(), "a.service\n");
    scene.sops("secrets.yaml", "test_key: '2'\n");
    scene.activate(&all).with_code(0);
    assert_eq!(scene.host.text(PATHS[3]), "is 2");
    assert_eq!(scene.restarts(), "test_key.service\nt.service\n");
}

#[test]
fn owner_group_and_mode_count_as_changes() {
    let (scene, mut all) = scene();
    for (field, value, access) in [
        ("owner", json!("app"), "0400 app:root"),
        ("group", json!("web"), "0400 app:web"),
        ("mode", json!("0440"), "0440 app:web"),
    ] {
        all["trees"][0]["secrets"][0][field] = value;
        scene.activate(&all).with_code(0);
        assert_eq!(scene.host.access("/run/agenix/a"), access);
        assert_eq!(scene.restarts(), "a.service\n", "after {field}");
        scene.activate(&all).with_code(0);
        assert_eq!(scene.restarts(), "");
    }
}

#[test]
fn what_somebody_changed_by_hand_is_put_right() {
    let (scene, all) = scene();
    for damage in [
        "echo other >/run/agenix/a",
        ": >/run/agenix/a",
        "rm /run/agenix/a",
        "chmod 0644 /run/agenix/a",
        "chown 1003 /run/agenix/a",
        "rm /run/agenix/a; ln -s /etc/passwd /run/agenix/a",
        "rm /run/agenix/a; mkdir /run/agenix/a",
    ] {
        scene.host.shell(damage);
        scene.activate(&all).with_code(0);
        assert_eq!(scene.secret("a"), "1", "after {damage}");
        assert_eq!(
            scene.host.access("/run/agenix/a"),
            "0400 root:root",
            "after {damage}"
        );
        assert_eq!(scene.restarts(), "a.service\n", "after {damage}");
    }
    // What nobody wants there goes.
    scene
        .host
        .shell("echo x >/run/secrets/stranger; rm -r /run/agenix");
    scene.activate(&all).with_code(0);
    assert!(!scene.host.exists("/run/secrets/stranger"));
    assert_eq!(scene.secret("b"), "1");
}

#[test]
fn links_and_secrets_that_left_are_removed() {
    let scene = Scene::new();
    scene.seal("a", "1");
    scene.seal("b", "2");
    let at = |path: &str| with(age("a"), json!({ "path": path }));
    let template_at = |path: &str| with(template("t", "x"), json!({ "path": path }));
    let first = and_templates(
        manifest(&[at("/srv/a"), age("b")], &[sops("test_key")]),
        &[template_at("/srv/t")],
    );
    scene.activate(&first).with_code(0);
    assert_eq!(scene.host.text("/srv/a"), "1");
    let second = and_templates(manifest(&[at("/srv/deep/a")], &[]), &[template("t", "x")]);
    scene.activate(&second).with_code(0);
    assert_eq!(
        scene.host.tree(&["/srv"]),
        [
            "0755 root:root /srv/",
            "0755 root:root /srv/deep/",
            "link root:root /srv/deep/a -> /run/agenix/a",
        ]
    );
    assert!(!scene.host.exists("/run/agenix/b") && !scene.host.exists("/run/secrets/test_key"));
    // Units of what left are not told.
    assert!(!scene.restarts().contains("b.service"));
    // A link that somebody made his own is left alone.
    scene
        .host
        .shell("rm /srv/deep/a; ln -s /etc/passwd /srv/deep/a");
    scene.activate(&manifest(&[], &[])).with_code(0);
    assert_eq!(scene.host.target("/srv/deep/a"), "/etc/passwd");
}

#[test]
fn both_kinds_restart_and_reload() {
    let (scene, mut all) = scene();
    all["trees"][0]["secrets"][0]["reloadUnits"] = json!(["quick.service"]);
    all["trees"][0]["secrets"][1]["restartUnits"] = json!(["a.service", "b.service"]);
    scene.activate(&all).with_code(0);
    scene.seal("a", "2");
    scene.seal("b", "2");
    scene.activate(&all).with_code(0);
    assert_eq!(
        scene.host.text("/run/nixos/activation-reload-list"),
        "quick.service\n"
    );
    // A unit of two secrets is told once.
    assert_eq!(scene.restarts(), "a.service\nb.service\n");
}

#[test]
fn a_unit_that_is_not_there_is_reported() {
    let (scene, mut all) = scene();
    scene.host.record_systemctl();
    scene.host.put("/run/systemctl.units", "a.service\n", 0o644);
    all["units"] = json!("systemctl");
    scene.seal("a", "2");
    scene.seal("b", "2");
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("'b.service'"), "{end:?}");
    assert!(!end.stderr.contains("a.service"), "{end:?}");
    let calls = scene.host.text("/run/systemctl.log");
    assert!(
        calls.contains("--no-block try-restart a.service\n"),
        "{calls}"
    );
    assert_eq!(scene.secret("b"), "2");
    all["units"] = json!("lists");
    all["trees"][0]["secrets"][0]["restartUnits"] = json!(["a.servise"]);
    scene.seal("a", "3");
    let end = scene.activate(&all).with_code(1);
    assert!(end.stderr.contains("'a.servise'"), "{end:?}");
}

#[test]
fn eight_runs_at_once_take_turns() {
    let (scene, all) = scene();
    for round in 0..4 {
        scene.seal("a", &format!("round {round}"));
        let mut runs: Vec<_> = (0..8)
            .map(|_| {
                let mut command = scene.nixseal(&[], &all);
                command.stdout(std::process::Stdio::piped());
                command.stderr(std::process::Stdio::piped());
                command.spawn().expect("start a run")
            })
            .collect();
        for run in runs.drain(..) {
            let output = run.wait_with_output().expect("wait for a run");
            assert!(output.status.success(), "{output:?}");
        }
        assert_eq!(scene.secret("a"), format!("round {round}"));
        assert_eq!(
            scene.restarts(),
            "a.service\n",
            "only one of them changed anything"
        );
    }
    let first = scene.host.shell("ls /run/agenix.d | grep -c '^[0-9]'");
    assert_eq!(first, "1\n", "only the live generation stays");
    // At boot too, when nothing is mounted yet.
    let fresh = Scene::new();
    fresh.seal("a", "1");
    fresh.seal("b", "1");
    let commands: Vec<_> = (0..6).map(|_| fresh.nixseal(&[], &all)).collect();
    let runs: Vec<_> = commands
        .into_iter()
        .map(|mut command| command.spawn().expect("start a run"))
        .collect();
    for mut run in runs {
        assert!(run.wait().expect("wait for a run").success());
    }
    assert_eq!(fresh.host.mounts().len(), 2, "{:?}", fresh.host.mounts());
    assert_eq!(fresh.host.target("/run/agenix"), "/run/agenix.d/1");
}

#[test]
fn generations_are_kept_as_wanted() {
    let (scene, mut all) = scene();
    all["trees"][0]["keepGenerations"] = json!(3);
    for round in 0..6 {
        scene.seal("a", &format!("{round}"));
        scene.activate(&all).with_code(0);
    }
    let names = scene.host.shell("ls /run/agenix.d");
    let numbers: Vec<_> = names
        .lines()
        .filter(|name| name.parse::<u32>().is_ok())
        .collect();
    assert_eq!(numbers, ["5", "6", "7"]);
    // Back by hand, and on from there.
    scene.host.shell("ln -sfn /run/agenix.d/6 /run/agenix");
    scene.activate(&all).with_code(0);
    assert_eq!(scene.secret("a"), "5");
    let dry = ended(&mut scene.nixseal(&["--dry-run"], &all)).with_code(0);
    assert!(!dry.stdout.contains("would modify"), "{dry:?}");
}
