//! The part of the tour on leaks: three things never to do, and how they are found.

use super::sops::TOKEN;
use super::stage::{Stage, Step};
use crate::failure::Failure;

const UNIT: &str = "store/4kzqhnvwl8g2-unit-myapp.service/myapp.service";

pub(super) fn walk(stage: &Stage<'_>) -> Result<(), Failure> {
    stage.chapter(
        "A leak: everything in the configuration ends up in the store, which everybody can read",
    );
    stage.put("token.txt", &format!("{TOKEN}\n"))?;
    stage.put("password.txt", "hunter2\n")?;
    stage.file(
        "Three things never to do.",
        "wrong.nix",
        &format!(
            r#"{{
  services.myapp.tokenFile = builtins.toFile "token" (builtins.readFile ./token.txt);
  services.myapp.environment.API_TOKEN = "{TOKEN}";
  services.myapp.password = builtins.readFile ./password.txt;
}}
"#
        ),
    )?;
    stage.run(
        Step::new(
            "`lint` finds each of them before anything is built, and says what to do instead.",
        )
        .command(&["lint", "wrong.nix"])
        .fails(3)
        .shows("secret-environment")
        .shows("store-write")
        .shows("plaintext-read"),
    )?;
    stage.file(
        "What a build would make of the second (there may be no Nix here, so this is a folder like a store):",
        UNIT,
        &format!("[Service]\nEnvironment=\"API_TOKEN={TOKEN}\"\n"),
    )?;
    stage.run(
        Step::new("`scan` searches the store for the values of your secrets, in every encoding; it never shows one.")
            .command(&["scan", "store"])
            .fails(3)
            .shows("myapp.service")
            .shows("api_token"),
    )?;
    stage.run(
        Step::new("Once out of the configuration, and collected from the store …")
            .shell("rm -r wrong.nix token.txt password.txt store && mkdir store"),
    )?;
    stage.run(Step::new("… nothing is found.").command(&["scan", "store"]))?;
    stage.run(
        Step::new("One gate for commits and CI, without a private key: rules, files, recipients, configuration, lint.")
            .command(&["check"]),
    )?;
    stage.run(
        Step::new("And who can read what, in the end.")
            .command(&["status", "--matrix"])
            .shows("server"),
    )
}
