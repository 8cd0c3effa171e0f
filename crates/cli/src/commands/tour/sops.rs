//! The part of the tour on SOPS files: many values in one file, readable keys, one rule.

use super::stage::{Stage, Step};
use crate::failure::Failure;

const FILE: &str = "secrets/secrets.yaml";
const TYPED: &str = "# of the house\nwifi_password: hunter2\n";

/// A value that must not be in the store.
pub(super) const TOKEN: &str = "sk-live-1234567890abcdef";

pub(super) fn walk(stage: &Stage<'_>) -> Result<(), Failure> {
    one_file(stage)?;
    host_added(stage)
}

fn one_file(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter("Many values in one file: SOPS, with its rules in .sops.yaml");
    let admin = stage.public_half("~/.config/age/keys.txt")?;
    stage.file(
        "The rules: keys with names, and who can open which file.",
        ".sops.yaml",
        &rules(&[("admin", &admin)]),
    )?;
    stage.run(
        Step::new("`sops FILE` opens your editor and encrypts on save, as the original does.")
            .command(&["sops", FILE])
            .editor(TYPED),
    )?;
    stage.run(
        Step::new("One more value, from a script. Only its line and the checksum change.")
            .command(&["set", FILE, "api_token"])
            .piped(TOKEN)
            .shows("set api_token"),
    )?;
    stage.run(
        Step::new(
            "All of it, with its comments and layout. In the file only the keys can be read.",
        )
        .command(&["show", FILE])
        .shows("# of the house")
        .shows(TOKEN),
    )
}

fn host_added(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter(
        "A host for the SOPS file: add its key to .sops.yaml, then update the file's keys",
    );
    let admin = stage.public_half("~/.config/age/keys.txt")?;
    let server = stage.output_of(
        Step::new("The age key of the host's SSH key, as `ssh-to-age` derives it.")
            .command(&["ssh-to-age", "-i", "../server/ssh_host_ed25519_key.pub"])
            .shows("age1"),
    )?;
    stage.file(
        "The rules again. The SSH key itself would do as well.",
        ".sops.yaml",
        &rules(&[("admin", &admin), ("server", server.trim())]),
    )?;
    stage.run(
        Step::new("The file does not fit its rule any more.")
            .command(&["rekey", "--check"])
            .fails(3)
            .shows("server"),
    )?;
    stage.run(
        Step::new("`sops updatekeys` is for one file; `nixseal rekey` brings every file of both kinds in line.")
            .variable("SOPS_AGE_KEY_FILE", "~/.config/age/keys.txt")
            .command(&["sops", "updatekeys", "--yes", FILE])
            .shows("synced with new keys"),
    )?;
    stage.run(
        Step::new("The host opens it with its SSH key.")
            .command(&[
                "show",
                "-i",
                "../server/ssh_host_ed25519_key",
                FILE,
                "--key",
                "wifi_password",
            ])
            .shows("hunter2"),
    )
}

/// A `.sops.yaml` with one rule for these recipients.
fn rules(recipients: &[(&str, &str)]) -> String {
    let keys: String = recipients
        .iter()
        .map(|(name, key)| format!("  - &{name} {key}\n"))
        .collect();
    let names: String = recipients
        .iter()
        .map(|(name, _)| format!("          - *{name}\n"))
        .collect();
    format!(
        "keys:\n{keys}creation_rules:\n  - path_regex: secrets/[^/]+\\.yaml$\n    key_groups:\n      - age:\n{names}"
    )
}
