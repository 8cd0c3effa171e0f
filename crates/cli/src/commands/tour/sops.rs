//! The part of the tour on SOPS files: many values in one file, readable keys, one rule.

use super::stage::{Stage, Step};
use crate::failure::Failure;

const FILE: &str = "secrets/secrets.yaml";
const TYPED: &str = "# of the house\nwifi_password: hunter2\n";

pub(super) fn walk(stage: &Stage<'_>) -> Result<(), Failure> {
    one_file(stage)?;
    host_added(stage)
}

fn one_file(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter("Many values in one file: SOPS, with its rules in .sops.yaml");
    stage.run(
        Step::new("The rules: keys with names, and who can open which file.")
            .command(&["init", "--sops", "-r", "admin=home/.config/age/keys.txt"])
            .shows("wrote .sops.yaml"),
    )?;
    stage.run(
        Step::new("The same command edits SOPS files; values are encrypted, keys stay readable.")
            .command(&["edit", FILE])
            .editor(TYPED)
            .shows("created secrets/secrets.yaml"),
    )?;
    stage.run(
        Step::new("One more value, from a script. Only its line and the checksum change.")
            .command(&["set", FILE, "services.api_token"])
            .piped("t0ken")
            .shows("set services.api_token"),
    )?;
    stage.run(
        Step::new("All of it, with its comments and layout.")
            .command(&["show", FILE])
            .shows("# of the house")
            .shows("api_token: t0ken"),
    )
}

fn host_added(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter("A host for the SOPS file: add its key to .sops.yaml, then rekey");
    stage.run(
        Step::new("What sops-nix makes of the host's SSH key.")
            .command(&["ssh-to-age", "-i", "server/ssh_host_ed25519_key.pub"])
            .shows("age1"),
    )?;
    // In a configuration of your own, these are two more lines.
    stage.remove(".sops.yaml")?;
    stage.run(
        Step::new("Here the rules are written anew; `init` converts SSH keys by itself.")
            .command(&[
                "init",
                "--sops",
                "-r",
                "admin=home/.config/age/keys.txt",
                "-r",
                "server=server/ssh_host_ed25519_key.pub",
            ])
            .shows("wrote .sops.yaml"),
    )?;
    stage.run(
        Step::new("The file does not fit its rule any more.")
            .command(&["rekey", "--check"])
            .fails(3)
            .shows("server"),
    )?;
    stage.run(
        Step::new("`nixseal rekey` brings every file in line; `sops updatekeys` one.")
            .command(&["rekey"])
            .shows(FILE),
    )?;
    stage.run(
        Step::new("The host opens it with its SSH key.")
            .command(&[
                "show",
                "-i",
                "server/ssh_host_ed25519_key",
                FILE,
                "--key",
                "wifi_password",
            ])
            .shows("hunter2"),
    )
}
