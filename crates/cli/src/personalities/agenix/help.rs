//! The help text: agenix's options in its order, with what is added.

/// The version of agenix whose behaviour this is.
pub(super) const VERSION: &str = "0.15.0";

/// The text of `-h`, without a line end.
pub(super) fn text() -> String {
    format!(
        "\
agenix - edit and rekey age secret files

agenix -e FILE [-i PRIVATE_KEY]
agenix -r [FILE...] [-i PRIVATE_KEY]

options:
-h, --help                show this help
-e, --edit FILE           open FILE in $EDITOR, encrypt what comes out
-r, --rekey [FILE...]     encrypt all secrets (or only these) anew to the
                          recipients of their rules
-d, --decrypt FILE        print the content of FILE
-i, --identity PATH       use this identity instead of the default ones
-v, --verbose             tell on standard error what is done
    --rules PATH          the rules file, before RULES
    --refuse-empty        never replace a secret by nothing

FILE is an age-encrypted file that has a rule

PRIVATE_KEY is the path of an SSH private key or an age identity file;
without one, ~/.ssh/id_rsa and ~/.ssh/id_ed25519 are used

EDITOR is the editor for FILE (then VISUAL, then vi); if standard input is not
a terminal, FILE's content is read from it instead

RULES is the path of the Nix file that says who can read what; the default is
./secrets.nix, or else the nearest in a folder above

agenix version: {VERSION}
age binary path: none (built into nixseal)
age version: nixseal {}",
        env!("CARGO_PKG_VERSION")
    )
}
