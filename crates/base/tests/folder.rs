//! Folders held open: what is done to names in them, and which ways lead there.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt, symlink};
use std::path::Path;

use nixseal_base::fs::{Folder, Kind, Ownership};

/// Somebody who is neither root nor, where tests run as such, this user.
const OTHER: u32 = 65_533;

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o7777
}

#[test]
fn folders_on_the_way_get_exactly_their_mode() {
    let work = temporary();
    let path = work.path().join("a/b");
    let folder = Folder::create(&path, 0o751).unwrap();
    assert_eq!(folder.path(), path);
    assert_eq!((mode(&work.path().join("a")), mode(&path)), (0o751, 0o751));
    // What is there stays as it is.
    Folder::create(&path, 0o700).unwrap();
    assert_eq!(mode(&path), 0o751);
    assert!(Folder::open(&path.join("c")).unwrap_err().is_not_found());
    assert!(Folder::open(Path::new("relative")).is_err());
    assert!(Folder::of(Path::new("/"), None).is_err());
}

#[test]
fn files_are_written_once_and_replaced_whole() {
    let work = temporary();
    let folder = Folder::open(work.path()).unwrap();
    folder.write("a", b"one", 0o440, None).unwrap();
    assert_eq!(mode(&work.path().join("a")), 0o440);
    let taken = folder.write("a", b"two", 0o440, None).unwrap_err();
    assert!(taken.to_string().contains("cannot create"), "{taken}");
    let before = folder.status("a").unwrap().unwrap();
    folder.replace("a", b"two", 0o4755, None).unwrap();
    let (content, after) = folder.read("a", 10).unwrap();
    assert_eq!(
        (content.expose(), after.mode, after.kind),
        (&b"two"[..], 0o4755, Kind::File)
    );
    assert_ne!(before.inode, after.inode);
    assert!(folder.read("a", 2).is_err());
    assert_eq!(folder.names().unwrap(), ["a"]);
    folder.append("list", b"1\n", 0o600).unwrap();
    folder.append("list", b"2\n", 0o600).unwrap();
    assert_eq!(folder.read("list", 10).unwrap().0.expose(), b"1\n2\n");
}

#[test]
fn links_at_the_end_are_replaced_and_never_followed() {
    let work = temporary();
    let folder = Folder::open(work.path()).unwrap();
    std::fs::create_dir(work.path().join("inside")).unwrap();
    let victim = work.path().join("inside/victim");
    folder
        .child("inside")
        .unwrap()
        .write("victim", b"kept", 0o600, None)
        .unwrap();
    symlink(&victim, work.path().join("a")).unwrap();
    symlink(work.path().join("inside"), work.path().join("folder")).unwrap();
    assert!(folder.read("a", 10).is_err());
    assert!(folder.append("a", b"x", 0o600).is_err());
    assert!(folder.write("a", b"x", 0o600, None).is_err());
    assert!(folder.child("folder").is_err());
    assert!(folder.make("folder", 0o700).is_err());
    let owner = folder.status("a").unwrap().unwrap().owner;
    assert!(folder.give("a", owner, 0o777).is_err());
    folder.replace("a", b"new", 0o600, None).unwrap();
    folder.replace_link("b", &victim, None).unwrap();
    folder
        .replace_link("b", Path::new("elsewhere"), Some(owner))
        .unwrap();
    assert_eq!(
        folder.link_target("b").unwrap().unwrap(),
        Path::new("elsewhere")
    );
    assert_eq!(folder.link_target("a").unwrap(), None);
    assert_eq!(std::fs::read(&victim).unwrap(), b"kept");
    // All in a folder goes, what its links lead to stays.
    std::fs::create_dir_all(work.path().join("tree/deep")).unwrap();
    symlink(
        work.path().join("inside"),
        work.path().join("tree/deep/link"),
    )
    .unwrap();
    assert!(folder.remove_all("tree").unwrap());
    assert!(!folder.remove_all("tree").unwrap());
    assert!(victim.exists());
}

