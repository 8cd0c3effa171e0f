//! The part of the tour on a host: what happens at boot and at every switch.

use super::stage::{Stage, Step};
use super::{WIFI_CHANGED, sops};
use crate::failure::Failure;

const MANIFEST: &str = "manifest.json";
const CONFIGURATION: &str = r#"{ config, ... }:
{
  age.identityPaths = [ "/etc/ssh/ssh_host_ed25519_key" ];
  age.secrets.wifi.file = ./secrets/wifi.age;

  sops.defaultSopsFile = ./secrets/secrets.yaml;
  sops.secrets.wifi_password = { };
  sops.secrets.api_token.mode = "0440";
  systemd.services.myapp.serviceConfig.LoadCredential =
    "token:${config.sops.secrets.api_token.path}";
}
"#;

/// What the modules make of it, for a user without root.
fn manifest() -> String {
    let manifest = serde_json::json!({
        "version": 1,
        "userMode": true,
        "identities": { "sshKeys": ["../server/ssh_host_ed25519_key"] },
        "trees": [
            {
                "name": "age",
                "layout": "agenix",
                "fileSystem": "none",
                "mountPoint": "%r/agenix.d",
                "link": "%r/agenix",
                "secrets": [{
                    "name": "wifi",
                    "option": "age.secrets.wifi",
                    "age": { "file": "secrets/wifi.age" },
                }],
            },
            {
                "name": "sops",
                "layout": "sops-nix",
                "fileSystem": "none",
                "mountPoint": "%r/secrets.d",
                "link": "%r/secrets",
                "secrets": [value("wifi_password", "0400"), value("api_token", "0440")],
            },
        ],
    });
    format!("{manifest:#}\n")
}

fn value(name: &str, mode: &str) -> serde_json::Value {
    serde_json::json!({
        "name": name,
        "option": format!("sops.secrets.{name}"),
        "sops": { "file": "secrets/secrets.yaml", "format": "yaml", "key": name },
        "mode": mode,
    })
}

pub(super) fn walk(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter("On the server: one run decrypts the secrets of both kinds, in memory");
    stage.file(
        "What you write. From it the modules make a manifest, and a unit that runs `nixseal activate`.",
        "configuration.nix",
        CONFIGURATION,
    )?;
    stage.put(MANIFEST, &manifest())?;
    stage.run(
        Step::new("At boot, and at every switch. Here it runs as you, below $XDG_RUNTIME_DIR instead of /run.")
            .command(&["activate", MANIFEST])
            .shows("decrypting"),
    )?;
    stage.run(
        Step::new("The decrypted file at its path, for services to read.")
            .shell("cat $XDG_RUNTIME_DIR/agenix/wifi")
            .shows(WIFI_CHANGED),
    )?;
    stage.run(
        Step::new("And a value of the SOPS file.")
            .shell("cat $XDG_RUNTIME_DIR/secrets/api_token")
            .shows(sops::TOKEN),
    )?;
    one_is_damaged(stage)
}

fn one_is_damaged(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter("A file is damaged: the others are installed, and nothing that worked is lost");
    stage.run(
        Step::new("A merge that went wrong.")
            .shell("cp secrets/wifi.age good && echo oops >> secrets/wifi.age"),
    )?;
    stage.run(
        Step::new("A value that changed.")
            .command(&["set", "secrets/secrets.yaml", "wifi_password"])
            .piped("hunter3")
            .shows("set wifi_password"),
    )?;
    stage.run(
        Step::new("Everything is decrypted before anything changes. The exit code and the journal tell what failed, and why.")
            .command(&["activate", MANIFEST])
            .fails(1)
            .shows("age.secrets.wifi"),
    )?;
    stage.run(
        Step::new("The new value is there, and the damaged secret kept the one it had.")
            .shell("cat $XDG_RUNTIME_DIR/secrets/wifi_password && echo && cat $XDG_RUNTIME_DIR/agenix/wifi")
            .shows("hunter3")
            .shows(WIFI_CHANGED),
    )?;
    stage.run(
        Step::new("Mended. What is unchanged is neither opened nor written, and restarts nothing.")
            .shell("mv good secrets/wifi.age"),
    )?;
    stage.run(Step::new("So this has nothing to say.").command(&["activate", MANIFEST]))?;
    stage.run(
        Step::new("What the last run did.")
            .command(&["activate", "--status", MANIFEST])
            .shows("wifi"),
    )
}
