//! `nixseal tour`: the flow of a first day, run for real in a temporary folder.
//!
//! Each step runs this very binary as a user would, shows the command, what it
//! printed, and says in one line what happened. A step that does not end as it
//! should ends the tour with an error, so the tour is also a test.

mod host;
mod leak;
mod sops;
mod stage;

use nixseal_base::diag::Diagnostic;

use self::stage::{Stage, Step};
use crate::args::Tour;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};

const PASSPHRASE: &str = "correct horse";
const WIFI: &str = "PSK=hunter2-but-longer";
const WIFI_CHANGED: &str = "PSK=a-better-one-this-time";

/// Runs the tour.
pub(crate) fn run(context: &Context, arguments: &Tour) -> Outcome {
    let stage = Stage::open(context, arguments.pause, PASSPHRASE)?;
    context
        .ui
        .line("nixseal tour: everything below runs for real, in a folder of its own.");
    let result = walk(&stage);
    if arguments.keep {
        context
            .ui
            .line(format!("\nThe folder is kept: {}", stage.keep().display()));
    }
    result?;
    context
        .ui
        .line("\nThat was all of it. Next: `nixseal init` in your own configuration.");
    Ok(Exit::Done)
}

fn walk(stage: &Stage<'_>) -> Result<(), Failure> {
    keys(stage)?;
    first_secret(stage)?;
    second_host(stage)?;
    recipient_removed(stage)?;
    sops::walk(stage)?;
    host::walk(stage)?;
    leak::walk(stage)
}

fn keys(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter(
        "Keys: an age key and an SSH key with a passphrase for you, an SSH key for a host",
    );
    stage.run(
        Step::new("Your own age key. The private half stays in the file, mode 0600.")
            .command(&["key", "new", "-o", "~/.config/age/keys.txt"])
            .shows("age1"),
    )?;
    stage.run(
        Step::new("An SSH key with a passphrase, as `ssh-keygen -t ed25519` makes it.")
            .command(&[
                "key",
                "new",
                "--kind",
                "ssh-ed25519",
                "--passphrase",
                "-o",
                "~/.ssh/id_ed25519",
            ])
            .shows("ssh-ed25519"),
    )?;
    stage.run(
        Step::new("The host's SSH key: every NixOS machine with sshd has one.")
            .command(&[
                "key",
                "new",
                "--kind",
                "ssh-ed25519",
                "-o",
                "../laptop/ssh_host_ed25519_key",
            ])
            .shows("ssh-ed25519"),
    )
}

fn first_secret(stage: &Stage<'_>) -> Result<(), Failure> {
    stage
        .chapter("A secret: who may read it stands in secrets.nix, its text only in the .age file");
    stage.write_rules(
        &[
            "~/.config/age/keys.txt",
            "~/.ssh/id_ed25519.pub",
            "../laptop/ssh_host_ed25519_key.pub",
        ],
        &["user", "work", "laptop"],
        "[ user work laptop ]",
    )?;
    stage.run(
        Step::new("`agenix -e` takes what is piped in, or opens your editor on a terminal.")
            .command(&["agenix", "-e", "secrets/wifi.age"])
            .piped(WIFI),
    )?;
    stage.run(
        Step::new("Edit it in your editor; the plaintext is only ever in memory.")
            .command(&["edit", "secrets/wifi.age"])
            .editor(WIFI_CHANGED)
            .shows("secrets/wifi.age"),
    )?;
    stage.shows_age_file("secrets/wifi.age")?;
    stage.run(
        Step::new("The host opens it with its own key, as it does when it boots.")
            .command(&[
                "agenix",
                "-d",
                "secrets/wifi.age",
                "-i",
                "../laptop/ssh_host_ed25519_key",
            ])
            .shows(WIFI_CHANGED),
    )?;
    stage.run(
        Step::new("Your SSH key opens it too; its passphrase is asked once, whatever the number of files.")
            .command(&["show", "-i", "~/.ssh/id_ed25519", "secrets/wifi.age"])
            .shows(WIFI_CHANGED),
    )
}

fn second_host(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter("A second host: add its key to the rules, then rekey");
    stage.run(
        Step::new("The new machine's key.")
            .command(&[
                "key",
                "new",
                "--kind",
                "ssh-ed25519",
                "-o",
                "../server/ssh_host_ed25519_key",
            ])
            .shows("ssh-ed25519"),
    )?;
    stage.run(
        Step::new(
            "It is no recipient yet: the error lists every key that was tried, and why it failed.",
        )
        .command(&[
            "show",
            "-i",
            "../server/ssh_host_ed25519_key",
            "secrets/wifi.age",
        ])
        .fails(1)
        .shows("wifi.age"),
    )?;
    stage.write_rules(
        &[
            "~/.config/age/keys.txt",
            "~/.ssh/id_ed25519.pub",
            "../laptop/ssh_host_ed25519_key.pub",
            "../server/ssh_host_ed25519_key.pub",
        ],
        &["user", "work", "laptop", "server"],
        "[ user work laptop server ]",
    )?;
    stage.run(
        Step::new("`--check` needs no private key: it is for CI, and exits 3 on drift.")
            .command(&["rekey", "--check"])
            .fails(3)
            .shows("server"),
    )?;
    stage.run(
        Step::new("Rekey: only files whose recipients changed are written, all of them or none.")
            .command(&["rekey"])
            .shows("wifi.age"),
    )?;
    for key in [
        "../server/ssh_host_ed25519_key",
        "../laptop/ssh_host_ed25519_key",
    ] {
        stage.run(
            Step::new("Both hosts can read it now.")
                .command(&["show", "-i", key, "secrets/wifi.age"])
                .shows(WIFI_CHANGED),
        )?;
    }
    stage.run(
        Step::new("Who can read what, and whether anything drifted.")
            .command(&["status"])
            .shows("server"),
    )
}

fn recipient_removed(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter("The laptop is sold: take its key out of the rules, then rekey");
    stage.write_rules(
        &[
            "~/.config/age/keys.txt",
            "~/.ssh/id_ed25519.pub",
            "../server/ssh_host_ed25519_key.pub",
        ],
        &["user", "work", "server"],
        "[ user work server ]",
    )?;
    stage.run(
        Step::new("`agenix -r` does the same for every file, in one go.")
            .command(&["agenix", "-r"])
            .shows("rekeying"),
    )?;
    stage.run(
        Step::new("The laptop cannot open the new file. What it read before it may still know: change the value too.")
            .command(&["show", "-i", "../laptop/ssh_host_ed25519_key", "secrets/wifi.age"])
            .fails(1)
            .shows("wifi.age"),
    )?;
    stage.run(
        Step::new("You and the server still can.")
            .command(&[
                "show",
                "-i",
                "../server/ssh_host_ed25519_key",
                "secrets/wifi.age",
            ])
            .shows(WIFI_CHANGED),
    )
}

/// What a step that went wrong says.
fn unexpected(what: &str, output: &str) -> Failure {
    Failure {
        exit: Exit::Failed,
        diagnostics: vec![
            Diagnostic::error(format!("the tour did not go as it should: {what}"))
                .hint(format!("the command printed: {output}")),
        ],
    }
}