#[test]
fn what_a_killed_run_left_is_no_hindrance() {
    let work = temporary();
    let folder = Folder::open(work.path()).unwrap();
    symlink("nowhere", work.path().join(".a.nixseal-new")).unwrap();
    folder.replace("a", b"x", 0o600, None).unwrap();
    folder
        .write(".b.nixseal-new", b"half", 0o600, None)
        .unwrap();
    folder.replace_link("b", Path::new("a"), None).unwrap();
    let mut names = folder.names().unwrap();
    names.sort();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn a_file_may_have_a_second_name() {
    let work = temporary();
    let (one, two) = (work.path().join("one"), work.path().join("two"));
    let (one, two) = (
        Folder::create(&one, 0o700).unwrap(),
        Folder::create(&two, 0o700).unwrap(),
    );
    one.write("a", b"x", 0o400, None).unwrap();
    two.hard_link("b", &one, "a").unwrap();
    let inode = |folder: &Folder, name: &str| folder.status(name).unwrap().unwrap().inode;
    assert_eq!(inode(&one, "a"), inode(&two, "b"));
    assert!(two.hard_link("b", &one, "a").is_err());
    two.rename("b", &one, "c").unwrap();
    assert_eq!(two.names().unwrap().len(), 0);
    assert!(!one.remove_empty("a") && one.remove("a").unwrap() && !one.remove("a").unwrap());
}

#[test]
fn a_lock_keeps_others_out_until_it_is_dropped() {
    use rustix::fs::{FlockOperation, flock};
    let work = temporary();
    let folder = Folder::open(work.path()).unwrap();
    let other = std::fs::File::open(work.path()).unwrap();
    let try_lock = || flock(&other, FlockOperation::NonBlockingLockExclusive);
    let lock = folder.lock().unwrap();
    assert!(try_lock().is_err());
    drop(lock);
    assert!(try_lock().is_ok());
}

#[test]
fn own_links_on_the_way_are_followed_loops_are_not() {
    let work = temporary();
    std::fs::create_dir_all(work.path().join("real/inner")).unwrap();
    symlink("real", work.path().join("link")).unwrap();
    symlink(work.path().join("link/../link"), work.path().join("chain")).unwrap();
    let folder = Folder::open(&work.path().join("chain/inner")).unwrap();
    folder.write("a", b"x", 0o600, None).unwrap();
    assert!(work.path().join("real/inner/a").exists());
    symlink("loop", work.path().join("loop")).unwrap();
    assert!(Folder::open(&work.path().join("loop/x")).is_err());
    folder.write("file", b"", 0o600, None).unwrap();
    assert!(Folder::open(&work.path().join("real/inner/file")).is_err());
}

/// Only root can give things away; others have only links that are their own.
#[test]
fn links_of_others_lead_only_to_what_is_theirs() {
    let work = temporary();
    std::fs::set_permissions(work.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let path = |name: &str| work.path().join(name);
    for folder in ["home/own", "home/rooted", "system"] {
        std::fs::create_dir_all(path(folder)).unwrap();
    }
    symlink(path("system"), path("home/absolute")).unwrap();
    symlink("../system", path("home/relative")).unwrap();
    symlink("own", path("home/mine")).unwrap();
    symlink("home/own", path("planted")).unwrap();
    symlink(path("system"), path("home/carried")).unwrap();
    let root = Folder::open(work.path()).unwrap();
    let (uid, gid) = (OTHER, OTHER);
    let other = Ownership { uid, gid };
    let home = root.child("home").unwrap();
    let given = home.set_owner(other).is_ok();
    assert_eq!(given, rustix::process::geteuid().is_root());
    let is_open = |name: &str| Folder::open(&path(name)).is_ok();
    if !given {
        assert!(is_open("home/absolute") && is_open("planted"));
        return;
    }
    home.child("own").unwrap().set_owner(other).unwrap();
    for link in ["absolute", "relative", "mine"] {
        home.set_owner_of(link, other).unwrap();
    }
    root.set_owner_of("planted", other).unwrap();
    assert!(is_open("home/own") && is_open("home/rooted") && is_open("home/mine"));
    for refused in ["home/absolute", "home/relative", "planted", "home/carried"] {
        assert!(!is_open(refused), "{refused}");
        assert!(
            Folder::create(&path(refused).join("x"), 0o755).is_err(),
            "{refused}"
        );
    }
    let error = Folder::open(&path("home/absolute"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("user 65533"), "{error}");
    // What root makes in the home of somebody is found again.
    Folder::create(&path("home/own/made/deep"), 0o755).unwrap();
    assert!(is_open("home/own/made/deep"));
}
