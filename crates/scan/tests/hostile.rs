//! Folders that nobody wishes to read: the search ends, and tells what it could not do.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make and break files on purpose, in folders of their own"
)]

mod common;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{matcher, walk};
use nixseal_scan::finding::Place;
use nixseal_scan::walk::{Outcome, Search};
use nixseal_testkit::workdir::succeed;
use nixseal_testkit::{Random, Workdir, peers};

const VALUE: &str = "k8Jq-w2Lx.Zt4+pQ9";

fn offsets(outcome: &Outcome) -> Vec<(String, u64)> {
    outcome
        .findings
        .iter()
        .map(|finding| {
            let Place::Content { offset } = finding.place else {
                panic!("{finding:?} is not in a content")
            };
            let name = finding.path.file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), offset)
        })
        .collect()
}

#[test]
fn a_value_is_found_at_every_border_of_what_is_read_at_once() {
    const PIECE: usize = 64 * 1024;
    const SEGMENT: usize = 32 * 1024 * 1024;
    let work = Workdir::new();
    let mut wanted = Vec::new();
    for border in [PIECE, 2 * PIECE, 3 * PIECE, 4 * PIECE] {
        for before in 0..=VALUE.len() {
            let name = format!("b{border:07}-{before:02}");
            let start = border - before;
            let text = [vec![b'x'; start], VALUE.into(), vec![b'y'; 5000]].concat();
            work.write(&name, text);
            wanted.push((name, start as u64));
        }
    }
    let large = File::create(work.join("large")).unwrap();
    large.write_all_at(&vec![b'x'; SEGMENT + 4096], 0).unwrap();
    large
        .write_all_at(VALUE.as_bytes(), SEGMENT as u64 - 5)
        .unwrap();
    wanted.push(("large".to_owned(), SEGMENT as u64 - 5));
    wanted.sort();
    let outcome = walk([VALUE], &[work.path().to_owned()]);
    assert_eq!(offsets(&outcome), wanted);
    assert!(outcome.findings.iter().all(|finding| finding.count == 1));
}

#[test]
fn holes_are_skipped_and_data_between_them_is_not() {
    const GIGABYTE: u64 = 1 << 30;
    let work = Workdir::new();
    let file = File::create(work.join("sparse")).unwrap();
    file.set_len(20 * GIGABYTE).unwrap();
    let place = 13 * GIGABYTE + 4095;
    file.write_all_at(VALUE.as_bytes(), place).unwrap();
    let empty = File::create(work.join("hole")).unwrap();
    empty.set_len(20 * GIGABYTE).unwrap();
    let outcome = walk([VALUE], &[work.path().to_owned()]);
    assert_eq!(offsets(&outcome), [("sparse".to_owned(), place)]);
    assert!(outcome.totals.bytes < GIGABYTE, "{:?}", outcome.totals);
    assert_eq!(outcome.totals.files, 2);
}

#[test]
fn special_files_and_loops_are_not_opened() {
    let work = Workdir::new();
    succeed(Command::new(peers::program("mkfifo")).arg(work.join("fifo")));
    let _socket = UnixListener::bind(work.join("socket")).unwrap();
    work.symlink("loop", "loop");
    work.symlink(".", "self");
    work.mkdir("a");
    work.symlink("../a", "a/b");
    work.symlink("/dev/zero", "zero");
    work.write("a/leak", VALUE);
    let outcome = walk([VALUE], &[work.path().to_owned()]);
    assert_eq!(offsets(&outcome), [("leak".to_owned(), 0)]);
    assert_eq!(outcome.totals.special, 2);
    assert_eq!(outcome.totals.links, 4);
    assert!(outcome.unread.is_empty());
    let outcome = walk([VALUE], &["/dev/zero".into(), work.join("fifo")]);
    assert_eq!((outcome.totals.special, outcome.totals.bytes), (2, 0));
}

