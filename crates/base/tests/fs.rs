//! The writer of files keeps what it must keep, on a real file system.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use nixseal_base::fs::{Batch, Creation, Output, Version, read, read_text, sweep};

fn put(path: &Path, content: &str) {
    let batch = Batch::new();
    batch
        .stage(path, content.as_bytes(), Creation::PUBLIC)
        .unwrap();
    batch.commit().unwrap();
}

fn listing(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (
            name,
            read_text(&path, usize::MAX).unwrap_or_else(|_| "<folder>".to_owned()),
        )
    });
    entries.collect()
}

fn tree<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<String, String> {
    entries
        .map(|(name, content)| (name.to_owned(), content.to_owned()))
        .into()
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path)
        .unwrap()
        .permissions()
        .mode()
        & 0o7777
}

#[test]
fn mode_and_owner_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    put(&path, "old");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    // Only root can give files away; the mode is checked either way.
    let given = std::os::unix::fs::chown(&path, Some(1234), Some(4321)).is_ok();
    let before = std::fs::metadata(&path).unwrap();
    put(&path, "new");
    let after = std::fs::metadata(&path).unwrap();
    assert_eq!(after.mode() & 0o7777, 0o640);
    assert_eq!(
        (after.uid(), after.gid()),
        (before.uid(), before.gid()),
        "given: {given}"
    );
    assert_ne!(after.ino(), before.ino());
    assert_eq!(listing(folder.path()), tree([("a", "new")]));
}

#[test]
fn private_files_are_private_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let mut output = Output::create(&path, Creation::PRIVATE).unwrap();
    output.write_all(b"secret").unwrap();
    assert!(!path.exists(), "nothing is seen before it is complete");
    output.finish().unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn symlinks_stay_and_their_targets_change() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("real")).unwrap();
    put(&folder.path().join("real/a"), "old");
    symlink("real/a", folder.path().join("one")).unwrap();
    symlink("one", folder.path().join("two")).unwrap();
    symlink("real/not-yet", folder.path().join("dangling")).unwrap();
    put(&folder.path().join("two"), "new");
    put(&folder.path().join("dangling"), "made");
    assert!(folder.path().join("two").is_symlink() && folder.path().join("one").is_symlink());
    assert_eq!(
        listing(&folder.path().join("real")),
        tree([("a", "new"), ("not-yet", "made")])
    );
    symlink("loop", folder.path().join("loop")).unwrap();
    assert!(
        Batch::new()
            .stage(&folder.path().join("loop"), b"", Creation::PUBLIC)
            .is_err()
    );
}

#[test]
fn a_dropped_batch_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("a"), "old");
    let batch = Batch::new();
    batch
        .stage(&folder.path().join("a"), b"new", Creation::PUBLIC)
        .unwrap();
    batch
        .stage(&folder.path().join("b"), b"new", Creation::PUBLIC)
        .unwrap();
    let mut output = Output::create(&folder.path().join("c"), Creation::PUBLIC).unwrap();
    output.write_all(b"new").unwrap();
    drop((batch, output));
    assert_eq!(listing(folder.path()), tree([("a", "old")]));
}

#[test]
fn a_batch_replaces_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..20).map(|index| format!("file{index:02}")).collect();
    for name in &names[1..] {
        put(&folder.path().join(name), "old");
    }
    let before = listing(folder.path());
    let batch = Batch::new();
    for name in &names {
        batch
            .stage(&folder.path().join(name), b"new", Creation::PUBLIC)
            .unwrap();
    }
    // A folder has taken the place of the last one meanwhile: it cannot be replaced.
    std::fs::remove_file(folder.path().join("file19")).unwrap();
    std::fs::create_dir(folder.path().join("file19")).unwrap();
    let error = batch.commit().unwrap_err();
    assert!(error.to_string().contains("file19"), "{error}");
    let mut expected = before;
    expected.insert("file19".to_owned(), "<folder>".to_owned());
    assert_eq!(listing(folder.path()), expected);
}

