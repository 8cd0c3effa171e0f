//! Plaintext and keys are nowhere but in the files of the memory file systems.

use nixseal_testkit::leaks::{Planted, Sighting, can_watch};
use serde_json::json;

use super::{age, and_templates, manifest, sops, template};
use crate::installer::{Installer, NAME};
use crate::scene::{KEY_FILE, Scene, with};

/// A place where the plaintext belongs.
fn is_in_memory(place: &Sighting) -> bool {
    matches!(place, Sighting::Written(path)
        if path.starts_with("/run/agenix.d/") || path.starts_with("/run/secrets.d/"))
}

#[track_caller]
fn assert_kept(scene: &Scene, planted: &Planted, found: Vec<Sighting>) {
    assert!(
        !found.is_empty(),
        "the secret was not even written to its place"
    );
    let leaks: Vec<_> = found
        .into_iter()
        .filter(|place| !is_in_memory(place))
        .collect();
    assert_eq!(leaks, []);
    for folder in ["/etc", "/srv", "/run/nixos", "/run/credentials.d"] {
        if scene.host.exists(folder) {
            let mut found = planted.search(&scene.host.outside(folder));
            found.retain(|place| !matches!(place, Sighting::File(path) if path.ends_with("plain")));
            assert_eq!(found, [], "in {folder}");
        }
    }
    assert_eq!(planted.search(scene.host.work().path()), []);
}

#[test]
fn plaintext_is_written_to_memory_only() {
    can_watch();
    let planted = Planted::new(71);
    let scene = Scene::new();
    scene.host.record_systemctl();
    let word = planted.word();
    scene.seal("a", "before");
    let key = with(
        sops("test_key"),
        json!({ "placeholder": "<SOPS:k:PLACEHOLDER>" }),
    );
    let mut all = and_templates(
        manifest(
            &[with(
                age("a"),
                json!({ "path": "/srv/a", "credentials": [{ "unit": "a.service", "name": "a" }] }),
            )],
            &[key],
        ),
        &[template("t", "is <SOPS:k:PLACEHOLDER>")],
    );
    all["units"] = json!("systemctl");
    scene.activate(&all).with_code(0);
    scene.seal("a", word);
    scene.sops("secrets.yaml", &format!("test_key: {word}\n"));
    let (output, found) = planted.watch(&scene.nixseal(&[], &all));
    assert!(output.status.success(), "{output:?}");
    assert!(!planted.is_in(&output.stdout) && !planted.is_in(&output.stderr));
    assert_eq!(scene.secret("a"), word);
    assert!(scene.host.text("/run/systemctl.log").contains("a.service"));
    assert_kept(&scene, &planted, found);
    // A second run, one that fails, a dry one and a check write it nowhere.
    scene.host.put("/etc/a.age", "broken", 0o444);
    for flags in [
        &[] as &[&str],
        &["--dry-run"],
        &["--check"],
        &["--status"],
        &["--own"],
    ] {
        let (output, found) = planted.watch(&scene.nixseal(flags, &all));
        assert!(!planted.is_in(&output.stdout) && !planted.is_in(&output.stderr));
        let leaks: Vec<_> = found
            .into_iter()
            .filter(|place| !is_in_memory(place))
            .collect();
        assert_eq!(leaks, [], "{flags:?}");
    }
}

#[test]
fn the_drop_in_writes_to_memory_only() {
    can_watch();
    let planted = Planted::new(72);
    let scene = Scene::empty();
    scene.sops("secrets.yaml", &format!("test_key: {}\n", planted.word()));
    let all = crate::scene::manifest(&[crate::scene::secret("test_key")]);
    scene.host.put("/etc/manifest.json", all.to_string(), 0o444);
    Installer::Ours.install_on(&scene.host);
    let mut command = scene.host.command(NAME);
    command.arg("/etc/manifest.json");
    let (output, found) = planted.watch(&command);
    assert!(output.status.success(), "{output:?}");
    assert_kept(&scene, &planted, found);
    let mut dry = scene.host.command(NAME);
    dry.env("NIXOS_ACTION", "dry-activate")
        .arg("/etc/manifest.json");
    let (output, found) = planted.watch(&dry);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(found, [], "a dry run writes no plaintext");
}

/// The host's key is read and nothing else.
#[test]
fn keys_are_written_nowhere() {
    can_watch();
    // An identity file whose comment is the word that is looked for.
    let planted = Planted::new(73);
    let scene = Scene::new();
    let text = format!("# {}\n{}\n", planted.word(), scene.key.identity);
    scene.host.put(KEY_FILE, text, 0o600);
    scene.seal("a", "text");
    let all = manifest(&[age("a")], &[sops("test_key")]);
    let (output, found) = planted.watch(&scene.nixseal(&[], &all));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(found, []);
}

#[test]
fn memory_is_locked_and_no_core_is_left() {
    let scene = Scene::new();
    scene.seal("a", "text");
    let all = manifest(&[age("a")], &[]);
    let inner = scene.nixseal(&[], &all);
    let log = scene.host.work().join("calls");
    let mut command = std::process::Command::new(nixseal_testkit::peers::program("strace"));
    command
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=mlockall,mlock,mlock2,prctl,prlimit64,setrlimit",
            "-o",
        ])
        .arg(&log)
        .arg("--")
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear();
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    nixseal_testkit::workdir::succeed(&mut command);
    let calls = std::fs::read_to_string(log).expect("the calls");
    let has = |words: &[&str]| {
        calls
            .lines()
            .any(|line| words.iter().all(|word| line.contains(word)))
    };
    assert!(has(&["mlock", "= 0"]), "memory is not locked:\n{calls}");
    assert!(
        has(&["RLIMIT_CORE", "rlim_cur=0", "= 0"])
            || has(&["PR_SET_DUMPABLE", "SUID_DUMP_DISABLE", "= 0"]),
        "cores can be dumped:\n{calls}"
    );
}
