//! The command line of `sops-install-secrets`, and what it can read (B1, B2).

use nixseal_testkit::host::Ended;

use crate::installer::{Installer, NAME};
use crate::scene::{Scene, ended, manifest, secret};

/// Runs it with arguments as they are.
fn called(scene: &Scene, installer: Installer, arguments: &[&str]) -> Ended {
    installer.install_on(&scene.host);
    ended(scene.host.command(NAME).args(arguments))
}

#[track_caller]
fn assert_usage(end: &Ended) {
    assert!(
        end.stderr
            .contains("Usage: sops-install-secrets [OPTION] manifest.json\n"),
        "{end:?}"
    );
    assert_eq!(end.stdout, "");
}

parity! {
    fn help_is_on_standard_error(installer) {
        let scene = Scene::empty();
        for flag in ["-h", "-help", "--help"] {
            let end = called(&scene, installer, &[flag]).with_code(0);
            assert_usage(&end);
            for flag in ["-check-mode", "-ignore-passwd"] {
                assert!(end.stderr.contains(flag), "{end:?}");
            }
        }
    }

    fn exactly_one_manifest_is_wanted(installer) {
        let scene = Scene::empty();
        for arguments in [&[] as &[&str], &["a.json", "b.json"], &["a.json", "-ignore-passwd"]] {
            let end = called(&scene, installer, arguments).with_code(0);
            let usage = format!("Usage of {NAME}:\n");
            assert!(end.stderr.starts_with(&usage), "{end:?}");
            assert_eq!(end.stdout, "");
        }
    }

    fn unknown_flags_are_refused(installer) {
        let scene = Scene::empty();
        let end = called(&scene, installer, &["-wat", "a.json"]).with_code(1);
        let message = "flag provided but not defined: -wat\n";
        assert!(end.stderr.starts_with(message), "{end:?}");
        assert!(end.stderr.ends_with(&format!("{NAME}: {message}")), "{end:?}");
    }

    fn an_unknown_check_mode_is_refused(installer) {
        let scene = Scene::empty();
        let end = called(&scene, installer, &["-check-mode", "some", "a.json"]).with_code(1);
        let message = format!("{NAME}: invalid value provided for -check-mode flag: ");
        assert!(end.stderr.starts_with(&message), "{end:?}");
    }

    fn flags_are_written_as_go_takes_them(installer) {
        let scene = Scene::new();
        let manifest = manifest(&[secret("test_key")]);
        for flags in [
            &["-check-mode=manifest"] as &[&str],
            &["--check-mode=sopsfile", "--ignore-passwd"],
            &["-check-mode", "manifest", "-ignore-passwd=false"],
            &["--check-mode", "sopsfile", "--"],
        ] {
            let end = ended(&mut scene.command(installer, flags, &manifest)).with_code(0);
            assert_eq!((end.stdout.as_str(), end.stderr.as_str()), ("", ""), "{flags:?}");
        }
        assert_eq!(scene.tree(), [""; 0]);
    }

    fn errors_name_the_program_as_it_was_called(installer) {
        let scene = Scene::empty();
        installer.install_on(&scene.host);
        let path = scene.host.work().join("bin").join(NAME);
        let end = ended(scene.host.command(&path).arg("/etc/none.json")).with_code(1);
        let begin = format!("{}: failed to open manifest: ", path.display());
        assert!(end.stderr.starts_with(&begin), "{end:?}");
    }

    fn a_manifest_that_is_not_there(installer) {
        let scene = Scene::empty();
        let end = called(&scene, installer, &["/etc/none.json"]).with_code(1);
        let begin = format!("{NAME}: failed to open manifest: ");
        assert!(end.stderr.starts_with(&begin), "{end:?}");
        assert!(end.stderr.contains("/etc/none.json"), "{end:?}");
    }

    fn a_manifest_that_is_not_json(installer) {
        let scene = Scene::empty();
        for text in ["", "{", "[]", "no", r#"{"secrets": 3}"#, r#"{"keepGenerations": "1"}"#] {
            scene.host.put("/etc/broken.json", text, 0o444);
            let end = called(&scene, installer, &["/etc/broken.json"]).with_code(1);
            let begin = format!("{NAME}: failed to parse manifest: ");
            assert!(end.stderr.starts_with(&begin), "{text}: {end:?}");
        }
    }

    fn only_the_first_json_value_counts(installer) {
        let scene = Scene::new();
        let text = format!("{} {{ trailing", manifest(&[secret("test_key")]));
        scene.host.put("/etc/two.json", text, 0o444);
        called(&scene, installer, &["/etc/two.json"]).with_code(0);
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }
}
