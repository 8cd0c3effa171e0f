//! The commands of `sops` that change files: both tools take turns on one file, and whatever
//! happens the file is whole.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make files and look at the environment on purpose"
)]

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use nixseal_testkit::faults::{Mount, kill_after};
use nixseal_testkit::keys;
use nixseal_testkit::peers;
use nixseal_testkit::workdir::{Workdir, fail, succeed};

const FORMATS: [(&str, &str, &str); 4] = [
    (
        "f.yaml",
        "a: x\nm:\n    # note\n    k: 1\n    l: [u, v]\n",
        "[\"m\"][\"k\"]",
    ),
    (
        "f.json",
        "{\"a\": \"x\", \"m\": {\"k\": 1, \"l\": [1, 2]}}",
        "[\"m\"][\"k\"]",
    ),
    ("f.env", "# note\na=x\nm=1\n", "[\"m\"]"),
    ("f.ini", "[s]\na = x\nk = 1\n", "[\"s\"][\"k\"]"),
];

/// A folder with two keys, and a rule for the first.
struct Bench {
    work: Workdir,
    recipients: [String; 2],
}

impl Bench {
    fn new() -> Self {
        let work = Workdir::new();
        let recipients = ["one.txt", "two.txt"].map(|name| keys::age(&work, name).recipient);
        let bench = Self { work, recipients };
        bench.rule(1);
        bench
    }

    /// A rule for so many of the keys.
    fn rule(&self, count: usize) {
        let all = self.recipients[..count].join(",");
        let rule = format!("creation_rules:\n  - age: {all}\n");
        self.work.write(".sops.yaml", rule);
    }

    fn with_key(&self, mut command: Command) -> Command {
        command.env("SOPS_AGE_KEY_FILE", self.work.join("one.txt"));
        command
    }

    fn ours(&self) -> Command {
        let mut command = self.work.command(env!("CARGO_BIN_EXE_nixseal"));
        command.arg("sops");
        self.with_key(command)
    }

    fn real(&self) -> Command {
        self.with_key(self.work.command(peers::sops()))
    }

    fn decrypted(&self, command: &mut Command, name: &str) -> String {
        let output = succeed(command.args(["decrypt", name]));
        String::from_utf8(output.stdout).unwrap()
    }

    fn encrypted(&self, name: &str, content: &str) {
        self.work.write(name, content);
        succeed(self.real().args(["encrypt", "-i", name]));
    }
}

#[test]
fn both_tools_take_turns_on_one_file() {
    let bench = Bench::new();
    for (name, content, path) in FORMATS {
        bench.rule(1);
        bench.encrypted(name, content);
        let agree = |expected: &str| {
            let ours = bench.decrypted(&mut bench.ours(), name);
            assert_eq!(ours, bench.decrypted(&mut bench.real(), name), "{name}");
            assert!(ours.contains(expected), "{name}: {ours}");
        };
        succeed(bench.ours().args(["set", name, path, "\"by ours\""]));
        agree("by ours");
        succeed(bench.real().args(["set", name, path, "\"by theirs\""]));
        agree("by theirs");
        succeed(bench.ours().args(["rotate", "-i", name]));
        agree("by theirs");
        succeed(bench.real().args(["rotate", "-i", name]));
        agree("by theirs");
        bench.rule(2);
        succeed(bench.ours().args(["updatekeys", "-y", name]));
        agree("by theirs");
        let said = succeed(bench.real().args(["updatekeys", "-y", name])).stderr;
        assert!(String::from_utf8_lossy(&said).contains("already up to date"));
        bench.rule(1);
        succeed(bench.real().args(["updatekeys", "-y", name]));
        let said = succeed(bench.ours().args(["updatekeys", "-y", name])).stderr;
        assert!(String::from_utf8_lossy(&said).contains("already up to date"));
        succeed(bench.ours().args(["unset", name, path]));
        agree("x");
        assert!(
            !bench
                .decrypted(&mut bench.real(), name)
                .contains("by theirs")
        );
    }
}