#[test]
fn names_and_targets_are_searched_whatever_bytes_they_have() {
    let work = Workdir::new();
    let odd = [b"new\nline\xff-", VALUE.as_bytes()].concat();
    work.write(OsStr::from_bytes(&odd), "");
    work.symlink(format!("/x/{VALUE}/y"), "link");
    work.mkdir(format!("{VALUE}.d"));
    work.write(format!("{VALUE}.d/inner"), VALUE);
    let search = Search {
        values: Some(matcher([VALUE])),
        shapes: None,
    };
    let outcome = search.walk(&[work.path().to_owned()], &HashSet::new(), &());
    let mut places: Vec<_> = outcome.findings.iter().map(|found| found.place).collect();
    places.sort();
    let content = Place::Content { offset: 0 };
    assert_eq!(places, [content, Place::Name, Place::Name, Place::Target]);
    for finding in &outcome.findings {
        let shown = search.shown(&finding.path);
        assert!(!shown.to_string_lossy().contains(VALUE), "{shown:?}");
    }
}

#[test]
fn files_with_several_names_are_read_once() {
    let work = Workdir::new();
    work.write("one", VALUE);
    for number in 0..20 {
        fs::hard_link(work.join("one"), work.join(format!("other{number}"))).unwrap();
    }
    let outcome = walk([VALUE], &[work.path().to_owned()]);
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!((outcome.totals.files, outcome.totals.again), (1, 20));
}

#[test]
fn a_root_is_searched_once_and_may_be_a_file_or_a_link() {
    let work = Workdir::new();
    work.write("folder/file", VALUE);
    work.symlink("folder", "link");
    let count = |roots: &[&str]| {
        let roots: Vec<_> = roots.iter().map(|root| work.join(root)).collect();
        let outcome = walk([VALUE], &roots);
        (outcome.findings.len(), outcome.unread.len())
    };
    assert_eq!(count(&["folder/file"]), (1, 0));
    assert_eq!(count(&["link"]), (1, 0));
    assert_eq!(count(&["folder", "link", "folder/file", "."]), (1, 0));
    assert_eq!(count(&["nothing"]), (0, 1));
}

#[test]
fn files_that_change_vanish_and_shrink_do_no_harm() {
    let work = Workdir::new();
    work.write("still/leak", VALUE);
    let big = "x".repeat(3 << 20);
    for number in 0..8 {
        work.write(format!("moving/{number}"), &big);
    }
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::new(3);
            while !ended.load(Ordering::Relaxed) {
                let path = work.join(format!("moving/{}", random.below(8)));
                match random.below(4) {
                    0 => drop(fs::remove_file(&path)),
                    1 => drop(fs::write(&path, &big)),
                    2 => drop(
                        File::options()
                            .write(true)
                            .open(&path)
                            .map(|file| file.set_len(10)),
                    ),
                    _ => {
                        let _ = fs::remove_file(&path);
                        let _ = fs::create_dir(&path);
                        let _ = fs::remove_dir(&path);
                    }
                }
            }
        });
        for _ in 0..60 {
            let outcome = walk([VALUE], &[work.path().to_owned()]);
            assert_eq!(offsets(&outcome), [("leak".to_owned(), 0)]);
            // A folder may take the place of a file between listing and opening.
            let unread = outcome.unread.iter().map(|unread| unread.cause.kind());
            let odd: Vec<_> = unread
                .filter(|kind| *kind != std::io::ErrorKind::IsADirectory)
                .collect();
            assert!(odd.is_empty(), "{odd:?}");
        }
        ended.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_hundred_thousand_files_are_searched() {
    let work = Workdir::new();
    for folder in 0..100 {
        work.mkdir(format!("{folder}"));
        for file in 0..1000 {
            fs::write(work.join(format!("{folder}/{file}")), "tiny").unwrap();
        }
    }
    work.write("77/777", format!("tiny {VALUE}"));
    let outcome = walk([VALUE], &[work.path().to_owned()]);
    assert_eq!(offsets(&outcome), [("777".to_owned(), 5)]);
    assert_eq!(
        (outcome.totals.files, outcome.totals.folders),
        (100_000, 101)
    );
}
