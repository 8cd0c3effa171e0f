//! The same random expressions, evaluated here and by Nix.
//!
//! `NIXSEAL_EXPRESSIONS` sets how many, `NIXSEAL_SEED` which.

use std::path::Path;
use std::process::Command;

use nixseal_base::env::Environment;
use nixseal_nix::eval::{NixError, expression_to_json};
use nixseal_testkit::{Workdir, peers};
use serde_json::Value;

use generator::Generator;

mod generator;

/// Expressions that are given to one run of Nix.
const BATCH: usize = 100;

#[test]
fn random_expressions_have_the_values_that_nix_gives_them() {
    let count = setting("NIXSEAL_EXPRESSIONS", 3_000);
    let seed = setting("NIXSEAL_SEED", 1);
    let mut generator = Generator::new(seed);
    let expressions: Vec<String> = (0..count).map(|_| generator.expression()).collect();
    let folder = Workdir::new();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let share = expressions.len().div_ceil(threads);
    let differences: Vec<String> = std::thread::scope(|scope| {
        let parts = expressions.chunks(share).enumerate().map(|(number, part)| {
            let folder = folder.mkdir(number.to_string());
            scope.spawn(move || compare(part, &folder))
        });
        let parts: Vec<_> = parts.collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("compare"))
            .collect()
    });
    let shown: Vec<_> = differences.iter().take(20).cloned().collect();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        shown.join("\n")
    );
}

/// Compares all of them; what succeeds here goes to Nix in batches.
fn compare(expressions: &[String], folder: &Path) -> Vec<String> {
    let (mut differences, mut good) = (Vec::new(), Vec::new());
    let environment = Environment::default();
    for expression in expressions {
        match expression_to_json(expression, folder, &environment) {
            Ok(json) => {
                let value = serde_json::from_str(&json).expect("what is printed is JSON");
                good.push((expression.as_str(), value));
            }
            Err(NixError::Unsupported(_)) => {}
            // Old versions of Nix print such strings as they are.
            Err(error) if error.to_string().contains("not UTF-8") => {}
            Err(error) => {
                if let Some(theirs) = nix(&[expression], folder) {
                    let theirs = &theirs[0];
                    differences.push(format!("{expression}\n  here: {error}\n  Nix: {theirs}"));
                }
            }
        }
    }
    for batch in good.chunks(BATCH) {
        compare_batch(batch, folder, &mut differences);
    }
    differences
}

/// Halves the batch where Nix fails on it, down to the expression at fault.
fn compare_batch(batch: &[(&str, Value)], folder: &Path, differences: &mut Vec<String>) {
    let expressions: Vec<&str> = batch.iter().map(|(expression, _)| *expression).collect();
    match (nix(&expressions, folder), batch) {
        (Some(theirs), _) => {
            for ((expression, ours), theirs) in batch.iter().zip(&theirs) {
                if !same(ours, theirs) {
                    differences.push(format!("{expression}\n  here: {ours}\n  Nix: {theirs}"));
                }
            }
        }
        (None, [(expression, ours)]) => {
            differences.push(format!("{expression}\n  here: {ours}\n  Nix fails"));
        }
        (None, _) => {
            let (left, right) = batch.split_at(batch.len() / 2);
            compare_batch(left, folder, differences);
            compare_batch(right, folder, differences);
        }
    }
}

/// The values by Nix, or nothing where any of them has none.
fn nix(expressions: &[&str], folder: &Path) -> Option<Vec<Value>> {
    let list: String = expressions
        .iter()
        .map(|expression| format!("({expression})\n"))
        .collect();
    let file = folder.join("batch.nix");
    #[expect(clippy::disallowed_methods, reason = "a test's own folder")]
    std::fs::write(&file, format!("[\n{list}]")).expect("write a batch");
    let output = Command::new(peers::nix_instantiate())
        .args(["--eval", "--strict", "--json"])
        .arg(&file)
        .env("NIX_REMOTE", "dummy://")
        .output()
        .expect("run nix-instantiate");
    output
        .status
        .success()
        .then(|| serde_json::from_slice(&output.stdout).expect("nix-instantiate prints JSON"))
}

/// Equal, where older versions of Nix print six digits of a float.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) if ours.is_f64() || theirs.is_f64() => {
            let (ours, theirs) = (ours.as_f64().unwrap_or(0.0), theirs.as_f64().unwrap_or(1.0));
            (ours - theirs).abs() <= 1e-5 * ours.abs().max(theirs.abs())
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let inside = |(name, ours)| theirs.get(name).is_some_and(|theirs| same(ours, theirs));
            ours.len() == theirs.len() && ours.iter().all(inside)
        }
        _ => ours == theirs,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "lets a person run more than the usual"
)]
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(usual)
}
