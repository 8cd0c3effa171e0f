//! Random documents through both tools, in both directions. The seeds are fixed.

use nixseal_document::Format;
use nixseal_sops::{ListComments, Selector, SelectorKind};
use nixseal_testkit::random::Random;

use crate::bench::{Bench, now, plain, text, written};

/// A random JSON value; maps and lists get rarer with depth.
fn value(random: &mut Random, depth: u64) -> String {
    match random.below(if depth > 3 { 8 } else { 12 }) {
        0 => "null".to_owned(),
        1 => "\"\"".to_owned(),
        2 => ["true", "false"][random.below(2) as usize].to_owned(),
        3 => (random.next_u64() as i64 >> random.below(60)).to_string(),
        4 => format!("{}.{}", random.below(1_000_000), random.below(1000)),
        5 => format!("{}e{}", random.below(1000), random.below(300)),
        6 | 7 => string(random),
        8 | 9 => {
            let items = (0..random.below(4)).map(|_| value(random, depth + 1));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        _ => map(random, depth + 1),
    }
}

fn map(random: &mut Random, depth: u64) -> String {
    let pair = |index: u64, random: &mut Random| {
        let suffix = ["", "_unencrypted", ":x", " y", "_secret"][random.below(5) as usize];
        format!("\"k{index}{suffix}\": {}", value(random, depth))
    };
    let pairs: Vec<String> = (0..random.below(5))
        .map(|index| pair(index, random))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

fn string(random: &mut Random) -> String {
    let pieces = [
        "a", "é", "\\n", "\\t", " ", "#", ":", "ENC[", "\\\"", "\\\\", "1", "~", "😀", "-", "<",
    ];
    let pieces = (0..1 + random.below(8)).map(|_| pieces[random.below(15) as usize]);
    format!("\"{}\"", pieces.collect::<String>())
}

fn selector(random: &mut Random) -> (SelectorKind, &'static str) {
    [
        (SelectorKind::UnencryptedSuffix, "_unencrypted"),
        (SelectorKind::EncryptedSuffix, "_secret"),
        (SelectorKind::EncryptedRegex, "^k[12]"),
        (SelectorKind::UnencryptedRegex, r"\dx?$|:"),
    ][random.below(4) as usize]
}

#[test]
fn both_tools_agree_on_random_documents() {
    let bench = Bench::new();
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let pairs = (0..1 + random.below(4)).map(|index| {
            let value = value(&mut random, 0);
            format!("\"top{index}\": {value}")
        });
        let document = format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "));
        let (kind, text_of_selector) = selector(&mut random);
        let only = random.below(2) == 0;
        let format = if random.below(2) == 0 {
            Format::Json
        } else {
            Format::Yaml
        };
        let name = if format == Format::Json {
            "f.json"
        } else {
            "f.yaml"
        };
        let mut flags = vec![if only {
            "--mac-only-encrypted"
        } else {
            "--verbose"
        }];
        let flag = format!("--{}", kind.field().replace('_', "-"));
        flags.push("encrypt");
        flags.extend([
            flag.as_str(),
            text_of_selector,
            "--age",
            &bench.key.recipient,
            name,
        ]);
        bench.work.write(name, &document);
        let theirs = nixseal_testkit::workdir::succeed(&mut bench.sops(&flags)).stdout;
        let expected = text(&bench.sops_decrypt(name, &theirs));
        let shown = format!("seed {seed}: {document}");
        let (file, key) = bench.open_with_key(format, &theirs).unwrap();
        assert_eq!(text(&plain(&file)), expected, "{shown}");
        let again = written(file.encrypt(&key, ListComments::Elements, now()).unwrap());
        assert_eq!(text(&bench.sops_decrypt(name, &again)), expected, "{shown}");
        let ours = bench.seal(format, document.as_bytes(), |metadata| {
            metadata.selector = Selector::new(kind, text_of_selector).unwrap();
            metadata.mac_only_encrypted = only;
        });
        assert_eq!(text(&bench.sops_decrypt(name, &ours)), expected, "{shown}");
    }
}