/// A large binary value is encrypted in the memory that its file is written from.
#[test]
fn large_binary_files_are_those_of_the_original() {
    let bench = Bench::new();
    let mut random: u32 = 7;
    for length in [1 << 20, (1 << 20) + 1] {
        let content: Vec<u8> = std::iter::repeat_with(|| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 24) as u8
        })
        .take(length)
        .collect();
        let opens = |command: &mut Command, name: &str| {
            let opened = succeed(command.args(["decrypt", name])).stdout;
            assert!(opened == content, "{length} bytes");
        };
        for indent in ["", "--indent=3"] {
            bench.work.write("f.bin", &content);
            let encrypt = ["encrypt", "f.bin"];
            let mut command = bench.ours();
            command.args(Some(indent).filter(|indent| !indent.is_empty()));
            let encrypted = succeed(command.args(encrypt)).stdout;
            bench.work.write("f.bin", encrypted);
            opens(&mut bench.real(), "f.bin");
            opens(&mut bench.ours(), "f.bin");
            let keep = bench
                .ours()
                .args(["decrypt", "--preserve-layout", "f.bin"])
                .output();
            assert!(keep.unwrap().stdout == content);
        }
        succeed(bench.real().args(["rotate", "-i", "f.bin"]));
        opens(&mut bench.ours(), "f.bin");
        succeed(bench.ours().args(["rotate", "-i", "f.bin"]));
        opens(&mut bench.real(), "f.bin");
        // A damaged tag, far from the content.
        let text = bench.work.read_text("f.bin").replacen(",tag:", ",tag:A", 1);
        bench.work.write("f.bin", text);
        fail(bench.ours().args(["decrypt", "f.bin"]));
    }
}

