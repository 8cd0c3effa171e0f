//! SIGKILL at any moment: what is live is whole, and the next run goes on.

use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use nixseal_testkit::Random;
use nixseal_testkit::faults::kill_after;
use serde_json::{Value, json};

use super::{age, manifest, sops};
use crate::scene::{Scene, with};

/// Secrets of each kind: 25 files, and 25 keys of one file.
const EACH: usize = 25;
const KILLS: usize = 300;

/// The encrypted files of one version, to be put in place at once.
struct Version {
    name: String,
    files: Vec<(String, Vec<u8>)>,
}

fn version(scene: &Scene, name: &str) -> Version {
    let mut files = Vec::new();
    for index in 0..EACH {
        let file = format!("a{index}");
        scene.seal(&file, &format!("{name} of {file}"));
        let path = format!("/etc/{file}.age");
        files.push((path.clone(), scene.host.read(&path)));
    }
    let yaml: String = (0..EACH)
        .map(|index| format!("s{index}: {name} of s{index}\n"))
        .collect();
    scene.sops("secrets.yaml", &yaml);
    let path = "/etc/secrets.yaml".to_owned();
    files.push((path.clone(), scene.host.read(&path)));
    Version {
        name: name.to_owned(),
        files,
    }
}

fn put(scene: &Scene, version: &Version) {
    for (path, content) in &version.files {
        scene.host.put(path, content, 0o444);
    }
}

fn all() -> Value {
    let owner = json!({ "owner": "app", "group": "web", "mode": "0440" });
    let secrets = |make: fn(&str) -> Value, letter: &str| -> Vec<Value> {
        let one = |index| with(make(&format!("{letter}{index}")), owner.clone());
        (0..EACH).map(one).collect()
    };
    let mut all = manifest(&secrets(age, "a"), &secrets(sops, "s"));
    // Some with links elsewhere.
    for index in 0..5 {
        all["trees"][0]["secrets"][index]["path"] = json!(format!("/srv/links/a{index}"));
    }
    all
}

/// Every tree holds one version whole, and nobody else gets to it.
fn assert_whole(scene: &Scene, versions: [&str; 2]) {
    for (link, letter) in [("/run/agenix", "a"), ("/run/secrets", "s")] {
        let text = |index: usize| scene.host.text(&format!("{link}/{letter}{index}"));
        let first = text(0);
        let (version, _) = first.split_once(' ').expect("a version");
        assert!(versions.contains(&version), "{first}");
        for index in 0..EACH {
            assert_eq!(text(index), format!("{version} of {letter}{index}"));
        }
    }
    for line in scene.host.tree(&["/run/agenix.d", "/run/secrets.d"]) {
        // Folders of generations let pass who knows a name; what is not done lies
        // in a folder for root only, and finished secrets are their owners'.
        let fits = match line.split(' ').next().expect("a mode") {
            "0751" | "0700" => line.ends_with('/'),
            "0440" => line.contains(" app:web "),
            // A result has no values.
            "0600" => line.contains("/.nixseal/") || line.contains("/.result.json."),
            "0640" => line.contains(" root:keys ") && line.ends_with("/result.json"),
            _ => line.contains("/.nixseal/"),
        };
        assert!(fits, "{line}");
    }
}