#[test]
fn missing_folders_are_made_for_public_files_only() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("x/y/a"), "new");
    assert!(folder.path().join("x/y/a").is_file());
    let private = Batch::new().stage(&folder.path().join("z/a"), b"", Creation::PRIVATE);
    assert!(private.unwrap_err().is_not_found());
}

#[test]
fn folders_and_devices_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let batch = Batch::new();
    assert!(batch.stage(folder.path(), b"", Creation::PUBLIC).is_err());
    assert!(
        batch
            .stage(Path::new("/dev/null"), b"", Creation::PUBLIC)
            .is_err()
    );
    let mut output = Output::create(Path::new("/dev/null"), Creation::PUBLIC).unwrap();
    output.write_all(b"gone").unwrap();
    output.finish().unwrap();
    assert!(read(folder.path(), 1).is_err());
}

#[test]
fn a_new_file_never_replaces_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let create = || Output::create_new(&path, Creation::PRIVATE);
    let (mut first, mut second) = (create().unwrap(), create().unwrap());
    first.write_all(b"first").unwrap();
    second.write_all(b"second").unwrap();
    first.finish().unwrap();
    let exists = |error: nixseal_base::fs::FsError| {
        assert_eq!(error.cause.kind(), std::io::ErrorKind::AlreadyExists);
    };
    exists(second.finish().unwrap_err());
    exists(create().err().unwrap());
    symlink("nowhere", folder.path().join("link")).unwrap();
    exists(
        Output::create_new(&folder.path().join("link"), Creation::PRIVATE)
            .err()
            .unwrap(),
    );
    std::fs::remove_file(folder.path().join("link")).unwrap();
    assert_eq!(listing(folder.path()), tree([("key", "first")]));
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn reading_stops_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("a"), "12345");
    assert!(read(&folder.path().join("a"), 5).is_ok());
    let error = read(&folder.path().join("a"), 4).unwrap_err().to_string();
    assert!(error.contains("more than 4 bytes"), "{error}");
}

#[test]
fn leftovers_of_killed_runs_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder.path().join("a"), "kept");
    put(
        &folder.path().join(".a.nixseal-0123456789abcdef"),
        "left behind",
    );
    put(
        &folder.path().join(".b.nixseal-0123456789abcdeX"),
        "somebody else's",
    );
    let swept = sweep(folder.path()).unwrap();
    assert_eq!(swept.len(), 1);
    assert_eq!(
        listing(folder.path()),
        tree([
            ("a", "kept"),
            (".b.nixseal-0123456789abcdeX", "somebody else's")
        ])
    );
}

#[test]
fn of_changes_at_once_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counter");
    put(&path, "0");
    let add_one = || loop {
        let read = Version::of(&path);
        let count: u32 = read_text(&path, usize::MAX).unwrap().parse().unwrap();
        let batch = Batch::new();
        let next = (count + 1).to_string();
        batch
            .stage_over(Some(&read), &path, next.as_bytes(), Creation::PUBLIC)
            .unwrap();
        match batch.commit() {
            Ok(()) => return,
            Err(error) => assert!(
                error.to_string().contains("changed it meanwhile"),
                "{error}"
            ),
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| add_one()));
        }
    });
    assert_eq!(listing(folder.path()), tree([("counter", "100")]));
}

#[test]
fn what_was_read_is_replaced_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let nothing = Version::of(&path);
    let over = |read: Option<&Version>, content: &str| {
        let batch = Batch::new();
        batch
            .stage_over(read, &path, content.as_bytes(), Creation::PUBLIC)
            .unwrap();
        batch.commit()
    };
    over(Some(&nothing), "one").unwrap();
    assert!(over(Some(&nothing), "two").is_err());
    assert_eq!(listing(folder.path()), tree([("a", "one")]));
    over(None, "three").unwrap();
    assert_eq!(listing(folder.path()), tree([("a", "three")]));
}
