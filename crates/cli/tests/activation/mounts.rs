//! Where secrets live: the file system in memory, its owner and its rights
//! (B11, B12).

use serde_json::json;

use crate::scene::{Scene, ended, manifest, secret, with};

const RAMFS: &str = "/run/secrets.d ramfs rw,nosuid,nodev,noexec,relatime,mode=751";

parity! {
    fn a_ramfs_is_mounted_once(installer) {
        let scene = Scene::new();
        let manifest = manifest(&[secret("test_key")]);
        for generation in ["1", "2"] {
            scene.install(installer, &manifest).with_code(0);
            assert_eq!(scene.host.mounts(), [RAMFS]);
            assert_eq!(
                scene.host.target("/run/secrets"),
                format!("/run/secrets.d/{generation}")
            );
        }
        assert_eq!(
            scene.common_tree(),
            [
                "link root:root /run/secrets -> /run/secrets.d/2",
                "0751 root:keys /run/secrets.d/",
                "0751 root:keys /run/secrets.d/2/",
                "0400 root:root /run/secrets.d/2/test_key",
            ]
        );
    }

    fn tmpfs_is_taken_when_wanted(installer) {
        let scene = Scene::new();
        let manifest = with(manifest(&[secret("test_key")]), json!({ "useTmpfs": true }));
        scene.install(installer, &manifest).with_code(0);
        scene.install(installer, &manifest).with_code(0);
        let mounts = scene.host.mounts();
        assert_eq!(mounts.len(), 1, "{mounts:?}");
        let begin = "/run/secrets.d tmpfs rw,nosuid,nodev,noexec,relatime,";
        assert!(mounts[0].starts_with(begin) && mounts[0].contains("mode=751"), "{mounts:?}");
        // Kernels before 6.4 have no `noswap`; what they have is taken.
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a kernel");
        let mut numbers = release.split(['.', '-']).map_while(|word| word.parse::<u32>().ok());
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        assert_eq!(mounts[0].contains("noswap"), version >= (6, 4), "{mounts:?} on {release}");
    }

    fn a_file_system_of_another_kind_is_mounted_over(installer) {
        let scene = Scene::new();
        scene.host.shell("mkdir /run/secrets.d; mount -t tmpfs none /run/secrets.d");
        scene.install(installer, &manifest(&[secret("test_key")])).with_code(0);
        let mounts = scene.host.mounts();
        assert_eq!((mounts.len(), mounts[1].as_str()), (2, RAMFS), "{mounts:?}");
        assert_eq!(scene.host.text("/run/secrets/test_key"), "test_value");
    }

    fn without_keys_the_group_is_nogroup(installer) {
        let scene = Scene::new();
        scene.host.shell("grep -v ^keys: /etc/group >/etc/g; mv /etc/g /etc/group");
        scene.install(installer, &manifest(&[secret("test_key")])).with_code(0);
        assert_eq!(scene.host.access("/run/secrets.d"), "0751 root:nogroup");
        assert_eq!(scene.host.access("/run/secrets.d/1"), "0751 root:nogroup");
    }

    fn without_either_group_nothing_is_done(installer) {
        let scene = Scene::new();
        scene.host.shell("grep -Ev '^(keys|nogroup):' /etc/group >/etc/g; mv /etc/g /etc/group");
        let manifest = manifest(&[secret("test_key")]);
        let end = scene.install(installer, &manifest);
        scene.assert_refused(&end, "can't find group 'keys' nor 'nogroup' (");
        // Whoever does not look at groups does not miss them.
        ended(&mut scene.command(installer, &["-ignore-passwd"], &manifest)).with_code(0);
        assert_eq!(scene.host.access("/run/secrets.d/1"), "0751 root:root");
    }

    fn other_places_do_as_well(installer) {
        let scene = Scene::new();
        let users = with(
            manifest(&[with(secret("test_key"), json!({ "path": "/run/for-users/test_key" }))]),
            json!({ "secretsMountPoint": "/run/deep/for-users.d", "symlinkPath": "/run/for-users" }),
        );
        ended(&mut scene.command(installer, &["-ignore-passwd"], &users)).with_code(0);
        scene.install(installer, &manifest(&[secret("other")])).with_code(0);
        assert_eq!(scene.host.text("/run/for-users/test_key"), "test_value");
        assert_eq!(scene.host.target("/run/for-users"), "/run/deep/for-users.d/1");
        assert_eq!(scene.host.text("/run/secrets/other"), "second");
        assert_eq!(scene.host.mounts().len(), 2);
    }
}