#[test]
fn three_hundred_killed_runs_leave_a_whole_generation_live() {
    let scene = Scene::empty();
    let versions = [version(&scene, "first"), version(&scene, "second")];
    let names = [versions[0].name.as_str(), versions[1].name.as_str()];
    let manifest = all();
    put(&scene, &versions[0]);
    scene.activate(&manifest).with_code(0);
    put(&scene, &versions[1]);
    // A whole run, to know over which time the kills must be spread.
    let start = Instant::now();
    scene.activate(&manifest).with_code(0);
    let whole = start.elapsed();

    let mut random = Random::new(5);
    let mut killed = 0;
    for round in 0..KILLS {
        put(&scene, &versions[round % 2]);
        let mut command = scene.nixseal(&[], &manifest);
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        let permille = u32::try_from(random.below(1000)).expect("it is small");
        let delay: Duration = whole * permille / 1000;
        let status = kill_after(&mut command, delay);
        killed += usize::from(status.signal().is_some());
        assert_whole(&scene, names);
    }
    assert!(
        killed >= 50,
        "only {killed} of {KILLS} were killed before their end"
    );

    // The next run finishes, and sweeps what was left.
    put(&scene, &versions[0]);
    scene.activate(&manifest).with_code(0);
    assert_whole(&scene, ["first", "first"]);
    let live = scene.host.target("/run/agenix");
    let left: Vec<_> = scene
        .host
        .tree(&["/run/agenix.d"])
        .into_iter()
        .filter(|line| !line.contains(&format!(" {live}/")))
        .filter(|line| !line.contains("/.nixseal") && !line.ends_with("/result.json"))
        .collect();
    assert_eq!(left, ["0751 root:keys /run/agenix.d/"]);
    let private = scene.host.shell("ls -A /run/agenix.d/.nixseal /srv/links");
    let number = live.rsplit('/').next().expect("a number");
    assert_eq!(
        private,
        format!("/run/agenix.d/.nixseal:\nstate-{number}\n\n/srv/links:\na0\na1\na2\na3\na4\n")
    );
}

/// A unit is told of a change even when the run that made it was killed before it
/// could.
#[test]
fn a_run_killed_before_units_are_told_leaves_that_to_the_next() {
    let scene = Scene::empty();
    scene.seal("a", "old");
    scene.seal("b", "old");
    let mut manifest = manifest(&[age("a"), age("b")], &[]);
    manifest["units"] = json!("systemctl");
    scene.activate(&manifest).with_code(0);
    scene.seal("a", "new");
    let path = scene
        .host
        .work()
        .write("bin/systemctl", "#!/bin/sh\nkill -KILL $PPID\n");
    scene.host.work().set_mode(path, 0o755);
    let end = scene.activate(&manifest);
    assert_eq!(end.code, 137, "{end:?}");
    assert_eq!(scene.secret("a"), "new", "it is switched to all the same");

    scene.host.record_systemctl();
    scene.activate(&manifest).with_code(0);
    let calls = scene
        .host
        .shell("grep try- /run/systemctl.log; rm /run/systemctl.log");
    assert_eq!(calls, "--no-block try-restart a.service\n");
    scene.activate(&manifest).with_code(0);
    assert!(!scene.host.exists("/run/systemctl.log"), "once is enough");
}

#[test]
fn a_first_run_that_is_killed_leaves_nothing_live_by_half() {
    let scene = Scene::empty();
    let first = version(&scene, "first");
    let manifest = all();
    put(&scene, &first);
    let start = Instant::now();
    scene.activate(&manifest).with_code(0);
    let whole = start.elapsed();
    let mut random = Random::new(6);
    for _ in 0..40 {
        scene.host.shell(
            "umount /run/agenix.d /run/secrets.d 2>/dev/null
             rm -rf /run/agenix /run/agenix.d /run/secrets /run/secrets.d /srv/links",
        );
        let mut command = scene.nixseal(&[], &manifest);
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        let permille = u32::try_from(random.below(1000)).expect("it is small");
        kill_after(&mut command, whole * permille / 1000);
        for (link, letter) in [("/run/agenix", "a"), ("/run/secrets", "s")] {
            if scene.host.exists(link) {
                for index in 0..EACH {
                    let text = scene.host.text(&format!("{link}/{letter}{index}"));
                    assert_eq!(text, format!("first of {letter}{index}"));
                }
            }
        }
        scene.activate(&manifest).with_code(0);
        assert_whole(&scene, ["first", "first"]);
        assert_eq!(scene.host.mounts().len(), 2, "{:?}", scene.host.mounts());
    }
}