/// Keys of the lines that differ between two texts.
fn changed(before: &str, after: &str) -> BTreeSet<String> {
    assert_eq!(before.lines().count(), after.lines().count(), "{after}");
    let pairs = before.lines().zip(after.lines());
    let names = pairs.filter(|(old, new)| old != new).map(|(old, _)| {
        let name = old
            .trim()
            .trim_start_matches("sops_")
            .trim_start_matches('"');
        name.split([':', '=', ' ', '"'])
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    names.collect()
}

#[test]
fn set_changes_the_lines_of_its_value_only() {
    let bench = Bench::new();
    for (name, content, path) in FORMATS {
        bench.encrypted(name, content);
        let before = String::from_utf8(bench.work.read(name)).unwrap();
        succeed(bench.ours().args(["set", name, path, "\"new\""]));
        let after = String::from_utf8(bench.work.read(name)).unwrap();
        let mut lines = changed(&before, &after);
        // Within one second the time is the same.
        lines.remove("lastmodified");
        let key = if name == "f.env" { "m" } else { "k" };
        assert_eq!(
            lines,
            BTreeSet::from([key.to_owned(), "mac".to_owned()]),
            "{name}"
        );
    }
}

#[test]
fn a_layout_of_ones_own_can_be_kept() {
    let bench = Bench::new();
    let content = "a:   'x'   # inline\n\nm: {k: 1, l: [u]}\n\nz: 2\n";
    bench.work.write("f.yaml", content);
    succeed(
        bench
            .ours()
            .args(["encrypt", "-i", "--preserve-layout", "f.yaml"]),
    );
    for arguments in [
        &[
            "set",
            "--preserve-layout=true",
            "f.yaml",
            "[\"m\"][\"k\"]",
            "5432000",
        ][..],
        &[
            "set",
            "--preserve-layout=true",
            "f.yaml",
            "[\"added\"]",
            "\"new\"",
        ],
        &["unset", "--preserve-layout=true", "f.yaml", "[\"z\"]"],
        &["rotate", "--preserve-layout", "-i", "f.yaml"],
    ] {
        succeed(bench.ours().args(arguments));
    }
    let shown = succeed(
        bench
            .ours()
            .args(["decrypt", "--preserve-layout", "f.yaml"]),
    )
    .stdout;
    let shown = String::from_utf8(shown).unwrap();
    assert!(
        shown.contains("# inline\n\nm: {k: 5432000, l: ["),
        "{shown}"
    );
    assert!(
        shown.contains("added: new\n") && !shown.contains("z:"),
        "{shown}"
    );
    let theirs = bench.decrypted(&mut bench.real(), "f.yaml");
    assert!(
        theirs.contains("k: 5.432e+06") || theirs.contains("k: 5432000"),
        "{theirs}"
    );
}

#[test]
fn a_file_keeps_its_mode_and_its_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let bench = Bench::new();
    bench.encrypted("f.yaml", "a: x\n");
    bench.work.set_mode("f.yaml", 0o640);
    symlink("f.yaml", bench.work.join("link.yaml")).unwrap();
    for arguments in [
        &["set", "link.yaml", "[\"a\"]", "\"y\""][..],
        &["rotate", "-i", "link.yaml"],
        &["unset", "link.yaml", "[\"a\"]"],
    ] {
        succeed(bench.ours().args(arguments));
    }
    let data = bench.work.join("f.yaml").metadata().unwrap();
    assert_eq!(data.permissions().mode() & 0o777, 0o640);
    assert!(bench.work.join("link.yaml").is_symlink());
    assert_eq!(bench.decrypted(&mut bench.real(), "f.yaml"), "{}\n");
}

/// Values enough for a run to be killed in the middle.
fn large() -> String {
    (0..2000)
        .map(|number| format!("key{number}: value {number}\n"))
        .collect()
}

#[test]
fn a_kill_leaves_the_old_file_or_the_new_one() {
    let bench = Bench::new();
    bench.encrypted("f.yaml", &large());
    let commands = [
        &["set", "f.yaml", "[\"key7\"]", "\"changed\""][..],
        &["rotate", "-i", "f.yaml"],
        &["updatekeys", "-y", "f.yaml"],
    ];
    let quiet = |arguments: &[&str]| {
        let mut command = bench.ours();
        command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let start = Instant::now();
    succeed(&mut quiet(commands[1]));
    let whole = start.elapsed();
    let mut killed = 0;
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    for round in 0..45 {
        bench.rule(1 + round / 3 % 2);
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let delay = whole.mul_f64((random >> 33) as f64 / f64::from(1_u32 << 31));
        let status = kill_after(&mut quiet(commands[round % 3]), delay);
        killed += usize::from(status.signal().is_some());
        if round % 9 == 8 {
            let plain = bench.decrypted(&mut bench.ours(), "f.yaml");
            assert_eq!(plain.lines().count(), 2000);
        }
    }
    assert!(
        killed >= 5,
        "only {killed} of 45 were killed before their end"
    );
    bench.decrypted(&mut bench.real(), "f.yaml");
}

/// The code of the original for a file that cannot be written.
fn code_of(arguments: &[&str]) -> i32 {
    match arguments {
        ["updatekeys", ..] => 1,
        _ => 3,
    }
}

#[test]
fn a_full_disk_or_a_read_only_folder_changes_nothing() {
    let bench = Bench::new();
    bench.encrypted("f.yaml", &large());
    bench.rule(2);
    let before = bench.work.read("f.yaml");
    let commands = [
        &["set", "f.yaml", "[\"key7\"]", "\"changed\""][..],
        &["unset", "f.yaml", "[\"key7\"]"],
        &["rotate", "-i", "f.yaml"],
        &["updatekeys", "-y", "f.yaml"],
    ];
    let disk = Mount::small_disk(512 * 1024);
    let place = disk.outside();
    for name in ["f.yaml", ".sops.yaml", "one.txt"] {
        std::fs::write(place.join(name), bench.work.read(name)).unwrap();
    }
    let mut filling = 0;
    while std::fs::write(place.join(format!("filling-{filling}")), [7; 4096]).is_ok() {
        filling += 1;
    }
    for arguments in commands {
        let mut command = Workdir::new().command(env!("CARGO_BIN_EXE_nixseal"));
        command.env("SOPS_AGE_KEY_FILE", bench.work.join("one.txt"));
        command.arg("sops").args(arguments);
        let output = fail(&mut disk.command(&command));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code_of(arguments)), "{message}");
        assert!(message.contains("file for writing: open "), "{message}");
        assert!(
            std::fs::read(place.join("f.yaml")).unwrap() == before,
            "{arguments:?}"
        );
    }

    let Bench { work, .. } = bench;
    let mount = Mount::read_only(work);
    for arguments in commands {
        let mut command = Workdir::new().command(env!("CARGO_BIN_EXE_nixseal"));
        command.env("SOPS_AGE_KEY_FILE", mount.path().join("one.txt"));
        command.arg("sops").args(arguments);
        let output = fail(&mut mount.command(&command));
        let code = code_of(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(std::fs::read(mount.outside().join("f.yaml")).unwrap() == before);
    }
}

#[test]
fn the_decrypted_file_of_a_command_is_gone_with_it() {
    let bench = Bench::new();
    bench.encrypted("f.yaml", "a: hunter2\n");
    for option in ["--no-fifo=true", "--no-fifo=false"] {
        let mut command = bench.ours();
        command.args(["exec-file", option, "f.yaml"]);
        command.arg("printf %s {} > path; kill -9 $PPID; sleep 1");
        command.stderr(Stdio::null()).status().unwrap();
        let path = String::from_utf8(bench.work.read("path")).unwrap();
        let start = Instant::now();
        while std::path::Path::new(&path).exists() {
            assert!(start.elapsed().as_secs() < 20, "'{path}' is still there");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    let mut command = bench.ours();
    command.args(["exec-file", "--background=true", "f.yaml"]);
    command.arg("printf %s {} > path; cat {} > copy; mv copy whole");
    succeed(&mut command);
    let start = Instant::now();
    while !bench.work.join("whole").exists() {
        assert!(start.elapsed().as_secs() < 20, "the command did not end");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(bench.work.read("whole"), b"a: hunter2\n");
}
